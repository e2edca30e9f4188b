"""Requests and watches to the API server, as bytes.

Bytes, because decoding is the price: a list of 20,000 objects costs 0.75 s of CPU and 79 MB this way,
and 4.0 s and 352 MB through the generated client. Whoever needs values decodes what they need.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlencode

import aiohttp
import msgspec
from yarl import URL

from core.kube.connection import Connection, load_in_cluster, load_kubeconfig
from core.kube.errors import (
    AnswerTooLarge,
    Failure,
    MalformedAnswer,
    StreamBroken,
    StreamStalled,
    Unauthorized,
    Unreachable,
    check,
)
from core.kube.lines import LINE_CAP, LineSplitter

Observe = Callable[[str, int, float], None]
"""Called after every request: method (`WATCH` for an opened watch), HTTP status (0: no answer), seconds."""

WRITE_TIMEOUT = 35.0  # an admission webhook may take 10 s, and etcd's own deadline is 34 s away
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_PATH = re.compile(r"/[\x21-\x22\x24-\x3e\x40-\x7e]*")


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps and deadlines. An idle watch bookmarks every 60 s, so 75 s without a whole line is a dead one."""

    connect: float = 5.0
    body: int = 64 * 1024 * 1024
    line: int = LINE_CAP
    line_watchdog: float = 75.0


@dataclass(frozen=True, slots=True)
class Response:
    """Any answer, of any status; header names compare without case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """The decoded body. Raises MalformedAnswer."""
        try:
            decoded: object = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedAnswer("the API server's answer is not JSON") from error
        return decoded

    def object(self) -> dict[str, object]:
        """The decoded body, which must be a JSON object. Raises MalformedAnswer."""
        decoded = self.json()
        if not isinstance(decoded, dict):
            raise MalformedAnswer("the API server's answer is not a JSON object")
        return decoded


@dataclass(frozen=True, slots=True)
class _Call:
    """One request as it goes out."""

    method: str
    path: str
    query: Mapping[str, str] | None
    headers: dict[str, str]
    body: bytes | None = None
    session: str = "own"
    timeout: aiohttp.ClientTimeout = field(default_factory=aiohttp.ClientTimeout)


class KubeTransport:
    """One API server under one identity, which may impersonate; `token` swaps in a caller's own identity."""

    def __init__(self, connection: Connection, *, limits: Limits | None = None, observe: Observe | None = None) -> None:
        self._connection = connection
        self._limits = limits or Limits()
        self._observe = observe

    @classmethod
    async def from_kubeconfig(
        cls,
        path: Path,
        *,
        token_file: Path | None = None,
        limits: Limits | None = None,
        observe: Observe | None = None,
    ) -> KubeTransport:
        """From a kubeconfig; a `token_file` is re-read when it changes. Raises Invalid."""
        return cls(await load_kubeconfig(path, token_file=token_file), limits=limits, observe=observe)

    @classmethod
    async def in_cluster(cls, *, limits: Limits | None = None, observe: Observe | None = None) -> KubeTransport:
        """From the pod's ServiceAccount. Raises Invalid outside a pod."""
        return cls(await load_in_cluster(), limits=limits, observe=observe)

    @property
    def host(self) -> str:
        """The API server's base address."""
        return self._connection.host

    async def request(  # noqa: PLR0913 - the HTTP request itself; every caller gives a few of them by name
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        impersonate: str | None = None,
        token: str | None = None,
        timeout: float = WRITE_TIMEOUT,
    ) -> Response:
        """One answer of whatever status. Raises Unreachable; a write that ends so may have happened.

        With `token`, neither our token nor our client certificate is sent; it excludes `impersonate`.
        Raises Unauthorized for a token that no header can carry.
        """
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        if body is not None:
            headers["Content-Type"] = content_type
        deadline = aiohttp.ClientTimeout(total=timeout, sock_connect=min(self._limits.connect, timeout))
        _impersonate(headers, impersonate)
        if token is not None:
            if impersonate is not None:
                raise ValueError("a caller's own token and impersonation exclude each other")
            headers["authorization"] = _bearer(token)
        call = _Call(
            method, path, query, headers, body, session="own" if token is None else "callers", timeout=deadline
        )
        response = await self._once(call)
        if response.status == 401 and token is None and await self._connection.renew(headers):
            response = await self._once(call)
        return response

    async def _once(self, call: _Call) -> Response:
        started = time.monotonic()
        status = 0
        try:
            async with self._open(call) as answer:
                body = await _read_capped(answer, self._limits.body)
                status = answer.status
                return Response(status=status, headers=answer.headers, body=body)
        finally:
            if self._observe is not None:
                self._observe(call.method, status, time.monotonic() - started)

    async def watch(
        self,
        path: str,
        *,
        query: Mapping[str, str],
        impersonate: str | None = None,
        accept: str = "application/json",
        on_open: Callable[[], None] | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """Complete lines of one watch until the server ends it cleanly; close the iterator when done early.

        `on_open` is called once the server has accepted it: an idle watch may give no line for a minute.
        Raises ApiError when the server refuses it, Unreachable when it cannot be opened, StreamBroken when it
        is cut, stalls (counted in whole lines: a drip of bytes never trips a socket timeout) or grows too long.
        A partial line at the end is dropped.
        """
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        _impersonate(headers, impersonate)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._limits.connect, sock_read=None)
        call = _Call("GET", path, query, headers, session="streams", timeout=timeout)
        started = time.monotonic()
        splitter = LineSplitter(self._limits.line)
        async with self._open(call) as answer:
            if self._observe is not None:
                self._observe("WATCH", answer.status, time.monotonic() - started)
            if answer.status != 200:
                check(Response(answer.status, answer.headers, await _read_capped(answer, self._limits.body)))
                raise StreamBroken(f"the API server answered a watch with HTTP {answer.status}")
            if on_open is not None:
                on_open()
            last_line = asyncio.get_running_loop().time()
            while True:
                try:
                    async with asyncio.timeout_at(last_line + self._limits.line_watchdog):
                        chunk = await answer.content.readany()
                except TimeoutError as error:
                    seconds = self._limits.line_watchdog
                    raise StreamStalled(f"no complete line of the watch for {seconds:g} s") from error
                if not chunk:
                    return
                lines = splitter.feed(chunk)
                for line in lines:
                    yield line
                if lines:
                    # Taken after the consumer had its lines: its own slowness is not the server's silence.
                    last_line = asyncio.get_running_loop().time()

    @asynccontextmanager
    async def _open(self, call: _Call) -> AsyncIterator[aiohttp.ClientResponse]:
        """Sends a request and gives its answer while it streams; turns every network fault into Unreachable."""
        if not _is_safe(call.path):
            raise ValueError("a request path must be absolute, encoded and without dot segments")
        connection = self._connection
        session = {"own": connection.own, "streams": connection.streams, "callers": connection.callers}[call.session]
        if call.session != "callers":
            call.headers.pop("authorization", None)
            await connection.authorize(call.headers, call.method, call.path)
        url = connection.host + call.path + (f"?{urlencode(call.query)}" if call.query else "")
        error_type: type[Unreachable] = StreamBroken if call.session == "streams" else Unreachable
        opened = False
        try:
            opening = session.request(
                call.method,
                URL(url, encoded=True),
                headers=call.headers,
                data=call.body,
                timeout=call.timeout,
                allow_redirects=False,
                proxy=connection.proxy,
                proxy_headers=connection.proxy_headers,
                server_hostname=connection.server_hostname,
            )
            async with asyncio.timeout(self._limits.line_watchdog if call.session == "streams" else None):
                answer = await opening
            async with answer:
                opened = True
                try:
                    yield answer
                finally:
                    _cut(answer)
        except TimeoutError as error:
            raise error_type(f"{call.method} {call.path}: no answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            what = "the connection was lost" if opened else "cannot connect"
            raise error_type(f"{call.method} {call.path}: {what} ({type(error).__name__})") from error

    async def close(self) -> None:
        """Closes every connection; open watches end with StreamBroken."""
        await self._connection.close()


def _cut(answer: aiohttp.ClientResponse) -> None:
    """Aborts a connection whose answer was not read to its end: a polite TLS farewell may wait for a dead peer."""
    connection = answer.connection  # None once the body was read, when it is back in its pool
    if connection is not None and connection.transport is not None:
        connection.transport.abort()


def _is_safe(path: str) -> bool:
    """No query, no fragment, nothing unencoded, and no segment that anybody on the way may take for `..`."""
    return bool(_PATH.fullmatch(path)) and not any(unquote(part) in (".", "..") for part in path.split("/"))


def _impersonate(headers: dict[str, str], user: str | None) -> None:
    if user is None:
        return
    if not _PRINTABLE.fullmatch(user):
        raise ValueError("the impersonated user's name must be printable ASCII")
    headers["Impersonate-User"] = user


def _bearer(token: str) -> str:
    """Refused here, an empty token never becomes an anonymous request, and a line break never a second header."""
    if len(token) > 16384 or not _PRINTABLE.fullmatch(token):
        raise Unauthorized(Failure(status=401, reason="Unauthorized", message="the token is malformed"))
    return f"Bearer {token}"


async def _read_capped(answer: aiohttp.ClientResponse, cap: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := await answer.content.readany():
        size += len(chunk)
        if size > cap:
            raise AnswerTooLarge(f"the API server's answer is over {cap} bytes")
        parts.append(chunk)
    return b"".join(parts)
