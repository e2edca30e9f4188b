"""Which kinds the API server serves, and under which paths: two requests for all of them (aggregated discovery).

An API server that starts answers before it knows all of its groups, and nothing in the document says so.
Only /readyz does: what is asked for after it said yes is whole. So no kind is taken for gone without it.
"""

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
from core.kube.errors import KindUnknown, KubeError, MalformedAnswer, Unreachable, check

ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
MISS_INTERVAL = 2.0  # a kind that is not there is asked for at most this often, however many ask
MAX_AGE = 60.0  # a CRD may come back under another plural or scope


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
    freshness: str = "Current"
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


@dataclass(frozen=True, slots=True)
class Found:
    """One reading. `stale` are the API versions of which the server says that it could not ask their server."""

    resources: dict[Gvk, Resource]
    stale: frozenset[str]


def parse(body: bytes) -> Found:
    """The kinds of one APIGroupDiscoveryList. Raises MalformedAnswer, also for another kind of list."""
    try:
        groups = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedAnswer("the discovery document is not what was asked for") from error
    if groups.kind != "APIGroupDiscoveryList":
        raise MalformedAnswer("the API server does not serve aggregated discovery v2")
    found: dict[Gvk, Resource] = {}
    stale: set[str] = set()
    for group in groups.items:
        for version in group.versions:
            api_version = f"{group.metadata.name}/{version.version}" if group.metadata.name else version.version
            if version.freshness == "Stale":
                stale.add(api_version)
            for doc in version.resources:
                if doc.response_kind is None or not doc.response_kind.kind:
                    continue
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
    return Found(found, frozenset(stale))


class Discovery:
    """The served kinds, read again when one is missing, when they are older than MAX_AGE, or on demand.

    A kind that was there once stays until a whole reading lacks it: a reading that fails or is not whole
    takes nothing away.
    """

    def __init__(self, transport: Requests, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._monotonic = monotonic
        self._known: dict[Gvk, Resource] = {}
        self._stale: frozenset[str] = frozenset()
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def resource(self, gvk: Gvk, *, fresh: bool = False) -> Resource:
        """Raises KindUnknown when the API server does not serve it, else what a request raises.

        KindUnknown may be MISS_INTERVAL old, and true only of a server that starts. With `fresh` it is
        certain: the server is asked now, and when it cannot be certain, Unreachable is raised.
        """
        if fresh:
            await self._read_surely()
        elif gvk not in self._known or self._is_old():
            await self._read_if_due(gvk)
        known = self._known.get(gvk)
        if known is not None:
            return known
        if fresh and gvk.api_version in self._stale:
            raise Unreachable(f"the API server cannot tell now whether {gvk} is served")
        raise KindUnknown(f"the API server does not serve {gvk}")

    async def served_versions(self, group: str, kind: str, *, fresh: bool = False) -> list[Gvk]:
        """Every version of a kind that is served, by name; `fresh` as in `resource`, for an empty answer too."""
        if fresh:
            await self._read_surely()
        found = sorted(
            (each.gvk for each in await self.kinds() if (each.gvk.group, each.gvk.kind) == (group, kind)),
            key=lambda gvk: gvk.version,
        )
        if fresh and not found and any(Gvk(version, kind).group == group for version in self._stale):
            raise Unreachable(f"the API server cannot tell now which versions of {kind} in {group!r} are served")
        return found

    async def kinds(self) -> tuple[Resource, ...]:
        """All served kinds, as of MAX_AGE ago at most where the server answers."""
        if self._is_old():
            await self._read_if_due()
        return tuple(self._known.values())

    def forget(self, gvk: Gvk) -> None:
        """The kind answered 404: ask again before it is used again."""
        self._known.pop(gvk, None)

    def _is_old(self) -> bool:
        return self._read_at is None or self._monotonic() - self._read_at >= MAX_AGE

    async def _read_if_due(self, gvk: Gvk | None = None) -> None:
        """Raises what a request raises, unless what is asked for was known before and only got old."""
        async with self._lock:
            needed = self._read_at is None or (gvk is not None and gvk not in self._known)
            if not needed and not self._is_old():
                return  # another caller has read meanwhile
            last = self._read_at if needed else self._tried_at
            if last is not None and self._monotonic() - last < MISS_INTERVAL:
                return
            self._tried_at = self._monotonic()
            try:
                await self._read()
            except KubeError:
                if needed:
                    raise

    async def _read(self) -> None:
        found, whole = await self._fetch(), False
        if not self._known.keys() <= found.resources.keys():
            whole = await self._is_ready()
            found = await self._fetch()
        self._keep(found, whole=whole)

    async def _read_surely(self) -> None:
        async with self._lock:
            if not await self._is_ready():
                raise Unreachable("the API server is not ready: it cannot tell yet what it serves")
            self._keep(await self._fetch(), whole=True)

    def _keep(self, found: Found, *, whole: bool) -> None:
        before = {gvk: resource for gvk, resource in self._known.items() if not whole or gvk.api_version in found.stale}
        self._known = before | found.resources
        self._stale = found.stale
        self._read_at = self._monotonic()

    async def _is_ready(self) -> bool:
        try:
            return (await self._transport.request("GET", "/readyz", accept="*/*")).status == 200
        except Unreachable:
            return False

    async def _fetch(self) -> Found:
        found: dict[Gvk, Resource] = {}
        stale: frozenset[str] = frozenset()
        for root in ("/apis", "/api"):
            part = parse(check(await self._transport.request("GET", root, accept=ACCEPT)).body)
            found.update(part.resources)
            stale |= part.stale
        return Found(found, stale)
