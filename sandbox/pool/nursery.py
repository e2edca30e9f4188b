"""Where workers come from: the zygote, its repair and its renewal, and the spares that stand by."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable

from sandbox.pool.config import Limits, PoolConfig
from sandbox.pool.errors import CageUnavailable, PoolClosed, PoolError, WorkerUnavailable
from sandbox.pool.process import Worker
from sandbox.pool.verdicts import OomCounter
from sandbox.pool.zygote import Zygote, ZygoteLost
from sandbox.wire.control import Settings

_REPAIRS = 5
_TRIES = 3
_PAUSE = 0.05
_ORPHANED = "die-with-parent"  # the step at which a worker finds that its zygote died meanwhile
_SPARE_MEMORY = Limits().memory

Incident = Callable[[str, str], None]


class Nursery:
    """Makes workers that are ready; repairs the zygote by itself. `on_dead` is told of each death."""

    def __init__(self, config: PoolConfig, incident: Incident, on_dead: Callable[[Worker], None]) -> None:
        self._config = config
        self._incident = incident
        self._on_dead = on_dead
        self._zygote: Zygote | None = None
        self._old: set[Zygote] = set()
        self._repair: asyncio.Task[Zygote] | None = None
        self._filling: asyncio.Task[None] | None = None
        self._spares: list[Worker] = []
        self._workers: set[Worker] = set()
        self._oom = OomCounter()
        self._closed = False
        self.starts = 0
        self.zygote_starts = 0
        self.kills: Counter[str] = Counter()

    @property
    def zygote(self) -> Zygote | None:
        """The one that forks now."""
        return self._zygote

    @property
    def spares(self) -> int:
        """How many stand by."""
        return len(self._spares)

    async def start(self) -> None:
        """Bring the first zygote up; CageUnavailable when the cage is not complete here."""
        self._zygote = await self._start_zygote()
        self._fill()

    async def spawn(self, memory: int) -> Worker:
        """A ready worker with this much address space: a spare, or a fresh fork."""
        for index, spare in enumerate(self._spares):
            if spare.memory == memory and spare.usable and self.is_current(spare):
                del self._spares[index]
                self._fill()
                return spare
        worker = await self._make(memory)
        self._fill()
        return worker

    def is_current(self, worker: Worker) -> bool:
        """Whether it was forked by the zygote of now."""
        return worker.zygote is self._zygote

    async def close(self) -> None:
        """Kill every worker, and the zygotes."""
        self._closed = True
        for task in (self._repair, self._filling):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        for worker in list(self._workers):
            worker.kill("closed")
        gone = [worker.gone for worker in self._workers]
        if gone:
            await asyncio.wait(gone, timeout=self._config.start_timeout)
        for zygote in [self._zygote, *self._old]:
            if zygote is not None:
                zygote.close()
        self._zygote = None
        if any(not future.done() for future in gone):
            await asyncio.wait(gone, timeout=1.0)

    # ── workers ──────────────────────────────────────────────────────────────────────────────────
    async def _make(self, memory: int) -> Worker:
        trouble: PoolError = WorkerUnavailable("the zygote was lost again and again")
        for attempt in range(_TRIES):
            zygote = await self._current()
            try:
                birth = await zygote.fork(memory)
            except ZygoteLost:
                continue
            except WorkerUnavailable as error:
                trouble = error
                await asyncio.sleep(_PAUSE * 2**attempt)
                continue
            self.starts += 1
            worker = Worker(zygote, birth, memory, self._oom, self._died)
            self._workers.add(worker)
            try:
                await asyncio.wait({worker.ready}, timeout=self._config.start_timeout)
            except asyncio.CancelledError:
                worker.kill("cancelled")
                raise
            if worker.ready.done() and worker.ready.result():
                self._renew_if_old(zygote)
                return worker
            worker.kill("start")
            if worker.stuck is not None and worker.stuck.step != _ORPHANED:
                why = os.strerror(worker.stuck.errno) if worker.stuck.errno else "refused"
                self._incident("cage", f"a worker could not take the step {worker.stuck.step}: {why}")
                raise CageUnavailable(worker.stuck.step, why)
            trouble = WorkerUnavailable("a worker did not become ready")
        raise trouble

    def _died(self, worker: Worker) -> None:
        self._workers.discard(worker)
        if worker in self._spares:
            self._spares.remove(worker)
            self._fill()
        if worker.killed:
            self.kills[worker.killed.partition(":")[0]] += 1
        zygote = worker.zygote
        if zygote in self._old and zygote.workers <= 0:
            self._old.discard(zygote)
            zygote.close()
        self._on_dead(worker)

    def _fill(self) -> None:
        if self._closed or (self._filling is not None and not self._filling.done()):
            return
        if len(self._spares) < self._config.spares:
            self._filling = asyncio.get_running_loop().create_task(self._fill_spares())

    async def _fill_spares(self) -> None:
        try:
            while not self._closed and len(self._spares) < self._config.spares:
                self._spares.append(await self._make(_SPARE_MEMORY))
        except PoolError as error:
            self._incident("spare", str(error))

    # ── the zygote ───────────────────────────────────────────────────────────────────────────────
    async def _start_zygote(self) -> Zygote:
        config = self._config
        settings = Settings(
            parent=os.getpid(),
            uid=config.uid,
            allow_degraded=sorted(config.allow_degraded),
            disable_policy=config.disable_policy,
        )
        zygote = await Zygote.start(settings, config.start_timeout, self._lost)
        self.zygote_starts += 1
        for layer in config.allow_degraded:
            if not zygote.layers.get(layer, "").startswith("on"):
                self._incident("degraded", f"{layer} is {zygote.layers.get(layer, 'missing')}")
        return zygote

    async def _current(self) -> Zygote:
        if self._closed:
            raise PoolClosed("the pool is closed")
        if self._zygote is not None:
            return self._zygote
        if self._repair is None or self._repair.done():
            self._repair = asyncio.get_running_loop().create_task(self._mend())
            self._repair.add_done_callback(_seen)
        return await asyncio.shield(self._repair)

    async def _mend(self) -> Zygote:
        for attempt in range(_REPAIRS):
            try:
                self._zygote = await self._start_zygote()
            except CageUnavailable as error:
                self._incident("zygote", str(error))
                if attempt == _REPAIRS - 1:
                    raise
                await asyncio.sleep(_PAUSE * 2**attempt)
            else:
                self._fill()
                return self._zygote
        raise WorkerUnavailable("the zygote could not be started")

    def _lost(self, zygote: Zygote) -> None:
        self._old.discard(zygote)
        if zygote is not self._zygote or self._closed:
            return
        self._zygote = None
        why = f" ({zygote.last_words})" if zygote.last_words else ""
        self._incident("zygote", f"it was lost, and its workers with it; another is started{why}")
        self._repair = asyncio.get_running_loop().create_task(self._mend())
        self._repair.add_done_callback(_seen)

    def _renew_if_old(self, zygote: Zygote) -> None:
        config = self._config
        old = zygote.forks >= config.max_zygote_forks or time.monotonic() - zygote.born > config.max_zygote_age
        if old and zygote is self._zygote and (self._repair is None or self._repair.done()):
            self._repair = asyncio.get_running_loop().create_task(self._renew(zygote))
            self._repair.add_done_callback(_seen)

    async def _renew(self, old: Zygote) -> Zygote:
        """Another zygote takes over; the old one stays until its last worker is gone."""
        self._zygote = await self._start_zygote()
        self._old.add(old)
        for spare in list(self._spares):
            spare.kill("renewed")
        if old.workers <= 0:
            self._old.discard(old)
            old.close()
        return self._zygote


def _seen(task: asyncio.Task[Zygote]) -> None:
    if not task.cancelled():
        task.exception()
