"""What is refused before anybody is asked anything: hosts, origins, sizes, methods, and callers without a token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from tests.unit.webui.site import Untouchable, Whole, client, deps, services, site
from webui.access import RIGHTS, SHOWN, Action
from webui.app import create_api, create_app
from webui.context import Web
from webui.http.shell import API_CSP, PAGE_CSP, known_host, same_origin
from webui.sockets.logs import LogSockets

OPEN = {("POST", "/api/v1/session"), ("GET", "/healthz"), ("GET", "/readyz")}
SESSIONS = "/api/v1/session"


def routes() -> list[tuple[str, str, Action]]:
    web = Web(deps())
    found = []
    for context in iter_route_contexts(create_api(web, LogSockets(web)).routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            action = Action((route.openapi_extra or {})["x-chakrator-action"])
            found += [(method, context.path or "", action) for method in route.methods]
    return found


def shape(answer: httpx.Response) -> dict[str, Any]:
    """The one shape, with the headers that every answer has."""
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "details"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == API_CSP
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.json()["error"])


def test_every_route_names_an_action_of_the_table() -> None:
    """And only three are open to everybody."""
    found = routes()
    assert {(method, path) for method, path, action in found if action is Action.OPEN} == OPEN
    assert {action for _, _, action in found} == set(Action)
    assert set(RIGHTS) == set(Action)
    assert {action for action in Action if RIGHTS[action].verb} - set(SHOWN) == {Action.LIST, Action.METRICS}


async def test_without_a_token_nothing_is_asked() -> None:
    """401 in the one shape, whatever else is wrong with the request; nothing behind the door is touched."""
    closed = [(method, path) for method, path, action in routes() if action is not Action.OPEN]
    assert len(closed) >= 19
    async with site() as browser:
        for method, path in closed:
            answer = await browser.request(method, path.replace("{ns}", "NOT A NAME"), json={"wrong": True})
            assert answer.status_code == 401, path
            assert shape(answer)["code"] == "unauthenticated"
            assert answer.headers["www-authenticate"] == "Bearer"
            basic = await browser.request(method, path, headers={"Authorization": "Basic eDp5"})
            assert basic.status_code == 401, path


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("POST", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/", 404, "not_found"),
        ("PUT", "/api/v1/session", 405, "method_not_allowed"),
        ("DELETE", "/healthz", 405, "method_not_allowed"),
        ("POST", "/", 405, "method_not_allowed"),
        ("GET", "/assets/none.js", 404, "not_found"),
        ("GET", "/docs", 404, "not_found"),
        ("TRACE", "/api/v1/session", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_has_the_one_shape(method: str, path: str, status: int, code: str) -> None:
    """Also outside the API, for who does not ask for HTML."""
    async with site() as browser:
        answer = await browser.request(method, path, headers={"Accept": "*/*"})
    assert (answer.status_code, shape(answer)["code"]) == (status, code)


async def test_a_crash_shows_nothing() -> None:
    """500 in the one shape: no traceback, no name of what broke."""

    def broken() -> list[str]:
        raise RuntimeError("a secret detail")

    async with site(problems=broken) as browser:
        answer = await browser.get("/readyz")
    assert (answer.status_code, shape(answer)["code"]) == (500, "internal")
    assert "secret" not in answer.text


async def test_readiness_names_the_problems() -> None:
    """503 with each of them; alive is another question."""
    async with site(problems=lambda: ["the zygote is gone", "no lease"]) as browser:
        answer = await browser.get("/readyz")
        assert (answer.status_code, shape(answer)["details"]) == (503, {"problems": ["the zygote is gone", "no lease"]})
        assert (await browser.get("/healthz")).json()["status"] == "ok"
    async with site(services=Whole(), pool=Whole()) as browser:
        assert (await browser.get("/readyz")).json() == {"status": "ok", "problems": [], "notices": []}


@pytest.mark.parametrize("host", ["evil.example", "", "127.0.0.1.evil.example", "localhost.", "[::1", "evil@localhost"])
async def test_an_unknown_host_is_not_answered(host: str) -> None:
    """Another name for our address is how a page elsewhere would read us."""
    async with site() as browser:
        answer = await browser.get("/healthz", headers={"Host": host})
    assert (answer.status_code, shape(answer)["code"]) == (421, "bad_host")


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("localhost:3000", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("[::1]:3000", True),
        ("a.example.com", True),
        ("a.b.example.com:443", True),
        ("example.com", False),
        (".example.com", False),
        ("aexample.com", False),
        ("[::2]", False),
        ("*.example.com", True),
        ("", False),
    ],
)
def test_hosts_are_compared_without_their_port(header: str, known: bool) -> None:
    """A star stands for at least one label."""
    assert known_host(header, ("localhost", "127.0.0.1", "[::1]", "*.example.com")) is known


def test_two_host_headers_are_nobodys() -> None:
    """A proxy and we might each believe another one."""
    from webui.http.shell import _headers

    scope = {"headers": [(b"host", b"localhost"), (b"Host", b"evil.example")]}
    assert _headers(scope)["host"] == ""


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("http://localhost:3000", True),
        ("https://LOCALHOST:3000", True),
        ("http://localhost", False),
        ("http://localhost:3001", False),
        ("null", False),
        ("", False),
        ("http://evil.example", False),
        ("http://localhost:3000@evil.example", False),
        ("file://localhost:3000", False),
        ("http://[", False),
    ],
)
def test_origins_are_compared_with_the_host(origin: str, same: bool) -> None:
    """Port included; `null` is never ours."""
    assert same_origin(origin, "localhost:3000") is same


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_another_page_may_not_change_anything(headers: dict[str, str]) -> None:
    """Signing in included: a page must not sign its visitor in as somebody else."""
    async with site() as browser:
        answer = await browser.post(SESSIONS, json={"token": "x"}, headers=headers)
    assert (answer.status_code, shape(answer)["code"]) == (403, "bad_origin")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_what_a_form_can_send_is_not_read(kind: str) -> None:
    """Only JSON, which another page cannot send without being asked first."""
    async with site() as browser:
        answer = await browser.post(SESSIONS, content=b'{"token": "x"}', headers={"Content-Type": kind})
    assert (answer.status_code, shape(answer)["code"]) == (415, "unsupported_media_type")


async def test_bodies_are_capped() -> None:
    """By what they say, and by what they are."""

    async def drip() -> Any:
        for _ in range(30):
            yield b" " * 100

    json_type = {"Content-Type": "application/json"}
    async with site() as browser:
        told = await browser.post(SESSIONS, content=b" " * 2001, headers=json_type)
        assert (told.status_code, shape(told)["code"]) == (413, "too_large")
        streamed = await browser.post(SESSIONS, content=drip(), headers=json_type)
        assert (streamed.status_code, shape(streamed)["code"]) == (413, "too_large")
        for length in ("-1", "1e3", "x"):
            wrong = await browser.post(SESSIONS, content=b"{}", headers={**json_type, "Content-Length": length})
            assert wrong.status_code in {400, 413}, length


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 1900, 400),
        (b"token=x", 400),
        (b'{"token": "\\ud800"}', 422),
        (b'{"token": {"a": 1}}', 422),
        (b"null", 422),
        (b"", 422),
    ],
)
async def test_what_cannot_be_read_is_refused(content: bytes, status: int) -> None:
    """Without a word of what was in it: 400 where it is no JSON, 422 where it is JSON of a wrong shape."""
    async with site() as browser:
        answer = await browser.post(SESSIONS, content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, shape(answer)["code"]) == (status, "invalid")
    assert "token" not in answer.text or status == 422


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/api/v1/session", "DELETE, GET, HEAD, POST"),
        ("PUT", "/api/v1/namespaces/a/reconcilers/b", "DELETE, GET, HEAD, PATCH, POST"),
        ("DELETE", "/api/v1/namespaces/a/reconcilers/b/revisions", "GET, HEAD, POST"),
        ("GET", "/api/v1/namespaces/a/reconcilers/b/rollback", "POST"),
        ("HEAD", "/api/v1/namespaces/a/reconcilers/b/rollback", "POST"),
        ("POST", "/healthz", "GET, HEAD"),
        ("POST", "/api/v1/openapi.json", "GET, HEAD"),
        ("POST", "/", "GET, HEAD"),
    ],
)
async def test_a_405_names_what_the_path_takes(method: str, path: str, allow: str) -> None:
    """All of it, whichever route is met first."""
    async with site() as browser:
        answer = await browser.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)


async def test_head_is_a_get_without_its_body(tmp_path: Path) -> None:
    """The same status and headers, also where it is refused."""
    (tmp_path / "index.html").write_text("<!doctype html><p>page")
    (tmp_path / "icon.svg").write_text("<svg/>")
    async with site(tmp_path, services=Whole(), pool=Whole()) as browser:
        for path in ("/healthz", "/readyz", "/api/v1/openapi.json", "/api/v1/session", "/nothing", "/", "/icon.svg"):
            got, head = await browser.get(path), await browser.head(path)
            assert (head.status_code, head.content) == (got.status_code, b""), path
            for name in ("content-type", "content-length", "cache-control", "content-security-policy"):
                assert head.headers.get(name) == got.headers.get(name), path


async def test_the_document_lists_the_answer_to_an_unchanged_save() -> None:
    """200 beside 201, both a revision."""
    async with site() as browser:
        document = (await browser.get("/api/v1/openapi.json")).json()
    answers = document["paths"]["/api/v1/namespaces/{ns}/reconcilers/{name}/revisions"]["post"]["responses"]
    schemas = {answers[status]["content"]["application/json"]["schema"]["$ref"] for status in ("200", "201")}
    assert schemas == {"#/components/schemas/RevisionOut"}


async def test_an_unbuilt_page_says_so() -> None:
    """In plain HTML, while the API works."""
    async with site() as browser:
        answer = await browser.get("/", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert "not built" in answer.text
        assert answer.headers["content-security-policy"] == PAGE_CSP
        assert (await browser.get("/api/v1/openapi.json")).status_code == 200


async def test_a_built_page_is_served(tmp_path: Path) -> None:
    """Its files as they are, `index.html` for its own addresses, and nothing outside the folder."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "main-1a2b.js").write_text("1")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "index.html").write_text("<!doctype html><p>page")
    (tmp_path.parent / "outside.txt").write_text("secret")
    html = {"Accept": "text/html,*/*"}
    async with site(tmp_path) as browser:
        for path in ("/", "/reconcilers/team-a/greeter", "/audit?who=x", "/index.html"):
            page = await browser.get(path, headers=html)
            assert (page.status_code, page.text) == (200, "<!doctype html><p>page"), path
            assert page.headers["cache-control"] == "no-cache"
            assert page.headers["content-security-policy"] == PAGE_CSP
        assert (await browser.get("/", headers={"Accept": "*/*"})).status_code == 200
        assert (await browser.get("/reconcilers", headers={"Accept": "*/*"})).status_code == 404
        script = await browser.get("/assets/main-1a2b.js")
        assert (script.text, "immutable" in script.headers["cache-control"]) == ("1", True)
        assert (await browser.get("/icon.svg")).headers["content-security-policy"] == API_CSP
        for path in ("/..%2foutside.txt", "/%2e%2e/outside.txt", "/assets/..%2f..%2foutside.txt", "/%00", "/assets/"):
            answer = await browser.get(path, headers={"Accept": "*/*"})
            assert "secret" not in answer.text, path
            assert answer.status_code == 404, path
        assert (await browser.head("/", headers=html)).status_code == 200


def test_the_pages_policy_forbids_inline_script() -> None:
    """Untrusted text that got into the page by mistake would still not run."""
    directives = dict(part.split(" ", 1) for part in PAGE_CSP.split("; "))
    assert directives["script-src"] == "'self'"
    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"
    assert "unsafe" not in PAGE_CSP.replace(directives["style-src"], "")


async def test_requests_are_counted_by_route_never_by_path() -> None:
    """What a caller makes up must not become a label."""
    parts = deps()
    async with client(create_app(parts)) as browser:
        await browser.get("/api/v1/namespaces/team-a/reconcilers/greeter")
        await browser.get("/made/up/by/a/caller")
    text = parts.metrics.render().decode()
    assert 'route="/api/v1/namespaces/{ns}/reconcilers/{name}",status="4xx"} 1.0' in text
    assert 'route="other",status="4xx"} 1.0' in text
    assert 'route="/api/v1/audit/verify",status="2xx"} 0.0' in text
    assert "team-a" not in text
    assert "made/up" not in text


async def test_a_failed_sign_in_is_audited_before_it_is_answered() -> None:
    """When the trail cannot be written, the answer is that, not 401."""

    class Full:
        async def append(self, *_: Any, **__: Any) -> int:
            from core.errors import Unavailable

            error = Unavailable("the disk is full")
            error.code = "storage_full"
            raise error

    async with site(services=services(audit=Full(), other=Untouchable())) as browser:
        answer = await browser.post(SESSIONS, json={"code": "x"})
    assert (answer.status_code, shape(answer)["code"]) == (507, "storage_full")
