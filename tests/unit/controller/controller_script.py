"""An API server of a few lines: answers that were recorded from the real one, in the order they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from controller.account import Account, Gate, Watched
from controller.cache import Cache, Entry
from core.domain.keys import Gvk, ReconcilerRef
from core.kube.client import Response
from core.kube.discovery import Resource

REF = ReconcilerRef("team-a", "greeter")
MYRESOURCE = Gvk("example.com/v1", "MyResource")
CONFIGMAP = Gvk("v1", "ConfigMap")
RESOURCES = {
    MYRESOURCE: Resource(gvk=MYRESOURCE, plural="myresources", namespaced=True, has_status=True),
    CONFIGMAP: Resource(gvk=CONFIGMAP, plural="configmaps", namespaced=True, has_status=False),
}


@dataclass
class ManualClock:
    """Time that moves when a test says so."""

    at: float = 1000.0

    def now(self) -> datetime:
        """A fixed date plus the seconds that went by."""
        return datetime.fromtimestamp(1_800_000_000 + self.at, UTC)

    def monotonic(self) -> float:
        """Seconds."""
        return self.at


@dataclass(frozen=True)
class Sent:
    """One request as it went out."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    impersonate: str | None


@dataclass
class Script:
    """Gives the answers in their order; asked for one more, the test fails."""

    answers: list[Response | BaseException] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    async def request(self, method: str, path: str, **given: Any) -> Response:
        """As the transport's."""
        body = given.get("body")
        decoded = None if body is None else msgspec.json.decode(body)
        self.sent.append(Sent(method, path, given.get("query") or {}, decoded, given.get("impersonate")))
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def answer(status: int, body: object) -> Response:
    """An answer with a JSON body."""
    return Response(status=status, headers={}, body=msgspec.json.encode(body))


def refused(status: int, reason: str, message: str = "", causes: list[dict[str, str]] | None = None) -> Response:
    """A Status."""
    details = {"causes": causes} if causes else {}
    return answer(
        status,
        {
            "kind": "Status",
            "status": "Failure",
            "code": status,
            "reason": reason,
            "message": message,
            "details": details,
        },
    )


def metadata(name: str = "hello", rv: int = 5, **more: object) -> dict[str, object]:
    """Metadata of an object in team-a."""
    return {"name": name, "namespace": "team-a", "uid": f"uid-{name}", "resourceVersion": str(rv), **more}


def primary(name: str = "hello", rv: int = 5, status: object = None, **meta: object) -> Entry:
    """A MyResource as the cache holds it."""
    document = {
        "apiVersion": "example.com/v1",
        "kind": "MyResource",
        "metadata": metadata(name, rv, generation=3, **meta),
        "spec": {"message": "hi"},
        "status": status or {},
    }
    return Entry.parse(MYRESOURCE, msgspec.json.encode(document))


def account(script: Script, clock: ManualClock | None = None, gate: Gate | None = None) -> Account:
    """The ServiceAccount of the scripted Reconciler."""
    return Account(
        transport=script,  # type: ignore[arg-type]
        clock=clock or ManualClock(),
        namespace="team-a",
        name="greeter",
        everybody=gate or Gate(),
    )


def watched(gvk: Gvk, *entries: Entry) -> Watched:
    """A cache with these objects, whose reflector is never behind."""
    cache = Cache(gvk)
    for entry in entries:
        cache.put(entry)
    cache.synced = True

    async def reached(_rv: int, _timeout: float) -> bool:
        return True

    return Watched(resource=RESOURCES[gvk], cache=cache, wait_rv=reached)
