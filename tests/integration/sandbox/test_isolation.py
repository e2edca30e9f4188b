"""Nothing that an isolated run leaves behind is there for the next; a hot code and a quiet tenant have their place."""

from __future__ import annotations

import asyncio
import os
import signal

from sandbox.pool.config import Code, Isolation, Limits, PoolConfig, RunRequest, RunResult, Verdict
from tests.integration.sandbox.conftest import MakeBench
from tests.integration.sandbox.support import OBJECT, QUIET_NEIGHBOUR, Bench, function, until

# Plain Python, as after an escape from the language: what it writes lies outside the namespace of its run.
MARK = function(
    """
    seen = getattr(builtins, 'mark', 0)
    builtins.mark = seen + 1
    ctx.status['seen'] = seen
    """,
    head="import builtins\n",
)


def marking(isolation: Isolation) -> Code:
    """The same source under either isolation."""
    return Code(f"mark-{isolation}", MARK, isolation=isolation)


async def marked(bench: Bench, isolation: Isolation, runs: int) -> list[RunResult]:
    """So many runs, one after the other."""
    return [await bench.pool.run(RunRequest(marking(isolation), OBJECT)) for _ in range(runs)]


async def test_a_worker_of_a_revision_can_carry_something_over(bare: Bench) -> None:
    """The control: without it the next test would prove nothing."""
    assert [one.status for one in await marked(bare, Isolation.REVISION, 3)] == [
        b'{"seen":0}',
        b'{"seen":1}',
        b'{"seen":2}',
    ]


async def test_a_run_in_isolation_meets_nothing_of_an_earlier_one(bare: Bench) -> None:
    """One worker a run, also where runs overlap."""
    assert (await bare.pool.warm(marking(Isolation.RUN))).ok
    results = await marked(bare, Isolation.RUN, 4)
    results += await asyncio.gather(
        *(bare.pool.run(RunRequest(marking(Isolation.RUN), OBJECT)) for _ in range(6)),
    )
    assert {(one.verdict, one.status) for one in results} == {(Verdict.SUCCEEDED, b'{"seen":0}')}
    await until(lambda: bare.pool.status().kills.get("isolation") == 10)


async def test_a_hot_code_runs_on_though_its_worker_is_killed(make_bench: MakeBench) -> None:
    """The one that stood by has the code already: no start between the death and the next run."""
    bench = await make_bench(PoolConfig(spares=0, hot_runs=5))
    for _ in range(5):
        await bench.run(QUIET_NEIGHBOUR, name="hot")
    await until(lambda: bench.pool.status().hot == 1)
    starts = bench.pool.status().starts
    busy, _ = sorted(bench.workers())
    os.kill(busy, signal.SIGKILL)
    await until(lambda: bench.pool.status().workers == 1)
    assert bench.pool.status().starts == starts
    assert (await bench.run(QUIET_NEIGHBOUR, name="hot")).verdict is Verdict.SUCCEEDED
    await until(lambda: bench.pool.status().hot == 1)
    assert bench.pool.status().starts == starts + 1


async def test_one_that_stands_by_saves_an_isolated_run_its_start(make_bench: MakeBench) -> None:
    """It was forked for that run alone, only earlier."""
    bench = await make_bench(PoolConfig(spares=0, hot_runs=2))
    code = Code("alone", QUIET_NEIGHBOUR, isolation=Isolation.RUN)
    for turn in range(6):
        assert (await bench.pool.run(RunRequest(code, OBJECT))).verdict is Verdict.SUCCEEDED
        if turn >= 1:
            await until(lambda: bench.pool.status().hot == 1)
    assert bench.pool.status().starts == 7


async def test_the_cap_of_a_namespace_holds_while_another_is_served(make_bench: MakeBench) -> None:
    """Runs without end in one namespace: another's ends."""
    bench = await make_bench(PoolConfig(max_workers=4, max_workers_per_namespace=2, spares=0))
    endless = [
        Code(f"spin {n}", function("while True: pass"), Limits(timeout=60.0), namespace="busy", reconciler=f"{n}")
        for n in range(6)
    ]
    tasks = [asyncio.ensure_future(bench.pool.run(RunRequest(code, OBJECT))) for code in endless]
    await until(lambda: bench.pool.status().workers == 2 and bench.pool.status().waiting == 4)
    quiet = Code("quiet", QUIET_NEIGHBOUR, namespace="quiet", reconciler="quiet")
    assert (await bench.pool.run(RunRequest(quiet, OBJECT))).verdict is Verdict.SUCCEEDED
    for task in tasks:
        task.cancel()
    assert all(isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*tasks, return_exceptions=True))
    assert bench.pool.status().waiting == 0
