"""A Reconciler as the controller reads it, and what the platform allows one to ask for.

The API server has validated the resource by its CRD, but a CRD may be older or newer than this
process: what does not parse is `SpecInvalid`, one sentence, shown in the Stalled condition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from core.domain.keys import Gvk, ReconcilerRef, Uid
from core.domain.revision import Identity
from sandbox.pool.config import Code, Isolation, Limits

HOST_FORMAT = "1"  # goes into every applied-sha256: raised when the host's part of a child changes
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(Ki|Mi|Gi|k|M|G)?")
_FACTORS = {None: 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


class SpecInvalid(Exception):
    """The resource is not one that this process can run; the text is one sentence."""


def parse_duration(text: str) -> float:
    """Seconds of a Go duration (`1h30m`, `250ms`). Raises SpecInvalid."""
    parts = list(_DURATION_PART.finditer(text))
    if not parts or "".join(part.group(0) for part in parts) != text:
        raise SpecInvalid(f"{text[:40]!r} is not a duration such as 30s or 1h30m")
    return sum(float(part.group(1)) * _UNITS[part.group(2)] for part in parts)


def parse_quantity(text: str) -> int:
    """Bytes of a Kubernetes quantity (`128Mi`). Raises SpecInvalid."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise SpecInvalid(f"{text[:40]!r} is not a quantity such as 128Mi")
    return int(float(match.group(1)) * _FACTORS[match.group(2)])


@dataclass(frozen=True, slots=True)
class Caps:
    """The platform's upper bounds; a Reconciler that asks for more gets these."""

    timeout: float = 30.0
    memory: int = 512 * 2**20
    effects: int = 500
    log_lines: int = 1000
    workers: int = 4


@dataclass(frozen=True, slots=True)
class ControllerConfig:
    """What wiring tells the controller. `seed_key` is secret; `admission` are the manifests as shipped."""

    own_namespace: str
    seed_key: bytes
    admission: tuple[Mapping[str, object], ...] = ()
    defaults: Limits = field(default_factory=Limits)
    caps: Caps = Caps()
    max_runs_in_flight: int = 64
    drain_seconds: float = 20.0
    host_version: str = ""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff bounds, in seconds."""

    initial: float = 1.0
    maximum: float = 300.0


@dataclass(frozen=True, slots=True)
class ReconcilerSpec:
    """One Reconciler, parsed. `limits` are clamped already."""

    identity: Identity
    generation: int
    watch: Gvk
    owns: tuple[Gvk, ...]
    service_account: str
    limits: Limits
    workers: int
    retry: RetryPolicy = RetryPolicy()
    resync: float = 36000.0
    suspend: bool = False
    isolation: Isolation = Isolation.REVISION

    @property
    def ref(self) -> ReconcilerRef:
        """Namespace and name."""
        return self.identity.ref

    @property
    def kinds(self) -> tuple[Gvk, ...]:
        """Every kind that is watched: the primary first, each once."""
        return tuple(dict.fromkeys((self.watch, *self.owns)))


class _Kind(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str

    def gvk(self) -> Gvk:
        return Gvk(self.api_version, self.kind)


class _Limits(msgspec.Struct, rename="camel"):
    timeout: str | None = None
    memory: str | int | None = None
    effects: int | None = None
    log_lines: int | None = None
    workers: int | None = None


class _Retry(msgspec.Struct):
    initial: str = "1s"
    max: str = "5m"


class _Spec(msgspec.Struct, rename="camel"):
    watch: _Kind
    service_account_name: str
    owns: list[_Kind] = msgspec.field(default_factory=list)
    limits: _Limits = msgspec.field(default_factory=_Limits)
    retry: _Retry = msgspec.field(default_factory=_Retry)
    resync: str = "10h"
    suspend: bool = False
    isolation: Isolation = Isolation.REVISION


class ObjectMeta(msgspec.Struct, rename="camel"):
    """The metadata that the controller reads of any object."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    finalizers: list[str] = msgspec.field(default_factory=list)
    deletion_timestamp: datetime | None = None


class _Reconciler(msgspec.Struct):
    metadata: ObjectMeta
    spec: _Spec


_decoder = msgspec.json.Decoder(_Reconciler)


def parse_reconciler(raw: bytes, config: ControllerConfig) -> ReconcilerSpec:
    """Reads a Reconciler's JSON and clamps its limits. Raises SpecInvalid."""
    try:
        document = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SpecInvalid(f"the resource does not fit this version of the controller: {error}"[:300]) from error
    meta, spec = document.metadata, document.spec
    retry = RetryPolicy(initial=max(1.0, parse_duration(spec.retry.initial)), maximum=parse_duration(spec.retry.max))
    caps, asked = config.caps, spec.limits
    return ReconcilerSpec(
        identity=Identity(ref=ReconcilerRef(meta.namespace, meta.name), uid=Uid(meta.uid)),
        generation=meta.generation,
        watch=spec.watch.gvk(),
        owns=tuple(dict.fromkeys(kind.gvk() for kind in spec.owns)),
        service_account=spec.service_account_name,
        limits=_clamped(asked, config),
        workers=max(1, min(asked.workers or 2, caps.workers)),
        retry=RetryPolicy(initial=retry.initial, maximum=max(retry.initial, retry.maximum)),
        resync=max(60.0, parse_duration(spec.resync)),
        suspend=spec.suspend,
        isolation=spec.isolation,
    )


class _Remnant(msgspec.Struct):
    metadata: ObjectMeta
    spec: object = None


_remnants = msgspec.json.Decoder(_Remnant)


def remnant(raw: bytes, config: ControllerConfig) -> ReconcilerSpec:
    """A Reconciler whose spec does not parse, as far as its way out needs it: whose rights it had, and what it
    watched; empty where that cannot be read either. Never to be run."""
    document = _remnants.decode(raw)
    meta, spec = document.metadata, document.spec if isinstance(document.spec, dict) else {}
    watch = spec.get("watch")
    watch = watch if isinstance(watch, dict) else {}
    return ReconcilerSpec(
        identity=Identity(ref=ReconcilerRef(meta.namespace, meta.name), uid=Uid(meta.uid)),
        generation=meta.generation,
        watch=Gvk(_text(watch.get("apiVersion")), _text(watch.get("kind"))),
        owns=(),
        service_account=_text(spec.get("serviceAccountName")),
        limits=config.defaults,
        workers=1,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _clamped(asked: _Limits, config: ControllerConfig) -> Limits:
    caps, defaults = config.caps, config.defaults
    timeout = defaults.timeout if asked.timeout is None else parse_duration(asked.timeout)
    memory = defaults.memory if asked.memory is None else parse_quantity(str(asked.memory))
    return Limits(
        timeout=max(0.01, min(timeout, caps.timeout)),
        memory=max(16 * 2**20, min(memory, caps.memory)),
        effects=max(0, min(defaults.effects if asked.effects is None else asked.effects, caps.effects)),
        log_lines=max(0, min(defaults.log_lines if asked.log_lines is None else asked.log_lines, caps.log_lines)),
    )


def resolve_kind(text: str, declared: Sequence[Gvk]) -> Gvk | None:
    """The declared kind that `v1/ConfigMap` names, or `ConfigMap` where only one kind is called so."""
    exact = [gvk for gvk in declared if str(gvk) == text]
    matches = exact or [gvk for gvk in declared if gvk.kind == text]
    return matches[0] if len(matches) == 1 else None


@dataclass(frozen=True, slots=True)
class ActiveCode:
    """What a Reconciler runs now: warmed in the cage, and known to start."""

    code: Code
    finalize: bool = False

    @property
    def code_id(self) -> str:
        """What the pool knows it by."""
        return self.code.id

    @property
    def revision(self) -> int:
        """Its number."""
        return self.code.revision
