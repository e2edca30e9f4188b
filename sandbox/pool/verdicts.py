"""From evidence to one verdict: a pure function, so that each row of the outcome table is a test."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.pool.config import Layer, Verdict
from sandbox.wire.messages import Checked, Done, Fail, Loaded, LogLine, Refused

FAIL_KINDS = frozenset({"retry", "fail", "guard", "error", "memory", "timeout", "limit"})
OUT_OF_MEMORY_EXIT = 73  # the worker's own loop met a MemoryError
_COUNTERS = (Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat"))


@dataclass(slots=True)
class Evidence:
    """All that is known about how one job in a worker ended. `status` is a wait status.

    `begun`: the worker had the whole frame. `lost`: it was gone through no fault of the code, before the
    frame or together with its zygote, so the job may be taken up again.
    """

    answer: Done | Fail | Loaded | Refused | Checked | None = None
    violation: str | None = None
    limit: str | None = None
    soft: bool = False
    hard: bool = False
    late: bool = False
    line: int | None = None
    status: int | None = None
    dead: bool = False
    killed: bool = False
    oom: bool = False
    begun: bool = False
    lost: bool = False
    logs: list[LogLine] = field(default_factory=list)
    dropped: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    peak: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with who gave it, why, and at which line of the author's."""

    verdict: Verdict
    layer: Layer | None = None
    message: str = ""
    line: int | None = None


def judge(evidence: Evidence, *, what: str, timeout: float) -> Judgement:
    """The one verdict. `what` is `reconcile` or `finalize`, for the sentence of a timeout."""
    answer = evidence.answer
    if evidence.violation is not None:
        return Judgement(Verdict.PROTOCOL_VIOLATION, Layer.HOST, f"the worker broke the protocol: {evidence.violation}")
    if evidence.limit is not None:
        return Judgement(Verdict.LIMIT_EXCEEDED, Layer.LIMIT, evidence.limit)
    if evidence.late or evidence.hard or (isinstance(answer, Fail) and answer.kind == "timeout"):
        line = evidence.line
        if line is None and isinstance(answer, Fail):
            line = answer.line
        text = f"ReconcileTimeout: {what} took more than {timeout:g} s{_at(line)}"
        return Judgement(Verdict.TIMED_OUT, Layer.DEADLINE, text, line)
    if isinstance(answer, Fail):
        return _judge_fail(answer)
    if isinstance(answer, Refused):
        return Judgement(Verdict.REJECTED, Layer.POLICY, _summary(answer), _first_line(answer))
    if answer is not None:
        return Judgement(Verdict.SUCCEEDED)
    return _judge_death(evidence, what)


def _judge_fail(fail: Fail) -> Judgement:
    line = fail.line
    if fail.kind == "fail":
        return Judgement(Verdict.FAILED, None, fail.message, line)
    if fail.kind == "retry":
        return Judgement(Verdict.RETRY, None, fail.message, line)
    if fail.kind == "guard":
        return Judgement(Verdict.FAILED, Layer.GUARD, f"{fail.message}{_at(line)}", line)
    if fail.kind == "memory":
        return Judgement(Verdict.OUT_OF_MEMORY, Layer.LIMIT, f"MemoryError: out of memory{_at(line)}", line)
    if fail.kind == "limit":
        return Judgement(Verdict.LIMIT_EXCEEDED, Layer.LIMIT, f"{fail.message}{_at(line)}", line)
    text = f"{fail.type}: {fail.message}" if fail.message else fail.type
    return Judgement(Verdict.RETRY, None, f"{text}{_at(line)}", line)


def _judge_death(evidence: Evidence, what: str) -> Judgement:
    status = evidence.status
    if status is None:
        return Judgement(Verdict.CRASHED, Layer.CAGE, "the worker is gone, and nobody could tell how it ended")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGSYS:
            return Judgement(Verdict.CAGE_VIOLATION, Layer.CAGE, "the code tried a system call that the cage forbids")
        if number == signal.SIGXCPU:
            return Judgement(Verdict.TIMED_OUT, Layer.DEADLINE, f"ReconcileTimeout: {what} used up its CPU time")
        if number == signal.SIGKILL and evidence.oom:
            return Judgement(Verdict.OUT_OF_MEMORY, Layer.LIMIT, "the kernel ended the worker: out of memory")
        return Judgement(Verdict.CRASHED, Layer.CAGE, f"the worker died of {_signal_name(number)}")
    code = os.WEXITSTATUS(status)
    if code == OUT_OF_MEMORY_EXIT:
        return Judgement(Verdict.OUT_OF_MEMORY, Layer.LIMIT, "MemoryError: out of memory")
    if code == 0:
        text = "the worker broke the protocol: it left without an answer"
        return Judgement(Verdict.PROTOCOL_VIOLATION, Layer.HOST, text)
    return Judgement(Verdict.CRASHED, Layer.CAGE, f"the worker left with exit status {code}")


def _at(line: int | None) -> str:
    return "" if line is None else f" (line {line})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _summary(refused: Refused) -> str:
    if not refused.findings:
        return "the policy refuses the source"
    first = refused.findings[0]
    more = f" (and {len(refused.findings) - 1} more)" if len(refused.findings) > 1 else ""
    return f"line {first.line}: {first.code} {first.message}{more}"


def _first_line(refused: Refused) -> int | None:
    return refused.findings[0].line if refused.findings else None


class OomCounter:
    """The kernel's own count of out-of-memory kills, of this cgroup where it can be read."""

    def __init__(self, files: tuple[Path, ...] = _COUNTERS) -> None:
        self._files = files
        self._seen = self._read()

    def moved(self) -> bool:
        """Whether it counted up since the last question."""
        before, self._seen = self._seen, self._read()
        return self._seen > before

    def _read(self) -> int:
        for file in self._files:
            try:
                lines = file.read_text(encoding="ascii").splitlines()
            except OSError:
                continue
            for line in lines:
                name, _, value = line.partition(" ")
                if name == "oom_kill" and value.isdigit():
                    return int(value)
        return 0
