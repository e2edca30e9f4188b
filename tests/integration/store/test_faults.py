"""Full disks, foreign locks, kill -9: what was acknowledged is there, what is refused says why, and it heals."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.domain.audit import AuditTag
from core.errors import Conflict
from core.services.audit import verify_file
from core.services.factory import OpenServices, open_services
from core.services.protocols import AuditFilter
from core.store import connect, writer
from core.store.engine import Connection
from core.store.errors import StorageFull, StoreBusy, StoreFailed
from core.store.place import RESERVE_FILE
from core.telemetry.metrics import Metrics

from .conftest import ANN, GREETER, TickingClock, run_row, saved, submission

FILL = """
import asyncio, json, resource, sys
sys.path.insert(0, sys.argv[2])
from core.clock import SystemClock
from core.domain.actor import Actor
from core.domain.keys import ReconcilerRef, Uid
from core.domain.revision import Identity
from core.services.factory import open_services
from core.services.protocols import AuditFilter, Submission
from core.errors import Unavailable
from core.settings import LogFormat, LogLevel
from core.telemetry.logging import configure_logging
from core.telemetry.metrics import Metrics

WHO = Actor("ann")
OF = Identity(ReconcilerRef("team-a", "greeter"), Uid("uid-1"))

async def main():
    metrics = Metrics()
    opened = await open_services(url=f"sqlite:///{sys.argv[1]}", clock=SystemClock(), metrics=metrics)
    services = opened.services
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    saved, said = 0, {"codes": []}

    async def save():
        nonlocal saved
        source = f"x = {saved}\\n# " + "y" * 30_000
        await services.submissions.save(Submission(OF, source, "m", saved or None, (), "p"), WHO)
        saved += 1

    await save()
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
    try:
        for _ in range(200):
            await save()
    except Unavailable as error:
        said["codes"].append(error.code)
        said["retry"] = error.retry
    try:
        await save()
    except Unavailable as error:
        said["codes"].append(error.code)
    said["saved_when_full"] = saved
    said["read_when_full"] = (await services.submissions.get(OF, saved)).info.number
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    for _ in range(3):
        await save()
    said["saved"] = saved
    page = await services.submissions.list(OF, limit=500)
    said["stored"] = len(page.items)
    said["report"] = (await services.audit.verify()).ok
    said["refusals"] = metrics.registry.get_sample_value("chakrator_store_refused_total", {"code": "storage_full"})
    await opened.close()
    print(json.dumps(said))

configure_logging(LogLevel.ERROR, LogFormat.JSON)
asyncio.run(main())
"""

ENDLESS = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from core.clock import SystemClock
from core.domain.actor import Actor
from core.domain.audit import AuditTag
from core.services.factory import open_services
from core.settings import LogFormat, LogLevel
from core.telemetry.logging import configure_logging

async def writer(services, lane):
    number = 0
    while True:
        seq = await services.audit.append(Actor("ann"), AuditTag.ACCESS_DENIED, subject=f"{lane}/{number}")
        print(seq, f"{lane}/{number}", flush=True)
        number += 1

async def main():
    opened = await open_services(url=f"sqlite:///{sys.argv[1]}", clock=SystemClock())
    async with asyncio.TaskGroup() as group:
        for lane in range(5):
            group.create_task(writer(opened.services, lane))

configure_logging(LogLevel.ERROR, LogFormat.JSON)
asyncio.run(main())
"""

ROOT = str(Path(connect.__file__).resolve().parents[2])


def test_a_full_disk_refuses_and_heals(database: Path) -> None:
    """`storage_full` while no file may grow; reads go on; afterwards everything acknowledged is there."""
    argv = [sys.executable, "-W", "error", "-c", FILL, str(database), ROOT]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["codes"] == ["storage_full", "storage_full"]
    assert said["retry"] is True
    assert said["saved_when_full"] > 1
    assert said["read_when_full"] == said["saved_when_full"]
    assert said["stored"] == said["saved"] == said["saved_when_full"] + 3
    assert said["report"] is True
    assert said["refusals"] == 2.0
    assert verify_file(database).ok
    connection = sqlite3.connect(database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        connection.close()
    assert (database.parent / RESERVE_FILE).exists()


def fill(connection: Connection) -> None:
    """What a full disk looks like to SQLite: the file may not grow any more, on this connection."""
    connection.exec_driver_sql("PRAGMA max_page_count = 1")
    connection.exec_driver_sql("INSERT INTO blobs VALUES ('x', hex(zeroblob(100000)))")


async def test_the_failure_itself_is_recorded(opened: OpenServices, database: Path) -> None:
    """The reserve is given back for one entry each time the disk fills up, and made again when it heals."""
    reserve = database.parent / RESERVE_FILE
    for _ in range(3):
        with pytest.raises(StorageFull):
            await opened._store.write(fill)
    assert not reserve.exists()
    entries = (await opened.services.audit.list(AuditFilter())).items
    assert [(entry.action, entry.actor) for entry in entries] == [("store:write:refused", "system:chakrator")]
    await saved(opened.services, 1)
    assert reserve.exists()
    with pytest.raises(StorageFull):
        await opened._store.write(fill)
    assert len((await opened.services.audit.list(AuditFilter(action="store"))).items) == 2


async def test_a_full_disk_does_not_fail_a_run(opened: OpenServices, metrics: Metrics) -> None:
    """Rows that cannot be stored wait, and are stored when it heals; nothing is dropped meanwhile."""
    opened._store.submit(fill)
    opened.services.runs.record(run_row(1))
    await opened.services.runs.flush()  # type: ignore[attr-defined]
    await opened.services.runs.flush()  # type: ignore[attr-defined]
    assert (await opened.services.runs.get(GREETER.ref, run_row(1).id)).id == run_row(1).id
    assert metrics.registry.get_sample_value("chakrator_runs_dropped_total") == 0.0


def held_up(opened: OpenServices) -> threading.Event:
    """The writer in the middle of a job, until the event is set: what is submitted meanwhile is one batch."""
    entered, gate = threading.Event(), threading.Event()

    def job(_connection: Connection) -> None:
        entered.set()
        gate.wait(60)

    opened._store.submit(job)
    assert entered.wait(60)
    return gate


async def test_a_refused_job_takes_nothing_along(opened: OpenServices) -> None:
    """Jobs of one commit are apart: one that raises after writing leaves no row, the others are stored."""
    store = opened._store
    gate = held_up(opened)

    def bad(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO blobs VALUES ('bad', 'x')")
        raise Conflict("no")

    def good(connection: Connection) -> int:
        return connection.exec_driver_sql("INSERT INTO blobs VALUES ('good', 'x')").rowcount

    first, second = store.submit(bad), store.submit(good)
    gate.set()
    with pytest.raises(Conflict):
        await asyncio.wrap_future(first)
    assert await asyncio.wrap_future(second) == 1
    rows = await store.read(lambda connection: connection.exec_driver_sql("SELECT sha256 FROM blobs").scalars().all())
    assert rows == ["good"]


async def test_a_full_queue_refuses_at_once(opened: OpenServices) -> None:
    """More than fits: StoreBusy, with nothing stored of it; what was queued is done."""
    store = opened._store
    gate = held_up(opened)
    queued = [store.submit(lambda _connection: 1) for _ in range(writer.MAX_QUEUED)]
    with pytest.raises(StoreBusy):
        store.submit(lambda _connection: 1)
    gate.set()
    assert sum([await asyncio.wrap_future(future) for future in queued]) == writer.MAX_QUEUED


async def test_a_job_that_waited_too_long_is_not_begun(opened: OpenServices, clock: TickingClock) -> None:
    """Its caller was told to try again; it must not happen behind their back."""
    store = opened._store
    gate = held_up(opened)
    late = store.submit(lambda connection: connection.exec_driver_sql("INSERT INTO blobs VALUES ('late', 'x')"))
    clock.elapsed += writer.MAX_WAIT_SECONDS + 1
    gate.set()
    with pytest.raises(StoreBusy, match="not begun"):
        await asyncio.wrap_future(late)
    assert await store.read(lambda connection: connection.exec_driver_sql("SELECT * FROM blobs").all()) == []


async def test_readers_cannot_write(opened: OpenServices) -> None:
    """Even by mistake."""
    with pytest.raises(StoreFailed):
        await opened._store.read(lambda connection: connection.exec_driver_sql("DELETE FROM runs"))


async def test_a_foreign_lock_is_busy_and_passes(
    database: Path, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process holds the write lock: try again, nothing lost, reads go on."""
    monkeypatch.setattr(connect, "BUSY_TIMEOUT_MS", 50)
    opened = await open_services(url=f"sqlite:///{database}", clock=clock)
    foreign = sqlite3.connect(database, isolation_level=None)
    try:
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy) as caught:
            await opened.services.submissions.save(submission("x = 1\n", None), ANN)
        assert caught.value.retry
        assert (await opened.services.submissions.list(GREETER)).items == ()
        foreign.execute("ROLLBACK")
        await saved(opened.services, 1)
    finally:
        foreign.close()
        await opened.close()


def test_what_was_acknowledged_survives_kill_9(database: Path) -> None:
    """Each answered entry is in the file, with its content, and the chain verifies."""
    argv = [sys.executable, "-c", ENDLESS, str(database), ROOT]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().split() for _ in range(300)]
        process.kill()
        rest = process.stdout.read()
    assert process.returncode == -signal.SIGKILL
    said += [line.split() for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    report = verify_file(database)
    assert report.ok
    connection = sqlite3.connect(database)
    try:
        stored = {str(seq): subject for seq, subject in connection.execute("SELECT seq, subject FROM audit")}
    finally:
        connection.close()
    assert len(said) >= 300
    assert {seq: subject for seq, subject in said if stored.get(seq) != subject} == {}


async def test_a_killed_process_leaves_a_folder_that_opens(database: Path, clock: TickingClock) -> None:
    """The lock died with it, and the write-ahead log is read back."""
    argv = [sys.executable, "-c", ENDLESS, str(database), ROOT]
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    process.kill()
    await process.communicate()
    opened = await open_services(url=f"sqlite:///{database}", clock=clock)
    try:
        assert opened.tail.ok
        assert opened.tail.entries >= int(line.split()[0])
        assert await opened.services.audit.append(ANN, AuditTag.SIGNIN) == opened.tail.entries + 1
    finally:
        await opened.close()
