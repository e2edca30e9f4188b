"""Live log lines: a bounded ring a Reconciler, and subscriptions that can resume without a gap.

Sequence numbers are per Reconciler, grow by one a line, and start at the microsecond at which the ring
was made: so they also grow across restarts (as long as nobody logs a million lines a second for good),
stay exact in JavaScript (below 2^53), and a client that comes back with an old number gets all that is
still there, and the truth about what is not.

Everything here runs on the event loop's thread. No asyncio primitive outlives a call: a waiter is a
future of the loop that waits.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from core.clock import Clock
from core.domain.keys import ReconcilerRef
from core.telemetry.metrics import Metrics

MAX_MESSAGE = 8 * 1024
MAX_FIELDS = 32
MAX_FIELD = 1024
CUT = "…"


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line: `at` is RFC 3339 with milliseconds, `level` debug, info, warning or error; `target` the object."""

    at: str
    level: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    run_id: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A line and its place."""

    seq: int
    record: LogRecord


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Lines in order. `dropped`: how many before the first of them are lost to this reader.

    `restarted`: lines of an earlier process may be lost too, and nobody knows how many.
    """

    entries: tuple[LogEntry, ...]
    dropped: int = 0
    restarted: bool = False


@dataclass(frozen=True, slots=True)
class LogLimits:
    """Bounds: lines and characters a ring keeps, lines a slow reader may be behind, rings in all."""

    ring_lines: int = 1000
    ring_chars: int = 1024 * 1024
    backlog: int = 1000
    rings: int = 2000


class Subscription:
    """One reader of one Reconciler's lines. Its buffer is bounded: the oldest line goes, and is counted."""

    def __init__(
        self, ring: _Ring, wants: Callable[[LogRecord], bool], backlog: int, on_drop: Callable[[], None]
    ) -> None:
        self._ring = ring
        self._wants = wants
        self._backlog = backlog
        self._on_drop = on_drop
        self._buffer: deque[LogEntry] = deque()
        self._dropped = 0
        self._restarted = False
        self._waiter: asyncio.Future[None] | None = None
        self.closed = False

    async def next(self, limit: int = 200) -> LogBatch:
        """Waits for at least one line, then gives up to `limit`; empty once closed. One caller at a time."""
        while not self._buffer and not self._dropped and not self._restarted and not self.closed:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self.take(limit)

    def take(self, limit: int = 200) -> LogBatch:
        """What is there now, without waiting."""
        entries = tuple(self._buffer.popleft() for _ in range(min(limit, len(self._buffer))))
        batch = LogBatch(entries, self._dropped, self._restarted)
        self._dropped, self._restarted = 0, False
        return batch

    def close(self) -> None:
        """Ends the subscription; a waiting `next` returns an empty batch."""
        self.closed = True
        self._ring.subscribers.discard(self)
        self._buffer.clear()
        self._wake()

    def _offer(self, entry: LogEntry) -> None:
        if not self._wants(entry.record):
            return
        if len(self._buffer) >= self._backlog:
            self._buffer.popleft()
            self._dropped += 1
            self._on_drop()
        self._buffer.append(entry)
        self._wake()

    def _replay(self, since: int | None) -> None:
        """Fills the buffer from the ring: all of it, or what is later than `since`."""
        if since is not None:
            oldest = self._ring.entries[0].seq if self._ring.entries else self._ring.next_seq
            self._restarted = since + 1 < self._ring.first_seq or since >= self._ring.next_seq
            if self._restarted:
                since = self._ring.first_seq - 1
            self._dropped = max(0, oldest - since - 1)
        for entry in self._ring.entries:
            if since is None or entry.seq > since:
                self._offer(entry)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Ring:
    """The newest lines of one Reconciler."""

    def __init__(self, first_seq: int) -> None:
        self.first_seq = first_seq
        self.next_seq = first_seq
        self.entries: deque[LogEntry] = deque()
        self.chars = 0
        self.subscribers: set[Subscription] = set()

    def append(self, record: LogRecord, limits: LogLimits) -> LogEntry:
        entry = LogEntry(self.next_seq, record)
        self.next_seq += 1
        self.entries.append(entry)
        self.chars += _size(record)
        while len(self.entries) > limits.ring_lines or (self.chars > limits.ring_chars and len(self.entries) > 1):
            self.chars -= _size(self.entries.popleft().record)
        return entry


class LogStream:
    """All rings. `drop` frees one; the least recently used one without readers goes when there are too many."""

    def __init__(self, *, clock: Clock, metrics: Metrics, limits: LogLimits | None = None) -> None:
        self._clock = clock
        self._metrics = metrics
        self._limits = limits or LogLimits()
        self._rings: OrderedDict[ReconcilerRef, _Ring] = OrderedDict()

    def append(self, ref: ReconcilerRef, record: LogRecord) -> LogEntry:
        """Stores one line (cut to bounds) and offers it to every reader; never waits."""
        ring = self._ring(ref)
        entry = ring.append(_bounded(record), self._limits)
        for subscription in tuple(ring.subscribers):
            subscription._offer(entry)
        return entry

    def subscribe(
        self,
        ref: ReconcilerRef,
        since: int | None = None,
        wants: Callable[[LogRecord], bool] = lambda _record: True,
    ) -> Subscription:
        """A reader that first gets what the ring holds (later than `since`, where given), then what comes."""
        ring = self._ring(ref)
        subscription = Subscription(ring, wants, self._limits.backlog, self._count_drop)
        subscription._replay(since)
        ring.subscribers.add(subscription)
        return subscription

    def drop(self, ref: ReconcilerRef) -> None:
        """Forgets a Reconciler that is gone; its readers end."""
        ring = self._rings.pop(ref, None)
        for subscription in tuple(ring.subscribers) if ring else ():
            subscription.close()

    def close(self) -> None:
        """Ends every reader."""
        for ref in tuple(self._rings):
            self.drop(ref)

    def _ring(self, ref: ReconcilerRef) -> _Ring:
        ring = self._rings.get(ref)
        if ring is None:
            ring = self._rings[ref] = _Ring(int(self._clock.now().timestamp() * 1_000_000))
            self._evict()
        self._rings.move_to_end(ref)
        return ring

    def _evict(self) -> None:
        """The newest ring is never a candidate: somebody is about to use it."""
        excess = len(self._rings) - self._limits.rings
        if excess > 0:
            idle = [ref for ref, ring in tuple(self._rings.items())[:-1] if not ring.subscribers]
            for ref in idle[:excess]:
                del self._rings[ref]

    def _count_drop(self) -> None:
        self._metrics.log_lines_dropped.inc()


def _bounded(record: LogRecord) -> LogRecord:
    fields = {_cut(key, 128): _cut(value, MAX_FIELD) for key, value in list(record.fields.items())[:MAX_FIELDS]}
    return replace(record, message=_cut(record.message, MAX_MESSAGE), fields=fields)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + CUT


def _size(record: LogRecord) -> int:
    return 64 + len(record.message) + sum(len(key) + len(value) for key, value in record.fields.items())
