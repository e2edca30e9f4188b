"""What a request for the whole audit trail may cost the API server."""

from __future__ import annotations

from typing import Any, cast

import pytest

from core.clock import SystemClock
from core.domain.keys import ReconcilerRef
from core.kube.reviews import Attributes, UserInfo
from tests.unit.webui.site import deps, services
from webui import access
from webui.access import Action
from webui.context import Caller, Web
from webui.errors import Problem
from webui.http import audit

WHO = Caller(UserInfo("ann", "uid", ()), "t", "token", "127.0.0.1")


class Trail:
    """Accepts what is written to it."""

    async def append(self, *_: object, **__: object) -> int:
        return 1


class Places:
    """So many namespaces with Reconcilers, and an API server that lets nobody read the audit trail but in some."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, homes: int, *readable: str) -> None:
        self.asked: list[str] = []
        self.readable = readable
        self.homes = [f"team-{number}" for number in range(homes)]
        monkeypatch.setattr(access, "access_review", self._review)
        monkeypatch.setattr(audit, "inhabited", self._inhabited)
        self.web = Web(deps(services=services(audit=Trail()), clock=cast("Any", SystemClock())))

    async def _review(self, _transport: object, _user: str, _groups: object, attributes: Attributes) -> bool:
        self.asked.append(attributes.namespace)
        return attributes.namespace in self.readable

    async def _inhabited(self, _web: Web, *, most: int) -> list[str]:
        return self.homes[:most]

    async def reach(self) -> tuple[str, ...] | None:
        return await audit._readable(self.web, WHO, None, "/audit")

    async def refused(self) -> Problem:
        with pytest.raises(Problem) as problem:
            await self.reach()
        return problem.value


async def test_who_may_read_all_of_it_costs_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many namespaces there are."""
    places = Places(monkeypatch, 1000, "")
    assert await places.reach() is None
    assert places.asked == [""]


async def test_who_may_not_has_to_name_a_namespace_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand namespaces cost one question too: the answer would not be whole."""
    places = Places(monkeypatch, 1000, "team-1")
    problem = await places.refused()
    assert (problem.status, problem.code) == (422, "namespace_needed")
    assert "name a namespace" in problem.message
    assert places.asked == [""]


async def test_reviews_are_bounded_and_kept_for_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer is asked for once in that time, a no as a yes."""
    places = Places(monkeypatch, audit.MAX_NAMESPACES, "team-1", "team-3")
    assert await places.reach() == ("team-1", "team-3")
    assert len(places.asked) == 1 + audit.MAX_NAMESPACES
    assert await places.reach() == ("team-1", "team-3")
    assert len(places.asked) == 1 + audit.MAX_NAMESPACES


async def test_who_is_denied_all_the_time_asks_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """429, and the API server hears one question."""
    places = Places(monkeypatch, 10)
    assert (await places.refused()).status == 403
    now = places.web.deps.clock.monotonic()
    while not places.web._denied.wait("ann", now):
        places.web._denied.charge("ann", now)
    places.web.access = access.Access(transport=places.web.deps.transport, clock=places.web.deps.clock)
    places.asked.clear()
    assert (await places.refused()).status == 429
    assert places.asked == [""]


async def test_only_here_is_a_no_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A right just granted counts at once for who asks for one thing, and is then known here too."""
    places = Places(monkeypatch, 3)
    await places.refused()
    places.readable = ("team-2",)
    assert await places.web.access.may_do(WHO.user, Action.AUDIT, ReconcilerRef("team-2", ""))
    assert await places.reach() == ("team-2",)
