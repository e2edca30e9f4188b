"""The workqueue against a model, and its rules one by one."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from controller.workqueue import CHANGES_PER_RESYNC, Lane, Workqueue

KEYS = st.integers(0, 5)
LANES = st.sampled_from(Lane)


class QueueMachine(RuleBasedStateMachine):
    """Adds, takes and dones in any order. The model keeps which keys must still run, and from when."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: Workqueue[int] = Workqueue()
        self.now = 0.0
        self.owed: set[int] = set()
        self.later: dict[int, float] = {}
        self.running: set[int] = set()
        self.attempts: dict[int, int] = {}

    @rule(key=KEYS, lane=LANES)
    def add(self, key: int, lane: Lane) -> None:
        """A run is owed now."""
        self.queue.add(key, lane, "why", self.now)
        self.owed.add(key)

    @rule(key=KEYS, lane=LANES, after=st.integers(1, 20))
    def add_later(self, key: int, lane: Lane, after: int) -> None:
        """A run is owed at a time; the soonest wins."""
        self.queue.add(key, lane, "later", self.now, float(after))
        self.later[key] = min(self.later.get(key, self.now + after), self.now + after)

    @rule(key=KEYS, after=st.integers(1, 20))
    def retry(self, key: int, after: int) -> None:
        """A failed run is owed again, as one attempt more."""
        self.queue.retry(key, "again", self.now, float(after))
        self.later[key] = min(self.later.get(key, self.now + after), self.now + after)
        self.attempts[key] = self.attempts.get(key, 0) + 1

    @rule(key=KEYS)
    def forget(self, key: int) -> None:
        """Attempts start anew."""
        self.queue.forget(key)
        self.attempts.pop(key, None)

    @rule(key=KEYS)
    def cancel(self, key: int) -> None:
        """Nothing is owed later."""
        self.queue.cancel(key)
        self.later.pop(key, None)

    @rule(key=KEYS)
    def discard(self, key: int) -> None:
        """Nothing is owed at all."""
        self.queue.discard(key)
        self.owed.discard(key)
        self.later.pop(key, None)
        self.attempts.pop(key, None)

    @rule(seconds=st.integers(0, 15))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.now += seconds

    @rule()
    def take(self) -> None:
        """A key comes exactly when one is owed that does not run, and never twice at a time."""
        self._fall_due()
        ready = self.owed - self.running
        assert (self.queue.next_due(self.now) == self.now) >= bool(ready)
        item = self.queue.take(self.now)
        if item is None:
            assert not ready
            return
        assert item.key in ready
        assert item.attempt == self.attempts.get(item.key, 0) + 1
        assert item.waited >= 0
        self.owed.remove(item.key)
        self.running.add(item.key)

    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        """A run ends."""
        if self.running:
            key = data.draw(st.sampled_from(sorted(self.running)))
            self.queue.done(key, self.now)
            self.running.remove(key)

    def _fall_due(self) -> None:
        due = {key for key, at in self.later.items() if at <= self.now}
        self.owed |= due
        for key in due:
            del self.later[key]

    @invariant()
    def counts(self) -> None:
        """What the metrics say is so."""
        assert self.queue.in_flight == len(self.running)
        waiting = sum(self.queue.depth(lane) for lane in Lane)
        assert waiting <= len(self.queue) <= len(self.owed)

    @invariant()
    def memory(self) -> None:
        """Replaced and cancelled delays do not pile up."""
        assert len(self.queue._heap) <= 64 + 2 * self.queue.delayed + 1

    def teardown(self) -> None:
        """At least once: everything owed is handed out when all runs end and time passes."""
        for key in self.running:
            self.queue.done(key, self.now)
        self.now += 1000
        self.running.clear()
        self._fall_due()
        taken = []
        while (item := self.queue.take(self.now)) is not None:
            taken.append(item.key)
            self.queue.done(item.key, self.now)
        assert sorted(taken) == sorted(self.owed)
        assert self.queue.next_due(self.now) is None


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)


def drain(queue: Workqueue[str], now: float = 0.0) -> list[str]:
    """Takes everything that is ready, and gives each back at once."""
    taken = []
    while (item := queue.take(now)) is not None:
        taken.append(item.key)
        queue.done(item.key, now)
    return taken


def test_many_adds_are_one_item() -> None:
    """The first reason of a lane stays: it is what the run is about."""
    queue: Workqueue[str] = Workqueue()
    queue.add("a", Lane.CHANGE, "first", 0.0)
    queue.add("a", Lane.CHANGE, "second", 1.0)
    item = queue.take(3.0)
    assert item is not None
    assert (item.reason, item.waited) == ("first", 3.0)
    queue.done("a", 3.0)
    assert queue.take(3.0) is None


def test_an_add_during_the_run_is_a_run_after_it() -> None:
    """A change that arrives while its object runs is not lost, and does not run beside it."""
    queue: Workqueue[str] = Workqueue()
    queue.add("a", Lane.CHANGE, "one", 0.0)
    queue.take(0.0)
    queue.add("a", Lane.RESYNC, "two", 1.0)
    queue.add("a", Lane.CHANGE, "three", 1.0)
    assert queue.take(1.0) is None
    assert len(queue) == 1
    queue.done("a", 2.0)
    item = queue.take(2.0)
    assert item is not None
    assert (item.reason, item.lane) == ("three", Lane.CHANGE)


def test_a_change_promotes_a_resync() -> None:
    """A key that waits for its resync is moved to the fast lane, and runs once."""
    queue: Workqueue[str] = Workqueue()
    queue.add("a", Lane.RESYNC, "resync", 0.0)
    queue.add("a", Lane.CHANGE, "spec changed", 1.0)
    assert (queue.depth(Lane.CHANGE), queue.depth(Lane.RESYNC)) == (1, 0)
    item = queue.take(1.0)
    assert item is not None
    assert item.reason == "spec changed"


def test_lanes_four_to_one() -> None:
    """While both lanes wait, four changes go before one resync; neither starves."""
    queue: Workqueue[str] = Workqueue()
    for number in range(12):
        queue.add(f"r{number}", Lane.RESYNC, "resync", 0.0)
        queue.add(f"c{number}", Lane.CHANGE, "change", 0.0)
    order = "".join(key[0] for key in drain(queue))
    assert order == "ccccr" * 3 + "r" * 9
    assert CHANGES_PER_RESYNC == 4


def test_steady_changes_do_not_starve_resyncs() -> None:
    """With a new change for every run, a resync still comes after the fourth."""
    queue: Workqueue[int] = Workqueue()
    queue.add(-1, Lane.RESYNC, "resync", 0.0)
    taken = []
    for number in range(10):
        queue.add(number, Lane.CHANGE, "change", 0.0)
        item = queue.take(0.0)
        assert item is not None
        taken.append(item.key)
    assert taken.index(-1) == CHANGES_PER_RESYNC


def test_delays() -> None:
    """The soonest wins, a run in between does not cancel it, and `next_due` says when to wake."""
    queue: Workqueue[str] = Workqueue()
    queue.add("a", Lane.RESYNC, "resync", 0.0, after=100.0)
    queue.add("a", Lane.CHANGE, "requeue", 0.0, after=10.0)
    queue.add("a", Lane.RESYNC, "late", 0.0, after=50.0)
    assert queue.next_due(0.0) == 10.0
    queue.add("a", Lane.CHANGE, "change", 1.0)
    assert drain(queue, 1.0) == ["a"]
    assert queue.next_due(1.0) == 10.0
    item = queue.take(12.0)
    assert item is not None
    assert (item.reason, item.waited) == ("requeue", 2.0)
    queue.done("a", 12.0)
    assert queue.next_due(12.0) is None


def test_replaced_and_cancelled_delays_are_forgotten() -> None:
    """A key whose requeue moves a thousand times, and keys that are cancelled, leave nothing behind."""
    queue: Workqueue[int] = Workqueue()
    for after in range(1000, 0, -1):
        queue.add(0, Lane.CHANGE, "requeue", 0.0, after=float(after))
    assert len(queue._heap) < 100
    for key in range(1000):
        queue.add(key, Lane.CHANGE, "requeue", 0.0, after=5.0)
    for key in range(1000):
        queue.cancel(key)
    assert len(queue._heap) < 100


def test_purge() -> None:
    """When a Reconciler goes, its keys go, wherever they wait; the others stay."""
    queue: Workqueue[str] = Workqueue()
    for name in ("x", "y"):
        queue.add(f"{name}-ready", Lane.CHANGE, "r", 0.0)
        queue.add(f"{name}-later", Lane.RESYNC, "r", 0.0, after=5.0)
        queue.retry(f"{name}-retried", "r", 0.0, after=5.0)
    queue.purge(lambda key: key.startswith("x"))
    assert sorted(drain(queue, 10.0)) == ["y-later", "y-ready", "y-retried"]


def test_oldest_wait() -> None:
    """It is that of the head of either lane."""
    queue: Workqueue[str] = Workqueue()
    assert queue.oldest_wait(9.0) == 0.0
    queue.add("a", Lane.RESYNC, "r", 1.0)
    queue.add("b", Lane.CHANGE, "c", 4.0)
    assert queue.oldest_wait(9.0) == 8.0


def test_done_needs_its_take() -> None:
    """A `done` without a `take` is a bug of the caller, and says so."""
    with pytest.raises(KeyError):
        Workqueue[str]().done("a", 0.0)
