"""What SQLite says, as errors of ours.

StorageFull   no space, or the file may not grow: reads go on, writes work again when there is space
StoreBusy     somebody else holds the write lock, or too much waits: try again
StoreFailed   the file is damaged or cannot be used: a person is needed
"""

from __future__ import annotations

import sqlite3

from core.errors import Unavailable


class StorageFull(Unavailable):
    """The disk does not take a write."""

    code = "storage_full"


class StoreBusy(Unavailable):
    """The write lock is taken, or the queue is full."""

    code = "store_busy"


class StoreFailed(Unavailable):
    """The database cannot be used as it is."""

    code = "store_failed"
    retry = False


_BY_CODE: dict[int, tuple[type[Unavailable], str]] = {
    sqlite3.SQLITE_FULL: (StorageFull, "the disk is full: nothing was stored"),
    sqlite3.SQLITE_IOERR: (StorageFull, "the disk does not take writes: nothing was stored"),
    sqlite3.SQLITE_BUSY: (StoreBusy, "the database is locked by another process: nothing was stored"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "the database is locked: nothing was stored"),
    sqlite3.SQLITE_CANTOPEN: (StoreFailed, "the database cannot be opened"),
    sqlite3.SQLITE_CORRUPT: (StoreFailed, "the database is damaged"),
    sqlite3.SQLITE_NOTADB: (StoreFailed, "the database file is not a database"),
    sqlite3.SQLITE_READONLY: (StoreFailed, "the database is read-only"),
}


def translated(error: BaseException) -> Unavailable | None:
    """Our error for a driver's one, found anywhere in the chain of causes; None when it is no such thing."""
    seen: BaseException | None = error
    while seen is not None:
        origin = getattr(seen, "orig", None)
        for candidate in (seen, origin):
            if isinstance(candidate, sqlite3.Error):
                code = getattr(candidate, "sqlite_errorcode", None)
                if isinstance(code, int) and code & 0xFF in _BY_CODE:
                    kind, message = _BY_CODE[code & 0xFF]
                    return kind(message)
        seen = seen.__cause__ or seen.__context__
    return None
