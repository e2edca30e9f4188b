"""Answers kept for a day. All functions run inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from core.store.models import idempotency
from core.store.text import stamp

KEPT = timedelta(days=1)
KEPT_PER_ACTOR = 1000


def get(connection: Connection, actor: str, key: str, now: datetime) -> tuple[str, int, bytes] | None:
    """(hash of the request, status, body) of an answer that is not too old."""
    query = select(idempotency.c.request_sha, idempotency.c.status, idempotency.c.body).where(
        idempotency.c.actor == actor, idempotency.c.key == key, idempotency.c.created_at > stamp(now - KEPT)
    )
    row = connection.execute(query).first()
    return None if row is None else (str(row.request_sha), int(row.status), bytes(row.body))


def put(connection: Connection, actor: str, key: str, answer: tuple[str, int, bytes], now: datetime) -> None:
    """Keeps the first answer under a key; drops what is too old, and an actor's oldest beyond the bound."""
    table = idempotency
    connection.execute(delete(table).where(table.c.created_at <= stamp(now - KEPT)))
    if get(connection, actor, key, now) is not None:
        return
    request_sha, status, body = answer
    connection.execute(
        insert(table).values(
            actor=actor, key=key, request_sha=request_sha, status=status, body=body, created_at=stamp(now)
        )
    )
    too_many = (
        select(table.c.key)
        .where(table.c.actor == actor)
        .order_by(table.c.created_at.desc(), table.c.key)
        .offset(KEPT_PER_ACTOR)
        .limit(10)
    )
    connection.execute(delete(table).where(table.c.actor == actor, table.c.key.in_(too_many)))
