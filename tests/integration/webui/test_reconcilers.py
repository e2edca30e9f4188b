"""Reconcilers through HTTP: what the API server says is what the caller gets."""

from __future__ import annotations

from tests.integration.webui.running import SPEC, Site, error


async def test_create_change_delete(site: Site) -> None:
    """With the audit entries of each; the spec that comes back has the API server's defaults."""
    async with site.client("lead") as client:
        made = await client.post(site.greeter, json={"spec": SPEC})
        assert made.status_code == 201, made.text
        assert made.json()["spec"]["resync"] == "10h"
        error(await client.post(site.greeter, json={"spec": SPEC}), 409)
        version = made.json()["resource_version"]
        changed = await client.patch(site.greeter, json={"spec": {"suspend": True}, "resource_version": version})
        assert (changed.status_code, changed.json()["spec"]["suspend"]) == (200, True)
        late = await client.patch(site.greeter, json={"spec": {"suspend": False}, "resource_version": version})
        assert error(late, 409)["code"] == "conflict"
        gone = await client.delete(site.greeter)
        assert (gone.status_code, gone.json()["deleted"]) == (202, True)
        error(await client.get(site.greeter), 404)
        error(await client.delete(site.greeter), 404)
    entries = await site.audit(subject=f"{site.namespace}/greeter")
    assert [one["action"] for one in entries] == [
        "reconciler:delete:refused",
        "reconciler:delete",
        "reconciler:update:refused",
        "reconciler:update",
        "reconciler:create:refused",
        "reconciler:create",
    ]
    assert entries[3]["payload"]["fields"] == ["suspend"]


async def test_what_the_schema_refuses_is_named(site: Site) -> None:
    """422 with the API server's own words and places."""
    async with site.client("lead") as client:
        wrong = {**SPEC, "limits": {"timeout": "900h"}}
        refused = error(await client.post(site.greeter, json={"spec": wrong}), 422)
        assert "limits.timeout" in refused["message"]
        unknown = error(await client.post(site.greeter, json={"spec": {**SPEC, "nonsense": 1}}), 422)
        assert "nonsense" in unknown["message"]
        strange = '{"spec": {"resync": NaN}}'
        headers = {"Content-Type": "application/json"}
        error(await client.post(site.greeter, content=strange, headers=headers), 422)


async def test_names_are_checked_before_anything_is_asked(site: Site) -> None:
    """What is no name never becomes a part of a path."""
    async with site.client("lead") as client:
        for name in ("UPPER", "a%2Fb", "a%20b", "..%2f..%2fsecrets", "a" * 51, "-a", "a.", "%00", "a%3Fx=1"):
            answer = await client.get(f"/namespaces/{site.namespace}/reconcilers/{name}")
            assert answer.status_code in {404, 422}, (name, answer.text)
            assert set(answer.json()) == {"error"}


async def test_lists_page(site: Site) -> None:
    """By an opaque cursor, in one namespace and across those that one may see."""
    async with site.client("lead") as client:
        for number in range(5):
            path = f"/namespaces/{site.namespace}/reconcilers/r{number}"
            assert (await client.post(path, json={"spec": SPEC})).status_code == 201
        for params in ({"namespace": site.namespace}, {}):
            names: list[str] = []
            cursor: str | None = None
            pages = 0
            while pages == 0 or cursor:
                query = {**params, "limit": "2"} | ({"cursor": cursor} if cursor else {})
                page = (await client.get("/reconcilers", params=query)).json()
                names += [one["name"] for one in page["items"]]
                cursor, pages = page["cursor"], pages + 1
            assert (names, pages) == ([f"r{number}" for number in range(5)], 3)
        for cursor in ("nonsense", "W10=", "bnVsbA==", "é"):
            error(await client.get("/reconcilers", params={"cursor": cursor}), 422)
