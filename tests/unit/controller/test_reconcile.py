"""One run: what the worker is handed, and what follows from its verdict."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import msgspec
import pytest
from controller_script import (
    CONFIGMAP,
    MYRESOURCE,
    REF,
    ManualClock,
    Script,
    account,
    answer,
    primary,
    refused,
    watched,
)
from test_activation import spec

from controller.account import Outage, Watched
from controller.cache import Entry
from controller.reconcile import Attempt, Ended, Reconcile, Surroundings, seed
from controller.spec import ActiveCode
from core.domain.keys import Gvk, ObjectRef, QueueKey, Uid
from core.domain.outcome import Layer, Outcome
from core.domain.revision import Identity
from core.kube.schema import ConditionsShape, StatusSchema
from core.services.protocols import RunRow
from sandbox.pool.config import Code, LoadResult, RunRequest, RunResult, Verdict
from sandbox.pool.config import Layer as PoolLayer
from sandbox.wire.messages import ApplyEffect, LogLine

SCHEMA = StatusSchema(frozenset({"phase"}), False, ConditionsShape.ABSENT, frozenset())
KEY = QueueKey(REF, ObjectRef(MYRESOURCE, "team-a", "hello"))
CHILD = msgspec.Raw(b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}')
PLAN = RunResult(Verdict.SUCCEEDED, "run-1", effects=(ApplyEffect(CHILD),), status=b'{"phase":"x"}')
TAKEN = answer(200, {"metadata": {"name": "x", "uid": "x", "resourceVersion": "9"}})


@dataclass
class Bench:
    """A Reconcile on a script of API answers and a pool that ends runs as told."""

    result: RunResult
    answers: list[object] = field(default_factory=list)
    entry: Entry | None = field(default_factory=primary)
    finalize: bool = False
    requests: list[RunRequest] = field(default_factory=list)
    rows: list[RunRow] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    held: int = 0
    kept: list[int] = field(default_factory=list)  # how many requests had been sent
    cannot_keep: Outage | None = None
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(64))
    hangs: bool = False
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.script = Script(list(self.answers))  # type: ignore[arg-type]
        mine = replace(
            spec(owns=[{"apiVersion": "v1", "kind": "ConfigMap"}]),
            identity=Identity(REF, Uid("u")),
            watch=MYRESOURCE,
        )
        self.kinds: dict[Gvk, Watched] = {
            MYRESOURCE: watched(MYRESOURCE, *([self.entry] if self.entry else [])),
            CONFIGMAP: watched(CONFIGMAP),
        }
        active = ActiveCode(Code("code-1", "source", mine.limits, revision=4), self.finalize)
        self.reconcile = Reconcile(
            Surroundings(
                spec=mine,
                account=account(self.script),
                kinds=self.kinds,
                schema=self.schema,
                pool=self,
                clock=self.clock,
                trail=self,
                seed_key=b"key",
                slots=self.slots,
                hold_release=self.hold,
                keep_owned=self.keep,
            ),
            active,
        )

    async def schema(self) -> StatusSchema:
        """Of the primary kind."""
        return SCHEMA

    async def hold(self) -> None:
        """The release finalizer."""
        self.held += 1

    async def keep(self) -> None:
        """The owned kinds."""
        self.kept.append(len(self.script.sent))
        if self.cannot_keep is not None:
            raise self.cannot_keep

    async def warm(self, code: Code) -> LoadResult:
        """Never asked here."""
        raise NotImplementedError(code.id)

    async def run(self, request: RunRequest, **_given: object) -> RunResult:
        """The pool's."""
        self.requests.append(request)
        if self.hangs:
            await asyncio.Event().wait()
        return self.result

    async def retire(self, code_id: str) -> None:
        """The pool's."""
        self.retired.append(code_id)

    def ran(self, row: RunRow) -> None:
        """The trail's."""
        self.rows.append(row)

    def logged(self, target: str, revision: int, run_id: str, lines: list[LogLine]) -> None:
        """The trail's."""

    async def once(self) -> Ended:
        """One run."""
        ended = await self.reconcile(KEY, Attempt("spec.message changed", 2))
        assert self.script.answers == []
        return ended


def steps(bench: Bench) -> list[str]:
    """What was sent, in order."""
    return [f"{sent.method} {sent.path.rpartition('team-a/')[2]}" for sent in bench.script.sent]


async def test_the_order_of_effects() -> None:
    """Finalizer on, children, status; the release finalizer before all of them."""
    on = answer(200, msgspec.json.decode(primary(rv=6, finalizers=[REF.finalizer]).raw))
    bench = Bench(PLAN, [on, TAKEN, TAKEN], finalize=True)
    ended = await bench.once()
    assert ended.outcome is Outcome.SUCCEEDED
    assert bench.held == 1
    assert steps(bench) == ["PATCH myresources/hello", "PATCH configmaps/a", "PATCH myresources/hello/status"]
    assert bench.script.sent[2].body["metadata"]["resourceVersion"] == "6", "the finalizer moved it"
    assert bench.rows[0].effects == (f"add finalizer {REF.finalizer}", "apply ConfigMap a", "status")


async def test_owned_kinds_are_remembered_before_the_first_child() -> None:
    """Else a crash and a change of spec would leave it to nobody; a run without children asks for nothing."""
    bench = Bench(PLAN, [TAKEN, TAKEN])
    await bench.once()
    assert bench.kept == [0]
    failing = Bench(PLAN, cannot_keep=Outage("no answer"))
    assert (await failing.once()).outage
    assert steps(failing) == []
    bench = Bench(replace(PLAN, effects=()), [TAKEN])
    await bench.once()
    assert bench.kept == []


async def test_the_finalizer_comes_off_last() -> None:
    """After the effects of a finalize that Succeeded; nothing is pruned."""
    dying = primary(finalizers=[REF.finalizer], deletionTimestamp="2026-01-01T00:00:00Z")
    off = answer(200, msgspec.json.decode(primary(rv=9).raw))
    bench = Bench(replace(PLAN, status=b"{}"), [TAKEN, off], dying, finalize=True)
    await bench.once()
    assert bench.requests[0].entry == "finalize"
    assert steps(bench) == ["PATCH configmaps/a", "PATCH myresources/hello"]


async def test_code_without_finalize_strips_and_does_not_run_on_the_way_out() -> None:
    """Nobody is trapped."""
    dying = primary(finalizers=[REF.finalizer], deletionTimestamp="2026-01-01T00:00:00Z")
    bench = Bench(PLAN, [answer(200, msgspec.json.decode(primary(rv=9).raw))], dying)
    ended = await bench.once()
    assert (ended.outcome, bench.requests) == (None, [])


async def test_a_deleting_object_without_our_finalizer_is_left_alone() -> None:
    """It is another controller's to let go."""
    bench = Bench(PLAN, [], primary(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["theirs/x"]), finalize=True)
    assert await bench.once() == Ended(code_id="code-1")


async def test_an_object_that_is_gone() -> None:
    """Nothing to do, and nothing to remember."""
    assert (await Bench(PLAN, entry=None).once()).gone


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.SUCCEEDED])
@pytest.mark.parametrize("message", ["why", "why (line 3)"])
async def test_only_a_success_has_effects(verdict: Verdict, message: str) -> None:
    """Whatever else came back with the verdict is not looked at; the line is told once."""
    bench = Bench(replace(PLAN, verdict=verdict, layer=PoolLayer.LIMIT, message=message, line=3))
    ended = await bench.once()
    assert (str(ended.outcome), ended.layer, ended.message) == (str(verdict), Layer.LIMIT, "why (line 3)")
    assert steps(bench) == []
    assert (bench.rows[0].outcome, bench.rows[0].line) == (str(verdict), 3)


async def test_an_invalid_plan_has_no_effect_at_all() -> None:
    """It is checked whole before its first step."""
    secret = ApplyEffect(msgspec.Raw(b'{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}'))
    bench = Bench(replace(PLAN, effects=(ApplyEffect(CHILD), secret)))
    ended = await bench.once()
    assert (ended.outcome, ended.layer) == (Outcome.FAILED, Layer.HOST)
    assert steps(bench) == []


async def test_a_plan_nested_beyond_reading_is_refused() -> None:
    """No worker of ours sends one."""
    deep = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":' + b"[" * 5000 + b"]" * 5000 + b"}"
    bench = Bench(replace(PLAN, effects=(ApplyEffect(msgspec.Raw(deep)),)))
    ended = await bench.once()
    assert (ended.outcome, ended.layer) == (Outcome.FAILED, Layer.HOST)


async def test_a_refused_effect_is_a_retry() -> None:
    """A right that is missing is named for the Reconciler's condition; what follows in the order is not done."""
    text = 'User "x" cannot create resource "configmaps" in API group "" in the namespace "team-a"'
    bench = Bench(PLAN, [refused(403, "Forbidden", text)])
    ended = await bench.once()
    assert ended.outcome is Outcome.RETRY
    assert ended.missing_right == "the ServiceAccount may not create configmaps in namespace team-a"
    assert steps(bench) == ["PATCH configmaps/a"]


async def test_an_outage_is_marked_as_one() -> None:
    """And what had been written before it is remembered, for the next run to wait for."""
    bench = Bench(PLAN, [TAKEN, refused(503, "ServiceUnavailable")])
    ended = await bench.once()
    assert ended.outage
    assert [write.name for write in ended.writes] == ["x"]


async def test_slow_code_of_others_holds_nobody_up() -> None:
    """Runs that wait for a worker of their own Reconciler hold none of the slots that all share."""
    slots = asyncio.Semaphore(8)
    greedy = [Bench(PLAN, slots=slots, hangs=True) for _ in range(3)]
    attempt = Attempt("spec.message changed", 1)
    runs = [asyncio.create_task(bench.reconcile(KEY, attempt)) for bench in greedy for _ in range(16)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert [len(bench.requests) for bench in greedy] == [2, 2, 2], "each has its two workers at work"
    neighbour = Bench(PLAN, [TAKEN, TAKEN], slots=slots)
    async with asyncio.timeout(5):
        assert (await neighbour.once()).outcome is Outcome.SUCCEEDED
    for run in runs:
        run.cancel()
    await asyncio.wait(runs)
    assert slots._value == 8


async def test_the_common_line_is_first_come_first_served() -> None:
    """A Reconciler with many objects has no more of its runs in it than it has workers."""
    slots = asyncio.Semaphore(1)
    greedy, modest = Bench(PLAN, slots=slots, hangs=True), Bench(PLAN, [TAKEN, TAKEN], slots=slots)
    attempt = Attempt("spec.message changed", 1)
    runs = [asyncio.create_task(greedy.reconcile(KEY, attempt)) for _ in range(16)]
    await asyncio.sleep(0)
    run = asyncio.create_task(modest.once())
    for _ in range(5):
        await asyncio.sleep(0)
    for each in runs[:2]:
        each.cancel()
    async with asyncio.timeout(5):
        assert (await run).outcome is Outcome.SUCCEEDED
    for each in runs:
        each.cancel()
    await asyncio.wait(runs)


async def test_all_own_writes_are_waited_for_under_one_deadline() -> None:
    """Once a kind, up to its newest; then the object is read live, and that is counted."""
    other = ApplyEffect(msgspec.Raw(b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}'))
    newer = answer(200, {"metadata": {"name": "x", "uid": "x", "resourceVersion": "12"}})
    answers = [newer, TAKEN, TAKEN, answer(200, msgspec.json.decode(primary(rv=20).raw)), newer, TAKEN, TAKEN]
    bench = Bench(replace(PLAN, effects=(ApplyEffect(CHILD), other)), answers)
    waits: list[tuple[str, int, float]] = []

    def never(gvk: Gvk) -> Watched:
        async def wait_rv(rv: int, timeout: float) -> bool:
            waits.append((gvk.kind, rv, timeout))
            bench.clock.at += timeout
            return False

        return replace(bench.kinds[gvk], wait_rv=wait_rv)

    bench.kinds |= {gvk: never(gvk) for gvk in bench.kinds}
    for _ in range(2):
        await bench.reconcile(KEY, Attempt("spec.message changed", 1))
    assert waits == [("ConfigMap", 12, 5.0), ("MyResource", 9, 0.0)]
    assert (bench.reconcile.late_caches, bench.script.answers) == (1, [])


async def test_a_swap_retires_the_code_before() -> None:
    """At once where nothing of it runs."""
    bench = Bench(PLAN)
    await bench.reconcile.swap(ActiveCode(Code("code-2", "source", revision=5)))
    assert (bench.retired, bench.reconcile.active.revision) == (["code-1"], 5)


async def test_the_worker_is_told_why_and_how_often() -> None:
    """And gets the object without managedFields."""
    bench = Bench(PLAN, [TAKEN, TAKEN], primary(managedFields=[{"manager": "x"}]))
    await bench.once()
    (request,) = bench.requests
    assert (request.reason, request.attempt, request.code.revision) == ("spec.message changed", 2, 4)
    assert b"managedFields" not in request.object


def test_seeds_are_stable_for_a_generation_and_not_to_be_guessed() -> None:
    """Key, uid and generation decide, and nothing else."""
    first = seed(b"key", primary())
    assert seed(b"key", primary(rv=99)) == first
    assert len({first, seed(b"other", primary()), seed(b"key", primary("other"))}) == 3
