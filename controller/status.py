"""The status of reconciled objects: what fits the kind's schema, in one guarded apply, only when it differs.

After a Succeeded run author and host fields go out together under `chakrator:<id>`; after any other
outcome host fields alone under `chakrator-host:<id>`, so that the author's last words stay. Every
write carries the resourceVersion of the object it was computed from: the API server ignores a uid in a
/status write, and a re-created object must never get its predecessor's Ready.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from controller.account import APPLY_PATCH, Account, Call, Journal, NotTaken, PlanInvalid, Watched
from controller.cache import Entry
from controller.fields import Ownership, covers, within
from core.clock import Clock, rfc3339
from core.domain.conditions import MAX_MESSAGE, Condition, ConditionStatus, ConditionType, for_object
from core.domain.keys import ReconcilerRef
from core.domain.outcome import Outcome
from core.kube.errors import Missing, Refused
from core.kube.schema import ConditionsShape, StatusSchema
from sandbox.wire.messages import ConditionEffect, Effect

HOST_TYPES = frozenset(kind.value for kind in ConditionType)
MAX_TRIES = 5
_TYPE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,314}[A-Za-z0-9])?")
_REASON = re.compile(r"[A-Za-z]([A-Za-z0-9_,:]{0,1022}[A-Za-z0-9_])?")


@dataclass(frozen=True, slots=True)
class AuthorStatus:
    """What a Succeeded run wants to be seen: the whole of `ctx.status`, and its conditions."""

    fields: Mapping[str, object]
    conditions: tuple[Condition, ...]


def plan_status(status: bytes, effects: Sequence[Effect], *, has_status: bool, kind: str) -> AuthorStatus:
    """Checks what the author set. Raises PlanInvalid."""
    fields = msgspec.json.decode(status)
    if not isinstance(fields, dict):
        raise PlanInvalid("ctx.status must be a dict")
    conditions: dict[str, Condition] = {}
    for effect in effects:
        if isinstance(effect, ConditionEffect):
            conditions[effect.type] = _checked(effect)
    if (fields or conditions) and not has_status:
        raise PlanInvalid(f"{kind} has no status subresource: ctx.status and ctx.condition cannot be kept")
    if "conditions" in fields:
        raise PlanInvalid("ctx.status['conditions'] is the host's: use ctx.condition")
    return AuthorStatus(fields=fields, conditions=tuple(conditions.values()))


def _checked(effect: ConditionEffect) -> Condition:
    if effect.type in HOST_TYPES:
        raise PlanInvalid(f"ctx.condition: {effect.type} is the host's")
    if not _TYPE.fullmatch(effect.type):
        raise PlanInvalid(f"ctx.condition: {effect.type[:60]!r} is not a condition type")
    if effect.status not in {status.value for status in ConditionStatus}:
        raise PlanInvalid(f"ctx.condition {effect.type}: status must be True, False or Unknown")
    if not _REASON.fullmatch(effect.reason):
        raise PlanInvalid(f"ctx.condition {effect.type}: {effect.reason[:60]!r} is not a reason in CamelCase")
    return Condition(effect.type, ConditionStatus(effect.status), effect.reason, effect.message[:MAX_MESSAGE])


def compose(
    schema: StatusSchema,
    current: Mapping[str, object],
    author: AuthorStatus | None,
    host: Sequence[Condition],
    at: tuple[int | None, datetime],
) -> dict[str, object]:
    """The status document to apply. `current` is the live status, for transition times and for the entries of
    others in an atomic list; `at` is (generation of the run's snapshot, now)."""
    generation, now = at
    document: dict[str, object] = dict(author.fields) if author else {}
    if schema.observed_generation and generation is not None:
        document["observedGeneration"] = generation
    conditions = [*(author.conditions if author else ()), *host]
    if schema.conditions is ConditionsShape.ABSENT:
        if author and author.conditions:
            raise PlanInvalid("ctx.condition: .status.conditions: field not declared in schema")
        return document
    before = _by_type(current.get("conditions"))
    made = [_rendered(item, before.get(item.type), schema, generation, rfc3339(now)) for item in conditions]
    if schema.conditions is ConditionsShape.ATOMIC:
        ours = {item.type for item in conditions} | HOST_TYPES
        made = [item for kind, item in before.items() if kind not in ours] + made
    document["conditions"] = made
    return document


def _rendered(
    item: Condition, before: Mapping[str, object] | None, schema: StatusSchema, generation: int | None, now: str
) -> dict[str, object]:
    """A condition with its times: the transition time moves only when the status does."""
    same = before is not None and before.get("status") == item.status.value
    since = before.get("lastTransitionTime") if same and before is not None else None
    full: dict[str, object] = {
        "type": item.type,
        "status": item.status.value,
        "reason": str(item.reason),
        "message": item.message,
        "lastTransitionTime": since if isinstance(since, str) else now,
    }
    if generation is not None:
        full["observedGeneration"] = generation
    return {key: value for key, value in full.items() if key in schema.condition_fields}


def _by_type(conditions: object) -> dict[str, dict[str, object]]:
    if not isinstance(conditions, list):
        return {}
    return {str(item.get("type")): item for item in conditions if isinstance(item, dict)}


def is_current(
    desired: Mapping[str, object], current: Mapping[str, object], fields: Mapping[str, object] | None
) -> bool:
    """Whether applying `desired` would change nothing: values equal, and our entry covers them and nothing else."""
    if not desired and not fields:
        return True
    if not fields:
        return False
    whole = {"status": desired} if desired else {}
    return covers(whole, fields) and within(fields, whole) and _matches(desired, current)


def _matches(desired: object, current: object) -> bool:
    if isinstance(desired, Mapping):
        return isinstance(current, Mapping) and all(
            value is None or _matches(value, current.get(name)) for name, value in desired.items()
        )
    if isinstance(desired, list) and isinstance(current, list) and all(_is_condition(item) for item in desired):
        there = _by_type(current)
        return all(_matches(item, there.get(str(item["type"]))) for item in desired)
    return desired == current


def _is_condition(item: object) -> bool:
    return isinstance(item, dict) and "type" in item and "lastTransitionTime" in item


class _Status(msgspec.Struct):
    status: dict[str, object] = msgspec.field(default_factory=dict)


_decoder = msgspec.json.Decoder(_Status)


def _status_of(entry: Entry) -> dict[str, object]:
    try:
        return _decoder.decode(entry.raw).status
    except RecursionError as error:
        raise NotTaken("status: the object is nested too deeply to be read") from error


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a status write tells: the outcome, its sentence, the author's part (Succeeded only) and the
    generation that the worker was handed."""

    outcome: Outcome
    message: str
    author: AuthorStatus | None
    generation: int | None


class StatusWriter:
    """Writes the status of one Reconciler's objects, as its ServiceAccount."""

    def __init__(self, *, account: Account, ref: ReconcilerRef, primary: Watched, clock: Clock) -> None:
        self._account = account
        self._ref = ref
        self._primary = primary
        self._clock = clock

    async def write(self, entry: Entry, verdict: Verdict, schema: StatusSchema, journal: Journal) -> None:
        """Leaves the status as the verdict says, if the object is still the one of `entry`. Raises EffectError."""
        if not self._primary.resource.has_status:
            return
        manager = self._ref.manager if verdict.author is not None else self._ref.host_manager
        known: Entry | None = entry
        for _ in range(MAX_TRIES):
            if known is None or known.uid != entry.uid:
                return
            current = _status_of(known)
            host = for_object(verdict.outcome, verdict.message)
            desired = compose(schema, current, verdict.author, host, (verdict.generation, self._clock.now()))
            ownership = Ownership(known.raw)
            try:
                rv = known.rv
                if not is_current(desired, current, ownership.applied(manager, "status")):
                    rv = await self._apply(known, rv, manager, {"status": desired}, journal)
                if verdict.author is not None and ownership.applied(self._ref.host_manager, "status") is not None:
                    await self._apply(known, rv, self._ref.host_manager, {}, journal)
            except Missing:
                return
            except Refused:
                known = await self._fresh(known)
                continue
            return
        raise NotTaken("status: the object keeps changing under our hands")

    async def _apply(self, entry: Entry, rv: int, manager: str, part: Mapping[str, object], journal: Journal) -> int:
        body = {
            "apiVersion": entry.gvk.api_version,
            "kind": entry.gvk.kind,
            "metadata": {"name": entry.name, "namespace": entry.namespace, "resourceVersion": str(rv)},
            **part,
        }
        call = Call(
            "status",
            "PATCH",
            self._primary.resource.path(entry.namespace, entry.name, "status"),
            msgspec.json.encode(body),
            query={"fieldManager": manager, "force": "true"},
            content_type=APPLY_PATCH,
            expect=(Missing, Refused),
        )
        return journal.wrote(entry.gvk, await self._account.send(call), "status") or rv

    async def _fresh(self, known: Entry) -> Entry | None:
        """A newer view of the object: the cache's when the reflector has moved on, else the API server's."""
        cached = self._primary.cache.get(known.namespace, known.name)
        if cached is not None and (cached.uid != known.uid or cached.rv > known.rv):
            return cached
        return await self._account.live(self._primary.resource, known.name)
