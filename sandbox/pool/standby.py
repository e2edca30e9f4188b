"""Workers of hot codes that stand by: forked, caged and loaded before the one that runs has to go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sandbox.pool.config import Code, PoolConfig
from sandbox.pool.errors import PoolError
from sandbox.pool.groups import Group, Groups
from sandbox.pool.process import Worker


@dataclass(slots=True)
class Heat:
    """Runs of one code in this span of time and in the one before."""

    since: float
    now: int = 0
    before: int = 0

    def add(self, when: float, span: float) -> int:
        """One more; how many there were of late."""
        if when - self.since > span:
            self.before = self.now if when - self.since <= 2 * span else 0
            self.now = 0
            self.since = when
        self.now += 1
        return self.now + self.before


class Standbys:
    """Decides which codes are hot and keeps one worker ready for each of a few. `start` makes a loaded one."""

    def __init__(
        self,
        config: PoolConfig,
        groups: Groups,
        start: Callable[[Code], Awaitable[Worker | None]],
        incident: Callable[[str, str], None],
    ) -> None:
        self._config = config
        self._groups = groups
        self._start = start
        self._incident = incident
        self._heats: dict[str, Heat] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def ran(self, group: Group) -> None:
        """A run of this code ended."""
        config = self._config
        if not config.max_hot:
            return
        heat = self._heats.get(group.code.id)
        if heat is None:
            heat = self._heats[group.code.id] = Heat(time.monotonic())
        runs = heat.add(time.monotonic(), config.hot_for)
        if runs < config.hot_runs or group.standby or group.preparing or group.retired:
            return
        if self._groups.standing_by + len(self._tasks) < config.max_hot and self._groups.prepare(group):
            task = asyncio.get_running_loop().create_task(self._prepare(group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def sweep(self) -> None:
        """Those of codes that have cooled down go, and what was counted for them."""
        now = time.monotonic()
        for code_id, heat in list(self._heats.items()):
            if now - heat.since > 2 * self._config.hot_for:
                del self._heats[code_id]
        for group in self._groups:
            if group.standby is not None and group.code.id not in self._heats:
                self._groups.drop(group, group.standby, "idle")

    async def close(self) -> None:
        """Nothing is being prepared any more."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _prepare(self, group: Group) -> None:
        worker = None
        try:
            worker = await self._start(group.code)
        except PoolError as error:
            self._incident("spare", str(error))
        finally:
            self._groups.prepared(group, worker)
        if worker is not None and group.retired:
            self._groups.drop(group, worker, "retired")
