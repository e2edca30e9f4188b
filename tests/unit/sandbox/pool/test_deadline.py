"""Soft and hard deadline, with time given by hand."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from sandbox.pool.deadline import REPEAT, Deadline


class Handle:
    """A timer that can be cancelled."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        """It will not call."""
        self.cancelled = True


class Time:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = 0
        self._due: list[tuple[float, int, Handle, Callable[[], None]]] = []

    def later(self, delay: float, callback: Callable[[], None]) -> Handle:
        """As `loop.call_later`."""
        handle = Handle()
        self._order += 1
        heapq.heappush(self._due, (self.now + delay, self._order, handle, callback))
        return handle

    def run(self, until: float) -> None:
        """Call everything that is due."""
        while self._due and self._due[0][0] <= until:
            self.now, _, handle, callback = heapq.heappop(self._due)
            if not handle.cancelled:
                callback()
        self.now = until


def make() -> tuple[Time, Deadline, list[tuple[str, float]]]:
    time = Time()
    seen: list[tuple[str, float]] = []
    deadline = Deadline(
        time.later, lambda: seen.append(("soft", round(time.now, 3))), lambda: seen.append(("hard", round(time.now, 3)))
    )
    return time, deadline, seen


def test_a_run_that_ends_in_time_is_left_alone() -> None:
    """No signal at all."""
    time, deadline, seen = make()
    deadline.start(5.0, 0.25)
    time.run(4.99)
    deadline.cancel()
    time.run(60.0)
    assert seen == []
    assert (deadline.soft, deadline.hard) == (False, False)


def test_the_soft_signal_is_repeated_until_the_hard_end() -> None:
    """At T, every 50 ms, and the end at T + grace, once."""
    time, deadline, seen = make()
    deadline.start(5.0, 0.25)
    time.run(60.0)
    assert seen == [*(("soft", round(5.0 + REPEAT * i, 3)) for i in range(5)), ("hard", 5.25)]
    assert (deadline.soft, deadline.hard) == (True, True)


def test_an_answer_after_the_soft_signal_spares_the_worker() -> None:
    """Cancelled in the grace: soft, not hard."""
    time, deadline, seen = make()
    deadline.start(1.0, 0.25)
    time.run(1.06)
    deadline.cancel()
    time.run(60.0)
    assert seen == [("soft", 1.0), ("soft", 1.05)]
    assert (deadline.soft, deadline.hard) == (True, False)


def test_without_grace_the_first_signal_is_the_last() -> None:
    """A grace of nothing is no soft deadline."""
    time, deadline, seen = make()
    deadline.start(1.0, 0.0)
    time.run(60.0)
    assert seen == [("hard", 1.0)]
