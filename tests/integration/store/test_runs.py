"""The trail of runs: bounded, batched, and dropped rather than in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.domain.keys import Uid
from core.errors import NotFound
from core.services import runs as runs_service
from core.services.factory import OpenServices, open_services
from core.services.protocols import RunFilter, Services
from core.store import runs as runs_store
from core.telemetry.metrics import Metrics

from .conftest import GREETER, OTHER, TickingClock, run_row


async def test_a_row_can_be_read_back(services: Services) -> None:
    """Everything that was recorded, at once."""
    row = replace(run_row(1, outcome="Failed"), layer="guard", line=7, message="no 🌍")
    services.runs.record(row)
    assert await services.runs.get(GREETER.ref, row.id) == row
    assert (await services.runs.list(RunFilter(GREETER.ref))).items == (row,)
    with pytest.raises(NotFound):
        await services.runs.get(OTHER.ref, row.id)


async def test_rows_are_bounded_per_reconciler(services: Services) -> None:
    """The newest 500 of a busy one stay, and the quiet one's row stays too."""
    services.runs.record(run_row(0, of=OTHER))
    for number in range(1200):
        services.runs.record(run_row(number))
    seen: list[str] = []
    cursor = None
    while True:
        page = await services.runs.list(RunFilter(GREETER.ref), cursor=cursor, limit=200)
        seen += [row.id for row in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [run_row(number).id for number in range(1199, 1199 - runs_store.KEPT_PER_RECONCILER, -1)]
    assert len((await services.runs.list(RunFilter(OTHER.ref))).items) == 1


async def test_rows_are_bounded_in_all(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleted Reconcilers leave rows behind: the oldest of all go."""
    monkeypatch.setattr(runs_store, "KEPT_IN_ALL", 5)
    monkeypatch.setattr(runs_service, "TRIM_EVERY", 1)
    for number in range(9):
        services.runs.record(run_row(number, of=OTHER if number < 6 else GREETER))
    kept = [row.id for of in (GREETER, OTHER) for row in (await services.runs.list(RunFilter(of.ref))).items]
    assert kept == [run_row(n, of=GREETER).id for n in (8, 7, 6)] + [run_row(n, of=OTHER).id for n in (5, 4)]


async def test_a_full_buffer_drops_the_oldest_and_counts(services: Services, metrics: Metrics) -> None:
    """A thousand more than fit, before the loop had a chance to write."""
    for number in range(runs_service.MAX_BUFFERED + 1000):
        services.runs.record(run_row(number))
    assert metrics.registry.get_sample_value("chakrator_runs_dropped_total") == 1000.0
    newest = (await services.runs.list(RunFilter(GREETER.ref), limit=1)).items[0]
    assert newest.id == run_row(runs_service.MAX_BUFFERED + 999).id


async def test_rows_are_filtered(services: Services) -> None:
    """By object, by outcome, by uid of the Reconciler."""
    for number in range(6):
        services.runs.record(run_row(number, outcome="Failed" if number % 2 else "Succeeded"))
    ref = GREETER.ref

    async def found(where: RunFilter) -> list[int]:
        return [int(row.id[-5:]) for row in (await services.runs.list(where)).items]

    assert await found(RunFilter(ref, outcome="Failed")) == [5, 3, 1]
    assert await found(RunFilter(ref, target="MyResource team-a/object-0")) == [3, 0]
    assert await found(RunFilter(ref, uid=GREETER.uid)) == [5, 4, 3, 2, 1, 0]
    assert await found(RunFilter(ref, uid=Uid("another"))) == []


async def test_large_rows_are_cut(services: Services) -> None:
    """The last log lines that fit stay; a message keeps its beginning."""
    lines = tuple({"message": f"{number:04d}" + "x" * 500} for number in range(200))
    services.runs.record(replace(run_row(1), logs=lines, message="m" * 10_000, effects=("e",) * 500))
    row = await services.runs.get(GREETER.ref, run_row(1).id)
    assert row.logs == lines[-len(row.logs) :]
    assert 50 < len(row.logs) < 70
    assert (len(row.message), len(row.effects)) == (4096, 100)


async def test_closing_writes_what_is_buffered(opened: OpenServices, clock: TickingClock) -> None:
    """The last runs before a stop are not lost; one recorded after it is counted."""
    opened.services.runs.record(run_row(1))
    await opened.close()
    again = await open_services(url=f"sqlite:///{opened.database}", clock=clock)
    try:
        assert len((await again.services.runs.list(RunFilter(GREETER.ref))).items) == 1
    finally:
        await again.close()


async def test_the_same_id_twice_is_one_row(services: Services) -> None:
    """A batch that was stored but not answered may come again."""
    services.runs.record(run_row(1))
    services.runs.record(run_row(1))
    assert len((await services.runs.list(RunFilter(GREETER.ref))).items) == 1
