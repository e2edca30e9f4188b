"""Where workers come from: forks of the zygote of now, and the spares that stand by."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable

from sandbox.pool.config import Limits, PoolConfig
from sandbox.pool.errors import CageUnavailable, PoolError, WorkerUnavailable
from sandbox.pool.process import Worker
from sandbox.pool.succession import Succession
from sandbox.pool.verdicts import OomCounter
from sandbox.pool.zygote import Zygote, ZygoteLost

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
        self._zygotes = Succession(config, incident, self._changed)
        self._filling: asyncio.Task[None] | None = None
        self._spares: list[Worker] = []
        self._workers: set[Worker] = set()
        self._oom = OomCounter()
        self._closed = False
        self.starts = 0
        self.kills: Counter[str] = Counter()

    @property
    def zygote(self) -> Zygote | None:
        """The one that forks now."""
        return self._zygotes.reigning

    @property
    def heir_pid(self) -> int | None:
        """The zygote that stands by."""
        return None if self._zygotes.heir is None else self._zygotes.heir.pid

    @property
    def zygote_starts(self) -> int:
        """How many zygotes there have been."""
        return self._zygotes.reigns

    @property
    def spares(self) -> int:
        """How many stand by."""
        return len(self._spares)

    async def start(self) -> None:
        """Bring the first zygote up; CageUnavailable when the cage is not complete here."""
        await self._zygotes.start()

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
        return worker.zygote is self._zygotes.reigning

    async def close(self) -> None:
        """Kill every worker, and the zygotes."""
        self._closed = True
        await self._zygotes.stop()
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)
        for worker in list(self._workers):
            worker.kill("closed")
        gone = [worker.gone for worker in self._workers]
        if gone:
            await asyncio.wait(gone, timeout=self._config.start_timeout)
        self._zygotes.close()
        if any(not future.done() for future in gone):
            await asyncio.wait(gone, timeout=1.0)

    # ── workers ──────────────────────────────────────────────────────────────────────────────────
    async def _make(self, memory: int) -> Worker:
        trouble: PoolError = WorkerUnavailable("the zygote was lost again and again")
        for attempt in range(_TRIES):
            zygote = await self._zygotes.current()
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
                ready = await worker.is_ready(self._config.start_timeout)
            except asyncio.CancelledError:
                worker.kill("cancelled")
                raise
            if ready:
                self._zygotes.renew_if_old(zygote)
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
        self._zygotes.leave_if_done(worker.zygote)
        self._on_dead(worker)

    def _changed(self) -> None:
        """Another zygote reigns: the spares of the last one are not to be used."""
        for spare in list(self._spares):
            if not self.is_current(spare):
                spare.kill("renewed")
        self._fill()

    def _fill(self) -> None:
        if self._closed or (self._filling is not None and not self._filling.done()):
            return
        if len(self._spares) < self._config.spares:
            self._filling = asyncio.get_running_loop().create_task(self._fill_spares())

    async def _fill_spares(self) -> None:
        try:
            while not self._closed and len(self._spares) < self._config.spares:
                spare = await self._make(_SPARE_MEMORY)
                if self.is_current(spare):
                    self._spares.append(spare)
                else:
                    spare.kill("renewed")
        except PoolError as error:
            self._incident("spare", str(error))
