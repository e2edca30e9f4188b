"""Live logs: order, bounds, and resuming without a gap or with an honest one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from core.domain.keys import ReconcilerRef
from core.logstream import CUT, MAX_FIELDS, MAX_MESSAGE, LogBatch, LogLimits, LogRecord, LogStream
from core.telemetry.metrics import Metrics

REF = ReconcilerRef("team-a", "greeter")
OTHER = ReconcilerRef("team-b", "greeter")
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FIRST = int(START.timestamp() * 1_000_000)


class FixedClock:
    """Always the same moment."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return 0.0


def line(text: str, level: str = "info") -> LogRecord:
    """A record with this message."""
    return LogRecord("2026-01-02T03:04:05Z", level, text)


def stream(limits: LogLimits | None = None) -> LogStream:
    """A stream with figures of its own."""
    return LogStream(clock=FixedClock(), metrics=Metrics(), limits=limits)


def texts(batch: LogBatch) -> list[str]:
    """The messages of a batch."""
    return [entry.record.message for entry in batch.entries]


async def test_a_reader_gets_what_was_and_what_comes() -> None:
    """First the ring, then live lines, in order and numbered without a hole."""
    logs = stream()
    logs.append(REF, line("a"))
    reader = logs.subscribe(REF)
    logs.append(OTHER, line("not mine"))
    logs.append(REF, line("b"))
    batch = await reader.next()
    assert texts(batch) == ["a", "b"]
    assert [entry.seq for entry in batch.entries] == [FIRST, FIRST + 1]


async def test_a_waiting_reader_is_woken() -> None:
    """`next` sleeps until a line comes."""
    logs = stream()
    reader = logs.subscribe(REF)
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    logs.append(REF, line("a"))
    assert texts(await waiting) == ["a"]


async def test_a_cancelled_wait_loses_nothing() -> None:
    """A client that goes away while it waits may come back to the same subscription."""
    logs = stream()
    reader = logs.subscribe(REF)
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0)
    waiting.cancel()
    logs.append(REF, line("a"))
    assert texts(await reader.next()) == ["a"]


async def test_closing_ends_a_wait() -> None:
    """The batch is empty, and the subscription says that it is closed."""
    reader = stream().subscribe(REF)
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0)
    reader.close()
    assert (await waiting).entries == ()
    assert reader.closed


def test_one_subscription_serves_several_loops() -> None:
    """No primitive of a dead loop is left behind."""
    logs = stream()
    reader = logs.subscribe(REF)

    async def once(text: str) -> list[str]:
        waiting = asyncio.create_task(reader.next())
        await asyncio.sleep(0)
        logs.append(REF, line(text))
        return texts(await waiting)

    assert [asyncio.run(once("a")), asyncio.run(once("b"))] == [["a"], ["b"]]


def test_a_slow_reader_loses_the_oldest_and_is_told() -> None:
    """The buffer is bounded; what fell out is counted, in the batch and in the metric."""
    metrics = Metrics()
    logs = LogStream(clock=FixedClock(), metrics=metrics, limits=LogLimits(backlog=3))
    reader = logs.subscribe(REF)
    for number in range(5):
        logs.append(REF, line(str(number)))
    batch = reader.take()
    assert (texts(batch), batch.dropped) == (["2", "3", "4"], 2)
    assert reader.take().dropped == 0
    assert "chakrator_log_lines_dropped_total 2.0" in metrics.render().decode()


def test_a_filter_neither_shows_nor_counts_the_rest() -> None:
    """Unwanted lines do not push wanted ones out."""
    logs = stream(LogLimits(backlog=2))
    reader = logs.subscribe(REF, wants=lambda record: record.level == "error")
    logs.append(REF, line("bad", "error"))
    for number in range(9):
        logs.append(REF, line(str(number)))
    batch = reader.take()
    assert (texts(batch), batch.dropped) == (["bad"], 0)


def test_resuming_after_the_ring_moved_on_says_how_many_are_lost() -> None:
    """The lines between the old number and the oldest one kept."""
    logs = stream(LogLimits(ring_lines=3))
    for number in range(10):
        logs.append(REF, line(str(number)))
    batch = logs.subscribe(REF, since=FIRST + 1).take()
    assert (texts(batch), batch.dropped, batch.restarted) == (["7", "8", "9"], 5, False)


def test_resuming_after_a_restart_says_so() -> None:
    """A number of an earlier process gives all that is there, and a mark."""
    logs = stream()
    logs.append(REF, line("a"))
    batch = logs.subscribe(REF, since=FIRST - 1000).take()
    assert (texts(batch), batch.dropped, batch.restarted) == (["a"], 0, True)


def test_a_number_from_the_future_is_a_restart_too() -> None:
    """A clock that was set back must not make a reader wait for ever."""
    logs = stream()
    logs.append(REF, line("a"))
    batch = logs.subscribe(REF, since=FIRST + 500).take()
    assert (texts(batch), batch.restarted) == (["a"], True)


def test_being_up_to_date_is_no_restart() -> None:
    """The newest number gives nothing, quietly."""
    logs = stream()
    newest = logs.append(REF, line("a")).seq
    assert logs.subscribe(REF, since=newest).take() == LogBatch((), 0, False)


@given(
    ring=st.integers(1, 12),
    before=st.integers(0, 30),
    seen=st.integers(0, 30),
    after=st.integers(0, 30),
)
def test_seen_lost_and_given_add_up(ring: int, before: int, seen: int, after: int) -> None:
    """Whenever one resumes: given lines are consecutive, end with the newest, and the loss is exact."""
    logs = stream(LogLimits(ring_lines=ring))
    for number in range(before):
        logs.append(REF, line(str(number)))
    seen = min(seen, before)
    for number in range(before, before + after):
        logs.append(REF, line(str(number)))
    batch = logs.subscribe(REF, since=FIRST + seen - 1).take(limit=1000)
    total = before + after
    assert not batch.restarted
    assert seen + batch.dropped + len(batch.entries) == total
    assert texts(batch) == [str(number) for number in range(total - len(batch.entries), total)]
    assert len(batch.entries) == min(ring, total - seen)


@given(st.lists(st.integers(0, 4000), max_size=60), st.integers(1, 9000))
def test_a_ring_is_bounded_in_characters(sizes: list[int], limit: int) -> None:
    """However long the lines are; the newest one always stays."""
    logs = stream(LogLimits(ring_chars=limit))
    for size in sizes:
        logs.append(REF, line("x" * size))
    kept = logs.subscribe(REF).take(limit=1000).entries
    assert len(kept) <= 1 or sum(64 + len(entry.record.message) for entry in kept) <= limit
    assert bool(kept) == bool(sizes)


def test_lines_are_cut_to_bounds() -> None:
    """A line that is too long, or has too many fields, is stored as far as it fits."""
    logs = stream()
    fields = {f"k{number}": "v" * 5000 for number in range(100)}
    record = logs.append(REF, LogRecord("t", "info", "x" * 100_000, fields)).record
    assert len(record.message) == MAX_MESSAGE
    assert record.message.endswith(CUT)
    assert len(record.fields) == MAX_FIELDS


def test_rings_are_bounded_and_those_with_readers_stay() -> None:
    """The least recently used one without a reader goes."""
    logs = stream(LogLimits(rings=2))
    refs = [ReconcilerRef("team", f"r{number}") for number in range(4)]
    reader = logs.subscribe(refs[0])
    logs.append(refs[1], line("gone"))
    logs.append(refs[2], line("two"))
    logs.append(refs[3], line("three"))
    logs.append(refs[0], line("read"))
    assert texts(reader.take()) == ["read"]
    assert texts(logs.subscribe(refs[1]).take()) == []


def test_dropping_a_reconciler_ends_its_readers() -> None:
    """A deleted Reconciler's ring is freed."""
    logs = stream()
    reader = logs.subscribe(REF)
    logs.append(REF, line("a"))
    logs.drop(REF)
    assert reader.closed
    assert texts(logs.subscribe(REF).take()) == []
