"""The deadline of one run: a soft signal at T, repeated, and the hard end at T + grace.

It decides nothing but when; what a signal is and how time passes are given to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

REPEAT = 0.05
_TICK = 0.001  # what floating point leaves of the grace is not another round


class Timer(Protocol):
    """What `loop.call_later` returns."""

    def cancel(self) -> None:
        """It will not call any more."""


Later = Callable[[float, Callable[[], None]], Timer]


class Deadline:
    """Armed once, when the frame is fully written."""

    def __init__(self, later: Later, soften: Callable[[], None], end: Callable[[], None]) -> None:
        self._later = later
        self._soften = soften
        self._end = end
        self._timer: Timer | None = None
        self._left = 0.0
        self.soft = False
        self.hard = False

    def start(self, timeout: float, grace: float) -> None:
        """Soft in `timeout` seconds, hard `grace` seconds later."""
        self._left = grace
        self._timer = self._later(timeout, self._ring)

    def cancel(self) -> None:
        """The run ended by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        if self._left < _TICK:
            self._timer = None
            self.hard = True
            self._end()
            return
        self.soft = True
        self._soften()
        step = min(REPEAT, self._left)
        self._left -= step
        self._timer = self._later(step, self._ring)
