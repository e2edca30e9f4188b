"""uvicorn inside our own event loop: it serves, and leaves signals, logs and the end of things to us."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from core.errors import UserError

DRAIN_SECONDS = 5


class PortTaken(UserError):
    """Somebody else listens there."""

    code = "port_taken"


class _Server(uvicorn.Server):
    """Without signal handlers: whoever runs us drains the controller first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, bound before anything else starts, so that a taken port is told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise PortTaken(f"cannot listen on {host}:{port}: {error.strerror}; choose another port") from error
    listener.setblocking(False)
    return listener


@asynccontextmanager
async def serving(app: Any, listener: socket.socket) -> AsyncIterator[None]:
    """Serves `app` on `listener` while the block runs; open requests get a few seconds at its end."""
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # anybody may send them; the audit trail names the peer
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="web")
    try:
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the web server ended before it began")
            await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({task}, timeout=DRAIN_SECONDS + 2)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        listener.close()
