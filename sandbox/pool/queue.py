"""Who waits for a worker, and who is next: namespaces in turn, in each its Reconcilers in turn, in each the oldest."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sandbox.pool.caps import reconciler
from sandbox.pool.config import Code, PoolConfig
from sandbox.pool.errors import PoolBusy

Permit = TypeVar("Permit")


@dataclass(eq=False, slots=True)
class Entry(Generic[Permit]):
    """One that waits. `ticket` counts up with the time of arrival."""

    code: Code
    ticket: int
    future: asyncio.Future[Permit]


@dataclass(slots=True)
class _Lane(Generic[Permit]):
    """One namespace: how often it was served while it waited, the same of each of its Reconcilers, how many wait."""

    rank: int
    ranks: dict[str, int] = field(default_factory=dict)
    lines: dict[str, deque[Entry[Permit]]] = field(default_factory=dict)  # by code, oldest first
    size: int = 0


class Queue(Generic[Permit]):
    """Bounded as a whole and for each namespace; whoever comes too late is told at once, and counted."""

    def __init__(self, config: PoolConfig) -> None:
        self._most = config.max_waiting
        self._most_of_one = config.max_waiting_per_namespace
        self._lanes: dict[str, _Lane[Permit]] = {}
        self._ticket = 0
        self.size = 0
        self.refused = 0

    def join(self, code: Code) -> Entry[Permit]:
        """One more that waits; PoolBusy when too many do."""
        lane = self._lanes.get(code.namespace)
        if self.size >= self._most or (code.namespace and lane and lane.size >= self._most_of_one):
            self.refused += 1
            raise PoolBusy(f"{self.size} runs wait for a worker")
        if lane is None:  # no claim on turns of before, and none ahead of those that wait already
            lane = _Lane(min((other.rank for other in self._lanes.values()), default=0))
            self._lanes[code.namespace] = lane
        lane.ranks.setdefault(reconciler(code), min(lane.ranks.values(), default=0))
        self._ticket += 1
        entry: Entry[Permit] = Entry(code, self._ticket, asyncio.get_running_loop().create_future())
        lane.lines.setdefault(code.id, deque()).append(entry)
        lane.size += 1
        self.size += 1
        return entry

    def leave(self, entry: Entry[Permit]) -> bool:
        """It waits no more; False when it did not."""
        lane = self._lanes.get(entry.code.namespace)
        line = None if lane is None else lane.lines.get(entry.code.id)
        if lane is None or line is None or entry not in line:
            return False
        line.remove(entry)
        self._left(lane, entry.code)
        return True

    def waits(self, code: Code) -> bool:
        """Whether anybody waits for a worker of this code."""
        lane = self._lanes.get(code.namespace)
        if lane is not None and code.id in lane.lines:
            self._pass_over(lane, lane.lines[code.id])
        return lane is not None and code.id in lane.lines

    def in_turn(self) -> Iterator[Code]:
        """Each code that is waited for, in the order in which they are due."""
        for lane in list(self._lanes.values()):
            for line in list(lane.lines.values()):
                self._pass_over(lane, line)
        due = []
        for lane in self._lanes.values():
            first = min(line[0].ticket for line in lane.lines.values())
            for line in lane.lines.values():
                code = line[0].code
                due.append((lane.rank, first, lane.ranks[reconciler(code)], line[0].ticket, code))
        due.sort(key=lambda one: one[:4])
        return (code for *_, code in due)

    def serve(self, code: Code, permit: Permit) -> None:
        """The oldest that waits for this code has its permit; the turn goes to others."""
        lane = self._lanes[code.namespace]
        entry = lane.lines[code.id].popleft()
        lane.rank += 1
        lane.ranks[reconciler(code)] += 1
        self._left(lane, code)
        entry.future.set_result(permit)

    def fail_all(self, error: Exception) -> None:
        """Everyone who waits is told so."""
        lanes, self._lanes, self.size = self._lanes, {}, 0
        for lane in lanes.values():
            for line in lane.lines.values():
                for entry in line:
                    if not entry.future.done():
                        entry.future.set_exception(error)

    def _pass_over(self, lane: _Lane[Permit], line: deque[Entry[Permit]]) -> None:
        """Forget the first ones whose callers are gone but have not run since."""
        while line and line[0].future.done():
            self._left(lane, line.popleft().code)

    def _left(self, lane: _Lane[Permit], code: Code) -> None:
        lane.size -= 1
        self.size -= 1
        if not lane.lines[code.id]:
            del lane.lines[code.id]
            if not any(reconciler(line[0].code) == reconciler(code) for line in lane.lines.values()):
                lane.ranks.pop(reconciler(code), None)
        if not lane.size:
            self._lanes.pop(code.namespace, None)
