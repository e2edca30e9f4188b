"""The loop that takes objects from the queue, runs them side by side, and puts them back as the table says.

One Dispatcher serves one Reconciler: whatever happens in it stays in it. It knows nothing of
Kubernetes; a run is a function that says how it ended.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

import structlog

from controller.dispatch.breaker import Breaker
from controller.reconcile import Attempt, Ended
from controller.workqueue import Item, Lane, Workqueue
from core.clock import Clock
from core.domain.backoff import Backoff
from core.domain.keys import QueueKey
from core.domain.outcome import FOLLOW_UP, FollowUp, Outcome
from sandbox.pool.errors import CageUnavailable, PoolError, WorkerUnavailable

OPEN_PLANS = 16  # runs whose effects are still being written: more would only grow the heap
RESYNC_JITTER = 0.1
SOONEST = 0.05
OUTAGE_RETRY = 1.0  # where no gate says how long
CAGE_RETRY = 5.0
POOL_RETRY = 1.0
BUG_RETRY = 30.0

log = structlog.get_logger("chakrator.dispatch")


class Cause(Enum):
    """Why an object is queued: what decides whether one that Failed for good may run again."""

    OBJECT = "object"
    CODE = "code"
    SURROUNDINGS = "surroundings"


@dataclass(frozen=True, slots=True)
class Request:
    """One wish for a run. `fresh`: the object's generation or the code is new, so its backoff starts over."""

    reason: str
    cause: Cause
    lane: Lane = Lane.CHANGE
    fresh: bool = False
    after: float = 0.0


@dataclass(slots=True)
class ObjectState:
    """What is remembered of one object between its runs. `wished_later`: a delayed wish came during the run,
    so the run does not fulfil it."""

    failures: int = 0
    waits_for_change: bool = False
    wished_later: bool = False
    outcome: Outcome | None = None
    missing_right: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """`held_back`: seconds that all runs must wait for something outside."""

    backoff: Backoff
    resync: float
    held_back: Callable[[], float]


class Dispatcher:
    """Runs the objects of one Reconciler. `on_ended` is called after every run (with None after one that our own
    machinery could not carry out), `on_pause` once when the breaker pauses the revision."""

    def __init__(
        self,
        *,
        run: Callable[[QueueKey, Attempt], Awaitable[Ended]],
        rules: Rules,
        clock: Clock,
        code_id: str,
        on_ended: Callable[[QueueKey, Ended | None], None],
        on_pause: Callable[[str], None],
    ) -> None:
        self._run = run
        self._rules = rules
        self._clock = clock
        self._code_id = code_id
        self._on_ended = on_ended
        self._on_pause = on_pause
        self._queue: Workqueue[QueueKey] = Workqueue()
        self._states: dict[QueueKey, ObjectState] = {}
        self._breaker = Breaker()
        self._wake = asyncio.Event()
        self._open = asyncio.Semaphore(OPEN_PLANS)
        self._running: set[QueueKey] = set()
        self._stopping = False
        self._jitter = random.Random()  # noqa: S311 - spreads load, keeps no secret
        self.cage_trouble = ""  # why the last run found no worker; empty once one did

    # ── what others ask ──────────────────────────────────────────────────────────────────────────
    def enqueue(self, key: QueueKey, request: Request) -> None:
        """Asks for a run; one of an object that Failed for good only counts when the object or the code changed."""
        state = self._states.setdefault(key, ObjectState())
        if request.cause is Cause.SURROUNDINGS:
            if state.waits_for_change:
                return
        else:
            state.waits_for_change = False
        if request.fresh:
            state.failures = 0
            self._breaker.forget(key)
        if request.after > 0 and key in self._running:
            state.wished_later = True
        self._queue.add(key, request.lane, request.reason, self._clock.monotonic(), request.after)
        self._wake.set()

    def forget(self, key: QueueKey) -> None:
        """The object is gone: nothing of it is kept."""
        self._queue.discard(key)
        self._states.pop(key, None)
        self._breaker.forget(key)

    def new_code(self, code_id: str) -> None:
        """Another revision is active: the breaker starts over, and runs of any other code count no more."""
        self._code_id = code_id
        self._breaker.reset()
        self._wake.set()

    def pause(self, why: str) -> None:
        """The breaker has paused this activation before: it stays so, until `new_code`."""
        self._breaker.paused = why

    def wake(self) -> None:
        """Something that runs waited for may have changed."""
        self._wake.set()

    def is_running(self, key: QueueKey) -> bool:
        """Whether a run of this object has not ended."""
        return key in self._running

    def stop(self) -> None:
        """Takes nothing more; `serve` returns when the runs in flight have ended."""
        self._stopping = True
        self._wake.set()

    @property
    def paused(self) -> str:
        """Why the revision is paused; empty while it runs."""
        return self._breaker.paused

    @property
    def failing(self) -> int:
        """Objects whose last run did not succeed."""
        return sum(state.outcome not in (None, Outcome.SUCCEEDED) for state in self._states.values())

    @property
    def missing_rights(self) -> list[str]:
        """Rights that last runs lacked, each once."""
        return sorted({state.missing_right for state in self._states.values() if state.missing_right})

    @property
    def in_flight(self) -> int:
        """Runs that have not ended."""
        return self._queue.in_flight

    @property
    def waiting(self) -> int:
        """Objects that wait for their turn."""
        return len(self._queue)

    def oldest_wait(self) -> float:
        """Seconds that the object has waited that waits longest."""
        return self._queue.oldest_wait(self._clock.monotonic())

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────
    async def serve(self) -> None:
        """Until stopped or cancelled. A run's failure of any kind ends here."""
        async with asyncio.TaskGroup() as group:
            while not self._stopping:
                await self._open.acquire()
                item = await self._next()
                if item is None:
                    self._open.release()
                    break
                group.create_task(self._one(item))

    async def _next(self) -> Item[QueueKey] | None:
        while not self._stopping:
            self._wake.clear()
            now = self._clock.monotonic()
            wait: float | None = self._rules.held_back()
            if self.paused:
                wait = None
            elif not wait:
                item = self._queue.take(now)
                if item is not None:
                    hold = self._breaker.hold(item.key, now)
                    if not hold:
                        return item
                    self._queue.done(item.key, now)
                    self._queue.add(item.key, item.lane, item.reason, now, hold)
                    continue
                due = self._queue.next_due(now)
                wait = None if due is None else due - now
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue
        return None

    async def _one(self, item: Item[QueueKey]) -> None:
        state = self._states.setdefault(item.key, ObjectState())
        state.wished_later = False
        attempt = Attempt(reason=item.reason, number=state.failures + 1, waited=item.waited)
        ended: Ended | None = None
        self._running.add(item.key)
        try:
            ended = await self._run(item.key, attempt)
            self.cage_trouble = ""
        except (CageUnavailable, WorkerUnavailable) as error:
            self.cage_trouble = str(error)
            self._again(item, CAGE_RETRY)
        except PoolError:
            self._again(item, POOL_RETRY)
        except Exception:
            # A bug of ours in one run must not stop the others; it is logged with its traceback, once a run.
            log.exception("a run ended in a bug", target=str(item.key.target), reconciler=str(item.key.reconciler))
            self._again(item, BUG_RETRY)
        else:
            self._follow_up(item, state, ended)
        finally:
            self._running.discard(item.key)
            self._open.release()
            self._on_ended(item.key, ended)
            self._wake.set()

    def _again(self, item: Item[QueueKey], after: float) -> None:
        now = self._clock.monotonic()
        self._queue.done(item.key, now)
        self._queue.add(item.key, item.lane, item.reason, now, after)

    def _follow_up(self, item: Item[QueueKey], state: ObjectState, ended: Ended) -> None:
        """The outcome table's column "tried again"."""
        key, now = item.key, self._clock.monotonic()
        self._queue.done(key, now)
        if self._states.get(key) is not state:
            return  # it was deleted meanwhile; one that was created again has a state and a wish of its own
        if ended.gone:
            self.forget(key)
            return
        if ended.outage:
            self._queue.add(key, item.lane, item.reason, now, max(SOONEST, self._rules.held_back() or OUTAGE_RETRY))
            return
        state.missing_right = ended.missing_right
        if ended.outcome is not None:
            state.outcome = ended.outcome
        if ended.code_id != self._code_id:
            return  # its wish for a run of the code that is active now is queued
        if not state.wished_later:
            self._queue.cancel(key)
        if ended.outcome is not None:
            was_paused = self.paused
            self._breaker.ended(key, ended.outcome, now, machine_was_busy=ended.machine_was_busy)
            if self.paused and not was_paused:
                self._on_pause(self.paused)
            self._schedule(key, state, ended, now)

    def _schedule(self, key: QueueKey, state: ObjectState, ended: Ended, now: float) -> None:
        assert ended.outcome is not None
        then = FOLLOW_UP[ended.outcome]
        if then is FollowUp.RESYNC:
            state.failures = 0
            jitter = self._jitter.uniform(1 - RESYNC_JITTER, 1 + RESYNC_JITTER)
            self._queue.add(key, Lane.RESYNC, "resync", now, self._rules.resync * jitter)
            if ended.requeue is not None:
                self._queue.add(key, Lane.CHANGE, "requeue", now, max(1.0, ended.requeue))
        elif then is FollowUp.BACKOFF:
            state.failures += 1
            wait = self._rules.backoff.delay(state.failures, self._jitter)
            self._queue.add(key, Lane.CHANGE, "retry", now, max(SOONEST, wait))
        else:
            state.waits_for_change = True
