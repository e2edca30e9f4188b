"""Who may have a worker: one group a code, idle workers, one that stands by, and those that wait. No I/O."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from sandbox.pool.caps import Caps, Scope, within
from sandbox.pool.config import Code, PoolConfig
from sandbox.pool.process import Worker
from sandbox.pool.queue import Entry, Queue

TURN = 0.05  # a worker serves its own code for so long before another may have its place: a start costs milliseconds

Permit = Worker | None


@dataclass(eq=False, slots=True)
class Group:
    """The workers of one code: all of them, the idle ones, how many are being started, one that stands by."""

    code: Code
    members: set[Worker] = field(default_factory=set)
    idle: list[Worker] = field(default_factory=list)
    starting: int = 0
    standby: Worker | None = None
    preparing: bool = False
    retired: bool = False

    @property
    def empty(self) -> bool:
        """Whether no worker is there, or on its way."""
        return not (self.members or self.starting or self.standby or self.preparing)


class Groups:
    """The books of the pool. `end` kills a worker that is no longer wanted."""

    def __init__(
        self, config: PoolConfig, end: Callable[[Worker, str], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._config = config
        self._end = end
        self._now = now
        self._caps = Caps(config)
        self._queue: Queue[Permit] = Queue(config)
        self._groups: dict[str, Group] = {}
        self._idle: dict[Worker, Group] = {}  # the longest idle first
        self._standby: dict[Worker, Group] = {}
        self._turns: dict[Worker, float] = {}

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
    def total(self) -> int:
        """Workers of all groups, and those being started."""
        return self._caps.total

    @property
    def idle(self) -> int:
        """Idle workers of all groups."""
        return len(self._idle)

    @property
    def standing_by(self) -> int:
        """Workers that have a code and no run yet."""
        return len(self._standby)

    @property
    def waiting(self) -> int:
        """Runs that wait for a worker."""
        return self._queue.size

    @property
    def refused(self) -> int:
        """Runs that could not even wait."""
        return self._queue.refused

    async def permit(self, group: Group) -> Permit:
        """A loaded worker of the group, or None: the caller may start one, and has its place."""
        if not self._queue.size or not self._queue.waits(group.code):
            permit = self._at_once(group)
            if permit is not False:
                return permit
        try:
            entry = self._queue.join(group.code)
        except BaseException:
            self._forget(group)
            raise
        try:
            return await entry.future
        except asyncio.CancelledError:
            self._leave(group, entry)
            raise

    def started(self, group: Group, worker: Worker) -> None:
        """The place that `permit` gave is taken by this worker."""
        group.starting -= 1
        group.members.add(worker)
        self._turns[worker] = self._now() + TURN

    def not_started(self, group: Group) -> None:
        """The place that `permit` gave is free again."""
        group.starting -= 1
        self._caps.free(group.code)
        self._forget(group)
        self.pump()

    def give_back(self, group: Group, worker: Worker) -> None:
        """The worker is idle; its own code has it until its turn is over, then whoever is due."""
        if worker in group.members:
            if self._queue.size and self._turns.get(worker, 0.0) > self._now() and self._queue.waits(group.code):
                self._queue.serve(group.code, worker)
                return
            group.idle.append(worker)
            self._idle[worker] = group
        self.pump()

    def drop(self, group: Group, worker: Worker, why: str) -> None:
        """The worker leaves the books and dies; its place is free."""
        if worker in group.members or worker is group.standby:
            self._remove(group, worker)
        self._end(worker, why)
        self.pump()

    def dead(self, worker: Worker) -> None:
        """The worker died by itself."""
        if worker.code is None:
            return
        group = self._groups.get(worker.code.id)
        if group is not None and (worker in group.members or worker is group.standby):
            self.drop(group, worker, "dead")

    # ── one that stands by ───────────────────────────────────────────────────────────────────────
    def prepare(self, group: Group) -> bool:
        """Take a place for a worker that is to stand by, if one is free that nobody else can use now."""
        if group.standby or group.preparing or self._queue.size or self._groups.get(group.code.id) is not group:
            return False
        if self._caps.crowded(group.code):
            return False
        group.preparing = True
        self._caps.take(group.code, standby=True)
        return True

    def prepared(self, group: Group, worker: Worker | None) -> None:
        """It stands by; None: it did not start, and its place is free again."""
        group.preparing = False
        if worker is None:
            self._caps.free(group.code, standby=True)
            self._forget(group)
        else:
            group.standby = worker
            self._standby[worker] = group
        self.pump()

    # ── those that wait ──────────────────────────────────────────────────────────────────────────
    def fail_all(self, error: Exception) -> None:
        """Everyone who waits is told so."""
        self._queue.fail_all(error)

    def pump(self) -> None:
        """Hand out what is there, to those who are due."""
        while self._queue.size and (self._idle or self._standby or self.total < self._config.max_workers):
            for code in self._queue.in_turn():
                permit = self._at_once(self.of(code))
                if permit is not False:
                    self._queue.serve(code, permit)
                    break
            else:
                return

    def _at_once(self, group: Group) -> Permit | Literal[False]:
        while group.idle:
            worker = group.idle.pop()
            del self._idle[worker]
            if worker.usable:
                return self._in_turn(worker)
            self._remove(group, worker, forget=False)
        own = self._caps.at_its_own(group.code)
        if group.standby is not None and not own:
            worker, group.standby = group.standby, None
            del self._standby[worker]
            if worker.usable:
                group.members.add(worker)
                self._caps.promote(group.code)
                return self._in_turn(worker)
            self._caps.free(group.code, standby=True)
        full = Scope.RECONCILER if own else self._caps.crowded(group.code)
        if full is not None and not self._evict(full, group.code):
            return False
        group.starting += 1
        self._caps.take(group.code)
        return None

    def _in_turn(self, worker: Worker) -> Worker:
        if self._queue.size:
            self._turns[worker] = self._now() + TURN
        return worker

    def _evict(self, scope: Scope, code: Code) -> bool:
        """Make room: one that stands by goes, or the one that has been idle longest."""
        places = (self._standby, self._idle) if scope is not Scope.RECONCILER else (self._idle,)
        for place in places:
            for worker, group in place.items():
                if within(scope, code, group.code):
                    self._remove(group, worker)
                    self._end(worker, "evicted")
                    return True
        return False

    def _remove(self, group: Group, worker: Worker, *, forget: bool = True) -> None:
        standby = worker is group.standby
        if standby:
            group.standby = None
            del self._standby[worker]
        else:
            group.members.discard(worker)
            self._turns.pop(worker, None)
            if self._idle.pop(worker, None) is not None:
                group.idle.remove(worker)
        self._caps.free(group.code, standby=standby)
        if forget:
            self._forget(group)

    def _leave(self, group: Group, entry: Entry[Permit]) -> None:
        """A caller that was cancelled leaves nothing: no place in the queue, no permit, no empty group."""
        self._queue.leave(entry)
        future = entry.future
        if not future.done() or future.cancelled() or future.exception() is not None:
            self._forget(group)
            self.pump()
        elif (permit := future.result()) is None:
            self.not_started(group)
        else:
            self.give_back(group, permit)

    def _forget(self, group: Group) -> None:
        if group.empty and not self._queue.waits(group.code) and self._groups.get(group.code.id) is group:
            del self._groups[group.code.id]
