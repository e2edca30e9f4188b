"""What the informer's tests are played on: connections as lists of lines or errors, and a time that is a number."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime

import msgspec

from controller.cache import Change
from controller.informer import Informer, InformerKey, InformerStatus, Timing
from core.domain.keys import Gvk
from core.kube.client import Response
from core.kube.discovery import Resource
from core.kube.errors import (
    Failure,
    KubeError,
    to_error,
)
from core.kube.watch import INITIAL_EVENTS_END

CONFIGMAPS = Resource(gvk=Gvk("v1", "ConfigMap"), plural="configmaps", namespaced=True, has_status=False)
KEY = InformerKey("system:serviceaccount:ns:greeter", CONFIGMAPS, "ns")
TIMING = Timing()


def document(name: str, rv: int, uid: str = "") -> dict[str, object]:
    """An object."""
    meta = {"name": name, "namespace": "ns", "uid": uid or f"uid-{name}", "resourceVersion": str(rv)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}


def line(kind: str, name: str, rv: int, uid: str = "") -> bytes:
    """A line about an object."""
    return msgspec.json.encode({"type": kind, "object": document(name, rv, uid)})


def bookmark(rv: int, *, end: bool = False) -> bytes:
    """A bookmark."""
    meta = {"resourceVersion": str(rv), "annotations": {INITIAL_EVENTS_END: "true"} if end else {}}
    return msgspec.json.encode({"type": "BOOKMARK", "object": {"metadata": meta}})


def listed(rv: int, *names: str) -> list[bytes]:
    """A complete WatchList."""
    return [*(line("ADDED", name, rv - 1) for name in names), bookmark(rv, end=True)]


def refused(status: int, **more: object) -> KubeError:
    """What the API server says instead."""
    return to_error(Failure(status=status, reason="", message=f"no ({status})", **more))  # type: ignore[arg-type]


EXPIRED = msgspec.json.encode({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}})


class Lasting(float):
    """In a script: the watch stays open for so many seconds before the next line."""


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Now."""
        return self.at

    def now(self) -> datetime:
        """Not used by an informer."""
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        """Passes time without waiting."""
        self.slept.append(seconds)
        self.at += seconds
        await asyncio.sleep(0)


class Script:
    """Plays one connection after another, and then stays silent. Keeps what was asked for."""

    def __init__(self, time: Time, *connections: object, pages: tuple[object, ...] = ()) -> None:
        self.time = time
        self.connections = list(connections)
        self.pages = list(pages)
        self.queries: list[dict[str, str]] = []
        self.asked_at: list[float] = []
        self.identities: set[str | None] = set()
        self.over = asyncio.Event()

    async def watch(
        self,
        path: str,
        *,
        query: Mapping[str, str],
        impersonate: str | None = None,
        on_open: Callable[[], None] | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """One connection of the script."""
        self._ask(path, query, impersonate)
        if not self.connections:
            self.over.set()
            await asyncio.Event().wait()
        connection = self.connections.pop(0)
        if isinstance(connection, KubeError):
            raise connection
        assert isinstance(connection, list)
        assert on_open is not None
        on_open()
        for part in connection:
            if isinstance(part, Exception):
                raise part
            if isinstance(part, Lasting):
                self.time.at += part
            else:
                yield part

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        impersonate: str | None = None,
        timeout: float = 0,
    ) -> Response:
        """One page of the script."""
        self._ask(path, query or {}, impersonate)
        page = self.pages.pop(0)
        if isinstance(page, KubeError):
            raise page
        return Response(200, {}, msgspec.json.encode(page))

    def _ask(self, path: str, query: Mapping[str, str], impersonate: str | None) -> None:
        assert path == "/api/v1/namespaces/ns/configmaps"
        self.queries.append(dict(query))
        self.asked_at.append(self.time.at)
        self.identities.add(impersonate)


class Played:
    """An informer after its script, and what its subscriber was told."""

    def __init__(self, *connections: object, pages: tuple[object, ...] = (), jitter: float = 1.0) -> None:
        self.time = Time()
        self.script = Script(self.time, *connections, pages=pages)
        self.changes: list[str] = []
        self.states: list[InformerStatus] = []
        self.messages: list[str] = []
        self.informer = Informer(
            KEY,
            transport=self.script,
            clock=self.time,
            sleep=self.time.sleep,
            uniform=lambda low, high: low + (high - low) * jitter,
        )

    async def __call__(self) -> Played:
        """Plays all of the script."""
        self.informer.subscribe(self._changed, lambda state: self._entered(state.value, state.message))
        task = asyncio.create_task(self.informer.run())
        over = asyncio.create_task(self.script.over.wait())
        done, _ = await asyncio.wait({task, over}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        if task in done:
            await task
        assert over in done, "the informer never came to the end of its script"
        task.cancel()
        await asyncio.wait({task})
        return self

    def _changed(self, change: Change) -> None:
        self.changes.append(f"{change.type.value} {change.entry.uid}@{change.entry.rv}")

    def _entered(self, value: InformerStatus, message: str) -> None:
        self.states.append(value)
        self.messages.append(message)

    @property
    def names(self) -> list[str]:
        """What is cached."""
        return [entry.name for entry in self.informer.cache.list(None)]
