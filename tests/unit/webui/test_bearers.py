"""Bearer tokens from one address: the wrong ones slow each other down, never a right one."""

from __future__ import annotations

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


async def test_a_valid_token_is_let_in_after_the_failures_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong ones get 401, then 429 without an audit entry; a repeated one is not asked about again."""
    asked: list[str] = []

    async def review(_transport: object, token: str) -> UserInfo | None:
        asked.append(token)
        return UserInfo("ann", "uid", ()) if token == "right" else None

    monkeypatch.setattr(context, "token_review", review)
    trail, clock = Trail(), Hand()
    web = Web(deps(services=services(audit=trail), clock=cast("Any", clock)))

    async def status(token: str) -> int:
        try:
            await web.by_bearer(token, "10.0.0.1")
        except Problem as problem:
            return problem.status
        return 200

    assert [await status(f"wrong-{number}") for number in range(12)] == [401] * 10 + [429] * 2
    assert trail.entries == 10
    assert await status("right") == 200
    asked.clear()
    assert await status("wrong-11") == 429
    assert asked == []
    clock.seconds += 11
    assert await status("wrong-11") == 401
    assert asked == ["wrong-11"]
