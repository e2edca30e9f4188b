"""What to run next: client-go's triple (queue, dirty, processing) in two lanes. Pure: every call takes `now`.

Promises, whatever the order of calls:
- at least once: a key added is handed out after that, also when it is being processed at that moment;
- one at a time: a key is not handed out again before its `done`;
- many adds make one item;
- neither lane starves: while both wait, four changes go before one resync.

Delays are the caller's business: `add(..., after=…)` waits, the soonest wins, and an add without a delay
does not wait for it (nor cancel it). So is backoff; the queue only counts attempts between `retry` and
`forget`. Keys are opaque: fairness between namespaces can later be a third dimension beside the lanes.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

CHANGES_PER_RESYNC = 4


class Lane(IntEnum):
    """Lower is sooner."""

    CHANGE = 0
    RESYNC = 1


@dataclass(frozen=True, slots=True)
class Item(Generic[K]):
    """A key to run now. `attempt` is 1 until a `retry`; `waited` is seconds in its lane."""

    key: K
    reason: str
    lane: Lane
    attempt: int
    waited: float


@dataclass(frozen=True, slots=True)
class _Wish:
    """Why a key is to run; `since` is when it entered its lane."""

    lane: Lane
    reason: str
    since: float


@dataclass(frozen=True, slots=True)
class _Delayed:
    due: float
    number: int
    lane: Lane
    reason: str


class Workqueue(Generic[K]):
    """One queue for all Reconcilers of a controller. Every operation is O(log n) at most, but for `purge`."""

    def __init__(self) -> None:
        self._ready: dict[Lane, OrderedDict[K, _Wish]] = {lane: OrderedDict() for lane in Lane}
        self._processing: set[K] = set()
        self._again: dict[K, _Wish] = {}
        self._delayed: dict[K, _Delayed] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._attempts: dict[K, int] = {}
        self._numbers = 0
        self._streak = 0

    def __len__(self) -> int:
        """Keys that wait to run now or as soon as their present run is done; not those that wait for a time."""
        return sum(map(len, self._ready.values())) + len(self._again)

    def add(self, key: K, lane: Lane, reason: str, now: float, after: float = 0.0) -> None:
        """Asks for a run. While one is asked for already, the sooner lane wins, and its reason."""
        if after > 0:
            self._delay(key, lane, reason, now + after)
        else:
            self._want(key, _Wish(lane, reason, now))

    def retry(self, key: K, reason: str, now: float, after: float) -> None:
        """A change-lane add of a run that did not succeed; counts the attempt."""
        self._attempts[key] = self._attempts.get(key, 0) + 1
        self.add(key, Lane.CHANGE, reason, now, after)

    def forget(self, key: K) -> None:
        """The key succeeded, or is another generation: its next run is attempt 1."""
        self._attempts.pop(key, None)

    def cancel(self, key: K) -> None:
        """Takes back a delayed add."""
        self._delayed.pop(key, None)
        self._compact()

    def discard(self, key: K) -> None:
        """The key is gone: no run of it is wanted any more. One that is being processed still needs its `done`."""
        for ready in self._ready.values():
            ready.pop(key, None)
        self._again.pop(key, None)
        self.forget(key)
        self.cancel(key)

    def purge(self, gone: Callable[[K], bool]) -> None:
        """Discards all keys for which `gone` is true."""
        known = {*self._again, *self._delayed, *self._attempts}
        for ready in self._ready.values():
            known.update(ready)
        for key in known:
            if gone(key):
                self.discard(key)

    def take(self, now: float) -> Item[K] | None:
        """The next key to run, or None. It must be given back with `done`."""
        self._promote(now)
        lane = self._next_lane()
        if lane is None:
            return None
        key, wish = self._ready[lane].popitem(last=False)
        self._processing.add(key)
        attempt = self._attempts.get(key, 0) + 1
        return Item(key=key, reason=wish.reason, lane=lane, attempt=attempt, waited=max(0.0, now - wish.since))

    def done(self, key: K, now: float) -> None:
        """The run of a taken key is over; an add that came meanwhile makes it ready again."""
        self._processing.remove(key)
        wish = self._again.pop(key, None)
        if wish is not None:
            self._want(key, _Wish(wish.lane, wish.reason, now))

    def next_due(self, now: float) -> float | None:
        """When `take` has something: `now` at once, later for the soonest delay, None for nothing in sight.

        A delay of a key that is being processed counts too; that early wake-up is harmless.
        """
        if any(self._ready.values()):
            return now
        self._skip_stale()
        return max(now, self._heap[0][0]) if self._heap else None

    def depth(self, lane: Lane) -> int:
        """Keys that wait in a lane."""
        return len(self._ready[lane])

    @property
    def delayed(self) -> int:
        """Keys that wait for a time."""
        return len(self._delayed)

    @property
    def in_flight(self) -> int:
        """Keys that are taken and not done."""
        return len(self._processing)

    def oldest_wait(self, now: float) -> float:
        """Seconds that the head of the slower lane has waited; 0 when nothing waits."""
        heads = [next(iter(ready.values())).since for ready in self._ready.values() if ready]
        return max(0.0, now - min(heads)) if heads else 0.0

    def _want(self, key: K, wish: _Wish) -> None:
        if key in self._processing:
            before = self._again.get(key)
            if before is None or wish.lane < before.lane:
                self._again[key] = wish
            return
        if key in self._ready[Lane.CHANGE]:
            return
        if wish.lane is Lane.CHANGE:
            self._ready[Lane.RESYNC].pop(key, None)
        self._ready[wish.lane].setdefault(key, wish)

    def _next_lane(self) -> Lane | None:
        changes, resyncs = self._ready[Lane.CHANGE], self._ready[Lane.RESYNC]
        if changes and (not resyncs or self._streak < CHANGES_PER_RESYNC):
            self._streak = self._streak + 1 if resyncs else 0
            return Lane.CHANGE
        self._streak = 0
        return Lane.RESYNC if resyncs else None

    def _delay(self, key: K, lane: Lane, reason: str, due: float) -> None:
        before = self._delayed.get(key)
        if before is not None and before.due <= due:
            if lane < before.lane:
                self._delayed[key] = _Delayed(before.due, before.number, lane, before.reason)
            return
        if before is not None:
            lane = min(lane, before.lane)
        self._numbers += 1
        self._delayed[key] = _Delayed(due, self._numbers, lane, reason)
        heapq.heappush(self._heap, (due, self._numbers, key))
        self._compact()

    def _promote(self, now: float) -> None:
        self._skip_stale()
        while self._heap and self._heap[0][0] <= now:
            due, _, key = heapq.heappop(self._heap)
            delayed = self._delayed.pop(key)
            self._want(key, _Wish(delayed.lane, delayed.reason, due))
            self._skip_stale()

    def _skip_stale(self) -> None:
        while self._heap and not self._is_live(self._heap[0]):
            heapq.heappop(self._heap)

    def _is_live(self, entry: tuple[float, int, K]) -> bool:
        delayed = self._delayed.get(entry[2])
        return delayed is not None and delayed.number == entry[1]

    def _compact(self) -> None:
        """Replaced and cancelled delays stay in the heap until they are due: bound them by the live ones."""
        if len(self._heap) > 64 + 2 * len(self._delayed):
            self._heap = [entry for entry in self._heap if self._is_live(entry)]
            heapq.heapify(self._heap)
