"""The way out: the `release` finalizer on a Reconciler, and stripping what it protects (promise 9).

While any object may carry a Reconciler's finalizer, the Reconciler carries ours, so that its deletion
cannot leave objects behind that nobody will ever let go.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import msgspec

from controller.account import JSON_PATCH, Account, EffectError, NotTaken, Outage, Watched
from controller.cache import Cache, Entry
from controller.finalizers import Finalizers, Release, patch_of
from controller.health import MANAGER
from controller.manager.listing import Listing, pages
from controller.manager.tools import Tools
from core.domain.actor import SYSTEM
from core.domain.audit import AuditTag
from core.domain.keys import FINALIZER_RELEASE, GROUP, Gvk, ReconcilerRef
from core.errors import ChakratorError, Unavailable
from core.kube.client import KubeTransport
from core.kube.discovery import Discovery, Resource
from core.kube.errors import Missing, Refused, Unprocessable, check

MAX_TRIES = 5
MAX_KINDS = 64
ANNOTATION_FINALIZER_KINDS = f"{GROUP}/finalizer-kinds"


_names = msgspec.json.Decoder(list[str])


def finalizer_kinds(entry: Entry) -> frozenset[Gvk]:
    """The kinds that a Reconciler's annotation names; others may write it, so what is no kind is left out."""
    try:
        names = _names.decode(entry.annotations.get(ANNOTATION_FINALIZER_KINDS, "[]"))
    except msgspec.DecodeError:
        return frozenset()
    parts = [name.rpartition("/") for name in names[:MAX_KINDS]]
    return frozenset(Gvk(version, kind) for version, _, kind in parts if version and kind)


def _patch(entry: Entry, kinds: frozenset[Gvk]) -> bytes:
    """Finalizer and annotation in one write: neither is ever there without the other."""
    finalizers = [name for name in entry.finalizers if name != FINALIZER_RELEASE]
    annotations = {key: text for key, text in entry.annotations.items() if key != ANNOTATION_FINALIZER_KINDS}
    if kinds:
        finalizers.append(FINALIZER_RELEASE)
        annotations[ANNOTATION_FINALIZER_KINDS] = msgspec.json.encode(sorted(map(str, kinds))).decode()
    steps = msgspec.json.decode(patch_of(entry, finalizers), type=list[msgspec.Raw])
    change = {"op": "add", "path": "/metadata/annotations", "value": annotations}
    return msgspec.json.encode([*steps, change])


class Hold:
    """Puts the release finalizer on a Reconciler and takes it off, as the controller."""

    def __init__(self, *, transport: KubeTransport, resource: Resource, entry: Callable[[], Entry | None]) -> None:
        self._transport = transport
        self._resource = resource
        self._entry = entry
        self._lock = asyncio.Lock()
        self._held: set[Gvk] = set()
        self._seen_rv = 0  # of our own last change: an older cached state says nothing about it

    def kinds(self) -> frozenset[Gvk]:
        """The kinds whose objects may carry this Reconciler's finalizer."""
        entry = self._entry()
        return frozenset() if entry is None else finalizer_kinds(entry)

    async def on(self, kind: Gvk) -> None:
        """Returns when the Reconciler carries it, for this kind. Raises Outage, or NotTaken also while it is
        being deleted."""
        async with self._lock:
            if kind in self._held:
                return
            try:
                entry = await self._current()
                if entry is None or entry.deleting:
                    raise NotTaken("the Reconciler is being deleted: no finalizer is put on any more")
                await self._set(entry, lambda kinds: kinds | {kind})
            except ChakratorError as error:
                meaning = Outage if error.retry else NotTaken
                raise meaning(f"finalizer {FINALIZER_RELEASE} of the Reconciler: {error.message[:300]}") from error
            self._held.add(kind)

    async def forget(self, kind: Gvk) -> None:
        """No object of this kind carries the finalizer any more. Raises what a request raises."""
        async with self._lock:
            self._held.discard(kind)
            entry = await self._current()
            if entry is not None:
                await self._set(entry, lambda kinds: kinds - {kind})

    async def off(self) -> None:
        """Returns when the Reconciler does not carry it. Raises what a request raises."""
        async with self._lock:
            self._held.clear()
            entry = await self._current()
            if entry is not None:
                await self._set(entry, lambda _kinds: frozenset())

    async def _current(self) -> Entry | None:
        entry = self._entry()
        if entry is None or entry.rv >= self._seen_rv:
            return entry
        return await self._live(entry)

    async def _live(self, entry: Entry) -> Entry | None:
        answer = await self._transport.request("GET", self._resource.path(entry.namespace, entry.name))
        return None if answer.status == 404 else Entry.parse(entry.gvk, check(answer).body)

    async def _set(self, entry: Entry, change: Callable[[frozenset[Gvk]], frozenset[Gvk]]) -> None:
        path = self._resource.path(entry.namespace, entry.name)
        known: Entry | None = entry
        for _ in range(MAX_TRIES):
            if known is None or known.uid != entry.uid:
                return
            before = finalizer_kinds(known)
            kinds = change(before)
            if kinds == before and (FINALIZER_RELEASE in known.finalizers) is bool(kinds):
                return
            body = _patch(known, kinds)
            try:
                answer = check(
                    await self._transport.request(
                        "PATCH", path, query={"fieldManager": MANAGER}, body=body, content_type=JSON_PATCH
                    )
                )
            except Missing:
                return
            except (Refused, Unprocessable):
                known = await self._live(entry)
                continue
            self._seen_rv = Entry.parse(entry.gvk, answer.body).rv
            return
        raise Unavailable(f"the Reconciler {entry.namespace}/{entry.name} keeps changing under our hands")


class Stripper:
    """Takes one Reconciler's finalizer off all objects of a kind, and tells the audit how many there were."""

    def __init__(self, tools: Tools, ref: ReconcilerRef) -> None:
        self._tools = tools
        self._ref = ref
        self._untold: Counter[Gvk] = Counter()  # kept when a try ends half-way or the store does not answer

    async def strip(self, account: Account, kind: Gvk) -> None:
        """Returns when no object carries it; a revoked account leaves the controller's own rights. Raises
        EffectError, and what discovery and the store raise.

        Reads live, not from a cache: on the way out there may be no informer, and nothing may be missed.
        """
        resource = await self._served(kind)
        if resource is not None and resource.namespaced:
            await self._strip(account, resource, kind)
        if self._untold[kind]:
            await self._tools.services.audit.append(
                SYSTEM,
                AuditTag.FINALIZER_RELEASE,
                namespace=self._ref.namespace,
                subject=self._ref.name,
                payload={"kind": str(kind), "objects": self._untold[kind], "finalizer": self._ref.finalizer},
            )
        del self._untold[kind]

    async def _served(self, kind: Gvk) -> Resource | None:
        """In whatever version, as of now: what is cached may be as old as this process."""
        served = [
            resource
            for resource in await Discovery(self._tools.transport).kinds()
            if (resource.gvk.group, resource.gvk.kind) == (kind.group, kind.kind)
        ]
        same = [resource for resource in served if resource.gvk == kind]
        return next(iter(same or served), None)

    async def _strip(self, account: Account, resource: Resource, kind: Gvk) -> None:
        watched = Watched(resource=resource, cache=Cache(resource.gvk), wait_rv=_no_wait)
        finalizers = Finalizers(account=account, ref=self._ref, primary=watched)
        release = Release(finalizers=finalizers, transport=self._tools.transport, primary=watched, ref=self._ref)
        async for page in pages(Listing(account, resource, instead=self._tools.transport)):
            for entry in page:
                if finalizers.on(entry):
                    await release.strip(entry)
                    self._untold[kind] += 1


async def _no_wait(_rv: int, _timeout: float) -> bool:
    return True


def explain(error: EffectError, ref: ReconcilerRef) -> str:
    """Why objects still carry the finalizer and what a person can do, for the Reconciler's condition."""
    return f"the finalizer {ref.finalizer} cannot be taken off its objects; grant the right again or remove it: {error}"
