"""One worker, seen from the host: a socket, a pidfd, and one job at a time. Hostile by assumption.

No task per frame: the event loop calls `_readable`, which cuts, decodes and judges. The order of the
judgement is fixed: is anything expected at all, the length, the type, the run's id, the state, the sizes.
The first miss is the end of the worker.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from sandbox.pool.config import ANY_KIND, Code, HostCalls, OnLog, RunRequest
from sandbox.pool.deadline import Deadline
from sandbox.pool.errors import CallRefused
from sandbox.pool.job import Job, new_id
from sandbox.pool.meter import Meter
from sandbox.pool.outbox import Outbox
from sandbox.pool.verdicts import Evidence, OomCounter
from sandbox.pool.zygote import Birth, Zygote
from sandbox.wire import frames, limits
from sandbox.wire.control import Reaped
from sandbox.wire.conversation import Conversation, State
from sandbox.wire.frames import FrameError
from sandbox.wire.messages import Call, Check, FromWorker, Load, Loaded, Ready, Reply, Run, Stuck, ToWorker

_CHUNK = 64 * 1024
# Seconds that a worker may use between its jobs, beyond what its jobs used, for it frees what they made, and beyond
# the time that it waits awake.
_IDLE_CPU = 1.0
_SILENT = frozenset({State.FRESH, State.LOADED, State.OVER})  # not a byte is due, so none is looked at


class Worker:
    """One worker process. `on_dead` is called once, when it is dead and reaped."""

    def __init__(
        self, zygote: Zygote, birth: Birth, memory: int, oom: OomCounter, on_dead: Callable[[Worker], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.zygote = zygote
        self.pid = birth.pid
        self.memory = memory
        self.code: Code | None = None
        self.finalize = False
        self.runs = 0
        self.born = self.idle_since = time.monotonic()
        self.resident = self.resident_at_first = 0
        self.dead = False
        self.killed = ""
        self.stuck: Stuck | None = None
        self.ready: asyncio.Future[bool] = self._loop.create_future()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self._n = birth.n
        self._pidfd = birth.pidfd
        self._socket = birth.socket
        self._oom = oom
        self._on_dead = on_dead
        self._meter = Meter(birth.pid)
        self._reader = frames.FrameReader(limits.MAX_FRAME_FROM_WORKER)
        self._outbox = Outbox(birth.socket, self._written, lambda: self._violate("it does not read what it is sent"))
        self._talk = Conversation()
        self._job: Job | None = None
        self._deadline: Deadline | None = None
        self._grace = 0.0
        self._cpu_of_jobs = 0.0
        self._reading = True
        self._loop.add_reader(self._socket.fileno(), self._readable)
        self._loop.add_reader(self._pidfd, self._ended)

    # ── what the pool asks for ───────────────────────────────────────────────────────────────────
    async def is_ready(self, timeout: float) -> bool:
        """Whether all steps of its cage were taken; not when it is dead, or has not said so in `timeout` seconds."""
        timer = self._loop.call_later(timeout, self._say_ready, False)
        try:
            return await self.ready
        finally:
            timer.cancel()

    def load(self, code: Code, grace: float) -> asyncio.Future[Evidence]:
        """Bind this worker to `code` for life."""
        self.code = code
        job = self._begin(code.limits.timeout, grace, new_id())
        self._send(Load(id=job.id, source=code.source, owns=list(code.owns)))
        return job.done

    def check(self, source: str, timeout: float, grace: float) -> asyncio.Future[Evidence]:
        """The policy's findings on a source."""
        job = self._begin(timeout, grace, new_id())
        self._send(Check(id=job.id, source=source))
        return job.done

    def run(
        self, run_id: str, request: RunRequest, grace: float, answer: HostCalls | None, on_log: OnLog | None
    ) -> asyncio.Future[Evidence]:
        """One run of the loaded code."""
        bounds = request.code.limits
        job = self._begin(bounds.timeout, grace, run_id)
        job.owns, job.effects = request.code.owns, bounds.effects
        job.answer, job.on_log = answer, on_log
        self.runs += 1
        self._send(
            Run(
                id=job.id,
                entry=request.entry,
                object=msgspec.Raw(request.object),
                revision=request.code.revision,
                attempt=request.attempt,
                reason=request.reason,
                now=request.now,
                seed=request.seed,
                effects=bounds.effects,
                log_lines=bounds.log_lines,
            )
        )
        return job.done

    @property
    def usable(self) -> bool:
        """Whether it lives, as far as the host knows, and is meant to."""
        return not (self.dead or self.killed or self.zygote.lost)

    def kill(self, why: str) -> None:
        """End it by SIGKILL; `gone` is done when it is dead and reaped."""
        if self.dead:
            return
        self.killed = self.killed or why
        with suppress(ProcessLookupError, OSError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def check_idle(self) -> float:
        """The CPU seconds it has used so far; a worker that works while nothing is asked of it is ended."""
        used = self._meter.cpu()
        allowed = _IDLE_CPU + self._cpu_of_jobs + self.runs * limits.AWAKE
        if self._job is None and used - self._cpu_of_jobs > allowed:
            self._violate(f"it used the processor for {used - self._cpu_of_jobs:.1f} s between its jobs")
        return used

    # ── jobs ─────────────────────────────────────────────────────────────────────────────────────
    def _begin(self, timeout: float, grace: float, job_id: str) -> Job:
        if self._job is not None:
            raise RuntimeError("a worker does one thing at a time")
        job = Job(job_id, timeout, self._loop.create_future())
        job.cpu_before = self.check_idle()
        if self.dead or self.killed:
            job.evidence.lost = True
            job.done.set_result(job.evidence)
            return job
        self._job = job
        self._grace = grace
        self._deadline = Deadline(self._loop.call_later, self._soften, self._harden)
        self._meter.allow_cpu(job.cpu_before, timeout, lambda cpu: self.zygote.allow_cpu(self._n, cpu))
        return job

    def _written(self) -> None:
        """The frame is out: the clock of a job starts here."""
        job = self._job
        if job is not None and not job.started and self._deadline is not None:
            job.started = time.perf_counter()  # an event loop of uvloop tells whole milliseconds
            self._deadline.start(job.timeout, self._grace)

    def _soften(self) -> None:
        with suppress(ProcessLookupError, OSError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGALRM)

    def _say_ready(self, ready: bool) -> None:
        if not self.ready.done():  # it came too late, or whoever waited was cancelled
            self.ready.set_result(ready)

    def _harden(self) -> None:
        self.kill("deadline")

    def _finish(self) -> None:
        """The job ended by an answer or by a death: hand its evidence out, once."""
        job, deadline = self._job, self._deadline
        if job is None or deadline is None:
            return
        self._job = self._deadline = None
        deadline.cancel()
        if job.asked is not None:
            job.asked.cancel()
        evidence = job.evidence
        evidence.soft, evidence.hard = deadline.soft, deadline.hard
        evidence.begun = bool(job.started)
        if job.started:
            evidence.seconds = time.perf_counter() - job.started
        if not self.dead:
            evidence.cpu = max(0.0, self._meter.cpu() - job.cpu_before)
            self._cpu_of_jobs += evidence.cpu
            evidence.peak, self.resident = self._meter.memory(evidence.cpu)
            self.resident_at_first = self.resident_at_first or self.resident
        self.idle_since = time.monotonic()
        if not job.done.done():
            job.done.set_result(evidence)

    # ── the socket ───────────────────────────────────────────────────────────────────────────────
    def _send(self, message: ToWorker) -> None:
        try:
            data = frames.pack(message, limits.MAX_FRAME_TO_WORKER)
        except FrameError as error:
            if self._job is not None:
                self._job.evidence.limit = f"what the run is given is too large: {error}"
            self.kill("size")
            return
        self._talk.host(message)
        self._outbox.send(data)

    def _readable(self) -> None:
        self._read()

    def _read(self) -> bool:
        """Take what is there; False when nothing more will come now."""
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._stop_reading()
            return False
        if self._talk.state in _SILENT:
            self._violate(f"it spoke {self._talk.state.value}")
            return False
        try:
            for body in self._reader.feed(data):
                self._take(body)
        except FrameError as error:
            self._violate(str(error))
        return self._reading

    def _stop_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._socket.fileno())

    def _take(self, body: bytes) -> None:
        message = frames.decode_from_worker(body)
        self._talk.worker(message)
        job, deadline = self._job, self._deadline
        if isinstance(message, Ready):
            self._say_ready(True)
        elif isinstance(message, Stuck):
            self.stuck = message
        elif job is not None and deadline is not None:
            self._judge(job, deadline, message)

    def _judge(self, job: Job, deadline: Deadline, message: FromWorker) -> None:
        call = job.judge(message, deadline.soft)
        if job.evidence.limit is not None:
            self.kill("limit")
        elif call is not None:
            job.asked = self._loop.create_task(self._answer(job, call))
        elif job.evidence.answer is not None:
            if isinstance(message, Loaded):
                self.finalize = message.finalize
            if self._reader.buffered:
                raise FrameError("it went on after its answer")
            self._finish()

    def _violate(self, why: str) -> None:
        self._stop_reading()
        if self._job is not None:
            self._job.evidence.violation = why
        self.kill(f"protocol: {why}")

    async def _answer(self, job: Job, call: Call) -> None:
        value, error = b"null", ""
        if job.answer is None:
            error = "reads are not available here"
        elif call.kind not in job.owns and ANY_KIND not in job.owns:
            error = f"{call.kind} is not declared"
        else:
            try:
                value = await job.answer(call)
            except CallRefused as refused:
                error = str(refused)
            except Exception:
                error = "the host could not answer"
        job.asked = None
        if self._job is not job:
            return
        job.reply_bytes += len(value)
        if job.reply_bytes > limits.MAX_REPLY_BYTES:
            job.evidence.limit = f"reads of more than {limits.MAX_REPLY_BYTES} bytes in one run"
            self.kill("limit")
            return
        self._send(Reply(call=call.n, value=msgspec.Raw(value), error=error))

    # ── the end ──────────────────────────────────────────────────────────────────────────────────
    def _ended(self) -> None:
        self._loop.remove_reader(self._pidfd)
        while not self.killed and self._reading and self._read():
            pass  # a last frame may lie in the buffer
        self._stop_reading()
        self._outbox.close()
        self.dead = True
        self.zygote.reap(self._n).add_done_callback(self._reaped)

    def _reaped(self, report: asyncio.Future[Reaped | None]) -> None:
        reaped = report.result()
        if self._job is not None:
            evidence = self._job.evidence
            evidence.dead = True
            evidence.killed = bool(self.killed)
            evidence.lost = not self.killed and (reaped is None or not self._job.started)
            if reaped is not None:
                evidence.status = reaped.status
                evidence.cpu = max(0.0, reaped.cpu - self._job.cpu_before)
                evidence.peak = reaped.peak
            if reaped is not None and os.WIFSIGNALED(reaped.status) and not self.killed:
                evidence.oom = self._oom.moved()
        self._finish()
        self._socket.close()
        os.close(self._pidfd)
        self._meter.close()
        self._say_ready(False)
        self.gone.set_result(None)
        self._on_dead(self)
