"""What people see of the controller: the status of each Reconciler, and whether the process is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog

from controller.cache import Entry
from core.clock import Clock, rfc3339
from core.domain.conditions import ReconcilerHealth, for_reconciler
from core.domain.keys import API_VERSION, Gvk
from core.domain.revision import Activation
from core.errors import ChakratorError, Unavailable
from core.kube.client import KubeTransport
from core.kube.discovery import Resource
from core.kube.errors import ApiError, MalformedAnswer, Missing, Refused, check
from core.kube.objects import Damaged
from sandbox.pool.doctor import ON, REQUIRED, state

MANAGER = "chakrator"
SETTLE = 0.2  # what changes together is written together; conditions are due within a second
COUNTERS_EVERY = 10.0
RETRY_AFTER = 2.0
TRIES = 3
ADMISSION_EVERY = 30.0
ADMISSION_PATHS = {
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
}
ADMISSION_DEFAULTS: tuple[object, ...] = ({}, [], None, "*", "Equivalent")

log = structlog.get_logger("chakrator.health")


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a Reconciler's status is made of. `running` made the revision that runs now the active one;
    `paused` says why it does not run after all; `owned` are the kinds that may hold children."""

    generation: int
    health: ReconcilerHealth
    running: Activation | None = None
    last_run: datetime | None = None
    paused: str = ""
    owned: tuple[Gvk, ...] = ()


def status_of(picture: Picture, before: Mapping[str, object], now: datetime) -> dict[str, object]:
    """The status document. `before` is the live one: transition times move only when a status does."""
    known = before.get("conditions")
    old = {str(item.get("type")): item for item in known if isinstance(item, dict)} if isinstance(known, list) else {}
    conditions: list[dict[str, object]] = []
    for condition in for_reconciler(picture.health):
        previous = old.get(condition.type, {})
        since = previous.get("lastTransitionTime") if previous.get("status") == condition.status.value else None
        conditions.append(
            {
                "type": condition.type,
                "status": condition.status.value,
                "reason": str(condition.reason),
                "message": condition.message,
                "observedGeneration": picture.generation,
                "lastTransitionTime": since if isinstance(since, str) else rfc3339(now),
            }
        )
    document: dict[str, object] = {"observedGeneration": picture.generation, "conditions": conditions}
    if picture.running is not None:
        document["activeRevision"] = {
            "number": picture.running.revision,
            "sha256": picture.running.sha256,
            "activatedAt": rfc3339(picture.running.at),
            "activatedBy": picture.running.actor[:1024],
            **({"paused": picture.paused[:1024]} if picture.paused else {}),
        }
    objects: dict[str, object] = {"total": picture.health.total, "failing": picture.health.failing}
    if picture.last_run is not None:
        objects["lastRunTime"] = rfc3339(picture.last_run)
    document["objects"] = objects
    if picture.owned:
        document["ownedKinds"] = [{"apiVersion": kind.api_version, "kind": kind.kind} for kind in picture.owned]
    return document


def _owned(document: Mapping[str, object]) -> frozenset[Gvk]:
    kinds = document.get("ownedKinds")
    found = [kind for kind in kinds if isinstance(kind, dict)] if isinstance(kinds, list) else []
    return frozenset(Gvk(str(kind.get("apiVersion")), str(kind.get("kind"))) for kind in found)


def waived(layers: Mapping[str, str]) -> str:
    """Which layers of the cage are not on, as a sentence; empty when none is, or nothing runs at all."""
    off = {layer: layers.get(layer, "not reported") for layer in REQUIRED if layers}
    found = [f"{layer} ({text})" for layer, text in off.items() if state(text) != ON]
    return f"code runs without a layer of its cage: {', '.join(found)}" if found else ""


class _Live(msgspec.Struct):
    status: dict[str, object] = msgspec.field(default_factory=dict)


_live = msgspec.json.Decoder(_Live)


class StatusReporter:
    """Keeps one Reconciler's status true: conditions and revision at once, counters every ten seconds."""

    def __init__(
        self,
        *,
        transport: KubeTransport,
        resource: Resource,
        clock: Clock,
        entry: Callable[[], Entry | None],
        picture: Callable[[], Picture | None],
    ) -> None:
        self._transport = transport
        self._resource = resource
        self._clock = clock
        self._entry = entry
        self._picture = picture
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self._kept: frozenset[Gvk] = frozenset()
        self._written: dict[str, object] | None = None
        self._written_at = float("-inf")

    def changed(self) -> None:
        """Something in the picture may be new."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        wait: float | None = None
        while True:
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                pass
            else:
                await asyncio.sleep(SETTLE)
            self._wake.clear()
            try:
                wait = await self.report()
            except Missing:
                wait = None  # deleted: this reporter is about to end with it
            except ChakratorError as error:
                log.info("a Reconciler's status was not taken", error=error.message)
                wait = RETRY_AFTER

    async def keep(self, kinds: frozenset[Gvk]) -> None:
        """Returns when the status names these kinds of the picture as owned. Raises what a request raises."""
        if kinds <= self._kept:
            return
        await self.report()
        if not kinds <= self._kept:
            raise Unavailable("the Reconciler's status is not settled yet")

    async def report(self) -> float | None:
        """Writes what is due; seconds until more is, or None. Raises what a request raises."""
        async with self._lock:
            return await self._report()

    async def _report(self) -> float | None:
        entry, picture = self._entry(), self._picture()
        if entry is None or picture is None:
            return None
        before = self._written if self._written is not None else _live.decode(entry.raw).status
        document = status_of(picture, before, self._clock.now())
        if document == before:
            self._written, self._kept = document, _owned(document)
            return None
        now = self._clock.monotonic()
        if _essence(document) == _essence(before) and (due := self._written_at + COUNTERS_EVERY - now) > 0:
            return due
        await self._write(entry, document)
        self._written, self._written_at, self._kept = document, now, _owned(document)
        return None

    async def _write(self, entry: Entry, document: Mapping[str, object]) -> None:
        """Under the resourceVersion we know: a Reconciler that was made again never gets this status.

        Raises Refused when it changed at every try: what was not written must not be taken for written.
        """
        body = {
            "apiVersion": API_VERSION,
            "kind": "Reconciler",
            "metadata": {"name": entry.name, "namespace": entry.namespace, "resourceVersion": str(entry.rv)},
            "status": document,
        }
        path = self._resource.path(entry.namespace, entry.name, "status")
        query = {"fieldManager": MANAGER, "force": "true"}
        for left in reversed(range(TRIES)):
            answer = await self._transport.request(
                "PATCH",
                path,
                query=query,
                body=msgspec.json.encode(body),
                content_type="application/apply-patch+yaml",
            )
            try:
                check(answer)
            except Refused:
                if not left:
                    raise
                live = await self._live(entry)
                if live.uid != entry.uid:
                    return
                body["metadata"] = {"name": entry.name, "namespace": entry.namespace, "resourceVersion": str(live.rv)}
                continue
            return

    async def _live(self, entry: Entry) -> Entry:
        path = self._resource.path(entry.namespace, entry.name)
        answer = check(await self._transport.request("GET", path))
        try:
            return Entry.parse(entry.gvk, answer.body)
        except Damaged as error:
            raise MalformedAnswer(f"the Reconciler {entry.namespace}/{entry.name} cannot be read: {error}") from error


def _essence(document: Mapping[str, object]) -> tuple[object, ...]:
    """What must be seen within a second; the rest are counters, and messages that count."""
    conditions = document.get("conditions")
    told = (
        [(item.get("type"), item.get("status"), item.get("reason")) for item in conditions if isinstance(item, dict)]
        if isinstance(conditions, list)
        else []
    )
    rest = ("activeRevision", "observedGeneration", "ownedKinds")
    return (told, *(document.get(name) for name in rest))


class AdmissionCheck:
    """Whether the admission policy and its binding are there as shipped: without them anybody who may write a
    Reconciler could use any ServiceAccount of that namespace."""

    def __init__(self, *, transport: KubeTransport, manifests: Sequence[Mapping[str, object]]) -> None:
        self._transport = transport
        self._manifests = [item for item in manifests if item.get("kind") in ADMISSION_PATHS]
        self.problems: list[str] = ["the admission policy has not been looked at yet"]

    async def run(self) -> None:
        """Looks again and again, until cancelled; sooner while something is wrong."""
        while True:
            try:
                self.problems = await self.look()
            except ChakratorError as error:
                self.problems = [f"the admission policy cannot be read: {error.message[:200]}"]
            await asyncio.sleep(ADMISSION_EVERY if not self.problems else RETRY_AFTER)

    async def look(self) -> list[str]:
        """What differs from the manifests as shipped. Raises what a request raises."""
        found: list[str] = []
        if {item.get("kind") for item in self._manifests} != set(ADMISSION_PATHS):
            found.append("this installation was not told the admission policy that it ships")
        for manifest in self._manifests:
            kind, name = str(manifest["kind"]), _name_of(manifest)
            path = f"/apis/admissionregistration.k8s.io/v1/{ADMISSION_PATHS[kind]}/{name}"
            try:
                live = check(await self._transport.request("GET", path)).object()
            except Missing:
                found.append(f"{kind} {name} is missing")
                continue
            except ApiError as error:
                found.append(f"{kind} {name} cannot be read: {error.message[:200]}")
                continue
            if not contains(live.get("spec"), manifest.get("spec")):
                found.append(f"{kind} {name} is not as shipped")
        return found


def contains(live: object, shipped: object) -> bool:
    """Whether `live` says what `shipped` says, and nothing more than the API server's defaults: a condition or
    an exclusion that somebody added would open the door as well as a missing rule."""
    if isinstance(shipped, Mapping):
        return (
            isinstance(live, Mapping)
            and all(contains(live.get(key), value) for key, value in shipped.items())
            and all(value in ADMISSION_DEFAULTS for key, value in live.items() if key not in shipped)
        )
    if isinstance(shipped, list):
        return (
            isinstance(live, list)
            and len(live) == len(shipped)
            and all(contains(one, other) for one, other in zip(live, shipped, strict=True))
        )
    return live == shipped


def _name_of(manifest: Mapping[str, object]) -> str:
    metadata = manifest.get("metadata")
    return str(metadata.get("name", "")) if isinstance(metadata, Mapping) else ""
