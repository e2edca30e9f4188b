"""Every route by everybody: the matrix is made from the router, so that no route is forgotten."""

from __future__ import annotations

from typing import Any

from fastapi.routing import APIRoute, iter_route_contexts

from tests.integration.webui.running import SPEC, Site, error
from webui.access import Action
from webui.app import create_api
from webui.context import Web
from webui.sockets.logs import LogSockets

EVERYBODY = {Action.OPEN}
SIGNED_IN = {Action.OPEN, Action.SIGNED_IN}
SEEING = SIGNED_IN | {Action.LIST, Action.SEE, Action.VALIDATE}
MAY: dict[str | None, set[Action]] = {
    None: EVERYBODY,
    "stranger": SIGNED_IN,
    "viewer": SEEING,
    "author": SEEING | {Action.SAVE, Action.ACTIVATE, Action.CREATE, Action.CHANGE, Action.DELETE, Action.RUNS},
    "operator": SEEING | {Action.ACTIVATE, Action.CHANGE, Action.RUNS, Action.AUDIT},
}


def routes(site: Site) -> list[tuple[str, str, Action]]:
    """(method, path, action) of every route there is; the Reconciler in the path does not exist."""
    web = Web(site.deps)
    found = []
    for context in iter_route_contexts(create_api(web, LogSockets(web)).routes):
        route, path = context.original_route, context.path or ""
        if not isinstance(route, APIRoute):
            assert path == "/api/v1/openapi.json", f"{path} has no right"
            continue
        values = {"ns": site.namespace, "name": "absent", "number": "1", "a": "1", "b": "2", "run": "x"}
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", value)
        assert "{" not in path, path
        action = Action((route.openapi_extra or {})["x-chakrator-action"])
        found += [(method, path, action) for method in route.methods]
    return found


async def test_every_route_by_everybody(site: Site) -> None:
    """401 without a token, 403 without the right, anything else with it; bodies are empty, so nothing happens."""
    wrong = []
    everything = routes(site)
    assert len(everything) >= 22
    for who, may in MAY.items():
        async with site.client(who) as client:
            client.base_url = site.url
            for method, path, action in everything:
                in_namespace = action in {Action.LIST, Action.AUDIT}
                params = {"namespace": site.namespace} if in_namespace else {}
                body: Any = {"json": {"spec": {}}} if action in {Action.CREATE, Action.CHANGE} else {}
                status = (await client.request(method, path, params=params, **body)).status_code
                wanted = "passes" if action in may else "401" if who is None else "403"
                got = str(status) if status in {401, 403} else "passes" if status < 500 else f"fails: {status}"
                if got != wanted:
                    wrong.append(f"{who or 'nobody'}: {method} {path} ({action}): {got}, not {wanted}")
    assert wrong == []


async def test_a_denial_names_the_right_and_is_audited(greeter: Site) -> None:
    """Who wanted what, from where; also where the API server itself said no."""
    async with greeter.client("viewer") as client:
        body = {"source": "x", "message": "m", "base": None}
        denied = error(await client.post(f"{greeter.greeter}/revisions", json=body), 403)
        assert denied["details"] == {
            "verb": "update",
            "resource": "reconcilers/code",
            "namespace": greeter.namespace,
            "name": "greeter",
        }
        error(await client.delete(greeter.greeter), 403)
    viewer = f"system:serviceaccount:{greeter.namespace}:viewer"
    entries = await greeter.audit(action="access:denied")
    assert [(one["actor"], one["subject"]) for one in entries] == [(viewer, f"{greeter.namespace}/greeter")] * 2
    assert "cannot delete resource" in entries[0]["payload"]["right"]
    assert entries[1]["payload"]["right"].startswith("update reconcilers/code.chakrator.example.com 'greeter'")


async def test_who_is_denied_all_the_time_has_to_wait(site: Site) -> None:
    """The audit trail has a bound: after sixty in a row it is 429, and others are not affected."""
    async with site.client("stranger") as client:
        statuses = [(await client.get(f"{site.greeter}/runs")).status_code for _ in range(65)]
    assert (statuses[0], statuses[-1]) == (403, 429)
    async with site.client("viewer") as client:
        error(await client.get(f"{site.greeter}/runs"), 403)


async def test_a_right_in_one_namespace_is_none_in_another(greeter: Site) -> None:
    """A list without a namespace shows where one may; the other namespace is not even counted."""
    async with greeter.client("viewer") as client:
        listed = (await client.get("/reconcilers")).json()
        assert [(one["namespace"], one["name"]) for one in listed["items"]] == [(greeter.namespace, "greeter")]
        error(await client.get("/namespaces/default/reconcilers/greeter"), 403)
        error(await client.get("/reconcilers", params={"namespace": "default"}), 403)
    async with greeter.client("stranger") as client:
        assert (await client.get("/reconcilers")).json() == {"items": [], "cursor": None}


async def test_the_audit_trail_is_shown_by_namespace(greeter: Site) -> None:
    """Who may read one namespace sees its entries alone, and may still verify the whole chain."""
    async with greeter.client("operator") as client:
        everything = (await client.get("/audit")).json()["items"]
        assert {one["namespace"] for one in everything} == {greeter.namespace}
        assert everything[0]["action"] == "reconciler:create"
        error(await client.get("/audit", params={"namespace": "default"}), 403)
        verified = (await client.get("/audit/verify", params={"namespace": greeter.namespace})).json()
        assert verified["ok"] is True
        assert verified["entries"] > len(everything), "the denial in `default` is in the chain, and not shown"


async def test_metrics_are_behind_their_own_right(site: Site, kubectl: Any) -> None:
    """As Prometheus is granted them: `get` on the path, by a ClusterRole."""
    async with site.client("operator") as client:
        client.base_url = site.url
        assert error(await client.get("/metrics"), 403)["details"] == {"verb": "get", "path": "/metrics"}
    name = f"metrics-{site.namespace}"
    account = f"--serviceaccount={site.namespace}:stranger"
    assert kubectl("create", "clusterrole", name, "--verb=get", "--non-resource-url=/metrics").returncode == 0
    try:
        assert kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", account).returncode == 0
        async with site.client("stranger") as client:
            client.base_url = site.url
            text = (await client.get("/metrics")).text
    finally:
        kubectl("delete", f"clusterrolebinding/{name}", f"clusterrole/{name}")
    assert 'chakrator_http_requests_total{route="/metrics",status="4xx"} 1.0' in text


async def test_the_admission_policy_sees_the_callers_own_token(site: Site) -> None:
    """An author may create Reconcilers, but not one that acts as a ServiceAccount they may not be."""
    async with site.client("author") as client:
        refused = await client.post(site.greeter, json={"spec": SPEC})
        assert refused.status_code in {403, 422}, refused.text
        assert "impersonate" in refused.json()["error"]["message"]
    async with site.client("lead") as client:
        assert (await client.post(site.greeter, json={"spec": SPEC})).status_code == 201
