"""The audit trail: nothing can be changed unseen, by SQL or by somebody with the file."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from core.domain.actor import Actor
from core.domain.audit import GENESIS, AuditTag
from core.errors import Bug, Invalid
from core.services import audit as audit_service
from core.services.audit import verify_file
from core.services.factory import OpenServices, open_services
from core.services.protocols import AuditEntry, AuditFilter, Services, TrailBroken
from core.store.connect import writer_engine
from core.store.errors import StoreFailed
from core.telemetry.metrics import Metrics

from .conftest import ANN, BOB, GREETER, START, TickingClock, activation, saved, submission, tampering

MIDDLE = 5


@pytest.fixture
async def filled(services: Services) -> Services:
    """Ten entries."""
    await saved(services, 10)
    return services


async def test_an_intact_chain_verifies(filled: Services, database: Path) -> None:
    """Inside the process, and from outside while it runs."""
    report = await filled.audit.verify()
    newest = (await filled.audit.list(AuditFilter(), limit=1)).items[0]
    assert (report.ok, report.entries, report.head) == (True, 10, newest.hash)
    assert verify_file(database) == report


async def test_an_empty_chain_verifies(services: Services) -> None:
    """Its head is the beginning."""
    report = await services.audit.verify()
    assert (report.ok, report.entries, report.head) == (True, 0, GENESIS)


@pytest.mark.parametrize("row", [1, MIDDLE, 10])
@pytest.mark.parametrize(
    "column", ["ts", "actor", "action", "namespace", "subject", "payload", "salt", "payload_sha", "prev", "hash"]
)
async def test_a_changed_byte_names_the_entry(filled: Services, database: Path, column: str, row: int) -> None:
    """In each column, of the first, a middle and the last row: that row is named."""
    with tampering(database) as connection:
        (value,) = connection.execute(f"SELECT {column} FROM audit WHERE seq = ?", (row,)).fetchone()
        at = len(value) // 2
        changed = value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
        connection.execute(f"UPDATE audit SET {column} = ? WHERE seq = ?", (changed, row))
    report = await filled.audit.verify()
    assert (report.ok, report.broken_seq) == (False, row)
    assert report.why
    assert verify_file(database).broken_seq == row


async def test_a_changed_seq_names_the_entry(filled: Services, database: Path) -> None:
    """The place is empty where the row was."""
    with tampering(database) as connection:
        connection.execute("UPDATE audit SET seq = 95 WHERE seq = ?", (MIDDLE,))
    assert (await filled.audit.verify()).broken_seq == MIDDLE


@pytest.mark.parametrize("column", ["ts", "actor", "payload", "hash"])
async def test_bytes_that_are_no_text_name_the_entry(filled: Services, database: Path, column: str) -> None:
    """A flipped bit may make a column unreadable: that is a finding, not a crash."""
    with tampering(database) as connection:
        connection.execute(f"UPDATE audit SET {column} = CAST(X'ff61' AS TEXT) WHERE seq = ?", (MIDDLE,))
    report = await filled.audit.verify()
    assert (report.ok, report.broken_seq, report.why) == (False, MIDDLE, "a column is not text")


@pytest.mark.parametrize("payload", ["[]", "{", '{"by": 1}'])
async def test_a_payload_of_another_shape_names_the_entry(filled: Services, database: Path, payload: str) -> None:
    """Not an object, not JSON, not the canonical spelling."""
    with tampering(database) as connection:
        connection.execute("UPDATE audit SET payload = ? WHERE seq = ?", (payload, MIDDLE))
    assert (await filled.audit.verify()).broken_seq == MIDDLE


async def test_a_respelled_payload_names_the_entry(filled: Services, database: Path) -> None:
    """The same value with a space more is not what was written."""
    with tampering(database) as connection:
        connection.execute("UPDATE audit SET payload = replace(payload, ':1', ': 1') WHERE seq = 1")
    assert (await filled.audit.verify()).broken_seq == 1


@pytest.mark.parametrize(("one", "other"), [(5, 6), (2, 9)])
async def test_swapped_rows_name_the_first(filled: Services, database: Path, one: int, other: int) -> None:
    """Each intact in itself, but not in its place."""
    with tampering(database) as connection:
        connection.execute("UPDATE audit SET seq = -1 WHERE seq = ?", (one,))
        connection.execute("UPDATE audit SET seq = ? WHERE seq = ?", (one, other))
        connection.execute("UPDATE audit SET seq = ? WHERE seq = -1", (other,))
    assert (await filled.audit.verify()).broken_seq == one


async def test_a_deleted_row_is_named(filled: Services, database: Path) -> None:
    """The hole, not the row after it."""
    with tampering(database) as connection:
        connection.execute("DELETE FROM audit WHERE seq = ?", (MIDDLE,))
    report = await filled.audit.verify()
    assert (report.broken_seq, report.why) == (MIDDLE, "the entry is missing; the next one there is 6")


async def test_a_rewritten_row_with_good_hashes_names_the_next(filled: Services, database: Path) -> None:
    """Who computes the row's own hashes anew still cannot make the one after it follow."""
    with tampering(database) as connection:
        connection.execute(
            "UPDATE audit SET (actor, payload, salt, payload_sha, hash) = "
            "(SELECT actor, payload, salt, payload_sha, 'x' FROM audit WHERE seq = 4) WHERE seq = 5"
        )
        row = connection.execute("SELECT prev, seq, ts FROM audit WHERE seq = 5").fetchone()
        prev, seq, ts = row
        actor, action, namespace, subject, payload, salt = connection.execute(
            "SELECT actor, action, namespace, subject, payload, salt FROM audit WHERE seq = 5"
        ).fetchone()
        said = {
            "action": action,
            "actor": actor,
            "namespace": namespace,
            "payload": json.loads(payload),
            "subject": subject,
            "ts": ts,
        }
        sha = _digest(salt, json.dumps(said, separators=(",", ":"), ensure_ascii=False, sort_keys=True))
        connection.execute(
            "UPDATE audit SET payload_sha = ?, hash = ? WHERE seq = 5", (sha, _digest(prev, str(seq), ts, sha))
        )
    assert (await filled.audit.verify()).broken_seq == 6


def _digest(*parts: str) -> str:
    """Lengths and parts, written out as a second implementation."""
    return hashlib.sha256(b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)).hexdigest()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'eve' WHERE seq = 5",
        "DELETE FROM audit WHERE seq = 5",
        "DELETE FROM audit",
        "REPLACE INTO audit SELECT * FROM audit WHERE seq = 5",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 5",
        "INSERT INTO audit SELECT * FROM audit WHERE seq = 5 ON CONFLICT (seq) DO UPDATE SET actor = 'eve'",
    ],
)
async def test_the_triggers_refuse(filled: Services, database: Path, statement: str) -> None:
    """Every way to change or remove a row through SQL; the chain is as before."""
    before = await filled.audit.verify()
    engine = writer_engine(database)
    with pytest.raises(IntegrityError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
    assert await filled.audit.verify() == before


async def test_replace_would_get_past_without_recursive_triggers(filled: Services, database: Path) -> None:
    """Why the writer sets that pragma: a plain connection deletes by REPLACE unseen by the trigger."""
    connection = sqlite3.connect(database)
    try:
        connection.execute("REPLACE INTO audit SELECT * FROM audit WHERE seq = 5")
        connection.rollback()
        connection.execute("PRAGMA recursive_triggers = ON")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute("REPLACE INTO audit SELECT * FROM audit WHERE seq = 5")
    finally:
        connection.close()


async def test_a_broken_tail_is_seen_at_the_start(opened: OpenServices, database: Path, clock: TickingClock) -> None:
    """Opening says so, in its answer and in the metric."""
    await saved(opened.services, 10)
    await opened.close()
    with tampering(database) as connection:
        connection.execute("UPDATE audit SET actor = 'eve' WHERE seq = 7")
    metrics = Metrics()
    again = await open_services(url=f"sqlite:///{database}", clock=clock, metrics=metrics)
    await again.close()
    assert (again.tail.ok, again.tail.broken_seq) == (False, 7)
    assert metrics.registry.get_sample_value("chakrator_audit_chain_broken") == 1.0


async def test_with_a_broken_trail_nothing_is_changed(
    opened: OpenServices, database: Path, clock: TickingClock
) -> None:
    """Saves and activations are refused with what to do; reads go on, and who signs in is written down."""
    await saved(opened.services, 2)
    await opened.close()
    with tampering(database) as connection:
        connection.execute("UPDATE audit SET actor = 'eve' WHERE seq = 2")
    again = await open_services(url=f"sqlite:///{database}", clock=clock)
    try:
        services = again.services
        for act in (
            services.submissions.save(submission("x = 9\n", 2), ANN),
            services.activations.activate(activation(1, None), ANN),
        ):
            with pytest.raises(TrailBroken, match=r"entry 2.*chakrator audit verify") as refused:
                await act
            assert not refused.value.retry
        assert [one.number for one in (await services.submissions.list(GREETER)).items] == [2, 1]
        assert await services.activations.current(GREETER) is None
        assert await services.audit.append(ANN, AuditTag.SIGNIN) == 3
        found = services.audit.broken()
        assert found is not None
        assert found.broken_seq == 2
    finally:
        await again.close()


async def test_a_break_before_the_tail_is_found_beside_the_start(
    opened: OpenServices, database: Path, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a start has no time for is checked all the same."""
    monkeypatch.setattr(audit_service, "TAIL", 3)
    monkeypatch.setattr(audit_service, "CHUNK", 2)
    monkeypatch.setattr(audit_service, "BACKGROUND_PAUSE", 0.0)
    await saved(opened.services, 10)
    await opened.close()
    with tampering(database) as connection:
        connection.execute("UPDATE audit SET actor = 'eve' WHERE seq = 5")
    again = await open_services(url=f"sqlite:///{database}", clock=clock)
    try:
        assert again.tail.ok
        assert again._audit._background is not None
        await again._audit._background
        with pytest.raises(TrailBroken, match="entry 5"):
            await again.services.submissions.save(submission("x = 99\n", 10), ANN)
    finally:
        await again.close()


async def test_a_database_without_its_triggers_is_not_opened(
    opened: OpenServices, database: Path, clock: TickingClock
) -> None:
    """Somebody took the guard away: fail closed."""
    await opened.close()
    connection = sqlite3.connect(database)
    connection.execute("DROP TRIGGER audit_no_delete")
    connection.commit()
    connection.close()
    with pytest.raises(StoreFailed, match="audit_no_delete"):
        await open_services(url=f"sqlite:///{database}", clock=clock)


async def test_concurrent_entries_make_one_chain(services: Services) -> None:
    """A hundred at once: no gap, no fork."""
    writes = [services.audit.append(ANN, AuditTag.ACCESS_DENIED, payload={"n": n}) for n in range(100)]
    assert sorted(await asyncio.gather(*writes)) == list(range(1, 101))
    assert (await services.audit.verify()).ok


async def test_entries_are_filtered(services: Services) -> None:
    """By namespace, subject, actor, action and time; all that is given must match."""
    for number, (actor, tag, namespace) in enumerate(
        [
            (ANN, AuditTag.ACCESS_DENIED, "team-a"),
            (BOB, AuditTag.ACTIVATE, "team-a"),
            (BOB, AuditTag.ACTIVATE_REFUSED, "team-b"),
            (ANN, AuditTag.SIGNIN, ""),
        ]
    ):
        await services.audit.append(actor, tag, namespace=namespace, subject=f"s{number}")

    async def found(where: AuditFilter) -> list[int]:
        return [entry.seq for entry in (await services.audit.list(where)).items]

    assert await found(AuditFilter()) == [4, 3, 2, 1]
    assert await found(AuditFilter(namespaces=("team-a",))) == [2, 1]
    assert await found(AuditFilter(namespaces=())) == []
    assert await found(AuditFilter(actor="bob", namespaces=("team-b", "team-a"))) == [3, 2]
    assert await found(AuditFilter(action="activation:activate")) == [3, 2]
    assert await found(AuditFilter(action="activation")) == [3, 2]
    assert await found(AuditFilter(action="activ")) == []
    assert await found(AuditFilter(action="%")) == []
    assert await found(AuditFilter(subject="s3")) == [4]
    first = (await services.audit.list(AuditFilter(subject="s0"))).items[0].ts
    assert await found(AuditFilter(until=first)) == [1]
    assert await found(AuditFilter(since=START.isoformat())) == [4, 3, 2, 1]
    with pytest.raises(Invalid):
        await found(AuditFilter(since="yesterday"))


async def test_a_reader_of_one_namespace_can_verify_the_chain(services: Services) -> None:
    """Other entries come as hashes alone, and those are enough."""
    for namespace in ("team-a", "team-b", "", "team-a"):
        await services.audit.append(ANN, AuditTag.ACCESS_DENIED, namespace=namespace, payload={"secretly": namespace})
    page = await services.audit.list(AuditFilter(namespaces=("team-a",), chain=True))
    assert [entry.actor is not None for entry in page.items] == [True, False, False, True]
    hidden: list[AuditEntry] = [entry for entry in page.items if entry.actor is None]
    assert all((entry.salt, entry.action, entry.payload, entry.subject) == (None,) * 4 for entry in hidden)
    prev = GENESIS
    for entry in reversed(page.items):
        assert entry.prev == prev
        assert entry.hash == _digest(prev, str(entry.seq), entry.ts, entry.payload_sha)
        prev = entry.hash


async def test_pages_of_the_trail_join(services: Services) -> None:
    """Newest first, each once."""
    await saved(services, 7)
    seqs: list[int] = []
    cursor = None
    while True:
        page = await services.audit.list(AuditFilter(), cursor=cursor, limit=3)
        seqs += [entry.seq for entry in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert seqs == [7, 6, 5, 4, 3, 2, 1]


async def test_refused_signins_are_folded(opened: OpenServices, database: Path, clock: TickingClock) -> None:
    """One entry at once, the rest as a count when the window ends (here: at the close)."""
    stranger = Actor("system:anonymous", source="203.0.113.9")
    seqs = [await opened.services.audit.append(stranger, AuditTag.SIGNIN_REFUSED) for _ in range(50)]
    assert seqs == [1, *[0] * 49]
    await opened.close()
    again = await open_services(url=f"sqlite:///{database}", clock=clock)
    entries = (await again.services.audit.list(AuditFilter())).items
    await again.close()
    assert len(entries) == 2
    assert entries[0].payload is not None
    assert (entries[0].payload["count"], entries[0].payload["by"]) == (
        49,
        {"groups": [], "via": "token", "source": "203.0.113.9"},
    )


async def test_payloads_are_bounded(services: Services) -> None:
    """A payload too long leaves its length; who did it stays."""
    await services.audit.append(ANN, AuditTag.ACCESS_DENIED, payload={"x": "y" * 100_000})
    (entry,) = (await services.audit.list(AuditFilter())).items
    assert entry.payload is not None
    assert set(entry.payload) == {"by", "oversize"}


async def test_odd_text_is_stored_and_verifies(services: Services) -> None:
    """NUL, lone surrogates, emoji: whatever a name or a reason holds."""
    odd = "a\x00b\ud800\U0001f30d\u2028"
    await services.audit.append(Actor(odd), AuditTag.ACCESS_DENIED, namespace=odd, subject=odd, payload={odd: odd})
    assert (await services.audit.verify()).ok


async def test_a_payload_that_is_not_json_is_a_bug(services: Services) -> None:
    """Nothing is stored of it, and the next one goes on."""
    with pytest.raises(Bug):
        await services.audit.append(ANN, AuditTag.ACCESS_DENIED, payload={"x": object()})
    assert await services.audit.append(ANN, AuditTag.ACCESS_DENIED) == 1
