"""The one thread that writes: it takes what has queued up, commits once, then answers everybody.

Group commit makes synchronous=FULL cheap: up to 50 jobs share one flush to disk, each in a savepoint of
its own, so that one that is refused takes nothing of the others along. No job is answered before the
commit is durable.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy import Connection

from core.clock import Clock
from core.errors import Bug, Unavailable
from core.store.connect import writer_engine
from core.store.errors import StorageFull, StoreBusy, translated
from core.telemetry.metrics import Metrics

MAX_BATCH = 50
MAX_QUEUED = 1000
MAX_WAIT_SECONDS = 10.0

T = TypeVar("T")
Write = Callable[[Connection], T]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    run: Write[object]
    future: Future[object]
    expires: float


@dataclass(frozen=True, slots=True)
class DiskHooks:
    """What is done when the disk fills up (make room, write it down in its own transaction) and when it has space."""

    make_room: Callable[[], bool]
    record: Write[object]
    healed: Callable[[], bool]


class Writer:
    """Start it once, stop it once; `submit` may be called from any thread."""

    def __init__(self, path: Path, *, clock: Clock, metrics: Metrics, hooks: DiskHooks) -> None:
        self._engine = writer_engine(path)
        self._clock = clock
        self._metrics = metrics
        self._hooks = hooks
        self._queue: queue.Queue[_Job | None] = queue.Queue(MAX_QUEUED)
        self._lock = threading.Lock()
        self._open = True
        self._full = False
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)

    def start(self) -> None:
        """Begins to take jobs."""
        self._thread.start()

    def submit(self, run: Write[T]) -> Future[T]:
        """Queues a job. Raises StoreBusy when too much waits already. A job that waits too long is not begun."""
        future: Future[T] = Future()
        job = _Job(run, cast("Future[object]", future), self._clock.monotonic() + MAX_WAIT_SECONDS)
        with self._lock:
            if not self._open:
                raise StoreBusy("the store is closing")
            try:
                self._queue.put_nowait(job)
            except queue.Full:
                self._metrics.store_refused(StoreBusy.code)
                raise StoreBusy("too many writes wait: try again") from None
        return future

    def stop(self) -> None:
        """Takes no more, finishes what is queued, and waits for it."""
        with self._lock:
            first, self._open = self._open, False
        if first:
            self._queue.put(None)
        self._thread.join()
        self._engine.dispose()

    def _work(self) -> None:
        last = False
        while not last:
            batch, last = self._collect()
            begun = [job for job in batch if self._begin(job)]
            if begun:
                self._commit(begun)
        with suppress(Exception):  # an optimisation: the next start does without
            connection = self._connected()
            with connection.begin():
                connection.exec_driver_sql("PRAGMA optimize")
        self._disconnect()

    def _collect(self) -> tuple[list[_Job], bool]:
        """Waits for one job, then takes what else is there; True when it is time to end."""
        batch: list[_Job] = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) == MAX_BATCH:
                return batch, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _begin(self, job: _Job) -> bool:
        if not job.future.set_running_or_notify_cancel():
            return False
        if self._clock.monotonic() > job.expires:
            self._metrics.store_refused(StoreBusy.code)
            job.future.set_exception(StoreBusy("the write waited too long and was not begun: try again"))
            return False
        return True

    def _commit(self, batch: list[_Job]) -> None:
        started = self._clock.monotonic()
        try:
            connection = self._connected()
            with connection.begin():
                answers = [self._attempt(connection, job) for job in batch]
        except Exception as error:
            self._refuse(batch, error)
            return
        self._metrics.store_commit.observe(self._clock.monotonic() - started)
        if self._full:
            self._full = False
            reserve = self._hooks.healed()
            log.info("the disk takes writes again", reserve_kept=reserve)
        for job, (value, problem) in zip(batch, answers, strict=True):
            if problem is not None:
                job.future.set_exception(problem)
            else:
                job.future.set_result(value)

    def _attempt(self, connection: Connection, job: _Job) -> tuple[object, Exception | None]:
        """One job in its savepoint. What SQLite says about the disk ends the whole transaction."""
        savepoint = connection.begin_nested()
        try:
            value = job.run(connection)
            savepoint.commit()
        except Exception as error:
            if translated(error) is not None:
                raise
            savepoint.rollback()
            return None, error
        return value, None

    def _refuse(self, batch: list[_Job], error: Exception) -> None:
        """SQLite has rolled the transaction back already; a fresh connection carries no trace of it."""
        failure: Unavailable | Bug | None = translated(error)
        self._disconnect()
        if failure is None:
            failure = Bug("the store failed in a way it does not know")
            log.error("a commit failed", exc_info=error)
        else:
            self._metrics.store_refused(failure.code)
        if isinstance(failure, StorageFull) and not self._full:
            self._full = True
            self._record_full()
        for job in batch:
            job.future.set_exception(type(failure)(failure.message))

    def _record_full(self) -> None:
        """Once for each time the disk fills up: gives the reserve back, and writes the failure itself down."""
        room = self._hooks.make_room()
        recorded = True
        try:
            connection = self._connected()
            with connection.begin():
                self._hooks.record(connection)
        except Exception:
            recorded = False
            self._disconnect()
        log.error("the disk is full: writes are refused", reserve_spent=room, recorded=recorded)

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()


def failed(future: Future[Any]) -> bool:
    """True when a finished job was not stored."""
    return future.cancelled() or future.exception() is not None
