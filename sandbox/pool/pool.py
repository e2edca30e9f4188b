"""The pool: runs in, results out. Whatever a worker does, a run gets exactly one result."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import time
from collections.abc import Callable

from sandbox.pool.config import (
    CheckResult,
    Code,
    HostCalls,
    Isolation,
    LoadResult,
    OnLog,
    PoolConfig,
    PoolStatus,
    RunRequest,
    RunResult,
    Verdict,
)
from sandbox.pool.errors import PoolClosed, WorkerUnavailable
from sandbox.pool.groups import Group, Groups
from sandbox.pool.job import new_id
from sandbox.pool.nursery import Nursery
from sandbox.pool.process import Worker
from sandbox.pool.standby import Standbys
from sandbox.pool.verdicts import Evidence, Judgement, judge
from sandbox.wire import limits
from sandbox.wire.messages import Checked, Done, Finding, Loaded, Refused

_SURROGATE = re.compile("[\ud800-\udfff]")
_CHECK_MEMORY = 128 * 1024 * 1024
_TAKES = 5  # of a worker that is gone before it began; a run that had begun is taken up again once


class Pool:
    """Caged workers for any number of codes. To be started, and closed, on one event loop."""

    def __init__(self, config: PoolConfig, *, on_incident: Callable[[str, str], None] | None = None) -> None:
        self._config = config
        self._incident = on_incident or _ignore
        self._nursery = Nursery(config, self._incident, self._worker_died)
        self._groups = Groups(config, lambda worker, why: worker.kill(why))
        self._standbys = Standbys(config, self._groups, self._ahead, self._incident)
        self._checks = asyncio.Semaphore(config.max_checks)
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    async def start(self) -> None:
        """Bring the zygote up; CageUnavailable names the layer that is missing, and nothing runs then.

        The calling thread must live as long as the pool: the kernel ends the zygote with it.
        """
        await self._nursery.start()
        self._schedule_sweep()

    async def close(self) -> None:
        """Kill everything. What still runs ends with PoolClosed: drain before."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        self._groups.fail_all(PoolClosed("the pool is closed"))
        await self._standbys.close()
        await self._nursery.close()

    async def warm(self, code: Code) -> LoadResult:
        """Load `code` into a worker and run its module body once; the worker stays for its runs."""
        for _ in range(_TAKES):
            group, taken = await self._take(code)
            if isinstance(taken, Worker):
                self._groups.give_back(group, taken)
                return LoadResult(ok=True, finalize=taken.finalize)
            if not taken.lost:
                verdict = judge(taken, what="the module body", timeout=code.limits.timeout)
                return LoadResult(ok=False, verdict=verdict.verdict, message=verdict.message, findings=_findings(taken))
        raise WorkerUnavailable("workers were lost again and again")

    async def run(
        self, request: RunRequest, *, answer: HostCalls | None = None, on_log: OnLog | None = None
    ) -> RunResult:
        """One run. A run whose worker died only because the zygote died is taken up once more."""
        begun = 0
        run_id = new_id()  # before a worker is there: a run whose code does not load is a run too
        for _ in range(_TAKES):
            evidence = await self._once(run_id, request, answer, on_log)
            begun += evidence.begun
            if not evidence.lost or begun > 1:
                break
        if self._closed and evidence.answer is None:
            raise PoolClosed("the pool was closed during the run")
        return _result(run_id, evidence, judge(evidence, what=request.entry, timeout=request.code.limits.timeout))

    async def check(self, source: str) -> CheckResult:
        """The policy's findings on `source`, from a worker that is used for nothing else."""
        source = _travelling(source)
        async with self._checks:
            for _ in range(_TAKES):
                self._must_be_open()
                worker = await self._nursery.spawn(_CHECK_MEMORY)
                try:
                    evidence = await worker.check(source, self._config.check_timeout, self._config.grace)
                finally:
                    worker.kill("checked")
                if not evidence.lost:
                    break
        answer = evidence.answer
        if isinstance(answer, Checked):
            return CheckResult(tuple(answer.findings), answer.policy)
        verdict = judge(evidence, what="the check", timeout=self._config.check_timeout)
        text = f"the checker failed on this source: {verdict.message or verdict.verdict.value}"
        finding = Finding(code="CHK199", message=text, line=1, column=1, end_line=1, end_column=1)
        return CheckResult((finding,), self.status().policy_version)

    async def retire(self, code_id: str) -> None:
        """No worker of this code is kept: idle ones go now, busy ones after their run."""
        for group in self._groups:
            if group.code.id == code_id:
                group.retired = True
                for worker in [*group.idle, *filter(None, [group.standby])]:
                    self._groups.drop(group, worker, "retired")

    def status(self) -> PoolStatus:
        """Counts for metrics and `doctor`."""
        nursery = self._nursery
        zygote = nursery.zygote
        return PoolStatus(
            workers=self._groups.total,
            idle=self._groups.idle,
            spares=nursery.spares,
            hot=self._groups.standing_by,
            waiting=self._groups.waiting,
            refused=self._groups.refused,
            zygote_pid=None if zygote is None else zygote.pid,
            heir_pid=nursery.heir_pid,
            layers={} if zygote is None else dict(zygote.layers),
            policy_version="" if zygote is None else zygote.policy_version,
            starts=nursery.starts,
            zygote_starts=nursery.zygote_starts,
            kills=dict(nursery.kills),
        )

    # ── one run ──────────────────────────────────────────────────────────────────────────────────
    async def _once(self, run_id: str, request: RunRequest, answer: HostCalls | None, on_log: OnLog | None) -> Evidence:
        group, taken = await self._take(request.code)
        if isinstance(taken, Evidence):
            return taken
        future = taken.run(run_id, request, self._config.grace, answer, on_log)
        try:
            evidence = await future
        except asyncio.CancelledError:
            self._groups.drop(group, taken, "cancelled")
            raise
        self._settle(group, taken, evidence)
        return evidence

    async def _take(self, code: Code) -> tuple[Group, Worker | Evidence]:
        """A loaded worker of this code, or the evidence of why it does not load."""
        while True:
            self._must_be_open()
            group = self._groups.of(code)
            worker = await self._groups.permit(group)
            if worker is None:
                return group, await self._start(group)
            if worker.usable:
                return group, worker
            self._groups.drop(group, worker, "dead")

    async def _start(self, group: Group) -> Worker | Evidence:
        try:
            worker, evidence = await self._loaded(group.code)
        except BaseException:
            self._groups.not_started(group)
            raise
        if worker is None:
            self._groups.not_started(group)
            return evidence
        self._groups.started(group, worker)
        return worker

    async def _loaded(self, code: Code) -> tuple[Worker | None, Evidence]:
        worker = await self._nursery.spawn(code.limits.memory)
        try:
            evidence = await worker.load(_loadable(code), self._config.grace)
        except BaseException:
            worker.kill("cancelled")
            raise
        if isinstance(evidence.answer, Loaded) and evidence.violation is None:
            return worker, evidence
        worker.kill("load")
        return None, evidence

    async def _ahead(self, code: Code) -> Worker | None:
        worker, _ = await self._loaded(code)
        return worker

    def _settle(self, group: Group, worker: Worker, evidence: Evidence) -> None:
        why = self._why_recycle(group, worker, evidence)
        self._standbys.ran(group)  # before the worker may go, and with the last one the group
        if why:
            self._groups.drop(group, worker, why)
        else:
            self._groups.give_back(group, worker)

    def _why_recycle(self, group: Group, worker: Worker, evidence: Evidence) -> str:
        config = self._config
        answer = evidence.answer
        ordinary = isinstance(answer, Done) or getattr(answer, "kind", "") in ("retry", "fail", "error")
        if worker.dead or worker.killed or not ordinary or evidence.late:
            return "verdict"
        if group.retired or self._closed or not self._nursery.is_current(worker):
            return "retired"
        if group.code.isolation is Isolation.RUN:
            return "isolation"
        if worker.runs >= config.max_runs:
            return "runs"
        if time.monotonic() - worker.born > config.max_age:
            return "age"
        if worker.resident - worker.resident_at_first > config.max_growth:
            return "growth"
        return ""

    # ── housekeeping ─────────────────────────────────────────────────────────────────────────────
    def _must_be_open(self) -> None:
        if self._closed:
            raise PoolClosed("the pool is closed")

    def _worker_died(self, worker: Worker) -> None:
        if worker.killed.startswith("protocol"):
            self._incident("protocol", worker.killed)
        self._groups.dead(worker)

    def _schedule_sweep(self) -> None:
        every = max(0.05, min(self._config.max_idle, self._config.max_age) / 10)
        self._sweep = asyncio.get_running_loop().call_later(every, self._sweep_idle)

    def _sweep_idle(self) -> None:
        now = time.monotonic()
        self._standbys.sweep()
        for group in self._groups:
            for worker in [*group.idle, *filter(None, [group.standby])]:
                if now - worker.idle_since > self._config.max_idle and worker is not group.standby:
                    self._groups.drop(group, worker, "idle")
                elif now - worker.born > self._config.max_age:
                    self._groups.drop(group, worker, "age")
                elif not self._nursery.is_current(worker):
                    self._groups.drop(group, worker, "retired")
                else:
                    worker.check_idle()
        self._schedule_sweep()


def _travelling(source: str) -> str:
    """A text that fits a frame, and that the policy refuses wherever it is not the author's own.

    Half of a surrogate pair becomes NUL, which no source may hold; what is cut off is beyond any cap.
    """
    return _SURROGATE.sub("\0", source[: 16 * limits.MAX_SOURCE])


def _loadable(code: Code) -> Code:
    source = _travelling(code.source)
    if source == code.source:
        return code
    return dataclasses.replace(code, source=source)


def _findings(evidence: Evidence) -> tuple[Finding, ...]:
    return tuple(evidence.answer.findings) if isinstance(evidence.answer, Refused) else ()


def _result(run_id: str, evidence: Evidence, judgement: Judgement) -> RunResult:
    done = evidence.answer if judgement.verdict is Verdict.SUCCEEDED else None
    succeeded = isinstance(done, Done)
    return RunResult(
        verdict=judgement.verdict,
        run_id=run_id,
        layer=judgement.layer,
        message=judgement.message,
        line=judgement.line,
        effects=tuple(done.effects) if isinstance(done, Done) else (),
        status=bytes(done.status) if isinstance(done, Done) else b"{}",
        requeue=done.requeue if isinstance(done, Done) else None,
        logs=tuple(evidence.logs),
        logs_dropped=evidence.dropped,
        findings=() if succeeded else _findings(evidence),
        duration_ms=evidence.seconds * 1000,
        cpu_ms=evidence.cpu * 1000,
        peak_memory_bytes=evidence.peak,
    )


def _ignore(_kind: str, _text: str) -> None:
    return None
