"""A real SQLite file, opened as the product opens it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.domain.actor import Actor
from core.domain.keys import ReconcilerRef, Uid
from core.domain.revision import ActivationKind, Diagnostic, Identity, Position, Severity
from core.services.factory import OpenServices, open_services
from core.services.protocols import ActivationRequest, RunRow, Services, Submission
from core.telemetry.metrics import Metrics

ANN = Actor("ann", ("authors",), "token", "192.0.2.7")
BOB = Actor("bob", ("operators",), "session", "192.0.2.8")
GREETER = Identity(ReconcilerRef("team-a", "greeter"), Uid("uid-1"))
OTHER = Identity(ReconcilerRef("team-b", "greeter"), Uid("uid-2"))
WARNING = Diagnostic("ruff", "E501", Severity.WARNING, "line too long", Position(1, 121), Position(1, 130))
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class TickingClock:
    """A second passes with every look; what is measured passes when a test says so. `look` runs at each look."""

    def __init__(self) -> None:
        self.time = START
        self.elapsed = 0.0
        self.look: Callable[[], object] = lambda: None

    def now(self) -> datetime:
        self.look()
        self.time += timedelta(seconds=1)
        return self.time

    def monotonic(self) -> float:
        return self.elapsed


@pytest.fixture
def clock() -> TickingClock:
    """The time of the test."""
    return TickingClock()


@pytest.fixture
def metrics() -> Metrics:
    """The figures of the test."""
    return Metrics()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the database will be."""
    return tmp_path / "data" / "chakrator.db"


@pytest.fixture
async def opened(database: Path, clock: TickingClock, metrics: Metrics) -> AsyncIterator[OpenServices]:
    """Everything on top of a fresh database."""
    services = await open_services(url=f"sqlite:///{database}", clock=clock, host_version="test", metrics=metrics)
    yield services
    await services.close()


@pytest.fixture
def services(opened: OpenServices) -> Services:
    """The services alone."""
    return opened.services


def submission(source: str, base: int | None, *, of: Identity = GREETER, message: str = "because") -> Submission:
    """A save that passed the gate with one warning."""
    return Submission(of, source, message, base, (WARNING,), "policy-1")


def activation(
    revision: int,
    expected: int | None,
    *,
    kind: ActivationKind = ActivationKind.ACTIVATE,
    of: Identity = GREETER,
    reason: str = "it is better",
) -> ActivationRequest:
    """A request to run a revision as the ServiceAccount `greeter`."""
    return ActivationRequest(of, revision, reason, expected, kind, "greeter", Uid("sa-uid"))


def run_row(number: int, *, of: Identity = GREETER, outcome: str = "Succeeded") -> RunRow:
    """One run's row."""
    return RunRow(
        id=f"{of.ref.namespace}-{number:05d}",
        reconciler=of.ref,
        reconciler_uid=of.uid,
        target=f"MyResource team-a/object-{number % 3}",
        target_uid=Uid("object-uid"),
        revision=1,
        outcome=outcome,
        layer=None,
        message="",
        line=None,
        reason="spec.message changed",
        attempt=1,
        started_at=START + timedelta(seconds=number),
        duration_ms=1.5,
        cpu_ms=0.25,
        peak_memory_bytes=10_000_000,
        effects=("apply ConfigMap a",),
        logs=({"level": "info", "message": "ü\n"},),
    )


async def saved(services: Services, count: int, *, of: Identity = GREETER) -> None:
    """Saves so many revisions."""
    for number in range(1, count + 1):
        await services.submissions.save(submission(f"x = {number}\n", number - 1 or None, of=of), ANN)


@contextmanager
def tampering(database: Path) -> Iterator[sqlite3.Connection]:
    """What somebody with the file and sqlite3 can do: take the triggers away, change rows, put them back."""
    connection = sqlite3.connect(database)
    try:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, statement in triggers:
            connection.execute(statement)
        connection.commit()
    finally:
        connection.close()
