"""What everybody is told: what of the cage is missing, and why changes are refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from core.kube.reviews import UserInfo
from core.services.protocols import ChainReport
from sandbox.pool.doctor import REQUIRED
from tests.unit.webui.site import Whole, site
from webui import context
from webui.access import CHANGES
from webui.context import Web

BROKEN = ChainReport(ok=False, entries=16, head="x", broken_seq=17, why="it is missing")
ON = dict.fromkeys(REQUIRED, "on")
WHO = {"Authorization": "Bearer t"}


@pytest.fixture(autouse=True)
def people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody is ann, and may do everything."""

    async def review(*_: object) -> UserInfo:
        return UserInfo("ann", "uid", ())

    async def allowed(*_: object, **__: object) -> bool:
        return True

    monkeypatch.setattr(context, "token_review", review)
    monkeypatch.setattr("webui.access.access_review", allowed)


async def status(**over: Any) -> dict[str, Any]:
    """What the page is told."""
    async with site(**{"services": Whole(), "pool": Whole(), **over}) as browser:
        answer = await browser.get("/api/v1/status", headers=WHO)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_nothing_is_said_while_all_is_well() -> None:
    """Extras that are not to be had are no reason for a banner."""
    layers = {**ON, "landlock": "on (ABI 7)", "identity": "on (uid 65534)", "oom_score": "not taken: no"}
    assert await status(pool=Whole(layers)) == {"ready": True, "read_only": False, "layers": layers, "notices": []}


@pytest.mark.parametrize("text", ["off: Function not implemented", "missing: no", None])
@pytest.mark.parametrize("layer", REQUIRED)
async def test_a_layer_that_is_not_on_is_named(layer: str, text: str | None) -> None:
    """Also one that the cage says nothing about."""
    layers = {name: state for name, state in {**ON, layer: text}.items() if state is not None}
    said = await status(pool=Whole(layers))
    assert [(one["code"], one["severity"]) for one in said["notices"]] == [("cage_degraded", "warning")]
    assert f"{layer} is {text or 'not reported'}" in said["notices"][0]["text"]
    assert said["ready"] is True


async def test_what_keeps_it_from_being_ready_is_an_error() -> None:
    """A missing cage is such a thing; then there are no layers to speak of."""
    said = await status(pool=Whole({}), problems=lambda: ["the cage is not complete: seccomp: no"])
    assert (said["ready"], said["layers"]) == (False, {})
    assert said["notices"] == [
        {"code": "not_ready", "severity": "error", "text": "the cage is not complete: seccomp: no"}
    ]


async def test_readiness_tells_too_and_stays() -> None:
    """Reads go on, so nobody is sent away."""
    layers = {**ON, "landlock": "off: no"}
    async with site(services=Whole(broken=BROKEN), pool=Whole(layers)) as browser:
        answer = await browser.get("/readyz")
    assert answer.status_code == 200
    broken, degraded = answer.json()["notices"]
    assert "entry 17" in broken
    assert "landlock is off: no" in degraded


async def test_with_a_broken_trail_every_change_is_refused() -> None:
    """503 with what to do, and nobody is asked for anything: the parts behind it would fail the test."""
    said = await status(services=Whole(broken=BROKEN))
    assert said["read_only"] is True
    assert "chakrator audit verify" in said["notices"][0]["text"]
    one = "/api/v1/namespaces/a/reconcilers/b"
    changes: list[tuple[str, str, dict[str, Any] | None]] = [
        ("POST", one, {"spec": {}}),
        ("PATCH", one, {"spec": {}}),
        ("DELETE", one, None),
        ("POST", f"{one}/revisions", {"source": "x", "message": "m", "base": None}),
        ("POST", f"{one}/activations", {"revision": 1, "reason": "r", "expected": None}),
        ("POST", f"{one}/rollback", {"reason": "r"}),
    ]
    seen = set()
    async with site(services=Whole(broken=BROKEN), pool=Whole()) as browser:
        for method, path, body in changes:
            answer: httpx.Response = await browser.request(method, path, json=body, headers=WHO)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (503, "audit_broken"), path
            assert error["details"] == {"broken_seq": 17, "why": "it is missing"}
            assert "chakrator audit verify" in error["message"]
            assert "retry-after" not in answer.headers
            seen.add((method, path.removeprefix(one)))
    assert seen == routes_of_changes()


def routes_of_changes() -> set[tuple[str, str]]:
    """Every route whose action is a change, so that none is forgotten."""
    from fastapi.routing import APIRoute, iter_route_contexts

    from tests.unit.webui.site import deps
    from webui.app import create_api
    from webui.sockets.logs import LogSockets

    web = Web(deps())
    found = set()
    for context_ in iter_route_contexts(create_api(web, LogSockets(web)).routes):
        route = context_.original_route
        if isinstance(route, APIRoute) and (route.openapi_extra or {})["x-chakrator-action"] in CHANGES:
            tail = (context_.path or "").removeprefix("/api/v1/namespaces/{ns}/reconcilers/{name}")
            found |= {(method, tail) for method in route.methods}
    return found
