"""A host to be killed: `python -m bench.doomed` prints the ids of its whole family and waits, a minute at the most."""

from __future__ import annotations

import asyncio
import json
import os
import time

from bench.figures import children, cpu_seconds
from bench.workload import SPIN
from sandbox.pool.config import Code, Limits, PoolConfig, RunRequest
from sandbox.pool.pool import Pool

IDLE, SPINNING = 5, 2
LIFE = 60.0
QUIET = "def reconcile(obj, ctx):\n    pass\n"


async def live() -> None:
    """Zygote, heir, idle and spinning workers, and a spare."""
    pool = Pool(PoolConfig(heir_after=0.01))
    await pool.start()
    for number in range(IDLE):
        await pool.run(RunRequest(Code(f"idle-{number}", QUIET), b"{}"))
    spins = [Code(f"spin-{number}", SPIN, Limits(timeout=LIFE)) for number in range(SPINNING)]
    runs = [asyncio.ensure_future(pool.run(RunRequest(code, b"{}"))) for code in spins]
    try:
        until = time.monotonic() + LIFE / 2
        while time.monotonic() < until:
            await asyncio.sleep(0.05)
            zygotes = children(os.getpid())
            workers = [pid for zygote in zygotes for pid in children(zygote)]
            busy = sum(cpu_seconds(pid) > 0.05 for pid in workers)
            if pool.status().heir_pid in zygotes and busy >= SPINNING and len(workers) >= IDLE + SPINNING:
                print(json.dumps([*zygotes, *workers]), flush=True)
                await asyncio.sleep(LIFE)
                return
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        await pool.close()


if __name__ == "__main__":
    asyncio.run(live())
