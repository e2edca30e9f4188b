"""`isolation: Run`: nothing that a run leaves behind is there for the next one."""

from __future__ import annotations

import asyncio

from sandbox.pool.config import Code, Isolation, RunRequest, RunResult, Verdict
from tests.integration.sandbox.support import OBJECT, Bench, function, until

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
