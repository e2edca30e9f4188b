"""Keeps one cache like the API server's state: lists, watches, resumes, relists; tells its subscribers what changed.

The reader only updates the cache and calls subscribers, which only put keys into a queue: a slow reader
is cut off by the API server after some hundred objects.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from controller.cache import Cache, Change, Entry
from controller.informer.pages import PAGE, Requests, list_pages
from controller.informer.recovery import GarbledStream, Recovery, TimeTravel, Uniform, Verdict
from controller.informer.states import InformerKey, InformerState, InformerStatus, Timing
from core.clock import Clock
from core.kube.errors import AnswerTooLarge, KubeError, Unprocessable, to_error
from core.kube.objects import Head
from core.kube.watch import LISTING, Delete, Ended, Garbled, Progress, Put, State, Unreadable, resumed, step

OnChange = Callable[[Change], None]
OnState = Callable[[InformerState], None]
Sleep = Callable[[float], Awaitable[None]]
T = TypeVar("T")

log = structlog.get_logger("chakrator.informer")


class Transport(Requests, Protocol):
    """What an informer needs of core.kube.client.KubeTransport."""

    def watch(
        self,
        path: str,
        *,
        query: Mapping[str, str],
        impersonate: str | None = None,
        on_open: Callable[[], None] | None = None,
    ) -> AsyncGenerator[bytes, None]: ...


@dataclass(slots=True)
class Counters:
    """Since the start; for metrics."""

    watches: int = 0
    breaks: int = 0
    garbled: int = 0
    relists: int = 0
    unreadable: int = 0  # states of objects that are nested too deeply to be decoded
    bugs: int = 0


class Informer:
    """One watch as one identity, and its cache. All callbacks are called in the loop's thread, and must not block.

    `subscribe` does not replay: what is in the cache at that moment is the subscriber's to read. Changes
    of the first list are told as they come, before `cache.synced`. An object that cannot be decoded is
    counted and left out: the cache keeps what it last could read of it, if anything.
    """

    def __init__(
        self,
        key: InformerKey,
        *,
        transport: Transport,
        clock: Clock,
        timing: Timing | None = None,
        sleep: Sleep = asyncio.sleep,
        uniform: Uniform = random.uniform,
    ) -> None:
        self.key = key
        self.cache = Cache(key.resource.gvk)
        self.counters = Counters()
        self._transport = transport
        self._clock = clock
        self._timing = timing or Timing()
        self._sleep = sleep
        self._uniform = uniform
        self._recovery = Recovery(key, timing=self._timing, uniform=uniform)
        self._state = InformerState(InformerStatus.SYNCING, "", clock.monotonic())
        self._subscribers: dict[int, tuple[OnChange, OnState]] = {}
        self._numbers = itertools.count()
        self._waiters: list[tuple[int, int, asyncio.Future[None]]] = []
        self._rv: int | None = None
        self._good_lines = 0
        self._paged = False
        self._page = PAGE

    @property
    def state(self) -> InformerState:
        """How it is now."""
        return self._state

    def subscribe(self, on_change: OnChange, on_state: OnState) -> Callable[[], None]:
        """Calls back from now on, until the function that this returns is called."""
        number = next(self._numbers)
        self._subscribers[number] = (on_change, on_state)

        def unsubscribe() -> None:
            self._subscribers.pop(number, None)

        return unsubscribe

    async def wait_rv(self, rv: int, timeout: float) -> bool:
        """Whether the watch came to `rv` within `timeout` seconds."""
        if self.cache.newest_rv >= rv:
            return True
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiters, (rv, next(self._numbers), reached))
        try:
            async with asyncio.timeout(timeout):
                await reached
        except TimeoutError:
            return False
        finally:
            self._waiters = [waiter for waiter in self._waiters if waiter[2] is not reached]
            heapq.heapify(self._waiters)
        return True

    async def run(self) -> None:
        """Until cancelled: no error leaves it, since the whole controller would end with this one watch."""
        while True:
            try:
                delay = await self._attempt()
            except Exception as error:
                delay = self._stumbled(error)
            await self._sleep(delay)

    def _stumbled(self, error: Exception) -> float:
        """A bug of ours: as stale as after a damaged line, and tried again as late."""
        name = type(error).__name__
        log.error("an informer ended in a bug", watched=self.key.thing, error=name)
        self.counters.bugs += 1
        progressed, self._good_lines = self._good_lines > 0, 0
        verdict = self._failed(GarbledStream(f"a bug ({name})", progressed=progressed))
        self._obey(verdict)
        return verdict.delay

    async def _attempt(self) -> float:
        """One list or one watch, as far as it gets; the seconds to wait before the next."""
        listing = self._rv is None
        try:
            if listing and self._paged:
                await self._list()
            await self._watch()
            verdict = self._recovery.ended(self._clock.monotonic())
        except Unprocessable as error:
            if listing and not self._paged:
                self._paged = True
                return 0.0
            verdict = self._failed(error)
        except KubeError as error:
            verdict = self._failed(error)
        self._obey(verdict)
        return verdict.delay

    def _failed(self, error: KubeError) -> Verdict:
        verb = "list" if self._rv is None and self._paged else "watch"
        self.counters.breaks += 1
        if isinstance(error, AnswerTooLarge):
            self._page = max(1, self._page // 2)
        self.counters.garbled += isinstance(error, GarbledStream)
        return self._recovery.failed(error, self._clock.monotonic(), verb=verb)

    def _obey(self, verdict: Verdict) -> None:
        if verdict.relist:
            self._rv = None
        if verdict.reset:
            self._tell(self.cache.reset())
        if verdict.status is InformerStatus.STALE and not self._state.usable:
            # What was never current, or may not be read, does not become usable by an outage.
            if self._state.value is InformerStatus.SYNCING:
                self._enter(InformerStatus.SYNCING, verdict.message)
        elif verdict.status is not None:
            self._enter(verdict.status, verdict.message)

    async def _watch(self) -> None:
        listing = self._rv is None
        self.counters.relists += listing and self.cache.newest_rv > 0
        self.counters.watches += 1
        state = LISTING if self._rv is None else resumed(self._rv)
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(int(self._uniform(self._timing.watch_shortest, self._timing.watch_longest))),
        }
        if self._rv is None:
            # No resourceVersion: then the list is as of now. With 0, a lagging API server would answer at once.
            query |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        else:
            query["resourceVersion"] = str(self._rv)
        seen: set[tuple[str, str]] = set()
        lines = self._transport.watch(
            self.key.path,
            query=query,
            impersonate=self.key.impersonate,
            on_open=lambda: self._opened(listing=listing),
        )
        async with aclosing(lines):
            async for line in lines:
                state = self._take(state, line, seen)

    def _take(self, state: State, line: bytes, seen: set[tuple[str, str]]) -> State:
        """Puts one line into the cache; only then is its resourceVersion a place to resume from."""
        after, delta = step(state, line)
        match delta:
            case Put():
                entry = Entry.of(self.key.resource.gvk, delta.head, delta.rv, delta.raw)
                if state.listing:
                    seen.add((entry.namespace, entry.name))
                self._tell(self.cache.put(entry))
            case Unreadable():
                seen.add((delta.head.metadata.namespace, delta.head.metadata.name))
                self._pass_over(delta.head)
            case Delete():
                entry = Entry.of(self.key.resource.gvk, delta.head, delta.rv, delta.raw)
                seen.discard((entry.namespace, entry.name))
                self._tell(self.cache.remove(entry))
            case Progress(listed=True):
                self._complete(delta.rv, seen)
            case Progress():
                pass
            case Ended():
                raise to_error(delta.failure)
            case Garbled():
                progressed, self._good_lines = self._good_lines > 0, 0
                raise GarbledStream(delta.why, progressed=progressed)
        self._good_lines += 1
        if after.rv is not None:
            self._advance(after.rv)
        return after

    async def _list(self) -> None:
        seen: set[tuple[str, str]] = set()
        self.counters.relists += self.cache.newest_rv > 0
        async with aclosing(list_pages(self._transport, self.key, page=self._page)) as pages:
            async for page in pages:
                if isinstance(page, int):
                    self._complete(page, seen)
                    self._advance(page)
                    return
                if isinstance(page, Head):
                    seen.add((page.metadata.namespace, page.metadata.name))
                    self._pass_over(page)
                    continue
                for entry in page:
                    seen.add((entry.namespace, entry.name))
                    self._tell(self.cache.put(entry))

    def _pass_over(self, head: Head) -> None:
        """Leaves out an object that cannot be decoded; one of another uid under its name is gone for certain."""
        meta = head.metadata
        self.counters.unreadable += 1
        log.warning(
            "an object is nested too deeply to be read",
            watched=self.key.thing,
            namespace=meta.namespace,
            name=meta.name,
        )
        old = self.cache.get(meta.namespace, meta.name)
        if old is not None and old.uid != meta.uid:
            self._tell(self.cache.remove(old))

    def _complete(self, rv: int, seen: set[tuple[str, str]]) -> None:
        """The list is whole: what it did not tell is gone."""
        if rv < self.cache.newest_rv:
            raise TimeTravel(f"a list as of {rv} came after {self.cache.newest_rv}")
        self._recovery.listed()
        self._tell(self.cache.retain(seen))
        self.cache.advance(rv)
        self._enter(InformerStatus.LIVE, "")

    def _advance(self, rv: int) -> None:
        self._rv = rv
        self.cache.advance(rv)
        while self._waiters and self._waiters[0][0] <= self.cache.newest_rv:
            _, _, reached = heapq.heappop(self._waiters)
            if not reached.done():
                reached.set_result(None)

    def _opened(self, *, listing: bool) -> None:
        self._recovery.opened(self._clock.monotonic())
        if not listing:
            self._enter(InformerStatus.LIVE, "")

    def _enter(self, value: InformerStatus, message: str) -> None:
        if (value, message) == (self._state.value, self._state.message):
            return
        since = self._state.since if value is self._state.value else self._clock.monotonic()
        self._state = InformerState(value, message, since)
        self.cache.synced = self._state.usable
        for _, on_state in tuple(self._subscribers.values()):
            _call(on_state, self._state)

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            for on_change, _ in tuple(self._subscribers.values()):
                _call(on_change, change)


def _call(callback: Callable[[T], None], argument: T) -> None:
    """A subscriber's bug is its own: the others are told all the same, and the watch goes on."""
    try:
        callback(argument)
    except Exception as error:
        log.error("a subscriber of an informer ended in a bug", error=type(error).__name__)
