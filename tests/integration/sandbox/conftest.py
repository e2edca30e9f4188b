"""Real pools with real zygotes and workers. No control plane is needed here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from sandbox.pool.config import PoolConfig
from sandbox.pool.pool import Pool
from tests.integration.sandbox.support import Bench, alive, children, until

MakeBench = Callable[[PoolConfig], Awaitable[Bench]]


@pytest.fixture
async def make_bench() -> AsyncIterator[MakeBench]:
    """Starts pools, and leaves no process of them."""
    pools: list[tuple[Pool, list[int]]] = []

    async def make(config: PoolConfig) -> Bench:
        incidents: list[tuple[str, str]] = []
        pool = Pool(config, on_incident=lambda kind, text: incidents.append((kind, text)))
        await pool.start()
        zygote = pool.status().zygote_pid
        assert zygote is not None
        pools.append((pool, [zygote]))
        return Bench(pool, incidents)

    yield make
    for pool, pids in pools:
        zygote = pool.status().zygote_pid
        if zygote is not None and alive(zygote):
            pids += [zygote, *children(zygote)]
        pids.extend(filter(None, [pool.status().heir_pid]))
        await pool.close()
        await until(lambda pids=pids: not any(alive(pid) for pid in pids))


@pytest.fixture
async def bench(make_bench: MakeBench) -> Bench:
    """A pool as in production."""
    return await make_bench(PoolConfig())


@pytest.fixture
async def bare(make_bench: MakeBench) -> Bench:
    """A pool whose workers run plain Python: only the cage and the host hold them. None stands by: they are counted."""
    return await make_bench(PoolConfig(disable_policy=True, max_hot=0))
