"""Writing, reading and checking the audit trail. All functions run inside the caller's transaction."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, LargeBinary, cast, func, insert, or_, select
from sqlalchemy.sql import ColumnElement

from core.domain.actor import Actor
from core.domain.audit import GENESIS, SALT_BYTES, AuditTag, Record, canonical_json, chain_hash, payload_hash
from core.errors import Bug
from core.store.models import audit
from core.store.text import encodable

MAX_PAYLOAD_CHARS = 32 * 1024
MAX_GROUPS = 50
COLUMNS = ("ts", "actor", "action", "namespace", "subject", "payload", "salt", "payload_sha", "prev", "hash")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written down. `subject` names what it is about, `namespace/name` of a Reconciler."""

    actor: Actor
    action: AuditTag
    namespace: str = ""
    subject: str = ""
    payload: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One stored entry. `payload` is the stored text."""

    seq: int
    ts: str
    actor: str
    action: str
    namespace: str
    subject: str
    payload: str
    salt: str
    payload_sha: str
    prev: str
    hash: str


@dataclass(frozen=True, slots=True)
class Where:
    """What to read. `namespaces` None means every one."""

    namespaces: Sequence[str] | None = None
    subject: str | None = None
    actor: str | None = None
    action: str | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the chain: the entry that is checked already, and its hash."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Break:
    """The first entry that is wrong."""

    seq: int
    why: str


def append(connection: Connection, ts: str, entry: Entry) -> int:
    """Adds one entry; its seq. There is one writer, so nobody else takes the same place."""
    last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    prev, seq = (str(last.hash), int(last.seq) + 1) if last else (GENESIS, 1)
    text = _payload(entry)
    record = Record(
        ts=ts,
        actor=encodable(entry.actor.name),
        action=entry.action.value,
        namespace=encodable(entry.namespace),
        subject=encodable(entry.subject),
        payload=json.loads(text),
    )
    salt = secrets.token_hex(SALT_BYTES)
    sha = payload_hash(salt, record)
    connection.execute(
        insert(audit).values(
            seq=seq,
            ts=ts,
            actor=record.actor,
            action=record.action,
            namespace=record.namespace,
            subject=record.subject,
            payload=text,
            salt=salt,
            payload_sha=sha,
            prev=prev,
            hash=chain_hash(prev, seq, ts, sha),
        )
    )
    return seq


def _payload(entry: Entry) -> str:
    """Canonical JSON of what the caller says and of how the actor is known; too long a payload leaves its hash."""
    by = {"groups": list(entry.actor.groups[:MAX_GROUPS]), "via": entry.actor.via, "source": entry.actor.source}
    try:
        text = encodable(canonical_json({**entry.payload, "by": by}))
        if len(text) > MAX_PAYLOAD_CHARS:
            text = encodable(canonical_json({"by": by, "oversize": len(text)}))
    except (TypeError, ValueError) as error:
        raise Bug(f"the payload of {entry.action} is not JSON") from error
    return text


def page(connection: Connection, where: Where, before: int | None, limit: int) -> list[Row]:
    """Newest first."""
    query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    for condition in _conditions(where):
        query = query.where(condition)
    if before is not None:
        query = query.where(audit.c.seq < before)
    return [Row(*row) for row in connection.execute(query)]


def matching(connection: Connection, where: Where, seqs: Collection[int]) -> set[int]:
    """Which of these entries `where` lets through."""
    query = select(audit.c.seq).where(audit.c.seq.in_(seqs))
    for condition in _conditions(where):
        query = query.where(condition)
    return {int(seq) for seq in connection.execute(query).scalars()}


def _conditions(where: Where) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if where.namespaces is not None:
        conditions.append(audit.c.namespace.in_(list(where.namespaces)))
    if where.subject is not None:
        conditions.append(audit.c.subject == where.subject)
    if where.actor is not None:
        conditions.append(audit.c.actor == where.actor)
    if where.action is not None:
        noun = where.action.rstrip(":") + ":"
        conditions.append(or_(audit.c.action == where.action, audit.c.action.startswith(noun, autoescape=True)))
    if where.since is not None:
        conditions.append(audit.c.ts >= where.since)
    if where.until is not None:
        conditions.append(audit.c.ts <= where.until)
    return conditions


def size(connection: Connection) -> int:
    """How many entries there are."""
    return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())


def link_before_tail(connection: Connection, entries: int) -> Link:
    """Where to begin in order to check the newest `entries` only; that entry's own hash is taken on trust."""
    query = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).offset(entries).limit(1)
    row = connection.execute(query).first()
    return Link(int(row.seq), str(row.hash)) if row else Link()


def walk(connection: Connection, start: Link, limit: int) -> tuple[Link, Break | None, bool]:
    """Checks up to `limit` entries after `start`: (last good one, the break, whether the end was reached).

    Columns are read as bytes: a text that is no longer UTF-8 must be a finding, not a failure to read.
    """
    columns = [cast(audit.c[name], LargeBinary).label(name) for name in COLUMNS]
    query = select(audit.c.seq, *columns).where(audit.c.seq > start.seq).order_by(audit.c.seq).limit(limit)
    rows = connection.execute(query).all()
    link = start
    for row in rows:
        if row.seq != link.seq + 1:
            return link, Break(link.seq + 1, f"the entry is missing; the next one there is {row.seq}"), False
        try:
            texts = [bytes(value).decode("utf-8") for value in row[1:]]
        except UnicodeDecodeError:
            return link, Break(row.seq, "a column is not text"), False
        entry = Row(row.seq, *texts)
        why = _wrong(entry, link)
        if why:
            return link, Break(entry.seq, why), False
        link = Link(entry.seq, entry.hash)
    return link, None, len(rows) < limit


def _wrong(row: Row, link: Link) -> str:
    """What is wrong with one entry, or nothing."""
    if row.prev != link.hash:
        return "it does not follow the entry before it"
    try:
        payload = json.loads(row.payload)
    except ValueError:
        return "its payload is not JSON"
    if not isinstance(payload, dict) or canonical_json(payload) != row.payload:
        return "its payload is not written as it was"
    record = Record(row.ts, row.actor, row.action, row.namespace, row.subject, payload)
    if payload_hash(row.salt, record) != row.payload_sha:
        return "its content does not have the hash that was stored with it"
    if chain_hash(row.prev, row.seq, row.ts, row.payload_sha) != row.hash:
        return "its hash is not the one of its place in the chain"
    return ""
