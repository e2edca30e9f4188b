"""Answers that are kept for a client that asks again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import Conflict
from core.services.protocols import Services
from core.store import idempotency

from .conftest import TickingClock


async def test_the_first_answer_is_the_answer(services: Services) -> None:
    """A second one under the same key does not replace it."""
    assert await services.idempotency.recall("ann", "k", "sha") is None
    await services.idempotency.remember("ann", "k", "sha", 201, b"first \xff")
    await services.idempotency.remember("ann", "k", "sha", 201, b"second")
    assert await services.idempotency.recall("ann", "k", "sha") == (201, b"first \xff")


async def test_a_key_is_one_persons_and_one_requests(services: Services) -> None:
    """Another actor does not see it; another request under it is a conflict."""
    await services.idempotency.remember("ann", "k", "sha", 201, b"x")
    assert await services.idempotency.recall("bob", "k", "sha") is None
    with pytest.raises(Conflict):
        await services.idempotency.recall("ann", "k", "another sha")


async def test_answers_live_a_day(services: Services, clock: TickingClock) -> None:
    """Then the key may be used again."""
    await services.idempotency.remember("ann", "k", "sha", 201, b"x")
    clock.time += timedelta(hours=23)
    assert await services.idempotency.recall("ann", "k", "sha") == (201, b"x")
    clock.time += timedelta(hours=2)
    assert await services.idempotency.recall("ann", "k", "another sha") is None
    await services.idempotency.remember("ann", "k", "another sha", 200, b"y")
    assert await services.idempotency.recall("ann", "k", "another sha") == (200, b"y")


async def test_answers_are_bounded_per_person(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go; a large one is not kept at all."""
    monkeypatch.setattr(idempotency, "KEPT_PER_ACTOR", 3)
    for number in range(5):
        await services.idempotency.remember("ann", f"k{number}", "sha", 200, b"x")
    kept = [number for number in range(5) if await services.idempotency.recall("ann", f"k{number}", "sha")]
    assert kept == [2, 3, 4]
    await services.idempotency.remember("bob", "k", "sha", 200, b"x" * 300_000)
    assert await services.idempotency.recall("bob", "k", "sha") is None
