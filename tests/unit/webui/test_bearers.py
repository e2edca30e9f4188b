"""Tokens from one address: the wrong ones slow each other down, never a right one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from core.kube.reviews import UserInfo
from tests.unit.webui.site import deps, services
from webui import context
from webui.context import Web
from webui.errors import Problem


class Trail:
    """Counts what is written to it."""

    def __init__(self) -> None:
        self.entries = 0

    async def append(self, *_: object, **__: object) -> int:
        self.entries += 1
        return self.entries


class Hand:
    """A clock that stands still until it is moved."""

    seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


class Door:
    """A web application that knows one token, what it asked the API server, and how long it held up its line."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.pauses: list[float] = []
        self.trail, self.clock = Trail(), Hand()
        self.open = asyncio.Event()
        self.open.set()
        monkeypatch.setattr(context, "token_review", self._review)
        parts = deps(services=services(audit=self.trail), clock=cast("Any", self.clock))
        self.web = Web(parts, pause=self._pause)

    async def _review(self, _transport: object, token: str) -> UserInfo | None:
        self.asked.append(token)
        await self.open.wait()
        return UserInfo("ann", "uid", ()) if token == "right" else None

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def bearer(self, token: str, source: str = "10.0.0.1") -> int:
        return await _status(self.web.by_bearer(token, source))

    async def signs_in(self, token: str, source: str = "10.0.0.1") -> int:
        return await _status(self.web.sign_in(token, source))


async def _status(attempt: Awaitable[object]) -> int:
    try:
        await attempt
    except Problem as problem:
        return problem.status if problem.status != 429 or "Retry-After" in problem.headers else 0
    return 200


WAYS: list[Callable[[Door, str], Awaitable[int]]] = [Door.bearer, Door.signs_in]


@pytest.mark.parametrize("way", WAYS, ids=["bearer", "session"])
async def test_a_valid_token_is_let_in_after_the_failures_of_others(
    monkeypatch: pytest.MonkeyPatch, way: Callable[[Door, str], Awaitable[int]]
) -> None:
    """Wrong ones get 401, then 429 without an audit entry; a repeated one is not asked about again."""
    door = Door(monkeypatch)
    assert [await way(door, f"wrong-{number}") for number in range(12)] == [401] * 10 + [429] * 2
    assert door.trail.entries == 10
    assert await way(door, "right") == 200
    door.asked.clear()
    assert await way(door, "wrong-11") == 429
    assert door.asked == []
    door.clock.seconds += 11
    assert await way(door, "wrong-11") == 401
    assert door.asked == ["wrong-11"]


@pytest.mark.parametrize("way", WAYS, ids=["bearer", "session"])
async def test_guessing_is_slowed_down(
    monkeypatch: pytest.MonkeyPatch, way: Callable[[Door, str], Awaitable[int]]
) -> None:
    """Each wrong token of an address that failed too often holds up its next one; a right one holds up nobody."""
    door = Door(monkeypatch)
    for number in range(10):
        await way(door, f"wrong-{number}")
    assert door.pauses == []
    await way(door, "wrong-10")
    await way(door, "right")
    assert door.pauses == [context.LATE_PAUSE]


@pytest.mark.parametrize("way", WAYS, ids=["bearer", "session"])
async def test_the_line_of_an_address_has_an_end(
    monkeypatch: pytest.MonkeyPatch, way: Callable[[Door, str], Awaitable[int]]
) -> None:
    """Beyond it 429 at once, with a time to wait; other addresses have lines of their own."""
    door = Door(monkeypatch)
    for number in range(10):
        await way(door, f"wrong-{number}")
    door.asked.clear()
    door.open.clear()
    burst = [asyncio.ensure_future(way(door, f"guess-{number}")) for number in range(context.LATE_LENGTH + 5)]
    await asyncio.wait(burst[context.LATE_LENGTH :], timeout=10)
    assert {one.result() for one in burst[context.LATE_LENGTH :]} == {429}
    assert door.asked == ["guess-0"]
    elsewhere = asyncio.ensure_future(door.bearer("right", "10.0.0.2"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert door.asked == ["guess-0", "right"]
    door.open.set()
    assert await elsewhere == 200
    assert await asyncio.gather(*burst) == [429] * len(burst)
    assert await way(door, "right") == 200


@pytest.mark.parametrize("way", WAYS, ids=["bearer", "session"])
async def test_a_burst_of_one_wrong_token_costs_one_review(
    monkeypatch: pytest.MonkeyPatch, way: Callable[[Door, str], Awaitable[int]]
) -> None:
    """Who waited in line looks again before asking, and holds up nobody."""
    door = Door(monkeypatch)
    for number in range(10):
        await way(door, f"wrong-{number}")
    door.asked.clear()
    assert set(await asyncio.gather(*(way(door, "same") for _ in range(context.LATE_LENGTH)))) == {429}
    assert door.asked == ["same"]
    assert len(door.pauses) == 1


async def test_the_token_of_a_link_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A code works once: a full line must not use it up. A wrong code counts as a failure."""
    door = Door(monkeypatch)
    codes = [await _status(door.web.sign_in_by_link(f"code-{number}", "10.0.0.1")) for number in range(12)]
    assert codes == [401] * 10 + [429] * 2
    code = door.web.deps.sign_in_codes.issue("right")
    assert await _status(door.web.sign_in_by_link(code, "10.0.0.1")) == 200
    assert await _status(door.web.sign_in_by_link(code, "10.0.0.1")) == 429
