"""The host's side of writing to a worker: never blocks, never waits for ever."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

STALL = 5.0  # a worker that does not read its frame for so long will not read it at all


class Outbox:
    """One frame at a time; `written` when it is out, `stalled` when it is not taken."""

    def __init__(self, one: socket.socket, written: Callable[[], None], stalled: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = one
        self._written = written
        self._stalled = stalled
        self._unsent = memoryview(b"")
        self._stall: asyncio.TimerHandle | None = None

    def send(self, data: bytes) -> None:
        """All of it now if the socket takes it, the rest when it does."""
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # the worker is dying; its pidfd says how
        if sent == len(data):
            self._written()
            return
        self._unsent = memoryview(data)[sent:]
        self._stall = self._loop.call_later(STALL, self._stalled)
        self._loop.add_writer(self._socket.fileno(), self._writable)

    def close(self) -> None:
        """Nothing more is sent."""
        self._unsent = memoryview(b"")
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
            self._loop.remove_writer(self._socket.fileno())

    def _writable(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self.close()
            self._written()
