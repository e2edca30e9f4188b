"""Everything done as one Reconciler's ServiceAccount, and what its refusals mean for a run.

    EffectError
    ├── Outage        the API server does not answer, or has too much to do: nobody's failure, runs wait
    ├── NotTaken      it does not take this effect now (missing right, conflict, webhook): Retry
    └── PlanInvalid   it will never take it: Failed, layer host

A write that ends in an Outage is unknown, not failed; every effect is made so that doing it again
from current state is right.
"""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec

from controller.cache import Cache, Entry
from controller.spec import ObjectMeta
from core.clock import Clock
from core.domain.keys import Gvk
from core.kube.client import KubeTransport, Response
from core.kube.discovery import Resource
from core.kube.errors import (
    ApiError,
    Forbidden,
    Missing,
    Refused,
    TooLarge,
    Unauthorized,
    Unprocessable,
    Unreachable,
    check,
)
from core.kube.objects import Damaged, shallow

APPLY_PATCH = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"

# Server-side apply answers HTTP 500 for what the schema does not know, and for etcd's size limit:
# terminal all the same, since the same bytes will never be taken.
_NEVER = re.compile(r"field not declared in schema|failed to create typed patch object|request is too large")
_UNDECLARED = re.compile(r"\.[^\s:]+: field not declared in schema")
_WEBHOOK = re.compile(r"failed calling webhook|failed to call webhook")
_RIGHT = re.compile(r'cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"')


class EffectError(Exception):
    """Root; the text is a sentence for a condition, without a secret."""


class Outage(EffectError):
    """`retry_after` is what the server asked for, in seconds."""

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class NotTaken(EffectError):
    """`missing_right` is the sentence that names verb, resource and namespace, where a right is what lacks."""

    def __init__(self, text: str, missing_right: str = "") -> None:
        super().__init__(text)
        self.missing_right = missing_right


class PlanInvalid(EffectError):
    """The plan breaks a rule of the host or of the API server."""


def missing_right(message: str, namespace: str) -> str:
    """`the ServiceAccount may not patch configmaps in namespace team-a`, out of a 403's text; empty when it was
    not RBAC that said no."""
    match = _RIGHT.search(message)
    if match is None:
        return ""
    if match["verb"] == "impersonate":
        return f"the controller may not impersonate {match['resource']} in namespace {namespace}"
    resource = match["resource"] + (f".{match['group']}" if match["group"] else "")
    return f"the ServiceAccount may not {match['verb']} {resource} in namespace {namespace}"


def refusal(error: ApiError, what: str, namespace: str) -> EffectError:
    """What the API server's refusal of `what` (`apply ConfigMap a`) means for the run."""
    text = f"{what}: {error.message[:700]}"
    if isinstance(error, Forbidden):
        right = missing_right(error.message, namespace)
        if right:
            return NotTaken(f"{what}: {right}", right)
        return NotTaken(text)
    if isinstance(error, Unprocessable | TooLarge):
        return PlanInvalid(text)
    if isinstance(error, Missing | Refused):
        return NotTaken(text)
    if _NEVER.search(error.message):
        undeclared = _UNDECLARED.findall(error.message)
        return PlanInvalid(f"{what}: {'; '.join(undeclared)[:500]}" if undeclared else text)
    if _WEBHOOK.search(error.message):
        return NotTaken(text)
    if isinstance(error, Unauthorized) or error.retry:
        return Outage(f"{what}: the API server answers {error.status}", error.retry_after)
    return NotTaken(text)


class Gate:
    """Shut while something outside does not answer: runs wait in front of it, and nothing of theirs is counted."""

    def __init__(self, *, first: float = 0.2, longest: float = 5.0) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0
        self._until = float("-inf")

    def shut(self, now: float, retry_after: float | None = None) -> None:
        """One more failure; those of runs that were on their way when it shut do not make the wait longer."""
        if now < self._until:
            return
        wait = min(self._longest, self._first * 2.0**self._failures)
        self._failures = min(self._failures + 1, 16)
        wait *= random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, keeps no secret
        self._until = now + max(wait, retry_after or 0.0)

    def passed(self) -> None:
        """An answer came."""
        self._failures = 0

    def remaining(self, now: float) -> float:
        """Seconds until runs may try again; 0 when open."""
        return max(0.0, self._until - now)


@dataclass(frozen=True, slots=True)
class Watched:
    """A watched kind: where it lives, what is known of it, and a wait for its reflector to reach an rv."""

    resource: Resource
    cache: Cache
    wait_rv: Callable[[int, float], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the ServiceAccount. `what` names it in errors; `expect` are the refusals its caller judges."""

    what: str
    method: str
    path: str
    body: bytes | None = None
    query: Mapping[str, str] | None = None
    content_type: str = "application/json"
    expect: tuple[type[ApiError], ...] = ()


class Account:
    """The transport under one ServiceAccount's name."""

    def __init__(self, *, transport: KubeTransport, clock: Clock, namespace: str, name: str, everybody: Gate) -> None:
        self._transport = transport
        self._clock = clock
        self._everybody = everybody
        self._own = Gate()
        self.revoked = False  # impersonation would still work for a ServiceAccount that is gone
        self.namespace = namespace
        self.name = name
        self.user = f"system:serviceaccount:{namespace}:{name}"

    def held_back(self) -> float:
        """Seconds that runs must wait before the API server is asked again."""
        now = self._clock.monotonic()
        return max(self._everybody.remaining(now), self._own.remaining(now))

    async def send(self, call: Call) -> Response:
        """A 2xx answer. Raises what the call expects as it is, and any other refusal as an EffectError."""
        if self.revoked:
            text = f"{call.what}: ServiceAccount {self.name} may not be used any more in namespace {self.namespace}"
            raise NotTaken(text)
        try:
            answer = await self._transport.request(
                call.method,
                call.path,
                query=call.query,
                body=call.body,
                content_type=call.content_type,
                impersonate=self.user,
            )
        except Unreachable as error:
            self._everybody.shut(self._clock.monotonic())
            raise Outage(f"{call.what}: {error.message[:300]}") from error
        self._everybody.passed()
        try:
            check(answer)
        except ApiError as error:
            if isinstance(error, call.expect):
                raise
            meaning = refusal(error, call.what, self.namespace)
            if isinstance(meaning, Outage):
                self._own.shut(self._clock.monotonic(), meaning.retry_after)
            raise meaning from error
        self._own.passed()
        return answer

    async def live(self, resource: Resource, name: str) -> Entry | None:
        """The object as the API server has it now, or None. Raises EffectError."""
        path = resource.path(self.namespace, name)
        try:
            answer = await self.send(Call(f"get {resource.gvk.kind} {name}", "GET", path, expect=(Missing,)))
        except Missing:
            return None
        try:
            return Entry.parse(resource.gvk, answer.body)
        except Damaged as error:
            raise NotTaken(f"get {resource.gvk.kind} {name}: {error}") from error


@dataclass(frozen=True, slots=True)
class Write:
    """One write that the API server took; `rv` is 0 where its answer carried none (a deletion)."""

    gvk: Gvk
    name: str
    uid: str
    rv: int


class Journal:
    """What a run has written so far, in order: kept outside the steps, so that a failing one loses nothing."""

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.summary: list[str] = []

    def wrote(self, gvk: Gvk, answer: Response, text: str) -> int:
        """Notes an answered write; its resourceVersion, or 0. Raises NotTaken when the answer is no object."""
        try:
            meta = _read(answer.body).metadata
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotTaken(f"{text}: the API server's answer cannot be read") from error
        rv = int(meta.resource_version) if meta.resource_version.isdecimal() else 0
        self.writes.append(Write(gvk, meta.name, meta.uid, rv))
        self.summary.append(text)
        return rv


class _Answered(msgspec.Struct):
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)


_answered = msgspec.json.Decoder(_Answered)


def _read(body: bytes) -> _Answered:
    try:
        return _answered.decode(body)
    except RecursionError:
        return _answered.decode(shallow(body))
