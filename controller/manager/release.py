"""The way out: the `release` finalizer on a Reconciler, and stripping what it protects (promise 9).

While any object may carry a Reconciler's finalizer, the Reconciler carries ours, so that its deletion
cannot leave objects behind that nobody will ever let go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from controller.account import JSON_PATCH, Account, Call, EffectError, NotTaken, Outage, PlanInvalid, Watched
from controller.cache import Cache, Entry
from controller.finalizers import Finalizers, Release, patch_of
from controller.health import MANAGER
from controller.manager.tools import Tools
from controller.spec import ReconcilerSpec
from core.domain.actor import SYSTEM
from core.domain.audit import AuditTag
from core.domain.keys import FINALIZER_RELEASE, ReconcilerRef
from core.errors import ChakratorError, Unavailable
from core.kube.client import KubeTransport
from core.kube.discovery import Resource
from core.kube.errors import KindUnknown, Missing, Refused, Unprocessable, check

PAGE = 500
MAX_TRIES = 5


class Hold:
    """Puts the release finalizer on a Reconciler and takes it off, as the controller."""

    def __init__(self, *, transport: KubeTransport, resource: Resource, entry: Callable[[], Entry | None]) -> None:
        self._transport = transport
        self._resource = resource
        self._entry = entry
        self._lock = asyncio.Lock()
        self._held = False
        self._seen_rv = 0  # of our own last change: an older cached state says nothing about it

    async def on(self) -> None:
        """Returns when the Reconciler carries it. Raises Outage, or NotTaken also while it is being deleted."""
        async with self._lock:
            if self._held:
                return
            try:
                entry = await self._current()
                if entry is None or entry.deleting:
                    raise NotTaken("the Reconciler is being deleted: no finalizer is put on any more")
                await self._set(entry, present=True)
            except ChakratorError as error:
                meaning = Outage if error.retry else NotTaken
                raise meaning(f"finalizer {FINALIZER_RELEASE} of the Reconciler: {error.message[:300]}") from error
            self._held = True

    async def off(self) -> None:
        """Returns when the Reconciler does not carry it. Raises what a request raises."""
        async with self._lock:
            self._held = False
            entry = await self._current()
            if entry is not None:
                await self._set(entry, present=False)

    async def _current(self) -> Entry | None:
        entry = self._entry()
        if entry is None or entry.rv >= self._seen_rv:
            return entry
        return await self._live(entry)

    async def _live(self, entry: Entry) -> Entry | None:
        answer = await self._transport.request("GET", self._resource.path(entry.namespace, entry.name))
        return None if answer.status == 404 else Entry.parse(entry.gvk, check(answer).body)

    async def _set(self, entry: Entry, *, present: bool) -> None:
        path = self._resource.path(entry.namespace, entry.name)
        known: Entry | None = entry
        for _ in range(MAX_TRIES):
            if known is None or known.uid != entry.uid or (FINALIZER_RELEASE in known.finalizers) is present:
                return
            others = [name for name in known.finalizers if name != FINALIZER_RELEASE]
            body = patch_of(known, [*others, FINALIZER_RELEASE] if present else others)
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


class _Page(msgspec.Struct):
    class Meta(msgspec.Struct):
        token: str = msgspec.field(default="", name="continue")

    items: list[msgspec.Raw]
    metadata: Meta


_pages = msgspec.json.Decoder(_Page)


async def strip_all(tools: Tools, spec: ReconcilerSpec) -> int:
    """Takes this Reconciler's finalizer off every object that carries it; how many. Raises EffectError.

    Reads live, not from a cache: on the way out there may be no informer, and nothing may be missed.
    """
    try:
        resource = await tools.discovery.resource(spec.watch)
    except KindUnknown:
        return 0  # the kind is gone, and its objects with it
    account = Account(
        transport=tools.transport,
        clock=tools.clock,
        namespace=spec.ref.namespace,
        name=spec.service_account,
        everybody=tools.gate,
    )
    watched = Watched(resource=resource, cache=Cache(spec.watch), wait_rv=_no_wait)
    finalizers = Finalizers(account=account, ref=spec.ref, primary=watched)
    release = Release(finalizers=finalizers, transport=tools.transport, primary=watched, ref=spec.ref)
    count = 0
    token = ""
    while True:
        page = await _list(tools, account, resource, token)
        for raw in page.items:
            entry = Entry.parse(spec.watch, bytes(raw))
            if finalizers.on(entry):
                await release.strip(entry)
                count += 1
        token = page.metadata.token
        if not token:
            break
    if count:
        await tools.services.audit.append(
            SYSTEM,
            AuditTag.FINALIZER_RELEASE,
            namespace=spec.ref.namespace,
            subject=spec.ref.name,
            payload={"kind": str(spec.watch), "objects": count, "finalizer": spec.ref.finalizer},
        )
    return count


async def _list(tools: Tools, account: Account, resource: Resource, token: str) -> _Page:
    """One page as the ServiceAccount; where it may not list any more, as the controller."""
    path = resource.path(account.namespace)
    query = {"limit": str(PAGE)} | ({"continue": token} if token else {})
    try:
        answer = await account.send(Call(f"list {resource.gvk.kind}", "GET", path, query=query))
    except (NotTaken, PlanInvalid) as first:
        own = await tools.transport.request("GET", path, query=query)
        if own.status != 200:
            raise first from None
        answer = own
    return _pages.decode(answer.body)


async def _no_wait(_rv: int, _timeout: float) -> bool:
    return True


def explain(error: EffectError, ref: ReconcilerRef) -> str:
    """Why objects still carry the finalizer and what a person can do, for the Reconciler's condition."""
    return f"the finalizer {ref.finalizer} cannot be taken off its objects; grant the right again or remove it: {error}"
