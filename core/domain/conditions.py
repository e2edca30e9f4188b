"""Ready, Reconciling and Stalled, for reconciled objects and for Reconcilers themselves.

kstatus readers (kubectl wait, Argo CD, Flux) understand them so:

    Stalled=True                    Failed      nothing will change until a person does something
    Reconciling=True                InProgress  the host is at it, or will try again by itself
    Ready=True and none of these    Current

Reconciling and Stalled are only there while they are True, and so is CageDegraded, which Reconcilers
alone have. All functions are pure and give the whole set of host conditions: one that is not in the
answer is to be removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.domain.outcome import FOLLOW_UP, FollowUp, Outcome

MAX_MESSAGE = 1024


class ConditionType(StrEnum):
    """The host's own condition types; authors may set any other."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    CAGE_DEGRADED = "CageDegraded"


class ConditionStatus(StrEnum):
    """As Kubernetes spells them."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Reason(StrEnum):
    """Every reason the host gives. Objects first, then Reconcilers."""

    SUCCEEDED = "Succeeded"
    RETRYING = "Retrying"
    FAILED = "Failed"
    TIMED_OUT = "TimedOut"
    OUT_OF_MEMORY = "OutOfMemory"
    LIMIT_EXCEEDED = "LimitExceeded"
    CRASHED = "Crashed"
    CAGE_VIOLATION = "CageViolation"
    PROTOCOL_VIOLATION = "ProtocolViolation"
    REJECTED = "Rejected"
    CONVERGED = "Converged"
    OBJECTS_FAILING = "ObjectsFailing"
    SYNCING = "Syncing"
    ROLLING_OUT = "RollingOut"
    NO_ACTIVE_REVISION = "NoActiveRevision"
    SUSPENDED = "Suspended"
    TERMINATING = "Terminating"
    API_UNREACHABLE = "ApiUnreachable"
    INVALID_SPEC = "InvalidSpec"
    FORBIDDEN = "Forbidden"
    KIND_UNKNOWN = "KindUnknown"
    SERVICE_ACCOUNT_MISSING = "ServiceAccountMissing"
    ACTIVATION_NOT_AUTHORISED = "ActivationNotAuthorised"
    ACTIVATION_FAILED = "ActivationFailed"
    REVISION_PAUSED = "RevisionPaused"
    STORE_MISMATCH = "StoreMismatch"
    CAGE_UNAVAILABLE = "CageUnavailable"
    LAYER_WAIVED = "LayerWaived"


REASON_MEANING: dict[Reason, str] = {
    Reason.SUCCEEDED: "The last run on this object succeeded.",
    Reason.RETRYING: "The run asked to be tried again, or an effect was not taken; tried again after a backoff.",
    Reason.FAILED: "The code gave up (`raise Fail`), or its plan is invalid; waits for a new spec or revision.",
    Reason.TIMED_OUT: "The run passed its deadline and was killed; tried again after a backoff.",
    Reason.OUT_OF_MEMORY: "The run passed its memory limit and was killed; tried again after a backoff.",
    Reason.LIMIT_EXCEEDED: "The run passed another limit (effects, sizes); tried again after a backoff.",
    Reason.CRASHED: "The worker died during the run; tried again after a backoff.",
    Reason.CAGE_VIOLATION: "The run tried what the cage forbids and was killed; waits for a new spec or revision.",
    Reason.PROTOCOL_VIOLATION: "The worker sent what no worker of ours sends; waits for a new spec or revision.",
    Reason.REJECTED: "The language policy does not accept the code; it never ran.",
    Reason.CONVERGED: "Every object's last run succeeded.",
    Reason.OBJECTS_FAILING: "Some objects' last run did not succeed; `status.objects.failing` counts them.",
    Reason.SYNCING: "The caches of the declared kinds are being filled.",
    Reason.ROLLING_OUT: "A new revision is being run on the existing objects.",
    Reason.NO_ACTIVE_REVISION: "No revision has been activated yet.",
    Reason.SUSPENDED: "`spec.suspend` is set: nothing runs, and deletions wait too.",
    Reason.TERMINATING: "The Reconciler is being deleted; its finalizers are being taken off its objects.",
    Reason.API_UNREACHABLE: "The API server does not answer, or a watch is behind.",
    Reason.INVALID_SPEC: "The Reconciler's spec cannot be carried out; the message says why.",
    Reason.FORBIDDEN: "The ServiceAccount lacks a right, named by verb, resource and namespace. Heals when granted.",
    Reason.KIND_UNKNOWN: "A declared kind is not served by the API server. Heals when it is.",
    Reason.SERVICE_ACCOUNT_MISSING: "The ServiceAccount is not there or is being deleted.",
    Reason.ACTIVATION_NOT_AUTHORISED: "The revision was activated for another ServiceAccount; activate again.",
    Reason.ACTIVATION_FAILED: "The activated revision does not start in the cage; the last good one keeps running.",
    Reason.REVISION_PAUSED: "The revision broke the host's rules too often; paused until the next activation.",
    Reason.CAGE_UNAVAILABLE: "No worker can be started: a layer of the cage is missing on this machine.",
    Reason.LAYER_WAIVED: "Code runs without a layer of its cage, as the settings of the platform allow.",
    Reason.STORE_MISMATCH: "The store is older than `status.activeRevision`; nothing runs until a person activates.",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, without its times."""

    type: str
    status: ConditionStatus
    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a Reconciler cannot work until somebody acts."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class ReconcilerHealth:
    """What a Reconciler's conditions are computed from. `pending`: objects not yet run on the active revision;
    `degraded`: which layer of the cage its code runs without."""

    problems: tuple[Problem, ...] = ()
    deleting: bool = False
    suspended: bool = False
    active_revision: int | None = None
    synced: bool = False
    unreachable: str = ""
    total: int = 0
    failing: int = 0
    pending: int = 0
    degraded: str = ""


_STALLING = frozenset(outcome for outcome, then in FOLLOW_UP.items() if then in (FollowUp.ON_CHANGE, FollowUp.NEVER))


def for_object(outcome: Outcome, message: str = "") -> tuple[Condition, ...]:
    """The outcome table's column of conditions: what an object shows after a run."""
    if outcome is Outcome.SUCCEEDED:
        return (_condition(ConditionType.READY, ConditionStatus.TRUE, Reason.SUCCEEDED, message),)
    reason = Reason.RETRYING if outcome is Outcome.RETRY else Reason(outcome.value)
    ready = _condition(ConditionType.READY, ConditionStatus.FALSE, reason, message)
    if outcome in _STALLING:
        return (ready, _condition(ConditionType.STALLED, ConditionStatus.TRUE, reason, message))
    return (ready,)


def for_reconciler(health: ReconcilerHealth) -> tuple[Condition, ...]:
    """A Reconciler's conditions: the first thing that stands in the way, else the sum of its objects; and, as long
    as that is so, that its cage is not whole."""
    found = _of_work(health)
    if health.degraded:
        degraded = _condition(ConditionType.CAGE_DEGRADED, ConditionStatus.TRUE, Reason.LAYER_WAIVED, health.degraded)
        return (*found, degraded)
    return found


def _of_work(health: ReconcilerHealth) -> tuple[Condition, ...]:
    false, true = ConditionStatus.FALSE, ConditionStatus.TRUE
    if health.deleting:
        return _in_progress(Reason.TERMINATING, "finalizers are being taken off the objects")
    if health.problems:
        worst = health.problems[0]
        message = "; ".join(problem.message for problem in health.problems)
        return (
            _condition(ConditionType.READY, false, worst.reason, message),
            _condition(ConditionType.STALLED, true, worst.reason, message),
        )
    if health.suspended:
        return (_condition(ConditionType.READY, false, Reason.SUSPENDED, "spec.suspend is set; deletions wait too"),)
    if health.active_revision is None:
        return (
            _condition(ConditionType.READY, false, Reason.NO_ACTIVE_REVISION, "no revision has been activated yet"),
        )
    if health.unreachable:
        unknown = _condition(ConditionType.READY, ConditionStatus.UNKNOWN, Reason.API_UNREACHABLE, health.unreachable)
        return (unknown, _condition(ConditionType.RECONCILING, true, Reason.API_UNREACHABLE, health.unreachable))
    if not health.synced:
        return _in_progress(Reason.SYNCING, "the caches of the declared kinds are being filled")
    if health.pending:
        return _in_progress(
            Reason.ROLLING_OUT,
            f"revision {health.active_revision}: {health.pending} of {health.total} objects are still to run",
        )
    if health.failing:
        message = f"{health.failing} of {health.total} objects failing"
        return (_condition(ConditionType.READY, false, Reason.OBJECTS_FAILING, message),)
    return (_condition(ConditionType.READY, true, Reason.CONVERGED, f"{health.total} objects converged"),)


def _in_progress(reason: Reason, message: str) -> tuple[Condition, ...]:
    return (
        _condition(ConditionType.READY, ConditionStatus.FALSE, reason, message),
        _condition(ConditionType.RECONCILING, ConditionStatus.TRUE, reason, message),
    )


def _condition(kind: ConditionType, status: ConditionStatus, reason: Reason, message: str) -> Condition:
    return Condition(kind, status, reason, message[:MAX_MESSAGE])
