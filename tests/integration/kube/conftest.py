"""Bad networks on loopback: a server that says exactly what a test wants, and a proxy that misbehaves on command."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from chakrator.up.controlplane import ControlPlane
from core.kube.client import KubeTransport, Limits

Play = Callable[[str, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def abort(writer: asyncio.StreamWriter) -> None:
    """RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class RawServer:
    """Hands each request's head to `play`, which writes what it likes; keeps the heads."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.play: Play = self.silence
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; requests on it one after another."""
        self._writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                await self.play(head, reader, writer)

    @staticmethod
    async def silence(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Never answers."""
        await asyncio.Event().wait()

    def abort_all(self) -> None:
        """Leaves nothing open."""
        for writer in self._writers:
            writer.transport.abort()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """`await eventually(lambda: …)`: fails when the condition does not hold within 30 s."""

    async def wait(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not holds():  # noqa: ASYNC110 - a cache has no event for "equal to that"
                await asyncio.sleep(0.02)

    return wait


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    """A raw server on loopback."""
    raw = RawServer()
    tasks: set[asyncio.Task[None]] = set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(raw.handle(reader, writer)))

    listening = await asyncio.start_server(accepted, "127.0.0.1", 0)
    raw.port = listening.sockets[0].getsockname()[1]
    yield raw
    listening.close()
    raw.abort_all()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def transport(server: RawServer, tmp_path: Path) -> AsyncIterator[KubeTransport]:
    """A transport to the raw server, with our token in a file and short deadlines."""
    (tmp_path / "token").write_text("ours")
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.port}"}}],
        "users": [{"name": "u", "user": {"tokenFile": "token"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(document))
    made = await KubeTransport.from_kubeconfig(path, limits=Limits(body=100_000, line_watchdog=0.5))
    yield made
    await made.close()


class Mode(StrEnum):
    """What the proxy does with bytes."""

    PASS = "pass"
    BLACKHOLE = "blackhole"
    REFUSE = "refuse"


class Proxy:
    """A TCP proxy before the API server. Bytes that come in a blackhole are lost, as in a partition."""

    def __init__(self, host: str, port: int) -> None:
        self.mode = Mode.PASS
        self.connections = 0
        self.port = 0
        self._target = (host, port)
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection from the client."""
        self.connections += 1
        if self.mode == Mode.REFUSE:
            abort(writer)
            return
        self._tasks.add(asyncio.create_task(self._join(reader, writer)))

    def reset(self) -> None:
        """RST to everything that is open."""
        for writer in self._writers:
            abort(writer)
        self._writers.clear()

    async def stop(self) -> None:
        """Leaves nothing open."""
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection(*self._target)
        self._writers += [writer, upstream_writer]
        await asyncio.gather(
            self._pump(reader, upstream_writer), self._pump(upstream_reader, writer), return_exceptions=True
        )

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                if self.mode == Mode.PASS:
                    writer.write(chunk)
                    await writer.drain()
        writer.close()


@pytest.fixture
async def proxy(control_plane: ControlPlane) -> AsyncIterator[Proxy]:
    """A proxy before the real API server; `proxied` goes through it."""
    target = urlsplit(control_plane.url)
    made = Proxy(str(target.hostname), int(target.port or 443))
    listening = await asyncio.start_server(made.accepted, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    yield made
    listening.close()
    await made.stop()


@pytest.fixture
async def proxied(control_plane: ControlPlane, proxy: Proxy, tmp_path: Path) -> AsyncIterator[KubeTransport]:
    """The admin through the proxy; a watch without a line for 3 s counts as dead."""
    document = yaml.safe_load(control_plane.admin_kubeconfig.read_text())
    document["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{proxy.port}"
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    made = await KubeTransport.from_kubeconfig(path, limits=Limits(line_watchdog=3.0))
    yield made
    await made.close()
