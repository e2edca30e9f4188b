"""Which zygote forks now: the first, its heir when it is lost or old, and the old ones until their workers are gone."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

from sandbox.pool.config import PoolConfig
from sandbox.pool.errors import CageUnavailable, PoolClosed, WorkerUnavailable
from sandbox.pool.zygote import Zygote
from sandbox.wire.control import Settings

_REPAIRS = 5
_PAUSE = 0.05
_LONGEST_PAUSE = 60.0


class Succession:
    """One zygote reigns, one more is warm and has forked nothing: a death costs the time of a fork, not of a boot.

    `on_change` is called when another one reigns. The heir comes `heir_after` seconds later, so that a pool which
    lives for one command has none; `heir_at_start`, which a pool that is to live has, lets the first one come at once.
    """

    def __init__(self, config: PoolConfig, incident: Callable[[str, str], None], on_change: Callable[[], None]) -> None:
        self._config = config
        self._incident = incident
        self._on_change = on_change
        self._reigning: Zygote | None = None
        self._heir: Zygote | None = None
        self._old: set[Zygote] = set()
        self._repair: asyncio.Task[Zygote] | None = None
        self._breeding: asyncio.Task[None] | None = None
        self._closed = False
        self.reigns = 0

    @property
    def reigning(self) -> Zygote | None:
        """The one that forks now; None while there is none."""
        return self._reigning

    @property
    def heir(self) -> Zygote | None:
        """The one that stands by."""
        return self._heir

    async def start(self) -> None:
        """The first one; CageUnavailable when the cage is not complete here.

        An heir that is wanted at the start but does not come is an incident, not a failure: it is tried for again.
        """
        zygote = await self._boot()
        at_start = self._config.heir_at_start
        breeding = self._want_heir(0.0 if at_start else self._config.heir_after)
        self._crown(zygote)
        if at_start:
            await asyncio.wait({breeding}, timeout=self._config.start_timeout)

    async def current(self) -> Zygote:
        """The one that forks now, or the next one when it is there."""
        if self._closed:
            raise PoolClosed("the pool is closed")
        if self._reigning is not None:
            return self._reigning
        if self._repair is None or self._repair.done():
            self._mend()
        assert self._repair is not None
        return await asyncio.shield(self._repair)

    def renew_if_old(self, zygote: Zygote) -> None:
        """Layout and hash seed are shared by all forks of one, so it has its time; the heir takes over at once."""
        config = self._config
        old = zygote.forks >= config.max_zygote_forks or time.monotonic() - zygote.born > config.max_zygote_age
        if not old or zygote is not self._reigning or self._closed:
            return
        if self._heir is not None:
            self._old.add(zygote)
            self._crown(self._heir)
            self.leave_if_done(zygote)
        elif self._repair is None or self._repair.done():
            self._repair = asyncio.get_running_loop().create_task(self._replace(zygote))
            self._repair.add_done_callback(_seen)

    def leave_if_done(self, zygote: Zygote) -> None:
        """One that was succeeded leaves with its last worker."""
        if zygote in self._old and zygote.workers <= 0:
            self._old.discard(zygote)
            zygote.close()

    async def stop(self) -> None:
        """No other one comes any more; those that are there live until `close`."""
        self._closed = True
        for task in (self._repair, self._breeding):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def close(self) -> None:
        """End them all, and every worker with them."""
        for zygote in [self._reigning, self._heir, *self._old]:
            if zygote is not None:
                zygote.close()
        self._reigning = self._heir = None
        self._old.clear()

    # ── coming and going ─────────────────────────────────────────────────────────────────────────
    async def _boot(self) -> Zygote:
        config = self._config
        settings = Settings(
            parent=os.getpid(),
            uid=config.uid,
            allow_degraded=sorted(config.allow_degraded),
            disable_policy=config.disable_policy,
        )
        zygote = await Zygote.start(settings, config.start_timeout, self._lost)
        for layer in config.allow_degraded:
            if not zygote.layers.get(layer, "").startswith("on"):
                self._incident("degraded", f"{layer} is {zygote.layers.get(layer, 'missing')}")
        return zygote

    def _crown(self, zygote: Zygote) -> None:
        if zygote is self._heir:
            self._heir = None
        zygote.born = time.monotonic()
        self._reigning = zygote
        self.reigns += 1
        self._want_heir(self._config.heir_after)
        self._on_change()

    def _want_heir(self, pause: float) -> asyncio.Task[None]:
        """In so many seconds, unless one is on its way."""
        if self._breeding is None or self._breeding.done():
            self._breeding = asyncio.get_running_loop().create_task(self._breed(pause))
        return self._breeding

    async def _breed(self, pause: float) -> None:
        while self._heir is None and not self._closed:
            await asyncio.sleep(pause)
            if self._repair is not None and not self._repair.done():
                continue  # the one that is missing comes first
            try:
                zygote = await self._boot()
            except CageUnavailable as error:
                self._incident("heir", str(error))
                pause = min(max(_PAUSE, pause * 2), _LONGEST_PAUSE)
            else:
                if zygote.lost:
                    continue
                self._heir = zygote

    def _lost(self, zygote: Zygote) -> None:
        self._old.discard(zygote)
        if self._closed:
            return
        if zygote is self._heir:
            self._heir = None
            self._want_heir(self._config.heir_after)
        elif zygote is self._reigning:
            self._reigning = None
            why = f" ({zygote.last_words})" if zygote.last_words else ""
            self._incident("zygote", f"it was lost, and its workers with it; another takes its place{why}")
            if self._heir is not None:
                self._crown(self._heir)
            else:
                self._mend()

    def _mend(self) -> None:
        self._repair = asyncio.get_running_loop().create_task(self._boot_again())
        self._repair.add_done_callback(_seen)

    async def _boot_again(self) -> Zygote:
        for attempt in range(_REPAIRS):
            if self._reigning is not None:
                return self._reigning
            try:
                zygote = await self._boot()
            except CageUnavailable as error:
                self._incident("zygote", str(error))
                if attempt == _REPAIRS - 1:
                    raise
                await asyncio.sleep(_PAUSE * 2**attempt)
            else:
                self._crown(zygote)
                return zygote
        raise WorkerUnavailable("the zygote could not be started")

    async def _replace(self, old: Zygote) -> Zygote:
        zygote = await self._boot()
        if self._reigning is old:
            self._old.add(old)
        self._crown(zygote)
        self.leave_if_done(old)
        return zygote


def _seen(task: asyncio.Task[Zygote]) -> None:
    if not task.cancelled():
        task.exception()
