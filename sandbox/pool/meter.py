"""What the host itself measures of a worker, from the kernel and never from the worker's own word."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from contextlib import suppress

_STATUS = "/proc/{}/status"
_STATM = "/proc/{}/statm"
_PAGE = resource.getpagesize()
_SLACK = 2.0
_SHORT = 0.001  # seconds; a run of less CPU time can touch a few megabytes at most


class Meter:
    """CPU time, resident memory and the CPU limit of one process; to be closed with it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._clock = (~pid << 3) | 2  # the kernel's encoding of "CPU clock of this process"
        self._cpu_limit = 0
        self._direct = True
        self._peak = 0
        try:
            self._fd = os.open(_STATM.format(pid), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._fd = -1

    def cpu(self) -> float:
        """CPU seconds used so far; 0.0 when the process is gone."""
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return 0.0

    def memory(self, spent: float) -> tuple[int, int]:
        """Resident bytes: at their peak, and now, after so many CPU seconds of work; zeros when it is gone.

        The kernel's own peak costs it a page of text, ten times what a short run's size costs. So after a
        run of under a millisecond the peak is the highest size seen; what it gave back meanwhile is missed.
        """
        if self._fd < 0:
            return 0, 0
        try:
            if spent < _SHORT and self._peak:
                now = int(os.pread(self._fd, 256, 0).split()[1]) * _PAGE
                self._peak = max(self._peak, now)
            else:
                self._peak, now = self._exactly()
        except (OSError, IndexError, ValueError):
            return 0, 0
        return self._peak, now

    def _exactly(self) -> tuple[int, int]:
        # By its path: the process is ours until it is reaped, and so is its number.
        status = os.open(_STATUS.format(self._pid), os.O_RDONLY | os.O_CLOEXEC)
        try:
            text = os.read(status, 4096)
        finally:
            os.close(status)
        return _field(text, b"VmHWM:"), _field(text, b"VmRSS:")

    def allow_cpu(self, used: float, timeout: float, otherwise: Callable[[int], None]) -> None:
        """Move the soft CPU limit to what the next job may use; the deadline by the clock is the first line.

        A root without CAP_SYS_RESOURCE may not: then `otherwise` is asked to.
        """
        wanted = int(used + timeout + _SLACK) + 1
        if wanted == self._cpu_limit:
            return
        self._cpu_limit = wanted
        if self._direct:
            try:
                _, hard = resource.prlimit(self._pid, resource.RLIMIT_CPU)
                resource.prlimit(self._pid, resource.RLIMIT_CPU, (wanted, hard))
            except (OSError, ValueError):
                self._direct = False
            else:
                return
        otherwise(wanted)

    def close(self) -> None:
        """Give the descriptor back."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with suppress(OSError):
                os.close(fd)


def _field(text: bytes, name: bytes) -> int:
    start = text.find(name)
    if start < 0:
        return 0
    number = text[start + len(name) : text.find(b"\n", start)].split()
    return int(number[0]) * 1024 if number and number[0].isdigit() else 0
