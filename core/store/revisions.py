"""Reconcilers and their revisions. All functions run inside the caller's transaction."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Row, insert, select

from core.domain.revision import Diagnostic, Identity, Revision, RevisionInfo, source_sha256
from core.store.errors import StoreFailed
from core.store.models import blobs, reconcilers, revisions
from core.store.text import encodable, moment, stamp


def reconciler_id(connection: Connection, identity: Identity) -> int | None:
    """The row of a Reconciler of this very uid."""
    query = select(reconcilers.c.id).where(
        reconcilers.c.namespace == identity.ref.namespace,
        reconcilers.c.name == identity.ref.name,
        reconcilers.c.uid == identity.uid,
    )
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else int(found)


def ensure_reconciler(connection: Connection, identity: Identity, now: str) -> int:
    """The row of a Reconciler, made where it is missing."""
    known = reconciler_id(connection, identity)
    if known is not None:
        return known
    row = {"namespace": identity.ref.namespace, "name": identity.ref.name, "uid": identity.uid, "created_at": now}
    return int(connection.execute(insert(reconcilers).values(row).returning(reconcilers.c.id)).scalar_one())


def add(connection: Connection, identity: Identity, info: RevisionInfo, source: str) -> None:
    """Stores a revision under the number it carries; the same source is stored once."""
    now = stamp(info.created_at)
    owner = ensure_reconciler(connection, identity, now)
    if connection.execute(select(blobs.c.sha256).where(blobs.c.sha256 == info.sha256)).first() is None:
        connection.execute(insert(blobs).values(sha256=info.sha256, source=source))
    connection.execute(
        insert(revisions).values(
            reconciler_id=owner,
            number=info.number,
            sha256=info.sha256,
            message=encodable(info.message),
            author=encodable(info.author),
            created_at=now,
            policy_version=info.policy_version,
            report=encodable(msgspec.json.encode(info.report).decode("utf-8", "replace")),
        )
    )


def newest(connection: Connection, identity: Identity) -> RevisionInfo | None:
    """The revision with the highest number."""
    found = page(connection, identity, None, 1)
    return found[0] if found else None


def page(connection: Connection, identity: Identity, before: int | None, limit: int) -> list[RevisionInfo]:
    """Newest first."""
    owner = reconciler_id(connection, identity)
    query = select(revisions).where(revisions.c.reconciler_id == owner)
    if before is not None:
        query = query.where(revisions.c.number < before)
    rows = connection.execute(query.order_by(revisions.c.number.desc()).limit(limit))
    return [_info(row) for row in rows]


def get(connection: Connection, identity: Identity, number: int) -> Revision | None:
    """One revision with its source, whose hash is checked: what runs is what was saved and audited."""
    owner = reconciler_id(connection, identity)
    query = (
        select(revisions, blobs.c.source)
        .join(blobs, blobs.c.sha256 == revisions.c.sha256)
        .where(revisions.c.reconciler_id == owner, revisions.c.number == number)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    if source_sha256(row.source) != row.sha256:
        raise StoreFailed(f"revision {number} of {identity.ref} is damaged: its source does not have its hash")
    return Revision(_info(row), str(row.source))


def _info(row: Row[tuple[object, ...]]) -> RevisionInfo:
    return RevisionInfo(
        number=row.number,
        sha256=row.sha256,
        message=row.message,
        author=row.author,
        created_at=moment(row.created_at),
        policy_version=row.policy_version,
        report=msgspec.json.decode(row.report, type=tuple[Diagnostic, ...]),
    )
