"""How many workers a Reconciler, a namespace and the host have, and may have. Pure bookkeeping."""

from __future__ import annotations

from collections import Counter
from enum import Enum

from sandbox.pool.config import Code, PoolConfig


class Scope(Enum):
    """Whose cap it is, from the narrowest to the widest."""

    RECONCILER = "reconciler"
    NAMESPACE = "namespace"
    HOST = "host"


class Caps:
    """The counts. A worker that goes makes room in every wider scope as well, so one eviction is ever enough.

    One that stands by is not its Reconciler's yet: it counts there when it is called upon.
    """

    def __init__(self, config: PoolConfig) -> None:
        self._host = config.max_workers
        self._namespace = config.max_workers_per_namespace or -(-3 * config.max_workers // 4)
        self._reconciler = config.max_workers_per_reconciler
        self._of_reconciler: Counter[str] = Counter()
        self._of_namespace: Counter[str] = Counter()
        self.total = 0

    def full(self, code: Code) -> Scope | None:
        """The narrowest scope that has no place left for a worker of this code."""
        return Scope.RECONCILER if self.at_its_own(code) else self.crowded(code)

    def at_its_own(self, code: Code) -> bool:
        """Whether the Reconciler has as many as it may have, however much room there is."""
        return self._of_reconciler[reconciler(code)] >= (code.workers or self._reconciler)

    def crowded(self, code: Code) -> Scope | None:
        """The narrower of namespace and host that has no place left."""
        if code.namespace and self._of_namespace[code.namespace] >= self._namespace:
            return Scope.NAMESPACE
        return Scope.HOST if self.total >= self._host else None

    def take(self, code: Code, *, standby: bool = False) -> None:
        """One worker more."""
        self.total += 1
        self._of_namespace[code.namespace] += 1
        if not standby:
            self._of_reconciler[reconciler(code)] += 1

    def promote(self, code: Code) -> None:
        """One that stood by is its Reconciler's now."""
        self._of_reconciler[reconciler(code)] += 1

    def free(self, code: Code, *, standby: bool = False) -> None:
        """One worker fewer; a name without workers is forgotten."""
        self.total -= 1
        _less(self._of_namespace, code.namespace)
        if not standby:
            _less(self._of_reconciler, reconciler(code))


def _less(counter: Counter[str], name: str) -> None:
    counter[name] -= 1
    if counter[name] <= 0:
        del counter[name]


def reconciler(code: Code) -> str:
    """Whose code it is: revisions of one Reconciler share its cap."""
    return code.reconciler or code.id


def within(scope: Scope, one: Code, other: Code) -> bool:
    """Whether a worker of `other` counts against the same cap as one of `one`."""
    if scope is Scope.RECONCILER:
        return reconciler(one) == reconciler(other)
    return scope is Scope.HOST or one.namespace == other.namespace
