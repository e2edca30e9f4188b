"""The outermost ASGI layer: which hosts and origins are answered, how much is read, which headers go out.

Here, and not in FastAPI's middleware, because refusals, files and crashes have to leave through it too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.telemetry.metrics import Metrics
from webui.context import WebConfig
from webui.errors import Problem, crash

PAGE_CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Monaco sets styles; nothing else may need it
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
API_CSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SOCKET_PATH = "/socket.io"
BODY_SECONDS = 30.0

log = structlog.stdlib.get_logger("webui")


class Shell:
    """Wraps the HTTP application and the socket application."""

    def __init__(self, *, app: ASGIApp, sockets: ASGIApp, config: WebConfig, metrics: Metrics) -> None:
        self._app = app
        self._sockets = sockets
        self._config = config
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(send)
        headers = _headers(scope)
        scope = dict(scope)  # ours to change
        try:
            self._refuse_strangers(scope, headers)
            if scope["path"].startswith(SOCKET_PATH):
                await self._sockets(scope, receive, answer.send)
            else:
                _refuse_forms(scope, headers)
                if scope["method"] == "HEAD":
                    scope["method"] = "GET"  # the server leaves the body out: it looks at its own scope
                await self._app(scope, await _read(receive, headers, self._config.max_body), answer.send)
        except Problem as problem:
            await answer.problem(problem)
        except Exception:
            log.exception("a request failed", method=scope["method"], route=_route(scope))
            await answer.problem(crash())
        finally:
            self._metrics.http_request(_route(scope), answer.status or 500)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if not scope["path"].startswith(SOCKET_PATH):
                raise Problem(404, "not_found", "there is no socket at this address")
            self._refuse_strangers(scope, _headers(scope))
        except Problem:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._sockets(scope, receive, send)

    def _refuse_strangers(self, scope: Scope, headers: dict[str, str]) -> None:
        """Raises Problem 421 for a Host that is not ours (DNS rebinding), 403 for another page's request."""
        host = headers.get("host", "")
        if not known_host(host, self._config.hosts):
            raise Problem(421, "bad_host", "this host name is not in CHAKRATOR_ALLOWED_HOSTS")
        origin = headers.get("origin")
        writes = scope["type"] == "websocket" or scope["method"] not in SAFE
        if writes and origin is not None and not same_origin(origin, host):
            raise Problem(403, "bad_origin", "requests from other pages are not accepted")
        if writes and headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise Problem(403, "bad_origin", "requests from other pages are not accepted")


def known_host(header: str, hosts: tuple[str, ...]) -> bool:
    """Whether a Host header names us; `*.example.com` matches below example.com, not itself."""
    name = header.lower()
    name = name[: name.rfind("]") + 1] if name.startswith("[") else name.partition(":")[0]
    for allowed in hosts:
        if name and name in {allowed, f"[{allowed}]"}:
            return True
        if allowed.startswith("*.") and name.endswith(allowed[1:]) and len(name) > len(allowed) - 1:
            return True
    return False


def same_origin(origin: str, host: str) -> bool:
    """Whether a browser's Origin is the page that this Host serves; `null` never is."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(host) and parts.netloc.lower() == host.lower()


def _refuse_forms(scope: Scope, headers: dict[str, str]) -> None:
    """Raises Problem 415: what a plain HTML form of another page can send is never looked at."""
    if scope["method"] in SAFE:
        return
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and kind != "application/json":
        raise Problem(415, "unsupported_media_type", "send application/json")


async def _read(receive: Receive, headers: dict[str, str], cap: int) -> Receive:
    """Reads a body, all of it, before anybody parses it. Raises Problem 413, 408."""
    too_large = Problem(413, "too_large", f"at most {cap} bytes are read")
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length[:20]) > cap:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    break
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > cap:
                    raise too_large
    except TimeoutError:
        raise Problem(408, "timeout", f"the request did not arrive within {BODY_SECONDS:g} s") from None
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return replay


def _headers(scope: Scope) -> dict[str, str]:
    """Names in lower case; of a header sent twice the last counts, except Host, which is then nobody's."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        found[key] = "" if key == "host" and key in found else value.decode("latin-1")
    return found


def _route(scope: Scope) -> str:
    """The template of the route, never the path: labels must not hold what callers make up."""
    template = getattr(scope.get("route"), "path", None)
    return template if isinstance(template, str) else "other"


class _Answer:
    """Adds our headers to whatever goes out, and knows whether anything did."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._extra(message.get("headers", ()))]
        await self._send(message)

    def _extra(self, headers: Any) -> list[tuple[bytes, bytes]]:
        names = {name.lower(): value for name, value in headers}
        is_page = names.get(b"content-type", b"").startswith(b"text/html")
        extra = [*HEADERS, (b"content-security-policy", (PAGE_CSP if is_page else API_CSP).encode())]
        if b"cache-control" not in names:
            extra.append((b"cache-control", b"no-store"))
        return extra

    async def problem(self, problem: Problem) -> None:
        """Answers a problem, when nothing was answered yet."""
        if self.status:
            return
        body = json.dumps(problem.body()).encode()
        headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self.send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})
