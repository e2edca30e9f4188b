"""The kernel, as far as the cage needs it and the standard library does not offer it: by ctypes.

Everything here raises OSError with the kernel's errno, and nothing here decides anything.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_SET_MDWE = 65
PR_GET_MDWE = 66
PR_MDWE_REFUSE_EXEC_GAIN = 1

# signal(2) of the C library keeps its own two signals from us; posix_spawn(3) of the same library starts
# its children with them ignored (`make` does so), and an ignored signal is inherited for ever.
LIBRARY_SIGNALS = (32, 33)
_SYS_RT_SIGACTION = {"x86_64": 13, "aarch64": 134}
_KERNEL_SIGSET_BYTES = 8
_SIG_SETMASK = 2
_SIGSET_BYTES = 128  # of the C library; all zero is the empty set
_SIGACTION_BYTES = 64  # more than any kernel reads; all zero is SIG_DFL without flags

_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapData(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


_CapSets = _CapData * 2


# A call that is ready to be made: the function and its arguments. Nothing is built when it is made, which is
# what makes it cheap in a fresh fork, where every object that is touched is a page that must be copied.
Prepared = tuple[Callable[..., object], tuple[object, ...]]


class System:
    """The C library of this process: its calls prepared, and made at once with errno turned into OSError."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.syscall.restype = ctypes.c_long

    def now(self, prepared: Prepared) -> int:
        """Make the call; OSError where it answers below zero."""
        function, arguments = prepared
        result = function(*arguments)
        if not isinstance(result, int) or result < 0:
            raise failed()
        return result

    def syscall(self, number: int, *arguments: object) -> Prepared:
        """`syscall(2)`: integers and ctypes buffers, nothing else."""
        wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
        return self._libc.syscall, (ctypes.c_long(number), *wide)

    def prctl(self, option: int, value: int) -> Prepared:
        """`prctl(2)` with one value; the unused arguments are zero, as newer options demand."""
        zero = ctypes.c_ulong(0)
        return self._libc.prctl, (ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero)

    def default_signal(self, number: int) -> Prepared:
        """`rt_sigaction(2)` to SIG_DFL, past the C library, which refuses its own signals."""
        call = _SYS_RT_SIGACTION[platform.machine()]
        return self.syscall(call, number, ctypes.create_string_buffer(_SIGACTION_BYTES), None, _KERNEL_SIGSET_BYTES)

    def unmask_signals(self) -> Prepared:
        """`sigprocmask(2)` to the empty set, of the one thread there is."""
        empty = ctypes.create_string_buffer(_SIGSET_BYTES)
        return self._libc.sigprocmask, (ctypes.c_int(_SIG_SETMASK), empty, None)

    def drop_capabilities(self) -> Prepared:
        """Empty the effective, permitted and inheritable sets."""
        return self._libc.capset, (ctypes.byref(_CapHeader(_CAPABILITY_VERSION_3, 0)), ctypes.byref(_CapSets()))

    def unshare(self, flags: int) -> Prepared:
        """`unshare(2)`."""
        return self._libc.unshare, (ctypes.c_int(flags),)

    def drop_bounding_set(self) -> None:
        """Empty the bounding set where that is allowed; an empty permitted set makes it moot elsewhere."""
        for capability in range(_LAST_CAPABILITY + 1):
            try:
                self.now(self.prctl(PR_CAPBSET_DROP, capability))
            except OSError:
                return

    def can_refuse_executable_memory(self) -> bool:
        """Whether the kernel knows PR_SET_MDWE (Linux 6.3); where it may not be asked, setting it will show."""
        try:
            self.now(self.prctl(PR_GET_MDWE, 0))
        except OSError as error:
            return error.errno != errno.EINVAL
        return True


def failed() -> OSError:
    """What the last call of a System that answered below zero was refused with."""
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))
