"""What the pool is told and what it answers: plain frozen values, no behaviour.

`Verdict` and `Layer` carry the names of `core.domain.outcome`; the sandbox imports nothing of the
project, so it has its own enums, and a test holds the two against each other.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.wire import limits
from sandbox.wire.messages import Call, Effect, Finding, LogLine


class Verdict(StrEnum):
    """How one run ended."""

    SUCCEEDED = "Succeeded"
    RETRY = "Retry"
    FAILED = "Failed"
    TIMED_OUT = "TimedOut"
    OUT_OF_MEMORY = "OutOfMemory"
    LIMIT_EXCEEDED = "LimitExceeded"
    CRASHED = "Crashed"
    CAGE_VIOLATION = "CageViolation"
    PROTOCOL_VIOLATION = "ProtocolViolation"
    REJECTED = "Rejected"


class Layer(StrEnum):
    """Who stopped it."""

    POLICY = "policy"
    GUARD = "guard"
    LIMIT = "limit"
    CAGE = "cage"
    DEADLINE = "deadline"
    HOST = "host"


class Isolation(StrEnum):
    """How long a worker lives: many runs of one revision, or one run, and nothing at all is carried over."""

    REVISION = "Revision"
    RUN = "Run"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one run; `memory` (bytes of address space) is set when the worker is forked."""

    timeout: float = 5.0
    memory: int = 128 * 1024 * 1024
    effects: int = 100
    log_lines: int = 200


@dataclass(frozen=True, slots=True)
class Code:
    """What a worker is bound to for life. `id` is unique per Reconciler uid, revision and everything else in here.

    `reconciler` and `namespace` say whose caps its workers count against: without the first it is alone, without
    the second it is no tenant's. `workers` is the Reconciler's own cap, 0 the pool's.
    """

    id: str
    source: str
    limits: Limits = Limits()
    owns: tuple[str, ...] = ()
    revision: int = 0
    isolation: Isolation = Isolation.REVISION
    reconciler: str = ""
    namespace: str = ""
    workers: int = 0


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One run. `object` is JSON; `entry` is `reconcile` or `finalize`; `seed` is hex; `now` RFC 3339."""

    code: Code
    object: bytes
    entry: str = "reconcile"
    attempt: int = 1
    reason: str = ""
    now: str = "1970-01-01T00:00:00Z"
    seed: str = "00" * 32


@dataclass(frozen=True, slots=True)
class RunResult:
    """Exactly one for every run. `effects`, `status` and `requeue` are only there on Succeeded.

    `run_id` is there whatever happened, also when the code did not load. `peak_memory_bytes` is the most that the
    worker ever had resident, its earlier runs and the interpreter included: never less than what this run took.
    `cpu_ms` may hold some 0.05 ms of the worker's waiting awake (docs/decisions/0018).
    """

    verdict: Verdict
    run_id: str = ""
    layer: Layer | None = None
    message: str = ""
    line: int | None = None
    effects: tuple[Effect, ...] = ()
    status: bytes = b"{}"
    requeue: float | None = None
    logs: tuple[LogLine, ...] = ()
    logs_dropped: int = 0
    findings: tuple[Finding, ...] = ()
    duration_ms: float = 0.0
    cpu_ms: float = 0.0
    peak_memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class LoadResult:
    """`warm`'s answer: `ok` and `finalize`, or the findings, or what went wrong in the cage."""

    ok: bool
    finalize: bool = False
    verdict: Verdict = Verdict.SUCCEEDED
    message: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The policy's answer on a source; no findings means accepted."""

    findings: tuple[Finding, ...]
    policy_version: str


def host_workers() -> int:
    """The most workers of a host unless it is told otherwise: they spend their time running, not waiting."""
    return min(64, 8 * (os.cpu_count() or 1))


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """How many workers, who waits for them, and how they age. A namespace's cap of 0 is three quarters of the host's.

    `spares` stand by for any code, one more for each of `max_hot` codes that ran `hot_runs` times of late: it has
    its code already, so a death leaves no gap. The unbound spares are beside the `max_workers`, the others among
    them. `heir_after` seconds after a zygote another is started, which takes over when that is lost or old; with
    `heir_at_start` the pool has it before its first run, as one that is to live should.
    `allow_degraded` may hold `landlock` and nothing else. `uid` is what zygote and workers become when the host is
    root: a number that nothing else on the machine should run as.
    """

    max_workers: int = field(default_factory=host_workers)
    max_workers_per_namespace: int = 0
    max_workers_per_reconciler: int = 2
    max_waiting: int = 10_000
    max_waiting_per_namespace: int = 2_500
    max_checks: int = 2
    spares: int = 1
    max_hot: int = 4
    hot_runs: int = 20
    hot_for: float = 10.0
    max_runs: int = 500
    max_age: float = 600.0
    max_idle: float = 300.0
    max_growth: int = 64 * 1024 * 1024
    max_zygote_age: float = 3600.0
    max_zygote_forks: int = 2000
    heir_after: float = 1.0
    heir_at_start: bool = False
    grace: float = 0.25
    check_timeout: float = 10.0
    start_timeout: float = 10.0
    uid: int = 65533
    allow_degraded: frozenset[str] = field(default_factory=frozenset)
    disable_policy: bool = False  # for the escape suite alone: the cage must hold by itself

    def __post_init__(self) -> None:
        if not self.allow_degraded <= {"landlock"}:
            raise ValueError("allow_degraded may hold landlock and nothing else")
        if self.uid <= 0:
            raise ValueError("the uid of workers is not the superuser's")


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """A look at the pool: counts of now, and counters since the start."""

    workers: int = 0
    idle: int = 0
    spares: int = 0
    hot: int = 0
    waiting: int = 0
    refused: int = 0
    zygote_pid: int | None = None
    heir_pid: int | None = None
    layers: Mapping[str, str] = field(default_factory=dict)
    policy_version: str = ""
    starts: int = 0
    zygote_starts: int = 0
    kills: Mapping[str, int] = field(default_factory=dict)


ANY_KIND = limits.ANY_KIND  # for `Code.owns`

# A host call is answered with JSON bytes, or raises sandbox.pool.errors.CallRefused with a sentence.
HostCalls = Callable[[Call], Awaitable[bytes]]
# Called with the run's id and each batch of its lines once, the last one included.
OnLog = Callable[[str, list[LogLine]], None]
