"""What a run wants, reads and says, what it cannot keep, and what becomes of its worker afterwards."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from sandbox.pool.config import Code, Layer, Limits, PoolConfig, RunRequest, Verdict
from sandbox.pool.errors import CallRefused
from sandbox.wire.messages import ApplyEffect, Call, ConditionEffect, DeleteEffect, EventEffect
from tests.integration.sandbox.conftest import MakeBench
from tests.integration.sandbox.support import OBJECT, QUIET_NEIGHBOUR, Bench, function, until

SHORT = Limits(timeout=0.5)


async def test_a_run_says_all_it_wants(bench: Bench) -> None:
    """Effects in order, status, requeue, logs, and what the host measured."""
    heard: list[str] = []
    source = function(
        """
        ctx.log.info("starting", reason=ctx.run.reason, attempt=ctx.run.attempt)
        print("a line", 2)
        ctx.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": obj["metadata"]["name"]}})
        ctx.delete("ConfigMap", "old")
        ctx.condition("Synced", "True", "Done")
        ctx.event("Created", "made it")
        ctx.requeue("10m")
        ctx.status["phase"] = "Ready"
        """
    )
    result = await bench.run(source, on_log=lambda run, lines: heard.extend(f"{run} {one.message}" for one in lines))
    assert (result.verdict, result.layer, result.message) == (Verdict.SUCCEEDED, None, "")
    applied, *rest = result.effects
    assert isinstance(applied, ApplyEffect)
    assert msgspec.json.decode(applied.object)["metadata"] == {"name": "x"}
    assert rest == [
        DeleteEffect("v1/ConfigMap", "old"),
        ConditionEffect("Synced", "True", "Done"),
        EventEffect("Created", "made it"),
    ]
    assert (result.status, result.requeue) == (b'{"phase":"Ready"}', 600.0)
    assert [(line.level, line.message, line.fields) for line in result.logs] == [
        ("info", "starting", {"reason": "", "attempt": "1"}),
        ("info", "a line 2", {}),
    ]
    assert heard == [f"{result.run_id} starting", f"{result.run_id} a line 2"]
    assert result.duration_ms > 0
    assert result.cpu_ms > 0
    assert result.peak_memory_bytes > 1_000_000


async def test_finalize_is_known_and_run(bench: Bench) -> None:
    """`warm` says whether the code has it; a run can enter there."""
    with_it = QUIET_NEIGHBOUR + "\ndef finalize(obj, ctx):\n    ctx.status['gone'] = True\n"
    assert (await bench.pool.warm(Code("a", with_it))).finalize
    assert not (await bench.pool.warm(Code("b", QUIET_NEIGHBOUR))).finalize
    result = await bench.pool.run(RunRequest(Code("a", with_it), OBJECT, entry="finalize"))
    assert result.status == b'{"gone":true}'


async def test_warm_refuses_what_cannot_start(bench: Bench) -> None:
    """A revision that does not compile, raises or hangs in its module body never becomes active."""
    refused = await bench.pool.warm(Code("a", "import os\n" + QUIET_NEIGHBOUR))
    assert (refused.ok, refused.verdict) == (False, Verdict.REJECTED)
    assert [finding.code for finding in refused.findings] == ["CHK130"]
    raised = await bench.pool.warm(Code("b", "x = 1 / 0\n" + QUIET_NEIGHBOUR))
    assert (raised.ok, raised.verdict, raised.message) == (
        False,
        Verdict.RETRY,
        "ZeroDivisionError: division by zero (line 1)",
    )
    hung = await bench.pool.warm(Code("c", "while True: pass\n" + QUIET_NEIGHBOUR, SHORT))
    assert (hung.ok, hung.verdict) == (False, Verdict.TIMED_OUT)


async def test_check_answers_findings_and_never_passes_what_broke_it(bench: Bench) -> None:
    """Clean, refused, and far beyond any cap."""
    clean = await bench.pool.check(QUIET_NEIGHBOUR)
    assert clean.findings == ()
    assert clean.policy_version == bench.pool.status().policy_version != ""
    refused = await bench.pool.check("import os\n" + QUIET_NEIGHBOUR)
    assert [(one.code, one.line) for one in refused.findings] == [("CHK130", 1)]
    for bomb in ("x = 1\n" * 1_000_000, "(" * 50_000, "-" * 60_000 + "1", "x = '\ud800'\n", "x\0y", "9" * 60_000):
        assert (await bench.pool.check(bomb)).findings
        assert not (await bench.pool.warm(Code(f"bomb {len(bomb)}", bomb))).ok


async def test_reads_are_answered_and_refused(bench: Bench) -> None:
    """The author gets the host's objects, or its sentence."""
    asked: list[Call] = []

    async def answer(call: Call) -> bytes:
        await asyncio.sleep(0)
        asked.append(call)
        if call.name == "forbidden":
            raise CallRefused("no right to get configmaps")
        if call.name == "broken":
            raise RuntimeError("with a secret in it")
        return b"null" if call.name == "absent" else json.dumps({"items": call.verb}).encode()

    source = function(
        """
        ctx.status["one"] = ctx.get("ConfigMap", "a", "ns")
        ctx.status["none"] = ctx.get("v1/ConfigMap", "absent")
        ctx.status["many"] = ctx.list("ConfigMap", {"app": "web"})
        for name in ("forbidden", "broken"):
            try:
                ctx.get("ConfigMap", name)
            except ValueError as error:
                print(error)
        ctx.get("Secret", "x")
        """
    )
    result = await bench.run(source, answer=answer)
    assert (result.verdict, result.line) == (Verdict.RETRY, 10)
    assert "Secret is not declared" in result.message
    assert [line.message for line in result.logs] == [
        "ctx.get: no right to get configmaps",
        "ctx.get: the host could not answer",
    ]
    assert [(call.verb, call.kind, call.name, call.namespace, call.labels) for call in asked[:3]] == [
        ("get", "v1/ConfigMap", "a", "ns", {}),
        ("get", "v1/ConfigMap", "absent", "", {}),
        ("list", "v1/ConfigMap", "", "", {"app": "web"}),
    ]


async def test_a_slow_read_counts_against_the_deadline(bench: Bench) -> None:
    """Waiting for the host is wall time too; the line is where the author waited."""

    async def answer(_call: Call) -> bytes:
        await asyncio.Event().wait()
        return b"null"

    result = await bench.run(function("x = 1\nctx.get('ConfigMap', 'a')"), limits=SHORT, answer=answer)
    assert (result.verdict, result.layer, result.line) == (Verdict.TIMED_OUT, Layer.DEADLINE, 3)


async def test_a_long_run_speaks_before_its_end(bench: Bench) -> None:
    """Lines of a run that is killed are not lost when it logged for a while."""
    heard: list[str] = []
    source = function("n = 0\nwhile True:\n    n = n + 1\n    if n % 1000 == 0:\n        print(n)")
    result = await bench.run(
        source, limits=Limits(timeout=1.0), on_log=lambda _run, lines: heard.extend(one.message for one in lines)
    )
    assert result.verdict is Verdict.TIMED_OUT
    assert heard == [line.message for line in result.logs]
    assert len(result.logs) == 201


async def test_nothing_survives_from_run_to_run(bench: Bench) -> None:
    """Globals are fresh, though the worker is the same."""
    source = "seen = []\n\n" + function("seen.append(1)\nctx.status['seen'] = len(seen)")
    workers = set()
    for _ in range(3):
        result = await bench.run(source, name="same")
        assert result.status == b'{"seen":1}'
        workers.add(tuple(bench.workers()))
    assert len(workers) == 1


async def test_time_and_chance_are_the_runs_own(bench: Bench) -> None:
    """The same inputs give the same run, in whichever worker."""
    source = "import random, datetime\n\n" + function(
        "ctx.status['x'] = [random.random(), str(ctx.now), str(datetime.datetime.now(datetime.UTC))]"
    )
    one = Code("a", source)
    seeds = ["11" * 32, "11" * 32, "22" * 32]
    found = [
        (await bench.pool.run(RunRequest(one, OBJECT, now="2026-03-04T05:06:07Z", seed=seed))).status for seed in seeds
    ]
    assert found[0] == found[1] != found[2]
    assert found[0].count(b"2026-03-04 05:06:07") == 2


async def test_a_worker_ages(make_bench: MakeBench) -> None:
    """After so many runs another takes its place; nothing is lost over it."""
    bench = await make_bench(PoolConfig(max_runs=3))
    for _ in range(10):
        assert (await bench.run(QUIET_NEIGHBOUR, name="same")).verdict is Verdict.SUCCEEDED
    await until(lambda: bench.pool.status().kills.get("runs") == 3)


async def test_a_retired_code_keeps_no_worker(bench: Bench) -> None:
    """What was superseded gives its memory back."""
    await bench.run(QUIET_NEIGHBOUR, name="old")
    assert bench.pool.status().workers == 1
    await bench.pool.retire("old")
    assert bench.pool.status().workers == 0


async def test_many_runs_of_many_codes_share_few_workers(make_bench: MakeBench) -> None:
    """Twelve codes on three workers: all end, in whatever order, and the limit holds throughout."""
    bench = await make_bench(PoolConfig(max_workers=3, max_workers_per_reconciler=2))
    results = await asyncio.gather(*(bench.run(QUIET_NEIGHBOUR, name=f"code {n % 12}") for n in range(120)))
    assert {result.verdict for result in results} == {Verdict.SUCCEEDED}
    assert bench.pool.status().workers <= 3


async def test_a_cancelled_run_takes_its_worker_along(bench: Bench) -> None:
    """Nobody waits for the answer, so nobody may compute it."""
    task = asyncio.ensure_future(bench.run(function("while True: pass"), limits=Limits(timeout=60.0), name="a"))
    await until(lambda: bool(bench.pool.status().workers) and bench.pool.status().spares == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.pool.status().workers == 0
    assert (await bench.run(QUIET_NEIGHBOUR, name="a2")).verdict is Verdict.SUCCEEDED


async def test_the_largest_object_of_a_cluster_passes(bench: Bench) -> None:
    """etcd takes about a megabyte and a half; its frame does not fit the socket's buffer at once."""
    large = json.dumps({"metadata": {"name": "x"}, "data": {"text": "x" * 1_450_000}}).encode()
    one = Code("large", function("ctx.status['size'] = len(obj['data']['text'])"))
    result = await bench.pool.run(RunRequest(one, large))
    assert (result.verdict, result.status) == (Verdict.SUCCEEDED, b'{"size":1450000}')


async def test_an_object_that_no_frame_holds_is_a_limit(bench: Bench) -> None:
    """Said as such, not as a fault of the worker's."""
    huge = json.dumps({"data": "x" * 9_000_000}).encode()
    result = await bench.pool.run(RunRequest(Code("huge", QUIET_NEIGHBOUR), huge))
    assert (result.verdict, result.layer) == (Verdict.LIMIT_EXCEEDED, Layer.LIMIT)


async def test_a_run_whose_code_does_not_load_has_an_id(bench: Bench) -> None:
    """One of its own: history keeps one row an id."""
    broken = [await bench.run("def reconcile(obj, ctx)\n    pass\n", name="broken") for _ in range(2)]
    failing = [await bench.run("1 / 0\n" + QUIET_NEIGHBOUR, name="failing") for _ in range(2)]
    ids = [result.run_id for result in (*broken, *failing)]
    assert all(ids)
    assert len(set(ids)) == 4


@pytest.mark.parametrize(("base", "verdict"), [("Retry", Verdict.RETRY), ("Fail", Verdict.FAILED)])
async def test_an_author_may_name_failures_of_their_own(bench: Bench, base: str, verdict: Verdict) -> None:
    """A subclass that nobody catches ends the run as its base does; one that is caught is an exception like any."""
    head = f"from chakrator import {base}\n\nclass NotReady({base}):\n    pass\n\n"
    result = await bench.run(function("raise NotReady('the disk is not there')", head))
    assert result.verdict is verdict
    assert result.layer is None or result.verdict is Verdict.FAILED
    assert "the disk is not there" in result.message
    plain = await bench.run(function(f"raise {base}('the disk is not there')", f"from chakrator import {base}\n\n"))
    assert (plain.verdict, plain.layer) == (result.verdict, result.layer)
    caught = f"try:\n    raise NotReady('no')\nexcept {base} as error:\n    ctx.status['said'] = str(error)"
    assert (await bench.run(function(caught, head))).status == b'{"said":"no"}'


async def test_a_log_field_too_large_does_not_end_the_run(bench: Bench) -> None:
    """It is only named in the log, and what comes after it is done."""
    result = await bench.run(function("ctx.log.info('x', big=[0] * 300_000)\nctx.status['phase'] = 'Ready'"))
    assert (result.verdict, result.status) == (Verdict.SUCCEEDED, b'{"phase":"Ready"}')
    assert [line.fields for line in result.logs] == [{"big": "<list>"}]
