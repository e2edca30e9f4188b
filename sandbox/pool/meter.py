"""What the host itself measures of a worker, from the kernel and never from the worker's own word."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from contextlib import suppress

_STATUS = "/proc/{}/status"
_SLACK = 2.0


class Meter:
    """CPU time, resident memory and the CPU limit of one process; to be closed with it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._clock = (~pid << 3) | 2  # the kernel's encoding of "CPU clock of this process"
        self._cpu_limit = 0
        self._direct = True
        try:
            self._fd = os.open(_STATUS.format(pid), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._fd = -1

    def cpu(self) -> float:
        """CPU seconds used so far; 0.0 when the process is gone."""
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return 0.0

    def memory(self) -> tuple[int, int]:
        """Resident bytes: at their peak, and now."""
        if self._fd < 0:
            return 0, 0
        try:
            text = os.pread(self._fd, 4096, 0)
        except OSError:
            return 0, 0
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
