"""One thing that a worker was asked to do, and the judgement of what it sends meanwhile.

That a frame is due at all is the conversation's affair (sandbox.wire.conversation); here is what it says.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from sandbox.pool.config import HostCalls, OnLog
from sandbox.pool.verdicts import FAIL_KINDS, Evidence
from sandbox.wire import frames, limits
from sandbox.wire.frames import FrameError
from sandbox.wire.messages import (
    ApplyEffect,
    Call,
    Checked,
    Done,
    Fail,
    FromWorker,
    Late,
    Loaded,
    Log,
    LogLine,
    Refused,
)

_LEVELS = frozenset({"debug", "info", "warning", "error"})
_VERBS = frozenset({"get", "list"})
_LOG_ALLOWANCE = 4 * limits.MAX_LOG_BYTES  # the worker counts characters; this is in the worst encoding


def new_id() -> str:
    """An id for a job that nobody can guess."""
    return secrets.token_hex(8)


@dataclass(slots=True)
class Job:
    """One job and its evidence so far. `owns` and `effects` are what a run may name and ask for."""

    id: str
    timeout: float
    done: asyncio.Future[Evidence]
    owns: tuple[str, ...] = ()
    effects: int = 0
    answer: HostCalls | None = None
    on_log: OnLog | None = None
    evidence: Evidence = field(default_factory=Evidence)
    calls: int = 0
    asked: asyncio.Task[None] | None = None
    reply_bytes: int = 0
    log_bytes: int = 0
    log_frames: int = 0
    started: float = 0.0
    cpu_before: float = 0.0

    def judge(self, message: FromWorker, soft: bool) -> Call | None:
        """Take one frame into the evidence; FrameError on the first thing that this job cannot have said.

        Returns the call when the frame is one. `soft`: the soft signal was sent.
        """
        if getattr(message, "id", None) != self.id:
            raise FrameError(f"a {type(message).__struct_config__.tag} frame for a run that is not in flight")
        if isinstance(message, Call):
            return self._call(message)
        if isinstance(message, Log):
            self._log(message)
        elif isinstance(message, Late):
            if not soft or self.evidence.late:
                raise FrameError("a late frame that nothing caused")
            self.evidence.late = True
            self.evidence.line = message.line
        elif isinstance(message, Done | Fail | Loaded | Refused | Checked):
            self._finish(message, soft)
        return None

    def _call(self, call: Call) -> Call:
        if call.verb not in _VERBS or call.n != self.calls + 1:
            raise FrameError("a call that was not due")
        self.calls += 1
        if self.calls > limits.MAX_CALLS:
            self.evidence.limit = f"more than {limits.MAX_CALLS} reads in one run"
        return call

    def _log(self, message: Log) -> None:
        self.log_frames += 1
        if self.log_frames > limits.MAX_LOG_FRAMES:
            raise FrameError("more log frames than a run may send")
        self._lines(message.lines)

    def _lines(self, lines: list[LogLine]) -> None:
        for line in lines:
            if line.level not in _LEVELS:
                raise FrameError("a log line of an unknown level")
            self.log_bytes += len(line.message) + sum(len(k) + len(v) for k, v in line.fields.items())
        if self.log_bytes > _LOG_ALLOWANCE or len(self.evidence.logs) + len(lines) > limits.MAX_LOG_LINES:
            raise FrameError("more log than a run may write")
        if lines:
            self.evidence.logs.extend(lines)
            if self.on_log is not None:
                self.on_log(self.id, lines)

    def _finish(self, message: Done | Fail | Loaded | Refused | Checked, soft: bool) -> None:
        if isinstance(message, Done):
            if len(message.effects) > self.effects:
                raise FrameError("more effects than the run may have")
            frames.document(message.status, "the status")
            for effect in message.effects:
                if isinstance(effect, ApplyEffect):
                    frames.document(effect.object, "an applied object")
        elif isinstance(message, Fail) and (message.kind not in FAIL_KINDS or (message.kind == "timeout" and not soft)):
            raise FrameError("a failure of a kind that cannot be")
        if isinstance(message, Done | Fail):
            self._lines(message.logs)
            self.evidence.dropped = message.logs_dropped
        self.evidence.answer = message
