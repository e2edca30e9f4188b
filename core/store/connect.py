"""SQLAlchemy engines over one SQLite file, with the settings that our promises need.

`isolation_level = None` stops Python's sqlite3 from opening transactions in its own way (it begins none
before a SELECT: of 200 concurrent read-modify-writes 149 were lost, without one error), and BEGIN
IMMEDIATE takes the write lock at once: a deferred BEGIN fails with SQLITE_BUSY_SNAPSHOT, for which
busy_timeout does not apply. tests/integration/store/test_begin_immediate.py keeps all three on record.

synchronous=FULL: with NORMAL a power loss takes the last commits, and "acknowledged is durable" breaks.
recursive_triggers: without it REPLACE deletes a row without firing the DELETE trigger that guards audit.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, QueuePool

from core.errors import Invalid

BUSY_TIMEOUT_MS = 5_000
READERS = 3

_COMMON = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA recursive_triggers = ON",
)
_WRITER = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA wal_autocheckpoint = 1000",
)


def database_path(url: str) -> Path:
    """The file behind a `sqlite:///` URL. Raises Invalid for anything else."""
    prefix, _, path = url.partition(":///")
    if prefix != "sqlite" or not path or path.startswith(":memory:") or "?" in path:
        raise Invalid("the database must be a file: sqlite:////absolute/path.db")
    return Path(path)


def writer_engine(path: Path, *, foreign_keys: bool = True) -> Engine:
    """For the one writer. `foreign_keys` is off only while migrations recreate tables."""
    keys = f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}"
    return _engine(path, (*_COMMON, *_WRITER, keys), "BEGIN IMMEDIATE", readers=0)


def reader_engine(path: Path) -> Engine:
    """A small pool of connections that cannot write; each read sees one snapshot."""
    return _engine(path, (*_COMMON, "PRAGMA query_only = ON"), "BEGIN", readers=READERS)


def _engine(path: Path, pragmas: tuple[str, ...], begin: str, *, readers: int) -> Engine:
    url = URL.create("sqlite", database=str(path))
    settings = {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
    if readers:
        engine = create_engine(
            url, connect_args=settings, poolclass=QueuePool, pool_size=readers, max_overflow=0, pool_timeout=30
        )
    else:
        engine = create_engine(url, connect_args=settings, poolclass=NullPool)

    def prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        for pragma in (f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}", *pragmas):
            connection.execute(pragma).close()

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", start)
    return engine
