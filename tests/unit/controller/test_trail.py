"""What the live log is told of a run."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from controller.manager.trail import SessionTrail
from core.domain.keys import ReconcilerRef
from core.logstream import LogRecord
from sandbox.wire.messages import LogLine

REF = ReconcilerRef("team-a", "greeter")


class Log:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.records: list[LogRecord] = []

    def append(self, ref: ReconcilerRef, record: LogRecord) -> None:
        assert ref == REF
        self.records.append(record)


def test_lines_carry_milliseconds() -> None:
    """They follow each other closer than a second."""
    log = Log()
    clock = SimpleNamespace(now=lambda: datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))
    trail = SessionTrail(cast("Any", SimpleNamespace(clock=clock, logs=log)), REF)
    trail.logged("MyResource a/b", 3, "run", [LogLine(level="info", message="hello", fields={"n": "1"})])
    assert [record.at for record in log.records] == ["2026-01-02T03:04:05.678Z"]
