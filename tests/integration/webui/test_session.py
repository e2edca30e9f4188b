"""Signing in: cookies, CSRF, codes, and what is never written anywhere."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.webui.running import SPEC, Site, error
from webui.sessions import REVIEW_EVERY


async def test_a_browser_signs_in_and_out(greeter: Site) -> None:
    """The cookie is for HTTP alone, for this site alone; mutations need the CSRF secret."""
    async with greeter.client() as client:
        error(await client.get("/session"), 401)
        opened = await client.post("/session", json={"token": greeter.tokens["author"]})
        assert opened.status_code == 201, opened.text
        cookie = opened.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "secure" not in cookie, "loopback has no TLS"
        me = opened.json()
        assert me["user"]["name"] == f"system:serviceaccount:{greeter.namespace}:author"
        assert (me["via"], me["rights_namespace"], me["rights"]["save"]) == ("session", None, False)
        here = (await client.get("/session", params={"namespace": greeter.namespace})).json()
        assert {key for key, held in here["rights"].items() if held} == {
            "see",
            "validate",
            "save",
            "activate",
            "create",
            "change",
            "delete",
            "runs",
        }
        head = await client.head("/session")
        assert (head.status_code, head.content) == (200, b"")
        path, body = f"{greeter.greeter}/validate", {"source": "x = 1\n"}
        assert error(await client.post(path, json=body), 403)["code"] == "csrf"
        wrong = {"X-CSRF-Token": "x" * len(me["csrf"])}
        assert error(await client.post(path, json=body, headers=wrong), 403)["code"] == "csrf"
        right = {"X-CSRF-Token": me["csrf"]}
        assert (await client.post(path, json=body, headers=right)).status_code == 200
        secret = client.cookies["chakrator_session"]
        assert (await client.delete("/session", headers=right)).status_code == 204
        error(await client.get("/session", headers={"Cookie": f"chakrator_session={secret}"}), 401)


async def test_off_loopback_the_cookie_needs_tls(site: Site) -> None:
    """By the name in the Host header, which has to be an allowed one."""
    async with site.client() as client:
        headers = {"Host": "localhost"}
        opened = await client.post("/session", json={"token": site.tokens["viewer"]}, headers=headers)
        assert "secure" not in opened.headers["set-cookie"].lower()


async def test_a_link_signs_in_once(site: Site) -> None:
    """Then the code is worthless, and the trail says that somebody tried."""
    code = site.deps.sign_in_codes.issue(site.tokens["viewer"])
    async with site.client() as client:
        opened = await client.post("/session", json={"code": code})
        assert (opened.status_code, opened.json()["via"]) == (201, "link")
        error(await client.post("/session", json={"code": code}), 401)


@pytest.mark.parametrize("body", [{}, {"token": "a", "code": "b"}, {"token": ""}, {"token": "a", "x": 1}, [], "text"])
async def test_a_wrong_body_is_refused_without_its_words(site: Site, body: Any) -> None:
    """Exactly one of token and code; what was sent is not echoed."""
    async with site.client() as client:
        assert error(await client.post("/session", json=body), 422)["code"] == "invalid"


async def test_guessing_is_slowed_down(site: Site) -> None:
    """Ten wrong tokens from one address, as session or as bearer, and the next is 429 with a time to wait; a good
    token from there is let in all the same."""
    async with site.client() as client:
        for number in range(5):
            error(await client.post("/session", json={"token": f"wrong-{number}"}), 401)
            error(await client.get("/reconcilers", headers={"Authorization": f"Bearer also-wrong-{number}"}), 401)
        late = await client.post("/session", json={"token": "one-more"})
        assert error(late, 429)["code"] == "too_many_requests"
        assert 1 <= int(late.headers["retry-after"]) <= 6
        assert (await client.post("/session", json={"token": site.tokens["viewer"]})).status_code == 201
        error(await client.get("/reconcilers", headers={"Authorization": "Basic eDp5"}), 401)


async def test_a_token_that_ends_ends_the_session(site: Site, kubectl: Any) -> None:
    """The next review finds out; it is made due here. The API server itself takes up to ten seconds."""
    async with site.client() as client:
        await client.post("/session", json={"token": site.tokens["stranger"]})
        assert (await client.get("/session")).status_code == 200
        assert kubectl("delete", "serviceaccount", "stranger", "-n", site.namespace).returncode == 0
        async with asyncio.timeout(60):
            while (last := await client.get("/session")).status_code == 200:
                site.clock.shift(REVIEW_EVERY)
                await asyncio.sleep(0.5)
        assert error(last, 401)["code"] == "unauthenticated"


async def test_no_token_is_ever_written_down(
    greeter: Site, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in the trail, not in an error, not in a log, wherever a person may have put it by mistake."""
    token = greeter.tokens["lead"]
    said: list[str] = []
    async with greeter.client("lead") as client:
        for path, body in (
            ("/session", {"token": token}),
            ("/session", {"token": token, "other": token}),
            ("/session", {"code": token[:150]}),
            ("/session", {"token": token + "x"}),
            (f"{greeter.greeter}/activations", {"revision": token, "reason": "r", "expected": None}),
            (f"{greeter.greeter}/nothing", {}),
            (greeter.greeter, {"spec": SPEC}),
        ):
            answer = await client.post(path, json=body)
            said.append(answer.text)
        said.append((await client.get(f"/reconcilers?cursor={token[:900]}")).text)
    page = await greeter.deps.services.audit.list(_everything(), limit=200)
    said.append(repr(page.items))
    said.append(caplog.text)
    said += capsys.readouterr()
    body_part = token.split(".")[1]
    assert all(body_part not in text and token not in text for text in said)
    assert any(entry.action == "session:signin" for entry in page.items)


def _everything() -> Any:
    from core.services.protocols import AuditFilter

    return AuditFilter()
