"""The kernel, as far as the cage needs it and the standard library does not offer it: by ctypes.

Everything here raises OSError with the kernel's errno, and nothing here decides anything.
"""

from __future__ import annotations

import ctypes
import os
import platform

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_SET_MDWE = 65
PR_MDWE_REFUSE_EXEC_GAIN = 1

# signal(2) of the C library keeps its own two signals from us; posix_spawn(3) of the same library starts
# its children with them ignored (`make` does so), and an ignored signal is inherited for ever.
LIBRARY_SIGNALS = (32, 33)
_SYS_RT_SIGACTION = {"x86_64": 13, "aarch64": 134}
_KERNEL_SIGSET_BYTES = 8
_SIGACTION_BYTES = 64  # more than any kernel reads; all zero is SIG_DFL without flags

_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapData(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


_CapSets = _CapData * 2  # kept: ctypes makes the type anew each time otherwise, in every child


class System:
    """The C library of this process, with errno turned into OSError."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.syscall.restype = ctypes.c_long

    def syscall(self, number: int, *arguments: object) -> int:
        """`syscall(2)`: integers and ctypes buffers, nothing else."""
        wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
        result = int(self._libc.syscall(ctypes.c_long(number), *wide))
        if result < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return result

    def prctl(self, option: int, value: int) -> None:
        """`prctl(2)` with one value; the unused arguments are zero, as newer options demand."""
        zero = ctypes.c_ulong(0)
        if self._libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero) < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    def default_signal(self, number: int) -> None:
        """`rt_sigaction(2)` to SIG_DFL, past the C library, which refuses its own signals."""
        call = _SYS_RT_SIGACTION[platform.machine()]
        self.syscall(call, number, ctypes.create_string_buffer(_SIGACTION_BYTES), None, _KERNEL_SIGSET_BYTES)

    def drop_capabilities(self) -> None:
        """Empty the effective, permitted and inheritable sets."""
        header = _CapHeader(_CAPABILITY_VERSION_3, 0)
        data = _CapSets()
        if self._libc.capset(ctypes.byref(header), ctypes.byref(data)) < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    def drop_bounding_set(self) -> None:
        """Empty the bounding set where that is allowed; an empty permitted set makes it moot elsewhere."""
        for capability in range(_LAST_CAPABILITY + 1):
            try:
                self.prctl(PR_CAPBSET_DROP, capability)
            except OSError:
                return

    def unshare(self, flags: int) -> None:
        """`unshare(2)`."""
        if self._libc.unshare(ctypes.c_int(flags)) < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
