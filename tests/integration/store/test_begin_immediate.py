"""Why every write transaction is BEGIN IMMEDIATE: the three ways side by side, four threads each."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from core.store.connect import writer_engine

THREADS = 4
EACH = 25


def plain(path: Path) -> Engine:
    """SQLAlchemy and sqlite3 as they come: no BEGIN before a SELECT."""
    return create_engine(f"sqlite:///{path}", poolclass=NullPool)


def deferred(path: Path) -> Engine:
    """An explicit, deferred BEGIN."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _entry: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def start(connection: object) -> None:
        connection.exec_driver_sql("BEGIN")  # type: ignore[attr-defined]

    return engine


def count_up(path: Path, make: Callable[[Path], Engine]) -> tuple[int, int]:
    """(counter in the end, failed transactions) after 100 read-modify-writes.

    Two threads meet between reading and writing, as far as the way of locking lets them: a barrier that
    one waits at for a moment, so that the race is there on a slow machine too.
    """
    seed = writer_engine(path)
    with seed.begin() as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    seed.dispose()
    engine = make(path)
    failures: list[OperationalError] = []
    meet = threading.Barrier(2)

    def work() -> None:
        for _ in range(EACH):
            try:
                with engine.begin() as connection:
                    number = connection.execute(text("SELECT n FROM counter")).scalar_one()
                    try:
                        meet.wait(0.02)
                    except threading.BrokenBarrierError:
                        meet.reset()
                    connection.execute(text("UPDATE counter SET n = :n"), {"n": number + 1})
            except OperationalError as error:
                failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        total = int(connection.execute(text("SELECT n FROM counter")).scalar_one())
    engine.dispose()
    return total, len(failures)


def test_the_default_loses_updates_without_an_error(tmp_path: Path) -> None:
    """Both read the same number, both write it plus one."""
    total, failures = count_up(tmp_path / "a.db", plain)
    assert failures == 0
    assert total < THREADS * EACH


def test_a_deferred_begin_fails_instead(tmp_path: Path) -> None:
    """Nothing is lost, but a snapshot that is behind cannot be written from, and no busy_timeout helps."""
    total, failures = count_up(tmp_path / "b.db", deferred)
    assert failures > 0
    assert total == THREADS * EACH - failures


def test_ours_does_neither(tmp_path: Path) -> None:
    """The lock is taken before reading, and waited for."""
    assert count_up(tmp_path / "c.db", writer_engine) == (THREADS * EACH, 0)


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("recursive_triggers", 1),
        ("trusted_schema", 0),
        ("busy_timeout", 5000),
    ],
)
def test_the_writer_has_its_settings(tmp_path: Path, pragma: str, value: object) -> None:
    """Each of them carries a promise."""
    engine = writer_engine(tmp_path / "d.db")
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value
    engine.dispose()
