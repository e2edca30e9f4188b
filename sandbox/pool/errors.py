"""Errors of the pool.

PoolError
├── CageUnavailable     a layer of the cage is missing: terminal until the machine changes
├── WorkerUnavailable   no worker could be started now (processes, memory): retry later
├── PoolBusy            the queue for a worker is full: retry later
├── PoolClosed          the pool is draining: retry elsewhere or never
└── CallRefused         raised by a host-call handler; its text is given to the author
"""

from __future__ import annotations

from sandbox.pool.remedies import remedy


class PoolError(Exception):
    """Root."""


class CageUnavailable(PoolError):
    """`layer` is the missing one (seccomp, landlock, rlimits, …); the text says why and what to do."""

    def __init__(self, layer: str, why: str) -> None:
        self.layer = layer
        self.why = why
        self.remedy = remedy(layer)
        advice = f"; {self.remedy}" if self.remedy else ""
        super().__init__(f"the cage is not complete: {layer}: {why}{advice}")


class WorkerUnavailable(PoolError):
    """The machine gives no further process now."""


class PoolBusy(PoolError):
    """More runs wait for a worker than the pool lets wait."""


class PoolClosed(PoolError):
    """No further run is taken."""


class CallRefused(PoolError):
    """The host does not answer this call."""
