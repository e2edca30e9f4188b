"""The pool at its edges: 1,000 idle workers, and what is left when zygote, worker or controller is killed.

`python -m bench pool`: a table on stderr, JSON on stdout. Every part ends by itself, and ends what it started.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress

import uvloop

from bench.figures import available_mb, born, children, cpu_seconds, percentile, private_mb, summary, table
from bench.workload import SPIN
from sandbox.pool.config import Code, Limits, PoolConfig, RunRequest, RunResult, Verdict
from sandbox.pool.pool import Pool

WORKERS = 1000
DESCRIPTORS_EACH, DESCRIPTORS_OURS = 3, 200
EDGE = 50
IDLE_SECONDS = 5.0
ZYGOTE_KILLS, COLD_KILLS, WORKER_KILLS, CONTROLLER_KILLS = 40, 5, 40, 10
LANES = 4
DEADLINE = 10.0
OBJECT = json.dumps({"spec": {"items": [{"name": f"item-{n}", "value": n} for n in range(25)]}}).encode()
SOURCE = """
def reconcile(obj, ctx):
    ctx.status["names"] = [item["name"] for item in obj["spec"]["items"] if item["value"] % 2]
"""
# Long enough that a kill finds it in the middle.
BUSY = """
def reconcile(obj, ctx):
    total = 0
    for number in range(100000):
        total += number
    ctx.status["total"] = total
"""


def affordable() -> int:
    """How many workers the descriptors allow, the soft limit at the hard one."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard == resource.RLIM_INFINITY:
        return WORKERS
    return min(WORKERS, (hard - DESCRIPTORS_OURS) // DESCRIPTORS_EACH)


async def timed_run(pool: Pool, code: Code, row: list[float]) -> RunResult:
    """One run; its seconds go into `row`."""
    start = time.perf_counter()
    result = await pool.run(RunRequest(code, OBJECT))
    row.append(time.perf_counter() - start)
    return result


async def idle() -> dict[str, object]:
    """Workers that each have a code of their own and have run it once; then nothing, for a while."""
    wanted = affordable()
    config = PoolConfig(
        max_workers=wanted + 1,
        spares=0,
        max_hot=0,
        max_idle=3600.0,
        max_age=3600.0,
        max_zygote_forks=10 * WORKERS,
    )
    pool = Pool(config)
    await pool.start()
    try:
        before = available_mb()
        starts: list[float] = []
        runs: list[float] = []
        failed: Counter[str] = Counter()
        for number in range(wanted):
            code = Code(f"idle-{number}", f"{SOURCE}\nNUMBER = {number}\n")
            start = time.perf_counter()
            loaded = await pool.warm(code)
            starts.append(time.perf_counter() - start)
            result = await timed_run(pool, code, runs)
            if not loaded.ok or result.verdict is not Verdict.SUCCEEDED:
                failed[result.verdict.value] += 1
        lost = before - available_mb()
        status = pool.status()
        assert status.zygote_pid is not None
        pids = children(status.zygote_pid)
        private = [private_mb(pid) for pid in pids]
        host, theirs = time.process_time(), sum(map(cpu_seconds, pids)) + cpu_seconds(status.zygote_pid)
        await asyncio.sleep(IDLE_SECONDS)
        host = time.process_time() - host
        theirs = sum(map(cpu_seconds, pids)) + cpu_seconds(status.zygote_pid) - theirs
        again: list[float] = []
        for number in range(0, wanted, max(1, wanted // 200)):
            result = await timed_run(pool, Code(f"idle-{number}", f"{SOURCE}\nNUMBER = {number}\n"), again)
            if result.verdict is not Verdict.SUCCEEDED:
                failed[result.verdict.value] += 1
        held = pool.status().idle
    finally:
        start = time.perf_counter()
        await pool.close()
    return {
        "wanted": WORKERS,
        "held": held,
        "processes": len(pids),
        "failed_runs": sum(failed.values()),
        "private_mb_sum": round(sum(private), 1),
        "private_mb_each": round(percentile(private, 0.5), 2),
        "available_lost_mb": round(lost, 1),
        "start_first_50": summary(starts[:EDGE]),
        "start_last_50": summary(starts[-EDGE:]),
        "run_of_an_idle_one": summary(again),
        "host_cpu_percent_idle": round(100 * host / IDLE_SECONDS, 2),
        "workers_cpu_percent_idle": round(100 * theirs / IDLE_SECONDS, 2),
        "close_s": round(time.perf_counter() - start, 2),
    }


async def soon(what: str, found: Callable[[], int | None]) -> int:
    """What is found as soon as there is one."""
    until = time.monotonic() + DEADLINE
    while (one := found()) is None:
        if time.monotonic() > until:
            raise TimeoutError(f"no {what} came")
        await asyncio.sleep(0.01)
    return one


def kill_and_see_dead(pid: int) -> None:
    """SIGKILL, and wait until it took: a child of it may live, and answer, for a millisecond more."""
    process = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        select.select([process], [], [], DEADLINE)
    finally:
        os.close(process)


async def reigning(pool: Pool, last: int) -> int:
    """The zygote of now, which is another than the last; the runs may be over sooner than it is there."""
    return await soon("zygote", lambda: pid if (pid := pool.status().zygote_pid) != last else None)


async def zygote_killed(config: PoolConfig, kills: int, *, heir: bool) -> dict[str, object]:
    """SIGKILL of the zygote amid running runs: until a run that begins then has its result, and what became of all."""
    pool = Pool(config)
    await pool.start()
    served: list[float] = []
    verdicts: Counter[str] = Counter()
    zygote = 0
    try:
        lanes = [Code(f"busy-{number}", BUSY) for number in range(LANES)]
        for code in [*lanes, Code("next", SOURCE)]:
            await pool.run(RunRequest(code, OBJECT))
        for _ in range(kills):
            if heir:
                await soon("heir", lambda: pool.status().heir_pid)
            zygote = await reigning(pool, zygote)
            running = [asyncio.ensure_future(pool.run(RunRequest(code, OBJECT))) for code in lanes]
            await asyncio.sleep(0.003)
            kill_and_see_dead(zygote)
            verdicts[(await timed_run(pool, Code("next", SOURCE), served)).verdict.value] += 1
            verdicts.update(result.verdict.value for result in await asyncio.gather(*running))
    finally:
        await pool.close()
    total = sum(verdicts.values())
    return {"kills": kills, **summary(served), "runs": total, "lost": total - verdicts[Verdict.SUCCEEDED.value]}


async def worker_killed() -> dict[str, object]:
    """SIGKILL from outside of a busy worker: to its run's verdict, and to another that has the code loaded."""
    pool = Pool(PoolConfig(max_hot=0))
    await pool.start()
    told: list[float] = []
    ready: list[float] = []
    verdicts: Counter[str] = Counter()
    code = Code("spin", SPIN, Limits(timeout=DEADLINE))
    try:
        for _ in range(WORKER_KILLS):
            await pool.warm(code)
            zygote = pool.status().zygote_pid
            assert zygote is not None
            used = {pid: cpu_seconds(pid) for pid in children(zygote)}
            running = asyncio.ensure_future(pool.run(RunRequest(code, b"{}")))
            await asyncio.sleep(0.05)
            spinning = max(used, key=lambda pid: cpu_seconds(pid) - used[pid])
            start = time.perf_counter()
            os.kill(spinning, signal.SIGKILL)
            replacement = asyncio.ensure_future(pool.warm(code))
            verdicts[(await running).verdict.value] += 1
            told.append(time.perf_counter() - start)
            await replacement
            ready.append(time.perf_counter() - start)
    finally:
        await pool.close()
    return {"kills": WORKER_KILLS, "to_verdict": summary(told), "to_ready": summary(ready), "verdicts": dict(verdicts)}


def controller_killed() -> dict[str, object]:
    """SIGKILL of a host with a zygote, its heir, idle and spinning workers: until the last of them is gone."""
    gone: list[float] = []
    left = family = 0
    for _ in range(CONTROLLER_KILLS):
        command = (sys.executable, "-m", "bench.doomed")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as controller:
            try:
                assert controller.stdout is not None
                known = {pid: born(pid) for pid in json.loads(controller.stdout.readline())}
                family = len(known)
                start = time.perf_counter()
            finally:
                controller.kill()
            alive = set(known)
            while alive and time.perf_counter() - start < DEADLINE:
                alive = {pid for pid in alive if born(pid) == known[pid]}
                time.sleep(0.001)
            gone.append(time.perf_counter() - start)
        left += len(alive)
        for pid in alive:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    found = {"max_ms": round(max(gone) * 1e3, 2), "left_over": left}
    return {"kills": CONTROLLER_KILLS, "family": family, **summary(gone), **found}


def within(seconds: float, part: Coroutine[None, None, dict[str, object]]) -> dict[str, object]:
    """A part, which is cancelled, and cleans up, when it takes too long."""

    async def bounded() -> dict[str, object]:
        async with asyncio.timeout(seconds):
            return await part

    return uvloop.run(bounded())


def measure() -> dict[str, object]:
    """All of it, one after the other: the kills are not to meet a thousand others."""
    return {
        "bench": "pool",
        "python": sys.version.split()[0],
        "cores": os.cpu_count(),
        "idle": within(300, idle()),
        "zygote_killed": within(120, zygote_killed(PoolConfig(heir_after=0.05), ZYGOTE_KILLS, heir=True)),
        "zygote_killed_no_heir": within(120, zygote_killed(PoolConfig(heir_after=3600.0), COLD_KILLS, heir=False)),
        "worker_killed": within(120, worker_killed()),
        "controller_killed": controller_killed(),
        "goals": {
            "idle.held": WORKERS,
            "idle.private_mb_each": 3.5,
            "zygote_killed.p50_ms": 100,
            "zygote_killed.lost": 0,
            "worker_killed.to_ready.p50_ms": 4,
            "controller_killed.max_ms": 1000,
        },
    }


def main() -> None:
    """The table for a person, and one line of JSON."""
    found = measure()
    for name, value in found.items():
        if isinstance(value, dict):
            sys.stderr.write(f"{name}\n")
            table({f"  {key}": one for key, one in value.items()}, sys.stderr.write)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
