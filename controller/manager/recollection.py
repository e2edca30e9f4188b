"""What a Reconciler's own status tells a controller that has just started."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from core.clock import rfc3339
from core.domain.keys import Gvk
from core.domain.revision import Activation


class _Kind(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str


class _ActiveRevision(msgspec.Struct, rename="camel"):
    number: int = 0
    sha256: str = ""
    activated_at: str = ""
    paused: str = ""


class _Status(msgspec.Struct, rename="camel"):
    active_revision: _ActiveRevision | None = None
    owned_kinds: list[_Kind] = msgspec.field(default_factory=list)


class _Reconciler(msgspec.Struct):
    status: _Status = msgspec.field(default_factory=_Status)


_reconcilers = msgspec.json.Decoder(_Reconciler)


@dataclass(frozen=True, slots=True)
class Pause:
    """An activation that the breaker has paused, and why."""

    number: int
    sha256: str
    activated_at: str
    why: str

    @classmethod
    def of(cls, activation: Activation, why: str) -> Pause:
        """Of this activation: the same revision activated again is another one."""
        return cls(activation.revision, activation.sha256, rfc3339(activation.at), why)

    def holds(self, activation: Activation) -> bool:
        """Whether it is this activation that is paused."""
        return self == Pause.of(activation, self.why)


@dataclass(frozen=True, slots=True)
class Recollection:
    """`owned`: kinds that may hold children."""

    owned: frozenset[Gvk] = frozenset()
    pause: Pause | None = None


def recollect(raw: bytes) -> Recollection:
    """Nothing where the status cannot be read: it was written by something else."""
    try:
        status = _reconcilers.decode(raw).status
    except (msgspec.DecodeError, RecursionError):
        return Recollection()
    owned = frozenset(Gvk(kind.api_version, kind.kind) for kind in status.owned_kinds)
    active = status.active_revision
    if active is None or not active.paused:
        return Recollection(owned)
    return Recollection(owned, Pause(active.number, active.sha256, active.activated_at, active.paused))
