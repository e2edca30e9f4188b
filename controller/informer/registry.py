"""Which informers run: one for each key, as long as somebody uses it and a little longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from controller.informer.reflector import Informer, Transport
from controller.informer.states import InformerKey, InformerState, InformerStatus, Timing
from core.clock import Clock
from core.domain.keys import Gvk

LINGER = 60.0


@dataclass(slots=True)
class _Shared:
    informer: Informer
    task: asyncio.Task[None]
    users: int = 0
    farewell: asyncio.TimerHandle | None = None


class InformerRegistry:
    """Counts users. The last one's leaving keeps an informer for `linger` seconds: edits often undo each other.

    `on_absent` is told each kind whose path answers 404, for whoever remembers that path.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        group: asyncio.TaskGroup,
        clock: Clock,
        timing: Timing | None = None,
        linger: float = LINGER,
        on_absent: Callable[[Gvk], None] = lambda _: None,
    ) -> None:
        self._transport = transport
        self._group = group
        self._clock = clock
        self._timing = timing
        self._linger = linger
        self._on_absent = on_absent
        self._shared: dict[InformerKey, _Shared] = {}

    def __len__(self) -> int:
        return len(self._shared)

    def __iter__(self) -> Iterator[Informer]:
        """All that run, for metrics and readiness."""
        return iter([shared.informer for shared in self._shared.values()])

    def acquire(self, key: InformerKey) -> Informer:
        """The informer of this key, started if need be; every `acquire` needs its `release`."""
        shared = self._shared.get(key)
        if shared is None:
            informer = Informer(key, transport=self._transport, clock=self._clock, timing=self._timing)
            informer.subscribe(lambda _: None, lambda state: self._entered(key.resource.gvk, state))
            task = self._group.create_task(informer.run(), name=f"informer of {key.thing}")
            shared = self._shared[key] = _Shared(informer, task)
        if shared.farewell is not None:
            shared.farewell.cancel()
            shared.farewell = None
        shared.users += 1
        return shared.informer

    def release(self, key: InformerKey, *, at_once: bool = False) -> None:
        """One user less. `at_once`: no linger, for an identity that is gone or may come back as another one."""
        shared = self._shared.get(key)
        if shared is None or shared.users == 0:
            raise ValueError(f"nobody holds the informer of {key.thing}")
        shared.users -= 1
        if shared.users > 0:
            return
        if at_once or self._linger <= 0:
            self._stop(key)
        else:
            loop = asyncio.get_running_loop()
            shared.farewell = loop.call_later(self._linger, self._stop, key)

    def evict(self, impersonate: str) -> None:
        """Stops everything that nobody holds of an identity now, its linger included."""
        idle = [key for key, shared in self._shared.items() if key.impersonate == impersonate and not shared.users]
        for key in idle:
            self._stop(key)

    def close(self) -> None:
        """Stops all of them; the task group waits for their end."""
        for key in list(self._shared):
            self._stop(key)

    def _entered(self, gvk: Gvk, state: InformerState) -> None:
        if state.value is InformerStatus.ABSENT:
            self._on_absent(gvk)

    def _stop(self, key: InformerKey) -> None:
        shared = self._shared.pop(key)
        if shared.farewell is not None:
            shared.farewell.cancel()
        shared.task.cancel()
