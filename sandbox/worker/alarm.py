"""The soft timeout inside the worker: a flag first, an exception second.

Author code may swallow the exception (a generator's `finally`, an `__exit__` that returns True), so the
flag decides the verdict and the exception only tries to end the run early. The line of the author's
frame is kept where the signal landed first, and told to the host at once: the next thing may be SIGKILL.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType

AUTHOR_FILE = "<reconciler>"


class SoftTimeout(BaseException):
    """The soft deadline passed while the author's code ran."""


class Alarm:
    """State of the soft deadline of one worker; `ring` is the handler of SIGALRM."""

    def __init__(self) -> None:
        self.fired = False
        self.line: int | None = None
        self._armed = False
        self._held = 0
        self._tell: Callable[[int | None], None] | None = None

    def arm(self, tell: Callable[[int | None], None]) -> None:
        """From now on a signal counts; `tell` is called once, with the line."""
        self.fired = False
        self.line = None
        self._tell = tell
        self._armed = True

    def disarm(self) -> None:
        """A signal is too late now."""
        self._armed = False

    def ring(self, _signal: int, frame: FrameType | None) -> None:
        """The handler: remember, tell, and break out of what the author does."""
        if not self._armed:
            return
        first = not self.fired
        self.fired = True
        if first:
            self.line = line_of_frame(frame)
        if self._held:
            return
        if first:
            self._announce()
        raise SoftTimeout

    def hold(self) -> None:
        """A frame is being written: half a frame is worse than a late timeout."""
        self._held += 1

    def release(self) -> None:
        """The frame is out; a signal that came meanwhile takes effect."""
        self._held -= 1
        if self.fired and self._armed and not self._held:
            self._announce()
            raise SoftTimeout

    def _announce(self) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            with suppress(RecursionError, MemoryError):  # the flag decides; these would be the author's to catch
                tell(self.line)


def line_of_frame(frame: FrameType | None) -> int | None:
    """The innermost line of the author's file in this stack."""
    while frame is not None:
        if frame.f_code.co_filename == AUTHOR_FILE:
            return frame.f_lineno
        frame = frame.f_back
    return None


def line_of_traceback(trace: TracebackType | None) -> int | None:
    """The innermost line of the author's file in this traceback."""
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == AUTHOR_FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
