"""What the two halves ask of each other, as Protocols: the only place where controller and web meet.

All are asyncio facades over the store's one writer thread. Everything that decides which code runs
is durable, with its audit entry in the same transaction, before the call returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from core.domain.actor import Actor
from core.domain.audit import AuditTag
from core.domain.keys import ReconcilerRef, Uid
from core.domain.revision import (
    Activation,
    ActivationKind,
    Diagnostic,
    Identity,
    Revision,
    RevisionInfo,
)
from core.errors import Unavailable

T = TypeVar("T")

WHAT_TO_DO = (
    "run `chakrator audit verify`, keep a copy of the data folder as evidence, and put back a database from before "
    "that entry (docs/how-to/broken-audit.md)"
)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page; `cursor` is opaque, None at the end."""

    items: tuple[T, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A save that has passed the gate. `base`: the newest revision the author saw, None for none."""

    reconciler: Identity
    source: str
    message: str
    base: int | None
    report: tuple[Diagnostic, ...]
    policy_version: str


@dataclass(frozen=True, slots=True)
class ActivationRequest:
    """`expected`: the revision number the actor saw active, None for none."""

    reconciler: Identity
    revision: int
    reason: str
    expected: int | None
    kind: ActivationKind
    service_account: str
    service_account_uid: Uid


@dataclass(frozen=True, slots=True)
class Keep(Generic[T]):
    """The answer to a request with an `Idempotency-Key`, stored in the very transaction of its act.

    `answer` makes (status, body) of what the act gives. It is called on the store's thread; what it raises undoes
    the act.
    """

    actor: str
    key: str
    request_sha: str
    answer: Callable[[T], tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class RunRow:
    """One execution, as the trail keeps it. Times in ms; `effects` is a short readable summary."""

    id: str
    reconciler: ReconcilerRef
    reconciler_uid: Uid
    target: str  # "Kind namespace/name" as people read it
    target_uid: Uid
    revision: int
    outcome: str
    layer: str | None
    message: str
    line: int | None
    reason: str
    attempt: int
    started_at: datetime
    duration_ms: float
    cpu_ms: float
    peak_memory_bytes: int
    effects: tuple[str, ...] = ()
    logs: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the chain. `payload` is None where the reader may not see it (hashes remain)."""

    seq: int
    ts: str
    payload_sha: str
    prev: str
    hash: str
    salt: str | None = None
    actor: str | None = None
    action: str | None = None
    namespace: str | None = None
    subject: str | None = None
    payload: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """All given fields must match; `namespaces` None means every one (cluster-wide right).

    `action` may be the beginning of one, at a colon: `activation`. `since` and `until` are RFC 3339.
    With `chain`, entries of other namespaces (and what the other fields exclude) come too, but only as
    seq, ts and hashes: what a reader needs to verify the whole chain.
    """

    namespaces: tuple[str, ...] | None = None
    subject: str | None = None
    actor: str | None = None
    action: str | None = None
    since: str | None = None
    until: str | None = None
    chain: bool = False


@dataclass(frozen=True, slots=True)
class ChainReport:
    """`verify`'s answer: `broken_seq` names the first entry that is wrong, `why` says how."""

    ok: bool
    entries: int
    head: str
    broken_seq: int | None = None
    why: str = ""


class TrailBroken(Unavailable):
    """The audit trail is not what was written: what was decided can no longer be proven, so nothing more is."""

    code = "audit_broken"
    retry = False

    def __init__(self, report: ChainReport) -> None:
        what = f"changes are refused, for the audit trail is broken at entry {report.broken_seq} ({report.why})"
        super().__init__(f"{what}: {WHAT_TO_DO}", details={"broken_seq": report.broken_seq, "why": report.why})


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Rows of one Reconciler, narrowed; without `uid`, those of an earlier one of that name too."""

    reconciler: ReconcilerRef
    target: str | None = None
    outcome: str | None = None
    uid: Uid | None = None


class Submissions(Protocol):
    """Revisions: stored once, never changed."""

    async def save(
        self, submission: Submission, actor: Actor, *, keep: Keep[tuple[RevisionInfo, bool]] | None = None
    ) -> tuple[RevisionInfo, bool]:
        """(revision, created). Identical source to the newest: (newest, False), nothing stored.

        Raises Conflict (details: newest, base, newest_source, base_source) when base is not the newest,
        and Invalid for a source or message beyond bounds; both leave a refusal in the audit. Unavailable
        (`audit_broken`) once the audit trail is known to be broken.
        """

    async def list(self, reconciler: Identity, *, cursor: str | None = None, limit: int = 50) -> Page[RevisionInfo]:
        """Newest first."""

    async def get(self, reconciler: Identity, number: int) -> Revision:
        """Raises NotFound."""


class Activations(Protocol):
    """Which revision runs."""

    async def activate(
        self, request: ActivationRequest, actor: Actor, *, keep: Keep[Activation] | None = None
    ) -> Activation:
        """Raises NotFound (no such revision), Conflict (`expected` is not the active one; details: active)
        and Invalid (no reason, or too long a one); each leaves a refusal in the audit. A fallback to what
        nobody activated under the same ServiceAccount is a Conflict. Unavailable as for `save`.
        """

    async def current(self, reconciler: Identity) -> Activation | None:
        """The newest activation, or None."""

    async def last_good(self, reconciler: Identity) -> int | None:
        """The revision before the active one: what a rollback without `to` means; None when there is none."""

    async def fallback(self, reconciler: Identity, sa: str, sa_uid: Uid) -> int | None:
        """What the host may fall back to: `last_good` among those activated under this very ServiceAccount."""

    async def was_active(self, reconciler: Identity, revision: int, sa: str, sa_uid: Uid) -> bool:
        """Whether this revision was activated before under this very ServiceAccount (rollback's exemption);
        a fallback does not count."""

    async def since(self, seq: int) -> Sequence[Activation]:
        """All after `seq`, oldest first; at most 500."""

    async def wait_beyond(self, seq: int) -> None:
        """Returns once an activation later than `seq` is committed."""


class Runs(Protocol):
    """The bounded trail of runs."""

    def record(self, row: RunRow) -> None:
        """Never blocks and never fails; written in batches, dropped and counted when the buffer is full."""

    async def list(self, where: RunFilter, *, cursor: str | None = None, limit: int = 50) -> Page[RunRow]:
        """Newest first."""

    async def get(self, reconciler: ReconcilerRef, run_id: str) -> RunRow:
        """Raises NotFound."""


class Audit(Protocol):
    """The append-only trail."""

    async def append(
        self,
        actor: Actor,
        action: AuditTag,
        *,
        namespace: str = "",
        subject: str = "",
        payload: Mapping[str, object] | None = None,
        keep: Keep[int] | None = None,
    ) -> int:
        """For refusals and acts that change nothing else; the seq of the entry. Durable on return.

        Refused sign-ins are folded per source and minute: the first is written at once, the others as
        one entry with their `count` when the minute is over (0 is returned for them).
        """

    async def list(self, where: AuditFilter, *, cursor: str | None = None, limit: int = 100) -> Page[AuditEntry]:
        """Newest first."""

    async def verify(self) -> ChainReport:
        """Walks the whole chain."""

    def broken(self) -> ChainReport | None:
        """What first said that the chain is broken; as long as there is one, changes are refused."""


class Idempotency(Protocol):
    """Answers kept for a day by (actor, key); the acts store them, by `Keep`."""

    async def recall(self, actor: str, key: str, request_sha: str) -> tuple[int, bytes] | None:
        """The stored answer; raises Conflict when the key was used for another request."""


@dataclass(frozen=True, slots=True)
class Services:
    """All of them, as wiring hands them out."""

    submissions: Submissions
    activations: Activations
    runs: Runs
    audit: Audit
    idempotency: Idempotency
