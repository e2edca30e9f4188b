"""The bounds around the socket library: how many connections, how soon, how slow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from webui.sockets.wire import BURST, JOINED, Wire

SCOPE = {"type": "websocket", "path": "/socket.io/", "headers": [], "client": ("192.0.2.1", 1)}


class Peer:
    """The other end: what it says, and what it was told."""

    def __init__(self, *says: dict[str, Any]) -> None:
        self.says = list(says)
        self.told: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        if self.says:
            return self.says.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Any) -> None:
        self.told.append(dict(message))


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never held")


async def test_only_so_many_connections_of_one_source_and_in_all() -> None:
    """The next one is told to try later; a place is free again when one goes."""
    inside: list[asyncio.Event] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        leave = asyncio.Event()
        inside.append(leave)
        await leave.wait()

    wire = Wire(app, most=2)
    tasks = [asyncio.create_task(wire(SCOPE, Peer().receive, Peer().send)) for _ in range(2)]
    await until(lambda: len(inside) == 2)
    late = Peer({"type": "websocket.connect"})
    await wire(SCOPE, late.receive, late.send)
    assert late.told == [{"type": "websocket.close", "code": 1013}]
    inside[0].set()
    await tasks[0]
    tasks.append(asyncio.create_task(wire(SCOPE, Peer().receive, Peer().send)))
    await until(lambda: len(inside) == 3)
    for leave in inside:
        leave.set()
    await asyncio.gather(*tasks)


async def test_a_connection_that_does_not_greet_ends() -> None:
    """The library is told that the client has gone."""
    heard: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.append(await receive())

    await Wire(app, most=1, greeting=0.0)(SCOPE, Peer().receive, Peer().send)
    assert [message["type"] for message in heard] == ["websocket.disconnect"]


async def test_one_that_has_greeted_may_be_silent() -> None:
    """From then on the library's own pings decide."""
    heard: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope[JOINED] = True
        heard.append(await receive())

    peer = Peer({"type": "websocket.receive", "text": "x"})
    await Wire(app, most=1, greeting=0.0)(SCOPE, peer.receive, peer.send)
    assert heard[0]["text"] == "x"


async def test_a_packet_that_is_not_taken_ends_the_connection() -> None:
    """A client that does not read costs one packet, not a heap of them."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.send", "text": "x"})

    async def never(message: Any) -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await Wire(app, most=1, patience=0.0)(SCOPE, Peer().receive, never)


async def test_a_flood_is_read_at_a_pace() -> None:
    """Beyond the burst the reading stops, and TCP slows the sender down."""
    heard: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope[JOINED] = True
        while True:
            heard.append(await receive())

    peer = Peer(*({"type": "websocket.receive", "text": "x"} for _ in range(100_000)))
    task = asyncio.create_task(Wire(app, most=1)(SCOPE, peer.receive, peer.send))
    for _ in range(50):
        await asyncio.sleep(0)
    assert BURST <= len(heard) < 100_000
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
