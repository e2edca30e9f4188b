"""Which kinds the API server serves, and under which paths: two requests for all of them (aggregated discovery)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

import msgspec

from core.domain.keys import Gvk
from core.kube.client import Response
from core.kube.errors import KindUnknown, MalformedAnswer, check

ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
MISS_INTERVAL = 2.0  # a kind that is not there is asked for at most this often, however many ask


@dataclass(frozen=True, slots=True)
class Resource:
    """A served kind and where it lives."""

    gvk: Gvk
    plural: str
    namespaced: bool
    has_status: bool
    verbs: frozenset[str] = field(default=frozenset(), compare=False)

    def path(self, namespace: str | None, name: str | None = None, sub: str | None = None) -> str:
        """The encoded path of a collection, an object, or a subresource.

        `namespace` None (or empty) is every namespace, and the only choice for cluster-scoped kinds.
        """
        group = self.gvk.group
        root = f"/apis/{group}/{self.gvk.version}" if group else f"/api/{self.gvk.version}"
        parts = [root]
        if namespace:
            if not self.namespaced:
                raise ValueError(f"{self.gvk.kind} is cluster-scoped")
            parts += ["namespaces", _segment(namespace)]
        elif self.namespaced and name is not None:
            raise ValueError(f"one {self.gvk.kind} needs a namespace")
        parts.append(self.plural)
        if name is not None:
            parts.append(_segment(name))
        if sub is not None:
            parts.append(_segment(sub))
        return "/".join(parts)


def _segment(text: str) -> str:
    """A path segment of untrusted text; Kubernetes forbids the same names (path.IsValidPathSegmentName)."""
    if text in ("", ".", "..") or "/" in text or "%" in text:
        raise ValueError("a name may not be empty, '.', '..', or hold '/' or '%'")
    return quote(text, safe="")


class Requests(Protocol):
    """What discovery needs of the transport."""

    async def request(self, method: str, path: str, *, accept: str = ...) -> Response: ...


class _ResponseKind(msgspec.Struct):
    kind: str = ""
    group: str = ""
    version: str = ""


class _Sub(msgspec.Struct):
    subresource: str = ""


class _ResourceDoc(msgspec.Struct):
    resource: str
    scope: str = ""
    verbs: list[str] = []
    response_kind: _ResponseKind | None = msgspec.field(default=None, name="responseKind")
    subresources: list[_Sub] = []


class _VersionDoc(msgspec.Struct):
    version: str
    resources: list[_ResourceDoc] = []


class _GroupMeta(msgspec.Struct):
    name: str = ""


class _GroupDoc(msgspec.Struct):
    metadata: _GroupMeta = msgspec.field(default_factory=_GroupMeta)
    versions: list[_VersionDoc] = []


class _GroupList(msgspec.Struct):
    kind: str = ""
    items: list[_GroupDoc] = []


_decoder = msgspec.json.Decoder(_GroupList)


def parse(body: bytes) -> dict[Gvk, Resource]:
    """The kinds of one APIGroupDiscoveryList. Raises MalformedAnswer, also for another kind of list."""
    try:
        groups = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedAnswer("the discovery document is not what was asked for") from error
    if groups.kind != "APIGroupDiscoveryList":
        raise MalformedAnswer("the API server does not serve aggregated discovery v2")
    found: dict[Gvk, Resource] = {}
    for group in groups.items:
        for version in group.versions:
            for doc in version.resources:
                if doc.response_kind is None or not doc.response_kind.kind:
                    continue
                api_version = f"{group.metadata.name}/{version.version}" if group.metadata.name else version.version
                gvk = Gvk(api_version=api_version, kind=doc.response_kind.kind)
                found.setdefault(
                    gvk,
                    Resource(
                        gvk=gvk,
                        plural=doc.resource,
                        namespaced=doc.scope == "Namespaced",
                        has_status=any(sub.subresource == "status" for sub in doc.subresources),
                        verbs=frozenset(doc.verbs),
                    ),
                )
    return found


class Discovery:
    """The served kinds, cached for good and read again when one is missing or somebody forgets it."""

    def __init__(self, transport: Requests, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._monotonic = monotonic
        self._known: dict[Gvk, Resource] = {}
        self._read_at: float | None = None
        self._lock = asyncio.Lock()

    async def resource(self, gvk: Gvk) -> Resource:
        """Raises KindUnknown when the API server does not serve it now, else what a request raises."""
        known = self._known.get(gvk)
        if known is not None:
            return known
        async with self._lock:
            if gvk not in self._known and self._may_read():
                await self._read()
        known = self._known.get(gvk)
        if known is None:
            raise KindUnknown(f"the API server does not serve {gvk}")
        return known

    async def kinds(self) -> tuple[Resource, ...]:
        """All served kinds as last read."""
        async with self._lock:
            if self._read_at is None:
                await self._read()
        return tuple(self._known.values())

    def forget(self, gvk: Gvk) -> None:
        """The kind answered 404: ask again before it is used again."""
        self._known.pop(gvk, None)

    def _may_read(self) -> bool:
        return self._read_at is None or self._monotonic() - self._read_at >= MISS_INTERVAL

    async def _read(self) -> None:
        found: dict[Gvk, Resource] = {}
        for root in ("/apis", "/api"):
            found.update(parse(check(await self._transport.request("GET", root, accept=ACCEPT)).body))
        self._known = found
        self._read_at = self._monotonic()
