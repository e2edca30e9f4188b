"""The trail of runs as a service: taken without waiting, written in batches, dropped rather than in the way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import fields

import structlog

from core.domain.keys import ReconcilerRef
from core.errors import ChakratorError, NotFound
from core.services.protocols import Page, RunFilter, RunRow
from core.store import runs
from core.store.engine import Connection, Store
from core.store.text import cursor_for, page_size, position_of
from core.store.writer import failed
from core.telemetry.metrics import Metrics

MAX_BUFFERED = 2000
MAX_BATCH = 200
FLUSH_SECONDS = 0.25
RETRY_SECONDS = 2.0
TRIM_EVERY = 50

log = structlog.get_logger(__name__)


class StoredRuns:
    """`protocols.Runs` over the store."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self._buffer: deque[RunRow] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Future[None] | None = None
        self._batches = 0
        self._closed = False

    def record(self, row: RunRow) -> None:
        """See the Protocol. The oldest row that waits makes room for the newest."""
        if self._closed:
            self._metrics.runs_dropped.inc()
            return
        if len(self._buffer) >= MAX_BUFFERED:
            self._buffer.popleft()
            self._metrics.runs_dropped.inc()
        self._buffer.append(row)
        self._arm(FLUSH_SECONDS)

    async def list(self, where: RunFilter, *, cursor: str | None = None, limit: int = 50) -> Page[RunRow]:
        """See the Protocol. What was recorded before this call is there."""
        before, size = position_of(cursor), page_size(limit)
        await self.flush()
        narrow = runs.Where(where.reconciler, where.uid, where.target, where.outcome)
        found = await self._store.read(lambda connection: runs.page(connection, narrow, before, size + 1))
        items = tuple(_row(run) for run in found[:size])
        return Page(items, cursor_for(found[size - 1].seq) if len(found) > size else None)

    async def get(self, reconciler: ReconcilerRef, run_id: str) -> RunRow:
        """See the Protocol."""
        await self.flush()
        found = await self._store.read(lambda connection: runs.get(connection, reconciler, run_id))
        if found is None:
            raise NotFound(f"{reconciler} has no run {run_id[:40]}")
        return _row(found)

    async def flush(self) -> None:
        """Writes what is buffered now; gives up without a word where the store does not take it."""
        for _ in range(MAX_BUFFERED // MAX_BATCH + 1):
            if not self._buffer and self._flushing is None:
                return
            if self._flushing is None and not self._begin():
                return
            if self._flushing is not None:
                await asyncio.wait([self._flushing])

    async def close(self) -> None:
        """Writes the rest."""
        self._closed = True
        await self.flush()
        if self._timer is not None:
            self._timer.cancel()
        self._metrics.runs_dropped.inc(len(self._buffer))
        self._buffer.clear()

    def _arm(self, delay: float) -> None:
        if self._timer is None and self._flushing is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(delay, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._flushing is None:
            self._begin()

    def _begin(self) -> bool:
        """Hands one batch to the writer; False when it does not take it now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch = [self._buffer.popleft() for _ in range(min(MAX_BATCH, len(self._buffer)))]
        stored = [runs.StoredRun(seq=0, **{field.name: getattr(row, field.name) for field in _FIELDS}) for row in batch]
        self._batches += 1
        trim = self._batches % TRIM_EVERY == 0

        def job(connection: Connection) -> None:
            runs.add(connection, stored)
            if trim:
                runs.trim_all(connection)

        loop = asyncio.get_running_loop()
        try:
            future = self._store.submit(job)
        except ChakratorError:
            self._again(batch)
            return False
        self._flushing = loop.create_future()
        future.add_done_callback(lambda done: loop.call_soon_threadsafe(self._ended, done, batch))
        return True

    def _ended(self, done: Future[None], batch: Sequence[RunRow]) -> None:
        waiting, self._flushing = self._flushing, None
        if failed(done):
            self._again(batch)
        elif self._buffer:
            self._arm(FLUSH_SECONDS)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _again(self, batch: Sequence[RunRow]) -> None:
        """Keeps a refused batch for later as far as there is room; the rest is dropped and counted."""
        room = MAX_BUFFERED - len(self._buffer)
        kept = batch[max(0, len(batch) - room) :]
        self._metrics.runs_dropped.inc(len(batch) - len(kept))
        self._buffer.extendleft(reversed(kept))
        self._arm(RETRY_SECONDS)


_FIELDS = fields(RunRow)


def _row(run: runs.StoredRun) -> RunRow:
    return RunRow(**{field.name: getattr(run, field.name) for field in _FIELDS})
