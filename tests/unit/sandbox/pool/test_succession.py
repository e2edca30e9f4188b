"""When the next zygote is wanted; no process is started."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from sandbox.pool.config import PoolConfig
from sandbox.pool.succession import Succession
from sandbox.pool.zygote import Zygote


class Idle:
    """What a succession wants of a zygote."""

    lost = False
    born = 0.0
    last_words = ""

    def close(self) -> None:
        """There is nothing to end."""


@pytest.mark.parametrize(("at_start", "first"), [(True, 0.0), (False, 7.0)])
async def test_only_the_first_heir_comes_at_once(monkeypatch: pytest.MonkeyPatch, at_start: bool, first: float) -> None:
    """And only where it is wanted: one that dies, and the one after a death, have their time like any."""
    pauses: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await real(0)

    async def boot(_succession: Succession) -> Zygote:
        return cast("Zygote", Idle())

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(Succession, "_boot", boot)
    succession = Succession(PoolConfig(heir_after=7.0, heir_at_start=at_start), lambda _kind, _text: None, lambda: None)

    async def heir() -> Zygote:
        while succession.heir is None:
            await real(0)
        return succession.heir

    await succession.start()
    assert (succession.heir is not None) is at_start
    succession._lost(await heir())
    successor = await heir()
    assert pauses == [first, 7.0]
    assert succession.reigning is not None
    succession._lost(succession.reigning)
    assert succession.reigning is successor
    await heir()
    assert pauses == [first, 7.0, 7.0]
    await succession.stop()
    succession.close()
