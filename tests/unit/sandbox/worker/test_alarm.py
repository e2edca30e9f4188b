"""The soft timeout inside the worker, without a signal: the handler is called by hand."""

from __future__ import annotations

import sys

import pytest

from sandbox.worker.alarm import AUTHOR_FILE, Alarm, SoftTimeout, line_of_traceback

SOURCE = """
def inner(call):
    call()

def outer(call):
    x = 1
    inner(call)
"""


def author(name: str) -> object:
    namespace: dict[str, object] = {}
    exec(compile(SOURCE, AUTHOR_FILE, "exec"), namespace)
    return namespace[name]


def test_the_innermost_line_of_the_author_is_told_once() -> None:
    """Frames of ours above it do not count."""
    told: list[int | None] = []
    alarm = Alarm()
    alarm.arm(told.append)

    def ring() -> None:
        for _ in range(2):
            with pytest.raises(SoftTimeout):
                alarm.ring(14, sys._getframe())

    author("outer")(ring)  # type: ignore[operator]
    assert (alarm.fired, alarm.line, told) == (True, 3, [3])


def test_a_signal_before_or_after_the_run_is_nothing() -> None:
    """A late one must not hit the next run."""
    alarm = Alarm()
    alarm.ring(14, None)
    alarm.arm(lambda _line: None)
    alarm.disarm()
    alarm.ring(14, None)
    assert not alarm.fired


def test_a_signal_while_a_frame_is_written_waits_for_its_end() -> None:
    """Half a frame would make an honest timeout a broken protocol."""
    told: list[int | None] = []
    alarm = Alarm()
    alarm.arm(told.append)
    alarm.hold()
    alarm.ring(14, None)
    assert (alarm.fired, told) == (True, [])
    with pytest.raises(SoftTimeout):
        alarm.release()
    assert told == [None]


def test_the_next_run_starts_without_the_last_ones_flag() -> None:
    """`arm` forgets."""
    alarm = Alarm()
    alarm.arm(lambda _line: None)
    with pytest.raises(SoftTimeout):
        alarm.ring(14, None)
    alarm.arm(lambda _line: None)
    assert (alarm.fired, alarm.line) == (False, None)


def test_the_line_of_a_traceback_is_the_authors() -> None:
    """The last frame of the author's file, though ours raised."""

    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError) as caught:  # noqa: PT011  the traceback is the subject
        author("outer")(fail)  # type: ignore[operator]
    assert line_of_traceback(caught.value.__traceback__) == 3
    assert line_of_traceback(None) is None


def test_the_timeout_is_no_exception_that_an_author_can_catch() -> None:
    """`except Exception` must not swallow it."""
    assert not issubclass(SoftTimeout, Exception)


@pytest.mark.parametrize("error", [RecursionError, MemoryError])
def test_what_cannot_be_told_is_a_timeout_all_the_same(error: type[Exception]) -> None:
    """An exception that an author can catch must not take the place of the timeout."""

    def tell(_line: int | None) -> None:
        raise error

    alarm = Alarm()
    alarm.arm(tell)
    with pytest.raises(SoftTimeout):
        alarm.ring(14, None)
    assert alarm.fired
