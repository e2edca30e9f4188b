"""Bounds around the Socket.IO library, at the level of ASGI messages.

The library answers whatever it is sent through a queue without a bound, and waits for a slow client for ever. Here a
connection is read only so fast, has to take each packet in time, has to greet soon, and has only so many beside it.
Clients that begin by polling, as the library's own do, are counted where they open, and end by its ping timeout.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webui.errors import Problem
from webui.limits import Buckets

JOINED = "chakrator.joined"  # set in the scope once the connection is somebody's
GREETING_SECONDS = 10.0
SEND_SECONDS = 20.0
BURST = 100
INTERVAL = 0.02  # 50 messages a second, for good
MAX_OF_ONE_SOURCE = 64

_GONE: Message = {"type": "websocket.disconnect", "code": 1008}


@dataclass(slots=True)
class Wire:
    """Wraps the library's ASGI application; `most` connections at once.

    `open_now` counts all that the library holds, polling ones too; `joined` knows those by their engine's id that
    are somebody's.
    """

    app: ASGIApp
    most: int
    open_now: Callable[[], int] = lambda: 0
    joined: Callable[[str], bool] = lambda _: False
    greeting: float = GREETING_SECONDS
    patience: float = SEND_SECONDS
    _sources: Counter[str] = field(default_factory=Counter)
    _pollers: Buckets = field(default_factory=lambda: Buckets(burst=32, interval=1.0))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. One connection too many is closed with 1013, try again later."""
        source = scope["client"][0] if scope.get("client") else "unknown"
        engine_sid = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("sid", [""])[0]
        if scope["type"] != "websocket":
            if not engine_sid:
                self._admit_poller(source)
            await self.app(scope, receive, send)
            return
        if self._sources.total() >= self.most or self._sources[source] >= min(self.most, MAX_OF_ONE_SOURCE):
            await receive()
            await send({"type": "websocket.close", "code": 1013})
            return
        self._sources[source] += 1
        try:
            own = dict(scope)
            known = partial(self.joined, engine_sid)  # it may have joined by polling, before this upgrade
            await self.app(own, _paced(own, receive, self.greeting, known), _prompt(send, self.patience))
        finally:
            self._sources[source] -= 1
            if not self._sources[source]:
                del self._sources[source]

    def _admit_poller(self, source: str) -> None:
        now = time.monotonic()
        if self.open_now() >= self.most or not self._pollers.charge(source, now):
            text = "too many connections to the live log; try again"
            raise Problem(503, "too_many_connections", text, headers={"Retry-After": "5"})


def _paced(scope: Scope, receive: Receive, greeting: float, known: Callable[[], bool]) -> Receive:
    """Reads no faster than the pace, and gives up on a connection that does not greet."""
    pace = Buckets(burst=BURST, interval=INTERVAL, keys=1)
    opened = time.monotonic()

    async def paced() -> Message:
        while not pace.charge("", time.monotonic()):  # noqa: ASYNC110 - waits for time, not for somebody
            await asyncio.sleep(pace.wait("", time.monotonic()) or INTERVAL)
        if scope.get(JOINED) or known():
            return await receive()
        try:
            async with asyncio.timeout(max(0.0, opened + greeting - time.monotonic())):
                return await receive()
        except TimeoutError:
            return _GONE

    return paced


def _prompt(send: Send, patience: float) -> Send:
    """A packet that is not taken in time ends the connection."""

    async def prompt(message: Message) -> None:
        async with asyncio.timeout(patience):
            await send(message)

    return prompt
