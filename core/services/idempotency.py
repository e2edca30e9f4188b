"""Answers kept for a day, so that a client that lost one can ask again without doing it twice."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from core.clock import Clock
from core.errors import Conflict
from core.services.protocols import Keep
from core.store import idempotency
from core.store.engine import Connection, Store

MAX_BODY_BYTES = 256 * 1024

T = TypeVar("T")


class StoredIdempotency:
    """`protocols.Idempotency` over the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def recall(self, actor: str, key: str, request_sha: str) -> tuple[int, bytes] | None:
        """See the Protocol."""
        now = self._clock.now()
        found = await self._store.read(lambda connection: idempotency.get(connection, actor, key, now))
        if found is None:
            return None
        first_sha, status, body = found
        if first_sha != request_sha:
            raise Conflict("this Idempotency-Key was used for another request")
        return status, body


def store_answer(connection: Connection, keep: Keep[T] | None, made: T, now: datetime) -> None:
    """Within the transaction of the act. An answer too large to keep is not kept: the request would be done again."""
    if keep is None:
        return
    status, body = keep.answer(made)
    if len(body) <= MAX_BODY_BYTES:
        idempotency.put(connection, keep.actor, keep.key, (keep.request_sha, status, body), now)
