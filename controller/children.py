"""Children: validated, applied without touching anybody else's object, pruned when no longer desired.

Promises 6 and 7 of docs/reference/reconciler.md. Three facts of the API server carry this module:
server-side apply with `metadata.resourceVersion: "1"` makes a missing object and refuses an existing
one with 409; with `metadata.uid` it refuses a missing one with 409 and another one with 422; and an
Apply entry in managedFields loses every path that somebody else changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from controller.account import APPLY_PATCH, Account, Call, Journal, NotTaken, PlanInvalid, Watched, refusal
from controller.cache import Entry
from controller.fields import Ownership, covers
from controller.spec import HOST_FORMAT, resolve_kind
from core.domain.keys import (
    ANNOTATION_APPLIED_SHA256,
    ANNOTATION_RECONCILER_REF,
    GROUP,
    LABEL_RECONCILER,
    Gvk,
    ReconcilerRef,
)
from core.kube.client import Response
from core.kube.errors import Forbidden, Missing, Refused, Unprocessable
from sandbox.wire.messages import ApplyEffect, DeleteEffect, Effect

MAX_CHILD_BYTES = 1_500_000  # over this the API server itself refuses, later and less clearly
MAX_TRIES = 4
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?")
_METADATA = frozenset({"name", "namespace", "labels", "annotations"})


@dataclass(frozen=True, slots=True)
class DesiredChild:
    """A child as it is applied; `sha256` is over owner uid, host format and the bytes the worker sent."""

    gvk: Gvk
    name: str
    document: Mapping[str, object]
    sha256: str


@dataclass(frozen=True, slots=True)
class DropChild:
    """An explicit delete of an owned child."""

    gvk: Gvk
    name: str


Step = DesiredChild | DropChild


def plan_children(effects: Sequence[Effect], primary: Entry, ref: ReconcilerRef, owns: Sequence[Gvk]) -> list[Step]:
    """The steps in the author's order. Raises PlanInvalid with a sentence for the first rule broken."""
    steps: list[Step] = []
    for effect in effects:
        if isinstance(effect, ApplyEffect):
            if effect.adopt:
                raise PlanInvalid("adopt=True is not supported")
            steps.append(_desired(bytes(effect.object), primary, ref, owns))
        elif isinstance(effect, DeleteEffect):
            gvk = resolve_kind(effect.kind, owns)
            if gvk is None:
                raise PlanInvalid(f"ctx.delete: {effect.kind[:80]!r} is not one of the kinds in spec.owns")
            steps.append(DropChild(gvk, _valid_name(effect.name, "ctx.delete")))
    seen: set[tuple[Gvk, str]] = set()
    for step in steps:
        if (step.gvk, step.name) in seen:
            raise PlanInvalid(f"{step.gvk.kind} {step.name} is in the plan twice")
        seen.add((step.gvk, step.name))
    return steps


def _desired(raw: bytes, primary: Entry, ref: ReconcilerRef, owns: Sequence[Gvk]) -> DesiredChild:
    if len(raw) > MAX_CHILD_BYTES:
        raise PlanInvalid(f"ctx.apply: a child of {len(raw)} bytes is over the limit of {MAX_CHILD_BYTES}")
    document = msgspec.json.decode(raw)
    if not isinstance(document, dict):
        raise PlanInvalid("ctx.apply: a child must be a dict")
    gvk = Gvk(api_version=str(document.get("apiVersion", "")), kind=str(document.get("kind", "")))
    if gvk not in owns:
        raise PlanInvalid(f"ctx.apply: {str(gvk)[:120]} is not one of the kinds in spec.owns")
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        raise PlanInvalid(f"ctx.apply: a {gvk.kind} without metadata")
    name = _valid_name(metadata.get("name"), f"ctx.apply of a {gvk.kind}")
    if metadata.get("namespace", primary.namespace) != primary.namespace:
        raise PlanInvalid(f"{gvk.kind} {name}: its namespace must be {primary.namespace}, or left out")
    alien = sorted(set(metadata) - _METADATA)
    if alien:
        raise PlanInvalid(f"{gvk.kind} {name}: metadata.{str(alien[0])[:60]} is not for the author to set")
    if "status" in document:
        raise PlanInvalid(f"{gvk.kind} {name}: the status of a child is not ours to write")
    if gvk == primary.gvk and name == primary.name:
        raise PlanInvalid(f"{gvk.kind} {name} cannot be its own child")
    sha256 = hashlib.sha256(b"\0".join((primary.uid.encode(), HOST_FORMAT.encode(), raw))).hexdigest()
    document["metadata"] = {
        "name": name,
        "namespace": primary.namespace,
        "labels": {**_texts(metadata, "labels", f"{gvk.kind} {name}"), LABEL_RECONCILER: ref.id},
        "annotations": {
            **_texts(metadata, "annotations", f"{gvk.kind} {name}"),
            ANNOTATION_RECONCILER_REF: str(ref),
            ANNOTATION_APPLIED_SHA256: sha256,
        },
        "ownerReferences": [
            {
                "apiVersion": primary.gvk.api_version,
                "kind": primary.gvk.kind,
                "name": primary.name,
                "uid": primary.uid,
                "controller": True,
            }
        ],
    }
    return DesiredChild(gvk, name, document, sha256)


def _valid_name(name: object, where: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PlanInvalid(f"{where}: {str(name)[:80]!r} is not a valid object name")
    return name


def _texts(metadata: Mapping[str, object], field: str, what: str) -> dict[str, str]:
    """The author's labels or annotations; ours cannot be forged, nor those of another Reconciler."""
    given = metadata.get(field) or {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise PlanInvalid(f"{what}: metadata.{field} must map texts to texts")
    reserved = [key for key in given if key.partition("/")[0] == GROUP]
    if reserved:
        raise PlanInvalid(f"{what}: metadata.{field} may not hold {str(reserved[0])[:100]}")
    return given


def is_settled(entry: Entry, child: DesiredChild, manager: str) -> bool:
    """Whether applying would change nothing: same bytes as last time, and every path still ours."""
    if entry.annotations.get(ANNOTATION_APPLIED_SHA256) != child.sha256:
        return False
    fields = Ownership(entry.raw).applied(manager)
    return bool(fields) and covers(_owned_paths(child.document), fields or {})


def _owned_paths(document: Mapping[str, object]) -> dict[str, object]:
    """What managedFields speak of: identity (apiVersion, kind, name, namespace) is never in them."""
    metadata = document["metadata"]
    assert isinstance(metadata, Mapping)
    inner = {key: value for key, value in metadata.items() if key not in ("name", "namespace")}
    return {**{key: value for key, value in document.items() if key not in ("apiVersion", "kind")}, "metadata": inner}


class Children:
    """Brings the children of one Reconciler's objects to what a run asked for."""

    def __init__(self, *, account: Account, ref: ReconcilerRef, kinds: Mapping[Gvk, Watched]) -> None:
        self._account = account
        self._ref = ref
        self._kinds = kinds
        self.takeovers = 0  # fields taken back from another manager

    async def converge(self, primary: Entry, steps: Sequence[Step], journal: Journal, *, prune: bool) -> None:
        """All steps in order, then the pruning. Raises EffectError at the first that fails."""
        for step in steps:
            if isinstance(step, DesiredChild):
                await self._apply(primary, step, journal)
            else:
                await self._drop(primary, step, journal)
        if prune:
            named = {(step.gvk, step.name) for step in steps}
            for gvk, watched in self._kinds.items():
                for entry in watched.cache.by_owner(primary.uid):
                    if (gvk, entry.name) not in named and not entry.deleting and self._is_deletable(entry, primary):
                        await self._delete(primary, watched, entry, journal, verb="prune")

    async def _apply(self, primary: Entry, child: DesiredChild, journal: Journal) -> None:
        watched = self._kinds[child.gvk]
        known = watched.cache.get(primary.namespace, child.name)
        if known is not None and not self._is_ours(known, primary, child):
            known = None  # create-only decides: the cache may be behind
        for _ in range(MAX_TRIES):
            if known is not None and is_settled(known, child, self._ref.manager):
                return
            try:
                if known is None:
                    answer = await self._patch(watched, child, {"resourceVersion": "1"})
                else:
                    answer = await self._guarded(watched, child, known.uid)
            except Forbidden as error:
                if any(cause.reason == "NamespaceTerminating" for cause in error.causes):
                    return  # nothing can be made there any more, and the finalizer must not wait for it
                raise refusal(error, f"apply {child.gvk.kind} {child.name}", primary.namespace) from error
            if answer is not None:
                made = "create" if answer.status == 201 else "apply"
                journal.wrote(child.gvk, answer, f"{made} {child.gvk.kind} {child.name}")
                return
            known = await self._account.live(watched.resource, child.name)
            if known is not None and not self._is_ours(known, primary, child):
                raise NotTaken(_foreign(known))
        raise NotTaken(f"apply {child.gvk.kind} {child.name}: it keeps changing under our hands")

    async def _guarded(self, watched: Watched, child: DesiredChild, uid: str) -> Response | None:
        """Applies to the object of this uid alone; fields that others took are taken back, once counted."""
        answer = await self._patch(watched, child, {"uid": uid}, tolerate_fields=True)
        if answer is not None and answer.status == 409:
            self.takeovers += 1
            answer = await self._patch(watched, child, {"uid": uid}, force=True)
        return answer

    async def _patch(
        self,
        watched: Watched,
        child: DesiredChild,
        guard: Mapping[str, str],
        *,
        force: bool = False,
        tolerate_fields: bool = False,
    ) -> Response | None:
        """The answer, or None when the guard held: the object is not the one we thought. A 409 about fields
        alone comes back as it is with `tolerate_fields`."""
        metadata = child.document["metadata"]
        assert isinstance(metadata, Mapping)
        body = {**child.document, "metadata": {**metadata, **guard}}
        what = f"apply {child.gvk.kind} {child.name}"
        query = {"fieldManager": self._ref.manager, "force": "true" if force else "false"}
        path = watched.resource.path(str(metadata["namespace"]), child.name)
        try:
            return await self._account.send(
                Call(
                    what,
                    "PATCH",
                    path,
                    body=msgspec.json.encode(body),
                    query=query,
                    content_type=APPLY_PATCH,
                    expect=(Refused, Unprocessable, Forbidden),
                )
            )
        except Refused as error:
            if tolerate_fields and any(cause.reason == "FieldManagerConflict" for cause in error.causes):
                return Response(status=409, headers={}, body=b"{}")
            return None
        except Unprocessable as error:
            if [cause.field for cause in error.causes] == ["metadata.uid"]:
                return None
            raise refusal(error, what, str(metadata["namespace"])) from error

    async def _drop(self, primary: Entry, step: DropChild, journal: Journal) -> None:
        watched = self._kinds[step.gvk]
        entry = watched.cache.get(primary.namespace, step.name)
        if entry is None or entry.deleting:
            return
        if not self._is_deletable(entry, primary):
            raise NotTaken(_foreign(entry))
        await self._delete(primary, watched, entry, journal, verb="delete")

    async def _delete(self, primary: Entry, watched: Watched, entry: Entry, journal: Journal, *, verb: str) -> None:
        gvk = watched.resource.gvk
        what = f"{verb} {gvk.kind} {entry.name}"
        known: Entry | None = entry
        for _ in range(MAX_TRIES):
            if known is None or known.uid != entry.uid or known.deleting:
                return
            if not self._is_deletable(known, primary):  # somebody made it theirs after it was looked at
                if verb == "prune":
                    return
                raise NotTaken(_foreign(known))
            options = {
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "preconditions": {"uid": known.uid, "resourceVersion": str(known.rv)},
                "propagationPolicy": "Background",
            }
            path = watched.resource.path(known.namespace, known.name)
            try:
                answer = await self._account.send(
                    Call(what, "DELETE", path, msgspec.json.encode(options), expect=(Missing, Refused))
                )
            except Missing:
                return
            except Refused:
                known = await self._account.live(watched.resource, entry.name)
                continue
            journal.wrote(gvk, answer, what)
            return
        raise NotTaken(f"{what}: it keeps changing under our hands")

    def _is_ours(self, entry: Entry, primary: Entry, child: DesiredChild) -> bool:
        """Made by us for this very primary. A hash that is salted with the owner's uid proves it even where
        somebody has stripped the owner reference."""
        labelled = entry.labels.get(LABEL_RECONCILER) == self._ref.id
        applied = Ownership(entry.raw).applied(self._ref.manager) is not None
        if entry.owner_uid == primary.uid:
            return labelled or applied
        proof = entry.annotations.get(ANNOTATION_APPLIED_SHA256) == child.sha256
        return entry.owner_uid is None and labelled and applied and proof

    def _is_deletable(self, entry: Entry, primary: Entry) -> bool:
        """The owner alone is no proof: another controller of the same primary sets the same reference."""
        return (
            entry.owner_uid == primary.uid
            and entry.labels.get(LABEL_RECONCILER) == self._ref.id
            and Ownership(entry.raw).applied(self._ref.manager) is not None
        )


def _foreign(entry: Entry) -> str:
    managers = ", ".join(Ownership(entry.raw).managers()) or "nobody named"
    return f"{entry.gvk.kind} {entry.name} exists and is not ours (field managers: {managers[:300]})"
