"""One run of one object, from its bytes in the cache to its effects on the API server.

Reads as the contract does (docs/reference/reconciler.md, "Promises"): wait for our own last writes,
take the newest bytes, run them in the cage, and, only if the run Succeeded, put the finalizer on, then
children, pruning, status, KubeEvents, and take the finalizer off. Whatever ends it in between is
repaired by the next run, from current state, since every step can be done twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from controller.account import Account, EffectError, Journal, NotTaken, Outage, PlanInvalid, Watched, Write
from controller.cache import Entry
from controller.children import Children, Step, plan_children
from controller.finalizers import Finalizers
from controller.hostcalls import HostCallAnswers, for_author
from controller.recorder import Recorder, plan_events
from controller.spec import ActiveCode, ReconcilerSpec
from controller.status import AuthorStatus, StatusWriter, Verdict, plan_status
from core.clock import Clock, rfc3339
from core.domain.keys import Gvk, QueueKey, Uid
from core.domain.outcome import Layer, Outcome
from core.kube.schema import StatusSchema
from core.services.protocols import RunRow
from sandbox.pool.config import Code, HostCalls, LoadResult, OnLog, PoolStatus, RunRequest, RunResult
from sandbox.wire.messages import EventEffect, LogLine

OWN_WRITE_TIMEOUT = 5.0  # the reflector is 5 ms behind at the median, 74 ms at worst (8 writers on one object)
MAX_CONDITION_MESSAGE = 1024


class PoolLike(Protocol):
    """What the controller asks of the worker pool."""

    async def warm(self, code: Code) -> LoadResult: ...
    async def run(
        self, request: RunRequest, *, answer: HostCalls | None = None, on_log: OnLog | None = None
    ) -> RunResult: ...
    async def retire(self, code_id: str) -> None: ...
    def status(self) -> PoolStatus: ...


class Trail(Protocol):
    """Where runs are told: rows, live logs, metrics."""

    def ran(self, row: RunRow) -> None: ...
    def logged(self, target: str, revision: int, run_id: str, lines: list[LogLine]) -> None: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """Why this run, the how-manieth since the last success, and how many seconds it waited for its turn."""

    reason: str
    number: int
    waited: float = 0.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended for the queue. `outcome` None: nothing had to run. `outage`: not the object's doing.
    `code_id`: what ran; another may be active by now."""

    outcome: Outcome | None = None
    message: str = ""
    layer: Layer | None = None
    requeue: float | None = None
    outage: bool = False
    gone: bool = False
    missing_right: str = ""
    machine_was_busy: bool = False
    writes: tuple[Write, ...] = ()
    code_id: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What one Reconciler's runs need around them; `slots` bound what runs in the cage over all Reconcilers.
    `hold_release` keeps the Reconciler from vanishing before its finalizers do, and is awaited before one is
    put on; `keep_owned` has the status tell the owned kinds, and is awaited before a child is made."""

    spec: ReconcilerSpec
    account: Account
    kinds: Mapping[Gvk, Watched]
    schema: Callable[[], Awaitable[StatusSchema]]
    pool: PoolLike
    clock: Clock
    trail: Trail
    seed_key: bytes
    slots: asyncio.Semaphore
    hold_release: Callable[[], Awaitable[None]]
    keep_owned: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A Succeeded run's effects after validation."""

    steps: list[Step]
    status: AuthorStatus
    events: list[EventEffect]
    prune: bool
    deleting: bool


class Reconcile:
    """Runs objects of one Reconciler on its active revision."""

    def __init__(self, around: Surroundings, active: ActiveCode) -> None:
        spec = around.spec
        primary = around.kinds[spec.watch]
        self._around = around
        self._primary = primary
        self._owned = {gvk: around.kinds[gvk] for gvk in spec.owns}
        self._active = active
        self._in_flight: Counter[str] = Counter()
        self._retiring: set[str] = set()
        self._workers = asyncio.Semaphore(spec.workers)
        self._own_writes: dict[QueueKey, tuple[Write, ...]] = {}
        self._children = Children(account=around.account, ref=spec.ref, kinds=self._owned)
        self._finalizers = Finalizers(account=around.account, ref=spec.ref, primary=primary)
        self._recorder = Recorder(account=around.account, clock=around.clock, ref=spec.ref)
        self._status = StatusWriter(account=around.account, ref=spec.ref, primary=primary, clock=around.clock)
        self._answers = HostCallAnswers(namespace=spec.ref.namespace, kinds=around.kinds)
        self.late_caches = 0  # waits for our own writes that gave up

    @property
    def active(self) -> ActiveCode:
        """What the next run runs."""
        return self._active

    async def swap(self, active: ActiveCode) -> None:
        """Later runs take `active`; the code before it is retired once its last run has ended."""
        old, self._active = self._active, active
        if old.code_id != active.code_id:
            self._retiring.add(old.code_id)
            self._retiring.discard(active.code_id)
            await self._retire_if_idle(old.code_id)

    async def close(self) -> None:
        """Retires the code that is active; runs must have ended."""
        await self._around.pool.retire(self._active.code_id)

    def forget(self, key: QueueKey) -> None:
        """The object is gone."""
        self._own_writes.pop(key, None)

    async def __call__(self, key: QueueKey, attempt: Attempt) -> Ended:
        """One run. Raises only what is a bug, and CageUnavailable or PoolClosed."""
        journal = Journal()
        active = self._active
        try:
            entry = await self._newest(key)
            active = self._active
            if entry is None:
                return Ended(gone=True, code_id=active.code_id)
            ended = await self._reconcile(key, entry, attempt, (active, journal))
        except Outage as error:
            ended = Ended(outcome=Outcome.RETRY, message=str(error), outage=True)
        except NotTaken as error:
            ended = Ended(outcome=Outcome.RETRY, message=str(error), missing_right=error.missing_right)
        except PlanInvalid as error:
            ended = Ended(outcome=Outcome.FAILED, message=str(error), layer=Layer.HOST)
        if journal.writes:
            self._own_writes[key] = tuple(journal.writes)
        return replace(ended, writes=tuple(journal.writes), code_id=active.code_id)

    async def _reconcile(
        self, key: QueueKey, entry: Entry, attempt: Attempt, what: tuple[ActiveCode, Journal]
    ) -> Ended:
        active, journal = what
        if self._finalizers.on(entry) and not active.finalize:
            stripped = await self._finalizers.remove(entry, journal)
            if stripped is None or entry.deleting:
                return Ended()
            entry = stripped
        if entry.deleting and not self._finalizers.on(entry):
            return Ended()
        result = await self._execute(key, entry, attempt, active)
        snapshot = entry.generation
        ended = Ended(
            outcome=Outcome(str(result.verdict)),
            message=_sentence(result),
            layer=Layer(str(result.layer)) if result.layer is not None else None,
            requeue=result.requeue,
            machine_was_busy=result.cpu_ms < 0.5 * result.duration_ms,
        )
        if ended.outcome is Outcome.SUCCEEDED:
            try:
                await self._take_effect(entry, result, journal, active)
            except PlanInvalid as error:
                ended = Ended(outcome=Outcome.FAILED, message=str(error), layer=Layer.HOST)
            except RecursionError:  # a worker of ours sends no such plan; a live object so deep is NotTaken
                ended = Ended(outcome=Outcome.FAILED, message="the plan is nested too deeply", layer=Layer.HOST)
            except NotTaken as error:
                ended = Ended(outcome=Outcome.RETRY, message=str(error), missing_right=error.missing_right)
            except Outage as error:
                ended = Ended(outcome=Outcome.RETRY, message=str(error), outage=True)
        if ended.outcome is not Outcome.SUCCEEDED and not ended.outage:
            ended = await self._tell(entry, ended, snapshot, journal)
        self._around.trail.ran(self._row(key, entry, attempt, (active, result, ended, journal)))
        return ended

    async def _execute(self, key: QueueKey, entry: Entry, attempt: Attempt, active: ActiveCode) -> RunResult:
        around = self._around
        target = str(key.target)

        def on_log(run_id: str, lines: list[LogLine]) -> None:
            around.trail.logged(target, active.revision, run_id, lines)

        request = RunRequest(
            code=active.code,
            object=for_author(entry.raw),
            entry="finalize" if entry.deleting else "reconcile",
            attempt=attempt.number,
            reason=attempt.reason,
            now=rfc3339(around.clock.now()),
            seed=seed(around.seed_key, entry),
        )
        self._in_flight[active.code_id] += 1
        try:
            # One's own slot first: who waits for a worker of its own must hold nothing that others wait for. So
            # nobody has more than its workers in the common line, which is first come, first served.
            async with self._workers, around.slots:
                return await around.pool.run(request, answer=self._answers, on_log=on_log)
        finally:
            self._in_flight[active.code_id] -= 1
            await self._retire_if_idle(active.code_id)

    async def _take_effect(self, entry: Entry, result: RunResult, journal: Journal, active: ActiveCode) -> None:
        """Promise 4's order. The plan is checked whole before its first effect."""
        spec, deleting = self._around.spec, entry.deleting
        resource = self._primary.resource
        plan = _Plan(
            steps=plan_children(result.effects, entry, spec.ref, spec.owns),
            status=plan_status(result.status, result.effects, has_status=resource.has_status, kind=resource.gvk.kind),
            events=plan_events(result.effects),
            prune=not deleting,
            deleting=deleting,
        )
        schema = await self._schema()
        known: Entry | None = entry
        if active.finalize and not deleting and not self._finalizers.on(entry):
            await self._around.hold_release()
            known = await self._finalizers.add(entry, journal)
            if known is None:
                return  # deleted or re-created meanwhile: its own run follows
        assert known is not None
        if plan.steps:
            await self._around.keep_owned()
        await self._children.converge(known, plan.steps, journal, prune=plan.prune)
        # A finalize that says nothing leaves the status alone: Ready means nothing on the way out.
        if not deleting or plan.status.fields or plan.status.conditions:
            verdict = Verdict(Outcome.SUCCEEDED, "", plan.status, entry.generation)
            await self._status.write(known, verdict, schema, journal)
        await self._recorder.record(known, plan.events)
        if deleting:
            newest = self._primary.cache.get(known.namespace, known.name)
            current = newest if newest is not None and newest.uid == known.uid and newest.rv > known.rv else known
            await self._finalizers.remove(current, journal)

    async def _tell(self, entry: Entry, ended: Ended, generation: int | None, journal: Journal) -> Ended:
        """Puts host conditions on the object. What hinders that is said in the outcome; only an outage makes
        the run worth repeating for it."""
        assert ended.outcome is not None
        verdict = Verdict(ended.outcome, ended.message[:MAX_CONDITION_MESSAGE], None, generation)
        newest = self._primary.cache.get(entry.namespace, entry.name)
        known = newest if newest is not None and newest.uid == entry.uid and newest.rv > entry.rv else entry
        try:
            await self._status.write(known, verdict, await self._schema(), journal)
        except Outage:
            return replace(ended, outage=True)
        except NotTaken as error:
            return replace(ended, missing_right=ended.missing_right or error.missing_right)
        except EffectError:
            return ended
        return ended

    async def _schema(self) -> StatusSchema:
        return await self._around.schema()

    async def _newest(self, key: QueueKey) -> Entry | None:
        """The object once the reflectors have passed what its last run wrote (promise 5); live when they do not
        get there in time."""
        newest: dict[Gvk, int] = {}
        for write in self._own_writes.pop(key, ()):
            newest[write.gvk] = max(write.rv, newest.get(write.gvk, 0))
        # The reflectors go on side by side whichever of them is waited for: one deadline does for all.
        clock = self._around.clock
        until = clock.monotonic() + OWN_WRITE_TIMEOUT
        late = False
        for gvk, rv in newest.items():
            left = max(0.0, until - clock.monotonic())
            late |= not await self._around.kinds[gvk].wait_rv(rv, left)
        if late:
            self.late_caches += 1
            return await self._around.account.live(self._primary.resource, key.target.name)
        return self._primary.cache.get(key.target.namespace, key.target.name)

    async def _retire_if_idle(self, code_id: str) -> None:
        if code_id in self._retiring and self._in_flight[code_id] <= 0:
            self._retiring.discard(code_id)
            del self._in_flight[code_id]
            await self._around.pool.retire(code_id)

    def _row(
        self, key: QueueKey, entry: Entry, attempt: Attempt, run: tuple[ActiveCode, RunResult, Ended, Journal]
    ) -> RunRow:
        active, result, ended, journal = run
        identity = self._around.spec.identity
        started = self._around.clock.now() - timedelta(milliseconds=result.duration_ms)
        return RunRow(
            id=result.run_id,
            reconciler=identity.ref,
            reconciler_uid=identity.uid,
            target=str(key.target),
            target_uid=Uid(entry.uid),
            revision=active.revision,
            outcome=str(ended.outcome),
            layer=None if ended.layer is None else str(ended.layer),
            message=ended.message,
            line=result.line,
            reason=attempt.reason,
            attempt=attempt.number,
            started_at=started,
            duration_ms=result.duration_ms,
            cpu_ms=result.cpu_ms,
            peak_memory_bytes=result.peak_memory_bytes,
            effects=tuple(journal.summary),
            logs=tuple(
                {"level": line.level, "message": line.message, "fields": dict(line.fields)} for line in result.logs
            ),
        )


def seed(key: bytes, entry: Entry) -> str:
    """Stable for one generation of one object, and not to be guessed without the key."""
    return hmac.new(key, f"{entry.uid}/{entry.generation or 0}".encode(), hashlib.sha256).hexdigest()


def _sentence(result: RunResult) -> str:
    """The message with the author's line, cut for a condition."""
    where = f" (line {result.line})" if result.line is not None else ""
    where = "" if result.message.endswith(where) else where
    return result.message[: MAX_CONDITION_MESSAGE - len(where)] + where if result.message else where.strip()
