"""The run's log and its bounds."""

from __future__ import annotations

from contextlib import suppress

import pytest

from sandbox.wire import limits
from sandbox.wire.messages import LogLine
from sandbox.worker import logs
from sandbox.worker.logs import CUT, RunLog, fields_of


def log(lines: int = 10) -> RunLog:
    return RunLog(lines, lambda _lines: None)


def messages(lines: list[LogLine]) -> list[str]:
    return [line.message for line in lines]


def test_print_makes_entries_of_whole_lines() -> None:
    """A line may come in pieces, and the last one needs no newline."""
    run = log()
    run.print("a")
    run.print("b\n\nc\nd")
    assert messages(run.close()) == ["ab", "", "c", "d"]


def test_lines_beyond_the_limit_are_counted_and_said_once() -> None:
    """The author sees that something is missing; the host learns how much."""
    run = log(3)
    for number in range(8):
        run.add("info", str(number), {})
    assert messages(run.close()) == ["0", "1", "2", CUT]
    assert run.dropped == 5


def test_bytes_beyond_the_limit_are_dropped() -> None:
    """Long lines use the log up as well as many lines do."""
    run = log(1000)
    for _ in range(20):
        run.add("info", "x" * 2000, {"field": "y"})
    lines = run.close()
    assert sum(len(line.message) for line in lines) <= limits.MAX_LOG_BYTES + len(CUT)
    assert run.dropped == 12


def test_a_long_line_is_cut() -> None:
    """One line is no longer than a text may be."""
    run = log()
    run.print("x" * 100_000)
    (line,) = run.close()
    assert len(line.message) == limits.MAX_TEXT


def test_after_the_run_nothing_is_taken() -> None:
    """A finaliser that prints is not heard."""
    run = log()
    run.close()
    run.print("late\n")
    run.add("info", "late", {})
    assert run.close() == []


def test_a_long_run_flushes_and_a_short_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines travel early only after a quarter of a second, and in at most so many frames."""
    now = 0.0
    monkeypatch.setattr(logs.time, "monotonic", lambda: now)
    frames: list[list[str]] = []
    run = RunLog(200, lambda lines: frames.append(messages(lines)))
    run.add("info", "a", {})
    assert frames == []
    for number in range(60):
        now += 0.3
        run.add("info", str(number), {})
    assert frames[0] == ["a", "0"]
    assert len(frames) == limits.MAX_LOG_FRAMES
    assert messages(run.close()) == [str(number) for number in range(limits.MAX_LOG_FRAMES, 60)]


def test_fields_are_texts() -> None:
    """JSON values as JSON; of anything else only the type is told."""

    class Secret:
        def __str__(self) -> str:
            raise AssertionError("never asked")

    assert fields_of({"a": "x", "b": 1, "c": [True, None], "d": Secret(), "e": float("nan")}) == {
        "a": "x",
        "b": "1",
        "c": "[true,null]",
        "d": "<Secret>",
        "e": "<float>",
    }


def test_fields_are_bounded() -> None:
    """In number, in their names and in their values."""
    fields = fields_of({f"{number}" + "n" * 500: "v" * 5000 for number in range(100)})
    assert len(fields) == 32
    assert all(len(name) <= 64 and len(value) <= limits.MAX_TEXT for name, value in fields.items())


def test_a_field_too_large_is_only_named() -> None:
    """A log line never ends a run, and an author's `finally` never hides that it should have."""
    shared: list[object] = ["x" * 100_000] * 30
    found = fields_of({"many": [0] * (limits.MAX_NODES + 1), "long": {"text": shared}, "after": 1})
    assert found == {"many": "<list>", "long": "<dict>", "after": "1"}


@pytest.mark.parametrize("printing", [True, False])
def test_a_line_that_the_end_of_the_stack_costs_is_counted(monkeypatch: pytest.MonkeyPatch, printing: bool) -> None:
    """Each line is said or counted, whichever depth it came from, and none is said twice."""
    now = 0.0
    said: list[str] = []

    def flush(lines: list[LogLine]) -> None:
        deep(20)  # as deep as a channel is
        said.extend(messages(lines))

    def deep(frames: int) -> None:
        if frames:
            deep(frames - 1)

    run = RunLog(1000, flush)
    tried = refused = 0

    def dive() -> None:
        nonlocal now, tried, refused
        with suppress(RecursionError):
            dive()
        tried += 1
        now += 1.0
        try:
            if printing:
                run.print(f"{tried}\n")
            else:
                run.add("info", f"{tried}", {})
        except RecursionError:
            refused += 1

    monkeypatch.setattr(logs.time, "monotonic", lambda: now)
    dive()
    said.extend(messages(run.close()))
    assert said == [str(number) for number in range(refused + 1, tried + 1)]
    assert refused - 5 < run.dropped <= refused  # the very last frames do not hold even the counting


def test_lines_that_could_not_be_sent_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are gone, and the host learns how many."""
    now = iter([0.0, 0.1, 1.0])
    monkeypatch.setattr(logs.time, "monotonic", lambda: next(now))

    def flush(_lines: list[LogLine]) -> None:
        raise MemoryError

    run = RunLog(10, flush)
    run.add("info", "a", {})
    with pytest.raises(MemoryError):
        run.add("info", "b", {})
    assert run.dropped == 2


def test_the_count_of_what_was_dropped_fits_its_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that prints for ever is no broken protocol."""
    monkeypatch.setattr(limits, "MAX_COUNT", 5)
    run = log(1)
    for _ in range(20):
        run.print("x\n")
    assert run.dropped == 5
