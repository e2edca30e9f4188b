"""Answers kept for a day, so that a client that lost one can ask again without doing it twice."""

from __future__ import annotations

from core.clock import Clock
from core.errors import Conflict
from core.store import idempotency
from core.store.engine import Store

MAX_BODY_BYTES = 256 * 1024


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

    async def remember(self, actor: str, key: str, request_sha: str, status: int, body: bytes) -> None:
        """See the Protocol. An answer too large to keep is not kept: the request would be done again."""
        if len(body) > MAX_BODY_BYTES:
            return
        now = self._clock.now()
        answer = (request_sha, status, body)
        await self._store.write(lambda connection: idempotency.put(connection, actor, key, answer, now))
