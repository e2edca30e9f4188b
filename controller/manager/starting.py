"""Starting what is activated: when it is tried again, and when a revision before it has to take its place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from controller.activation import CodeLoader, StartFailure, started_before
from controller.cache import Entry
from controller.manager.tools import Tools
from controller.spec import ActiveCode, ReconcilerSpec
from core.domain.backoff import Backoff
from core.domain.revision import Activation

START_BACKOFF = Backoff(2.0, 300.0)  # between tries to start code whose start was killed


def same_duty(one: ReconcilerSpec, other: ReconcilerSpec) -> bool:
    """Whether a session under the one spec does what the other asks for."""
    return replace(one, generation=0) == replace(other, generation=0)


@dataclass(frozen=True, slots=True)
class _Refused:
    """An activation that did not start under a spec, how often, and when it may be tried again."""

    seq: int
    spec: ReconcilerSpec
    failure: StartFailure
    tries: int
    again_at: float


class Starts:
    """What one Reconciler's supervisor remembers of starts."""

    def __init__(self, tools: Tools) -> None:
        self._clock = tools.clock
        self._loader = CodeLoader(
            submissions=tools.services.submissions, activations=tools.services.activations, pool=tools.pool
        )
        self._refused: _Refused | None = None
        self._fell_back_from = 0
        self._good = 0  # seq of an activation that is known to have started

    def is_good(self, activation: Activation) -> bool:
        """Whether it is known to have started."""
        return activation.seq == self._good

    def succeeded(self, activation: Activation) -> None:
        """It runs: whatever becomes of a later start, nothing falls back from it."""
        self._good = activation.seq

    async def load(self, spec: ReconcilerSpec, activation: Activation) -> ActiveCode | StartFailure:
        """What did not start is not started again until the activation or the spec is another one; where the
        start was killed, until its backoff is over."""
        before, now = self._refused, self._clock.monotonic()
        if before is not None and (before.seq != activation.seq or not same_duty(before.spec, spec)):
            before = None
        if before is not None and (before.failure.final or now < before.again_at):
            return before.failure
        code = await self._loader.load(spec, activation)
        self._refused = None
        if isinstance(code, StartFailure):
            tries = before.tries + 1 if before is not None else 1
            again_at = self._clock.monotonic() + START_BACKOFF.ceiling(tries)
            self._refused = _Refused(activation.seq, spec, code, tries, again_at)
        return code

    async def failed(self, entry: Entry, activation: Activation, failure: StartFailure) -> None:
        """Falls back, once, where the failure is the code's and the code has never started."""
        if started_before(entry.raw, activation):
            self._good = activation.seq
        if not failure.final or self.is_good(activation):
            return
        if activation.seq != self._fell_back_from:
            await self._loader.fall_back(activation, failure.message)
            self._fell_back_from = activation.seq
