"""Processes that die, stop or cannot be made: no orphan, no lost run, one verdict each."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import uvloop

from sandbox.pool import zygote as host_end
from sandbox.pool.config import Layer, Limits, PoolConfig, RunRequest, Verdict
from sandbox.pool.errors import CageUnavailable, PoolClosed
from sandbox.pool.pool import Pool
from tests.integration.sandbox.conftest import MakeBench
from tests.integration.sandbox.support import OBJECT, QUIET_NEIGHBOUR, Bench, alive, children, code, function, until

ROOM = Limits(timeout=60.0)
BUSY = function("n = 0\nwhile n < 2_000_000: n = n + 1\nctx.status['n'] = n")
ENDLESS = function("while True: pass")
BEGUN = function("ctx.get('ConfigMap', 'a')\nwhile True: pass")
REPOSITORY = Path(__file__).parents[3]

HOST = """
import asyncio, json, sys
from sandbox.pool.config import Code, Limits, PoolConfig, RunRequest
from sandbox.pool.pool import Pool

async def main():
    pool = Pool(PoolConfig(max_workers=2, spares=1, heir_after=0.0))
    await pool.start()
    spin = Code("spin", "def reconcile(obj, ctx):\\n    while True: pass\\n", Limits(timeout=60.0))
    asyncio.ensure_future(pool.run(RunRequest(spin, b"{}")))
    while pool.status().workers < 1 or pool.status().spares < 1 or not pool.status().heir_pid:
        await asyncio.sleep(0.01)
    zygote = pool.status().zygote_pid
    children = open(f"/proc/{zygote}/task/{zygote}/children").read().split()
    print(json.dumps([zygote, pool.status().heir_pid, *map(int, children)]), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def started(bench: Bench, count: int) -> list[asyncio.Task[object]]:
    """So many busy runs, each of a code of its own, in the middle of their work."""
    tasks: list[asyncio.Task[object]] = [
        asyncio.ensure_future(bench.run(BUSY, limits=ROOM, name=f"busy {n}")) for n in range(count)
    ]
    await until(lambda: bench.pool.status().workers == count)
    await until(lambda: len(bench.workers()) >= count)
    return tasks


async def test_a_zygote_that_is_killed_loses_no_run(bench: Bench) -> None:
    """Its workers die with it; their runs are taken up again on another zygote, and nobody is told of a failure."""
    tasks = await started(bench, 4)
    old = bench.pool.status().zygote_pid
    assert old is not None
    orphans = bench.workers()
    os.kill(old, signal.SIGKILL)
    results = await asyncio.gather(*tasks)
    assert {getattr(result, "verdict", None) for result in results} == {Verdict.SUCCEEDED}
    assert {getattr(result, "status", None) for result in results} == {b'{"n":2000000}'}
    assert bench.pool.status().zygote_pid not in (old, None)
    assert bench.pool.status().zygote_starts == 2
    await until(lambda: not any(alive(pid) for pid in orphans))


@pytest.mark.parametrize("packet", [b"hello", b'{"t":"fork","n":9,"memory":1}', b'{"t":"reap","n":12345}'])
async def test_a_zygote_leaves_on_a_packet_that_is_none(make_bench: MakeBench, packet: bytes) -> None:
    """Of its host, which has lost its way: bytes of no protocol, a fork without a socket, a worker that never was."""
    bench = await make_bench(PoolConfig(heir_after=3600.0, spares=0))  # or a spare's fork may notice before
    zygote = bench.pool._nursery.zygote
    assert zygote is not None
    zygote._control.send(packet)
    await until(lambda: zygote.lost)
    assert (await bench.run(QUIET_NEIGHBOUR)).verdict is Verdict.SUCCEEDED
    assert bench.pool.status().zygote_starts == 2
    kind, text = bench.incidents[0]
    assert kind == "zygote"
    assert "Error" in text


async def test_a_zygote_that_breaks_the_protocol_is_replaced(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host lets it go, says so, and the run that waited is made on another."""
    bench = await make_bench(PoolConfig(heir_after=3600.0, spares=0))
    first = bench.pool.status().zygote_pid
    real, broken = host_end.decode_from_zygote, iter([b"hello"])
    monkeypatch.setattr(
        host_end, "decode_from_zygote", lambda packet, fds, flags: real(next(broken, packet), fds, flags)
    )
    assert (await bench.run(QUIET_NEIGHBOUR)).verdict is Verdict.SUCCEEDED
    assert first is not None
    assert not alive(first)
    assert bench.pool.status().zygote_starts == 2
    assert [kind for kind, _ in bench.incidents] == ["zygote"]
    assert "it broke the protocol" in bench.incidents[0][1]


async def test_an_idle_pool_repairs_its_zygote(bench: Bench) -> None:
    """Before anybody asks for a run."""
    old = bench.pool.status().zygote_pid
    assert old is not None
    os.kill(old, signal.SIGKILL)
    await until(lambda: bench.pool.status().zygote_pid not in (old, None))
    assert [kind for kind, _ in bench.incidents] == ["zygote"]
    assert (await bench.run(QUIET_NEIGHBOUR)).verdict is Verdict.SUCCEEDED


async def test_an_heir_takes_over_and_no_run_waits_for_a_boot(make_bench: MakeBench) -> None:
    """It is warm already: what ran is taken up on it, and it is followed by an heir of its own."""
    bench = await make_bench(PoolConfig(heir_after=0.0))
    await until(lambda: bench.pool.status().heir_pid is not None)
    heir = bench.pool.status().heir_pid
    old = bench.pool.status().zygote_pid
    tasks = await started(bench, 3)
    assert old is not None
    os.kill(old, signal.SIGKILL)
    await until(lambda: bench.pool.status().zygote_pid != old)
    assert bench.pool.status().zygote_pid == heir
    results = await asyncio.gather(*tasks)
    assert {getattr(result, "verdict", None) for result in results} == {Verdict.SUCCEEDED}
    assert [kind for kind, _ in bench.incidents] == ["zygote"]
    await until(lambda: bench.pool.status().heir_pid not in (heir, None))
    assert bench.pool.status().zygote_starts == 2


async def test_a_pool_that_is_to_live_has_an_heir_before_its_first_run(make_bench: MakeBench) -> None:
    """Whenever its zygote is lost, no run waits for a boot."""
    bench = await make_bench(PoolConfig(heir_at_start=True, heir_after=3600.0))
    heir, old = bench.pool.status().heir_pid, bench.pool.status().zygote_pid
    assert heir is not None
    assert old is not None
    os.kill(old, signal.SIGKILL)
    assert (await bench.run(QUIET_NEIGHBOUR)).verdict is Verdict.SUCCEEDED
    assert bench.pool.status().zygote_pid == heir
    assert bench.pool.status().heir_pid is None  # the next one has its time


async def test_an_heir_that_dies_is_replaced_and_disturbs_nobody(make_bench: MakeBench) -> None:
    """It has no workers; no incident either."""
    bench = await make_bench(PoolConfig(heir_after=0.0))
    await until(lambda: bench.pool.status().heir_pid is not None)
    heir, zygote = bench.pool.status().heir_pid, bench.pool.status().zygote_pid
    assert heir is not None
    os.kill(heir, signal.SIGKILL)
    await until(lambda: bench.pool.status().heir_pid not in (heir, None))
    assert bench.pool.status().zygote_pid == zygote
    assert (await bench.run(QUIET_NEIGHBOUR)).verdict is Verdict.SUCCEEDED
    assert bench.incidents == []


async def test_an_heir_takes_over_from_an_old_zygote(make_bench: MakeBench) -> None:
    """The old one leaves with its last worker."""
    bench = await make_bench(PoolConfig(heir_after=0.0, max_zygote_forks=3, max_runs=1))
    first = bench.pool.status().zygote_pid
    assert first is not None
    await until(lambda: bench.pool.status().heir_pid is not None)
    heir = bench.pool.status().heir_pid
    while bench.pool.status().zygote_pid == first:
        assert (await bench.run(QUIET_NEIGHBOUR, name="a")).verdict is Verdict.SUCCEEDED
    assert bench.pool.status().zygote_pid == heir
    await until(lambda: not alive(first))
    assert bench.incidents == []


async def test_a_worker_that_is_killed_from_outside_crashed(make_bench: MakeBench) -> None:
    """Not our SIGKILL, no memory trouble: Crashed, and the next run has another worker."""
    bench = await make_bench(PoolConfig(spares=0))
    task = await bench.in_flight(BEGUN, ROOM)
    os.kill(bench.workers()[0], signal.SIGKILL)
    result = await task
    assert (result.verdict, result.layer, result.message) == (
        Verdict.CRASHED,
        Layer.CAGE,
        "the worker died of SIGKILL",
    )
    assert (await bench.run(QUIET_NEIGHBOUR)).verdict is Verdict.SUCCEEDED


async def test_an_idle_worker_that_is_killed_is_only_replaced(make_bench: MakeBench) -> None:
    """No run, no verdict; the next run does not meet a corpse."""
    bench = await make_bench(PoolConfig(spares=0))
    await bench.run(QUIET_NEIGHBOUR, name="a")
    (pid,) = bench.workers()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not alive(pid))
    assert (await bench.run(QUIET_NEIGHBOUR, name="a")).verdict is Verdict.SUCCEEDED


async def test_a_stopped_worker_meets_the_hard_deadline(make_bench: MakeBench) -> None:
    """It cannot hear the soft one."""
    bench = await make_bench(PoolConfig(spares=0))
    task = await bench.in_flight(BEGUN, Limits(timeout=1.0))
    os.kill(bench.workers()[0], signal.SIGSTOP)
    result = await task
    assert (result.verdict, result.layer) == (Verdict.TIMED_OUT, Layer.DEADLINE)


async def test_a_closed_pool_ends_what_runs_and_takes_nothing_more(bench: Bench) -> None:
    """Whoever waits is told, and no process is left."""
    task = await bench.in_flight(BEGUN, ROOM)
    zygote = bench.pool.status().zygote_pid
    assert zygote is not None
    pids = [zygote, *children(zygote)]
    await bench.pool.close()
    with pytest.raises(PoolClosed):
        await task
    with pytest.raises(PoolClosed):
        await bench.run(QUIET_NEIGHBOUR)
    await until(lambda: not any(alive(pid) for pid in pids))


async def test_a_zygote_is_renewed_before_it_is_old(make_bench: MakeBench) -> None:
    """Layout and hash seed are shared by its forks, so it does not live for ever; runs do not notice."""
    bench = await make_bench(PoolConfig(max_zygote_forks=4, max_runs=1))
    first = bench.pool.status().zygote_pid
    assert first is not None
    for _ in range(12):
        assert (await bench.run(QUIET_NEIGHBOUR, name="a")).verdict is Verdict.SUCCEEDED
    await until(lambda: bench.pool.status().zygote_pid != first and not alive(first))
    assert bench.incidents == []


async def test_an_idle_worker_is_let_go(make_bench: MakeBench) -> None:
    """Memory goes back to the machine when nothing happens."""
    bench = await make_bench(PoolConfig(max_idle=0.1, spares=0))
    await bench.run(QUIET_NEIGHBOUR)
    await until(lambda: bench.pool.status().kills == {"idle": 1})
    assert bench.workers() == []


def test_a_host_that_is_killed_leaves_no_orphan() -> None:
    """SIGKILL to the host: zygote, heir, spinning worker and spare are all gone."""
    with subprocess.Popen([sys.executable, "-c", HOST], stdout=subprocess.PIPE, cwd=REPOSITORY) as host:
        assert host.stdout is not None
        pids = json.loads(host.stdout.readline())
        assert len(pids) == 4
        assert all(alive(pid) for pid in pids)
        host.kill()
        host.wait()
    asyncio.run(until(lambda: not any(alive(pid) for pid in pids)))


def test_the_pool_works_on_uvloop() -> None:
    """The loop of production: runs, a deadline, a dead zygote, a clean end."""

    async def scenario() -> tuple[list[Verdict], int]:
        pool = Pool(PoolConfig())
        await pool.start()
        try:
            first = await pool.run(RunRequest(code(QUIET_NEIGHBOUR, "a"), OBJECT))
            hung = await pool.run(RunRequest(code(ENDLESS, "b", Limits(timeout=0.3)), OBJECT))
            zygote = pool.status().zygote_pid
            assert zygote is not None
            os.kill(zygote, signal.SIGKILL)
            after = await pool.run(RunRequest(code(QUIET_NEIGHBOUR, "a"), OBJECT))
            await until(lambda: pool.status().zygote_pid not in (zygote, None))
            return [first.verdict, hung.verdict, after.verdict], pool.status().zygote_starts
        finally:
            await pool.close()

    verdicts, starts = uvloop.run(scenario())
    assert verdicts == [Verdict.SUCCEEDED, Verdict.TIMED_OUT, Verdict.SUCCEEDED]
    assert starts == 2


async def test_a_zygote_that_cannot_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that is not there is a cage that is not there."""
    monkeypatch.setattr("sandbox.pool.bootstrap.sys.executable", "/bin/false")
    with pytest.raises(CageUnavailable, match="zygote") as missing:
        await Pool(PoolConfig()).start()
    assert missing.value.layer == "zygote"


async def test_a_zygote_killed_again_and_again_while_it_forks_is_never_a_broken_cage(make_bench: MakeBench) -> None:
    """A worker that finds its zygote gone in the middle of its steps is forked again elsewhere; every run ends well."""
    bench = await make_bench(PoolConfig(spares=3, max_runs=1))
    for _ in range(6):
        zygote = bench.pool.status().zygote_pid
        runs = [asyncio.ensure_future(bench.run(QUIET_NEIGHBOUR)) for _ in range(6)]
        await asyncio.sleep(0)
        if zygote is not None:
            os.kill(zygote, signal.SIGKILL)
        assert {(await run).verdict for run in runs} == {Verdict.SUCCEEDED}
    assert {kind for kind, _ in bench.incidents} == {"zygote"}, bench.incidents
