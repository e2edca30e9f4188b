"""Who may have a worker: one group a code, idle workers, and those that wait, oldest first. No I/O."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from sandbox.pool.config import Code, PoolConfig
from sandbox.pool.errors import PoolBusy
from sandbox.pool.process import Worker

Permit = Worker | None
Entry = tuple[int, asyncio.Future[Permit]]


@dataclass(slots=True)
class Group:
    """The workers of one code: all of them, the idle ones, how many are being started, who waits."""

    code: Code
    members: set[Worker] = field(default_factory=set)
    idle: list[Worker] = field(default_factory=list)
    starting: int = 0
    waiting: deque[Entry] = field(default_factory=deque)
    retired: bool = False

    @property
    def size(self) -> int:
        """Workers, and those being started."""
        return len(self.members) + self.starting


class Groups:
    """The books of the pool. `end` kills a worker that is no longer wanted."""

    def __init__(self, config: PoolConfig, end: Callable[[Worker, str], None]) -> None:
        self._config = config
        self._end = end
        self._groups: dict[str, Group] = {}
        self._ticket = 0
        self.total = 0
        self.waiting = 0

    def of(self, code: Code) -> Group:
        """The group of this code; ValueError when its id stands for another code already."""
        group = self._groups.get(code.id)
        if group is None:
            group = self._groups[code.id] = Group(code)
        elif group.code is not code and group.code != code:
            raise ValueError(f"{code.id} is the id of another code")
        return group

    def __iter__(self) -> Iterator[Group]:
        return iter(list(self._groups.values()))

    @property
    def idle(self) -> int:
        """Idle workers of all groups."""
        return sum(len(group.idle) for group in self._groups.values())

    async def permit(self, group: Group) -> Permit:
        """An idle worker of the group, or None: the caller may start one, and has its place."""
        _drop_done(group)
        if not group.waiting:
            permit = self._at_once(group)
            if permit is not False:
                return permit
        if self.waiting >= self._config.max_waiting:
            self._forget(group)
            raise PoolBusy(f"{self.waiting} runs wait for a worker")
        self._ticket += 1
        future: asyncio.Future[Permit] = asyncio.get_running_loop().create_future()
        entry = (self._ticket, future)
        group.waiting.append(entry)
        self.waiting += 1
        try:
            return await future
        except asyncio.CancelledError:
            self._leave(group, entry)
            raise
        finally:
            self.waiting -= 1

    def started(self, group: Group, worker: Worker) -> None:
        """The place that `permit` gave is taken by this worker."""
        group.starting -= 1
        group.members.add(worker)

    def not_started(self, group: Group) -> None:
        """The place that `permit` gave is free again."""
        group.starting -= 1
        self.total -= 1
        self._forget(group)
        self.pump()

    def give_back(self, group: Group, worker: Worker) -> None:
        """The worker is idle; whoever waits longest gets it, or its place."""
        if worker in group.members:
            group.idle.append(worker)
        self.pump()

    def drop(self, group: Group, worker: Worker, why: str) -> None:
        """The worker leaves the books and dies; its place is free."""
        if worker in group.members:
            group.members.discard(worker)
            self.total -= 1
            if worker in group.idle:
                group.idle.remove(worker)
            self._forget(group)
        self._end(worker, why)
        self.pump()

    def dead(self, worker: Worker) -> None:
        """The worker died by itself."""
        if worker.code is None:
            return
        group = self._groups.get(worker.code.id)
        if group is not None and worker in group.members:
            self.drop(group, worker, "dead")

    def fail_all(self, error: Exception) -> None:
        """Everyone who waits is told so."""
        for group in self:
            for _, future in group.waiting:
                if not future.done():
                    future.set_exception(error)
            group.waiting.clear()

    def pump(self) -> None:
        """Hand out what is there, to the longest waiting first."""
        if not self.waiting:
            return
        while True:
            for group in sorted((g for g in self if g.waiting), key=lambda g: g.waiting[0][0]):
                _drop_done(group)
                permit = self._at_once(group) if group.waiting else False
                if permit is not False:
                    group.waiting.popleft()[1].set_result(permit)
                    break
            else:
                return

    def _at_once(self, group: Group) -> Permit | Literal[False]:
        while group.idle:
            worker = group.idle.pop()
            if worker.usable:
                return worker
            group.members.discard(worker)
            self.total -= 1
        if group.size >= self._config.max_workers_per_reconciler:
            return False
        if self.total >= self._config.max_workers and not self._evict():
            return False
        group.starting += 1
        self.total += 1
        return None

    def _evict(self) -> bool:
        """Make room: the worker that has been idle longest goes."""
        idle = [(worker.idle_since, id(worker), group, worker) for group in self for worker in group.idle]
        if not idle:
            return False
        _, _, group, worker = min(idle, key=lambda entry: entry[:2])
        group.idle.remove(worker)
        group.members.discard(worker)
        self.total -= 1
        self._forget(group)
        self._end(worker, "evicted")
        return True

    def _leave(self, group: Group, entry: Entry) -> None:
        """A caller that was cancelled leaves nothing: no place in the queue, no permit, no empty group."""
        with suppress(ValueError):
            group.waiting.remove(entry)
        future = entry[1]
        if not future.done() or future.cancelled() or future.exception() is not None:
            self._forget(group)
            self.pump()
        elif (permit := future.result()) is None:
            self.not_started(group)
        else:
            self.give_back(group, permit)

    def _forget(self, group: Group) -> None:
        if not group.size and not group.waiting and self._groups.get(group.code.id) is group:
            del self._groups[group.code.id]


def _drop_done(group: Group) -> None:
    """Pass over those whose callers are gone but have not run since."""
    while group.waiting and group.waiting[0][1].done():
        group.waiting.popleft()
