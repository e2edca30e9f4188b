"""The breaker, and what follows from how a run ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from controller_script import MYRESOURCE, REF, ManualClock

from controller.dispatch import Cause, Dispatcher, Request, Rules
from controller.dispatch.breaker import DEATHS_IN_A_ROW, QUARANTINE_SECONDS, Breaker
from controller.reconcile import Attempt, Ended
from controller.workqueue import Lane
from core.domain.backoff import Backoff
from core.domain.keys import ObjectRef, QueueKey
from core.domain.outcome import Outcome
from sandbox.pool.errors import CageUnavailable

CHANGED = Request("spec.message changed", Cause.OBJECT, fresh=True)
CHILD = Request("child ConfigMap a changed", Cause.SURROUNDINGS)


def key(name: str = "hello") -> QueueKey:
    """One object of the scripted Reconciler."""
    return QueueKey(REF, ObjectRef(MYRESOURCE, "team-a", name))


# ── breaker ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("outcome", [Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY, Outcome.CRASHED, Outcome.LIMIT_EXCEEDED])
def test_five_deaths_in_a_row_are_quarantine(outcome: Outcome) -> None:
    """One try in five minutes from then on."""
    breaker = Breaker()
    for _ in range(DEATHS_IN_A_ROW - 1):
        breaker.ended(key(), outcome, 0.0)
    assert breaker.hold(key(), 0.0) == 0
    breaker.ended(key(), outcome, 0.0)
    assert breaker.hold(key(), 10.0) == QUARANTINE_SECONDS - 10.0
    assert breaker.hold(key(), QUARANTINE_SECONDS) == 0
    breaker.ended(key(), outcome, 400.0)
    assert breaker.hold(key(), 400.0) == QUARANTINE_SECONDS
    assert not breaker.paused


@pytest.mark.parametrize("outcome", [Outcome.SUCCEEDED, Outcome.RETRY, Outcome.FAILED])
def test_any_other_end_breaks_the_row(outcome: Outcome) -> None:
    """In a row means in a row."""
    breaker = Breaker()
    for _ in range(DEATHS_IN_A_ROW - 1):
        breaker.ended(key(), Outcome.CRASHED, 0.0)
    breaker.ended(key(), outcome, 0.0)
    for _ in range(DEATHS_IN_A_ROW - 1):
        breaker.ended(key(), Outcome.CRASHED, 0.0)
    assert breaker.hold(key(), 0.0) == 0


def test_the_first_timeout_on_a_busy_machine_is_spared() -> None:
    """Once, and only as the first of the row."""
    breaker = Breaker()
    for _ in range(DEATHS_IN_A_ROW):
        breaker.ended(key(), Outcome.TIMED_OUT, 0.0, machine_was_busy=True)
    assert breaker.hold(key(), 0.0) == 0
    breaker.ended(key(), Outcome.TIMED_OUT, 0.0, machine_was_busy=True)
    assert breaker.hold(key(), 0.0) > 0


def test_three_quarantined_objects_pause_the_revision() -> None:
    """It is the code; another activation starts with a clean record."""
    breaker = Breaker()
    for name in ("a", "b", "c"):
        assert not breaker.paused
        for _ in range(DEATHS_IN_A_ROW):
            breaker.ended(key(name), Outcome.TIMED_OUT, 0.0)
    assert "TimedOut" in breaker.paused
    breaker.reset()
    assert (breaker.paused, breaker.quarantined) == ("", [])


def test_three_violations_in_an_hour_pause_the_revision() -> None:
    """Spread over more than an hour they do not."""
    slow, fast = Breaker(), Breaker()
    for moment in (0.0, 1900.0, 3800.0):
        slow.ended(key(), Outcome.CAGE_VIOLATION, moment)
    for moment in (0.0, 1000.0, 3600.0):
        fast.ended(key(str(moment)), Outcome.PROTOCOL_VIOLATION, moment)
    assert not slow.paused
    assert fast.paused


# ── the loop ─────────────────────────────────────────────────────────────────────────────────────
class Bench:
    """A dispatcher whose runs end as the test says, one step of the loop at a time."""

    def __init__(self, *ends: Ended | BaseException) -> None:
        self.clock = ManualClock()
        self.ends = list(ends)
        self.runs: list[Attempt] = []
        self.held_back = 0.0
        self.go = asyncio.Event()  # runs end only while it is set
        self.go.set()
        self.pauses: list[str] = []
        self.dispatcher = Dispatcher(
            run=self._run,
            rules=Rules(backoff=Backoff(1.0, 300.0), resync=3600.0, held_back=lambda: self.held_back),
            clock=self.clock,
            code_id="code-1",
            on_ended=lambda _key, _ended: None,
            on_pause=self.pauses.append,
        )

    async def _run(self, _key: QueueKey, attempt: Attempt) -> Ended:
        self.runs.append(attempt)
        end = self.ends.pop(0)
        await self.go.wait()
        if isinstance(end, BaseException):
            raise end
        return end

    async def settle(self) -> None:
        """Lets the loop do everything that is due now: it is at rest when it waits for a wake-up or a time."""
        self.dispatcher.wake()
        for _ in range(20):
            await asyncio.sleep(0)

    async def at(self, seconds: float) -> None:
        """Moves the time, and lets the loop see it."""
        self.clock.at += seconds
        await self.settle()


async def running(bench: Bench, test: Callable[[], Awaitable[None]]) -> None:
    """Runs the loop around `test`."""
    serving = asyncio.create_task(bench.dispatcher.serve())
    try:
        await test()
    finally:
        bench.dispatcher.stop()
        await serving


SUCCEEDED = Ended(outcome=Outcome.SUCCEEDED, code_id="code-1")
RETRY = Ended(outcome=Outcome.RETRY, code_id="code-1")
FAILED = Ended(outcome=Outcome.FAILED, code_id="code-1")
OUTAGE = Ended(outcome=Outcome.RETRY, outage=True, code_id="code-1")
VIOLATION = Ended(outcome=Outcome.CAGE_VIOLATION, code_id="code-1")


async def test_a_success_comes_back_at_the_resync() -> None:
    """Within its jitter, and with its reason."""
    bench = Bench(SUCCEEDED, SUCCEEDED)

    async def story() -> None:
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        await bench.at(3600.0 * 0.89)
        assert len(bench.runs) == 1
        await bench.at(3600.0 * 0.22)
        assert [run.reason for run in bench.runs] == ["spec.message changed", "resync"]

    await running(bench, story)


async def test_a_retry_counts_and_a_success_starts_over() -> None:
    """Attempts 1, 2, 3, then 1."""
    bench = Bench(RETRY, RETRY, SUCCEEDED, SUCCEEDED)

    async def story() -> None:
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        assert bench.dispatcher.failing == 1
        await bench.at(1.0)
        await bench.at(2.0)
        assert bench.dispatcher.failing == 0
        bench.dispatcher.enqueue(key(), CHILD)
        await bench.settle()
        assert [run.number for run in bench.runs] == [1, 2, 3, 1]

    await running(bench, story)


async def test_a_new_generation_starts_the_attempts_over() -> None:
    """And does not wait for the backoff."""
    bench = Bench(RETRY, RETRY, RETRY)

    async def story() -> None:
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        await bench.at(1.0)
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        assert [run.number for run in bench.runs] == [1, 2, 1]

    await running(bench, story)


async def test_a_corrected_object_leaves_quarantine() -> None:
    """Five deaths hold an object back; a new generation is another object, and runs at once with its own reason."""
    dead = Ended(outcome=Outcome.OUT_OF_MEMORY, code_id="code-1")
    bench = Bench(*[dead] * 5, SUCCEEDED)

    async def story() -> None:
        bench.dispatcher.enqueue(key(), CHANGED)
        for wait in (0.0, 1.0, 2.0, 4.0, 8.0, 16.0):
            await bench.at(wait)
        assert len(bench.runs) == 5
        bench.dispatcher.enqueue(key(), CHILD)
        await bench.settle()
        assert len(bench.runs) == 5
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        assert [run.reason for run in bench.runs][5:] == ["spec.message changed"]

    await running(bench, story)


async def test_failed_waits_for_the_object_or_the_code() -> None:
    """Neither a child nor the time runs it again."""
    bench = Bench(FAILED, FAILED, SUCCEEDED)

    async def story() -> None:
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        bench.dispatcher.enqueue(key(), CHILD)
        await bench.at(100_000.0)
        assert len(bench.runs) == 1
        bench.dispatcher.enqueue(key(), Request("revision 2 activated", Cause.CODE, Lane.RESYNC, fresh=True))
        await bench.settle()
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        assert len(bench.runs) == 3

    await running(bench, story)


async def test_requeue_comes_before_the_resync() -> None:
    """And not before its time."""
    bench = Bench(replace(SUCCEEDED, requeue=30.0), SUCCEEDED)

    async def story() -> None:
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        await bench.at(29.0)
        assert len(bench.runs) == 1
        await bench.at(1.0)
        assert bench.runs[1].reason == "requeue"

    await running(bench, story)


async def test_an_outage_is_not_the_objects_failure() -> None:
    """Runs wait while the gate is shut; the attempt and the reason stay what they were."""
    bench = Bench(OUTAGE, SUCCEEDED)

    async def story() -> None:
        bench.held_back = 0.0
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        bench.held_back = 5.0
        await bench.at(5.0)
        assert len(bench.runs) == 1
        bench.held_back = 0.0
        await bench.settle()
        assert [(run.number, run.reason) for run in bench.runs] == [(1, CHANGED.reason)] * 2
        assert bench.dispatcher.failing == 0

    await running(bench, story)


async def test_a_bug_in_one_run_is_not_the_end() -> None:
    """It is logged and tried later; others run."""
    bench = Bench(RuntimeError("a bug"), SUCCEEDED, SUCCEEDED)

    async def story() -> None:
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        bench.dispatcher.enqueue(key("other"), CHANGED)
        await bench.settle()
        assert len(bench.runs) == 2
        await bench.at(30.0)
        assert len(bench.runs) == 3

    await running(bench, story)


async def test_a_missing_cage_is_told_until_a_run_found_a_worker() -> None:
    """The condition of the Reconciler names it."""
    bench = Bench(CageUnavailable("seccomp", "not there"), SUCCEEDED)

    async def story() -> None:
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        assert "seccomp" in bench.dispatcher.cage_trouble
        await bench.at(5.0)
        assert bench.dispatcher.cage_trouble == ""

    await running(bench, story)


async def test_a_paused_revision_runs_nothing_until_another_is_active() -> None:
    """Told once; the objects that waited run on the new one."""
    bench = Bench(*[VIOLATION] * 3, replace(SUCCEEDED, code_id="code-2"))

    async def story() -> None:
        for name in ("a", "b", "c"):
            bench.dispatcher.enqueue(key(name), CHANGED)
        await bench.settle()
        assert len(bench.pauses) == 1
        bench.dispatcher.enqueue(key("d"), CHANGED)
        await bench.settle()
        assert len(bench.runs) == 3
        bench.dispatcher.new_code("code-2")
        await bench.settle()
        assert len(bench.runs) == 4

    await running(bench, story)


async def test_a_revision_that_was_paused_before_stays_so() -> None:
    """Under another session or controller; it is told of no second time."""
    bench = Bench(SUCCEEDED)
    bench.dispatcher.pause("three objects crashed")

    async def story() -> None:
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        assert (bench.dispatcher.paused, bench.runs, bench.pauses) == ("three objects crashed", [], [])
        bench.dispatcher.new_code("code-1")
        await bench.settle()
        assert len(bench.runs) == 1

    await running(bench, story)


async def test_an_object_that_is_gone_leaves_nothing() -> None:
    """No resync of what is not there."""
    bench = Bench(Ended(gone=True))

    async def story() -> None:
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        await bench.at(100_000.0)
        assert len(bench.runs) == 1

    await running(bench, story)


async def test_missing_rights_are_named_until_they_are_there() -> None:
    """Each once, however many objects lack it."""
    lacking = replace(RETRY, missing_right="create configmaps in namespace team-a")
    bench = Bench(lacking, lacking, SUCCEEDED, SUCCEEDED)

    async def story() -> None:
        for name in ("a", "b"):
            bench.dispatcher.enqueue(key(name), CHANGED)
        await bench.settle()
        assert bench.dispatcher.missing_rights == ["create configmaps in namespace team-a"]
        await bench.at(1.0)
        assert bench.dispatcher.missing_rights == []

    await running(bench, story)


@pytest.mark.parametrize("end", [SUCCEEDED, RETRY, FAILED, OUTAGE], ids=lambda end: f"{end.outcome}-{end.outage}")
async def test_a_run_of_the_code_before_loses_no_wish_for_the_new_one(end: Ended) -> None:
    """The wish of the new revision is paced, so the run before ends first; whatever it says, the wish stays."""
    bench = Bench(end, replace(SUCCEEDED, code_id="code-2"))
    bench.go.clear()

    async def story() -> None:
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        bench.dispatcher.new_code("code-2")
        bench.dispatcher.enqueue(key(), Request("revision 2 activated", Cause.CODE, Lane.RESYNC, fresh=True, after=0.5))
        bench.go.set()
        await bench.settle()
        bench.dispatcher.enqueue(key("other"), CHILD)  # wakes nothing of this object
        bench.ends.append(replace(SUCCEEDED, code_id="code-2"))
        await bench.at(0.5)
        reasons = [(run.reason, run.number) for run in bench.runs]
        assert ("revision 2 activated", 1) in reasons
        bench.dispatcher.enqueue(key(), CHILD)
        bench.ends.append(replace(SUCCEEDED, code_id="code-2"))
        await bench.settle()
        assert bench.runs[-1].reason == CHILD.reason, "it does not wait for a change of its own"

    await running(bench, story)


async def test_the_new_code_is_not_blamed_for_the_old() -> None:
    """Violations of a revision that is not active any more pause nothing."""
    bench = Bench(*[VIOLATION] * 3)
    bench.go.clear()

    async def story() -> None:
        for name in ("a", "b", "c"):
            bench.dispatcher.enqueue(key(name), CHANGED)
        await bench.settle()
        bench.dispatcher.new_code("code-2")
        bench.go.set()
        await bench.settle()
        assert (len(bench.runs), bench.pauses, bench.dispatcher.paused) == (3, [], "")

    await running(bench, story)


async def test_an_object_deleted_during_its_run_fails_no_more() -> None:
    """The end of the run brings no state of it back; one that was created again is run, and counts."""
    bench = Bench(FAILED, FAILED, SUCCEEDED)
    bench.go.clear()

    async def story() -> None:
        for name in ("gone", "again"):
            bench.dispatcher.enqueue(key(name), CHANGED)
        await bench.settle()
        for name in ("gone", "again"):
            bench.dispatcher.forget(key(name))
        bench.dispatcher.enqueue(key("again"), CHANGED)
        bench.go.set()
        await bench.settle()
        assert (bench.dispatcher.failing, len(bench.runs)) == (0, 3)

    await running(bench, story)


async def test_an_outage_without_a_gate_waits_a_second() -> None:
    """The author's code is not run in a hot loop when nothing says how long to wait."""
    bench = Bench(OUTAGE, SUCCEEDED)

    async def story() -> None:
        bench.dispatcher.enqueue(key(), CHANGED)
        await bench.settle()
        await bench.at(0.9)
        assert len(bench.runs) == 1
        await bench.at(0.1)
        assert len(bench.runs) == 2

    await running(bench, story)
