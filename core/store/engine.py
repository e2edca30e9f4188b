"""The store's front: writes through the one writer thread, reads through a small pool, both awaitable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock
from core.store.connect import READERS, reader_engine
from core.store.errors import StoreBusy, StoreFailed, translated
from core.store.place import Place
from core.store.schema import upgrade
from core.store.writer import DiskHooks, Write, Writer
from core.telemetry.metrics import Metrics

# Services name `Connection`, and may not name SQLAlchemy.
__all__ = ["Connection", "Read", "Store", "Write", "open_store", "read_offline", "run_read"]

MAX_READS = 200

T = TypeVar("T")
Read = Callable[[Connection], T]


class Store:
    """One open database. Made by `open_store`, which takes the lock that `close` gives back."""

    def __init__(self, place: Place, *, clock: Clock, metrics: Metrics, record_full: Write[object]) -> None:
        self.path = place.database
        self._place = place
        self._reader = reader_engine(place.database)
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._reading = 0
        hooks = DiskHooks(make_room=place.spend_reserve, record=record_full, healed=place.keep_reserve)
        self._writer = Writer(place.database, clock=clock, metrics=metrics, hooks=hooks)
        self._writer.start()

    def submit(self, job: Write[T]) -> Future[T]:
        """Queues a write; the future is done once it is durable, or refused. Raises StoreBusy."""
        return self._writer.submit(job)

    async def write(self, job: Write[T], *, after: Callable[[T], None] | None = None) -> T:
        """Runs `job` in a transaction and returns once it is durable.

        `after` is called on this loop with the result even when the caller has stopped waiting by then:
        what is committed must be known to those who wait for it.
        """
        loop = asyncio.get_running_loop()
        future = self.submit(job)
        if after is not None:
            tell = after

            def pass_on(done: Future[T]) -> None:
                if not done.cancelled() and done.exception() is None and not loop.is_closed():
                    loop.call_soon_threadsafe(tell, done.result())

            future.add_done_callback(pass_on)
        return await asyncio.wrap_future(future)

    async def read(self, job: Read[T]) -> T:
        """Runs `job` on a connection that cannot write, over one snapshot."""
        if self._reading >= MAX_READS:
            raise StoreBusy("too many reads wait: try again")
        self._reading += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, job)
        finally:
            self._reading -= 1

    async def close(self) -> None:
        """Finishes what is queued, then gives the folder to the next process."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.stop()
        self._threads.shutdown()
        self._reader.dispose()
        self._place.release()

    def _read(self, job: Read[T]) -> T:
        return run_read(self._reader.connect, job)


def run_read(connect: Callable[[], Connection], job: Read[T]) -> T:
    """One read in one snapshot, errors of the driver translated."""
    try:
        with connect() as connection, connection.begin():
            return job(connection)
    except SQLAlchemyError as error:
        raise (translated(error) or StoreFailed("the database cannot be read")) from error


def open_store(database: Path, *, clock: Clock, metrics: Metrics, record_full: Write[object]) -> Store:
    """Takes the folder, brings the schema up to date, starts the writer. Blocks; raises Invalid or StoreFailed."""
    place = Place(database)
    place.take()
    try:
        upgrade(place.database, clock.now())
        return Store(place, clock=clock, metrics=metrics, record_full=record_full)
    except BaseException:
        place.release()
        raise


def read_offline(database: Path, job: Read[T]) -> T:
    """One read of a database that another process may have open. Raises StoreFailed when it is not there."""
    if not database.is_file():
        raise StoreFailed(f"there is no database at {database}")
    engine = reader_engine(database)
    try:
        return run_read(engine.connect, job)
    finally:
        engine.dispose()
