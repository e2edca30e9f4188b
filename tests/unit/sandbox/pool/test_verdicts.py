"""Each row of the outcome table, from evidence."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from sandbox.pool.config import Layer, Verdict
from sandbox.pool.verdicts import Evidence, Judgement, OomCounter, judge
from sandbox.wire.messages import Done, Fail, Finding, Refused
from sandbox.worker import main as worker

FINDING = Finding("CHK130", "no module os", 3, 8, 3, 10)
DONE = Done("r")


def fail(kind: str, message: str = "text", line: int | None = 7, name: str = "TypeError") -> Fail:
    return Fail("r", kind, name, message, line)


def exited(code: int) -> int:
    return code << 8


TABLE = [
    (Evidence(answer=DONE), Verdict.SUCCEEDED, None, "", None),
    (Evidence(answer=fail("retry")), Verdict.RETRY, None, "text", 7),
    (Evidence(answer=fail("fail")), Verdict.FAILED, None, "text", 7),
    (Evidence(answer=fail("error")), Verdict.RETRY, None, "TypeError: text (line 7)", 7),
    (Evidence(answer=fail("error", "")), Verdict.RETRY, None, "TypeError (line 7)", 7),
    (Evidence(answer=fail("error", line=None)), Verdict.RETRY, None, "TypeError: text", None),
    (Evidence(answer=fail("guard")), Verdict.FAILED, Layer.GUARD, "text (line 7)", 7),
    (Evidence(answer=fail("memory")), Verdict.OUT_OF_MEMORY, Layer.LIMIT, "MemoryError: out of memory (line 7)", 7),
    (Evidence(answer=fail("limit")), Verdict.LIMIT_EXCEEDED, Layer.LIMIT, "text (line 7)", 7),
    (
        Evidence(answer=fail("timeout"), soft=True),
        Verdict.TIMED_OUT,
        Layer.DEADLINE,
        "ReconcileTimeout: reconcile took more than 5 s (line 7)",
        7,
    ),
    (
        Evidence(answer=DONE, soft=True, late=True, line=9),
        Verdict.TIMED_OUT,
        Layer.DEADLINE,
        "ReconcileTimeout: reconcile took more than 5 s (line 9)",
        9,
    ),
    (
        Evidence(hard=True, killed=True, status=9),
        Verdict.TIMED_OUT,
        Layer.DEADLINE,
        "ReconcileTimeout: reconcile took more than 5 s",
        None,
    ),
    (Evidence(answer=DONE, soft=True), Verdict.SUCCEEDED, None, "", None),
    (Evidence(answer=Refused("r", [FINDING])), Verdict.REJECTED, Layer.POLICY, "line 3: CHK130 no module os", 3),
    (
        Evidence(answer=Refused("r", [FINDING, FINDING])),
        Verdict.REJECTED,
        Layer.POLICY,
        "line 3: CHK130 no module os (and 1 more)",
        3,
    ),
    (
        Evidence(violation="a bad frame", status=9, killed=True, answer=DONE),
        Verdict.PROTOCOL_VIOLATION,
        Layer.HOST,
        "the worker broke the protocol: a bad frame",
        None,
    ),
    (Evidence(limit="too much", killed=True, status=9), Verdict.LIMIT_EXCEEDED, Layer.LIMIT, "too much", None),
    (Evidence(status=signal.SIGSEGV), Verdict.CRASHED, Layer.CAGE, "the worker died of SIGSEGV", None),
    (Evidence(status=signal.SIGABRT | 0x80), Verdict.CRASHED, Layer.CAGE, "the worker died of SIGABRT", None),
    (Evidence(status=signal.SIGKILL), Verdict.CRASHED, Layer.CAGE, "the worker died of SIGKILL", None),
    (
        Evidence(status=signal.SIGKILL, oom=True),
        Verdict.OUT_OF_MEMORY,
        Layer.LIMIT,
        "the kernel ended the worker: out of memory",
        None,
    ),
    (
        Evidence(status=signal.SIGSYS),
        Verdict.CAGE_VIOLATION,
        Layer.CAGE,
        "the code tried a system call that the cage forbids",
        None,
    ),
    (
        Evidence(status=signal.SIGXCPU),
        Verdict.TIMED_OUT,
        Layer.DEADLINE,
        "ReconcileTimeout: reconcile used up its CPU time",
        None,
    ),
    (
        Evidence(status=exited(0)),
        Verdict.PROTOCOL_VIOLATION,
        Layer.HOST,
        "the worker broke the protocol: it left without an answer",
        None,
    ),
    (Evidence(status=exited(72)), Verdict.CRASHED, Layer.CAGE, "the worker left with exit status 72", None),
    (Evidence(status=exited(73)), Verdict.OUT_OF_MEMORY, Layer.LIMIT, "MemoryError: out of memory", None),
    (Evidence(), Verdict.CRASHED, Layer.CAGE, "the worker is gone, and nobody could tell how it ended", None),
]


@pytest.mark.parametrize(
    ("evidence", "verdict", "layer", "message", "line"), TABLE, ids=[row[3] or row[1] for row in TABLE]
)
def test_evidence_gives_one_verdict(
    evidence: Evidence, verdict: Verdict, layer: Layer | None, message: str, line: int | None
) -> None:
    """The table, row by row."""
    assert judge(evidence, what="reconcile", timeout=5.0) == Judgement(verdict, layer, message, line)


def test_the_exit_of_a_worker_without_memory_is_known_on_both_sides() -> None:
    """The two packages share no import; this holds them together."""
    assert judge(Evidence(status=exited(worker.OUT_OF_MEMORY)), what="x", timeout=1.0).verdict is Verdict.OUT_OF_MEMORY


def test_the_oom_counter_moves_once(tmp_path: Path) -> None:
    """Each kill is evidence for one worker only, and a missing file is no kill."""
    events = tmp_path / "memory.events"
    events.write_text("low 0\noom 3\noom_kill 3\n")
    counter = OomCounter((tmp_path / "absent", events))
    assert not counter.moved()
    events.write_text("low 0\noom 4\noom_kill 4\n")
    assert counter.moved()
    assert not counter.moved()
    events.unlink()
    assert not counter.moved()
