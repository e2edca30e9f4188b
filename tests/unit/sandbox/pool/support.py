"""What tests of the host's end share: a zygote that is played, a pid that is nobody's, our own descriptors."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

from sandbox.wire.control import Reaped

NOBODY = 2**22 + 1  # no process has this pid


def descriptors() -> int:
    """How many are open here."""
    gc.collect()
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


class Zoo:
    """What a worker wants of its zygote."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.lost = False
        self.status = 0

    def reap(self, n: int) -> asyncio.Future[Reaped | None]:
        """It ended as was said."""
        future: asyncio.Future[Reaped | None] = self.loop.create_future()
        future.set_result(Reaped(n, self.status, 0.0, 0))
        return future

    def allow_cpu(self, _n: int, _seconds: int) -> None:
        """There is nobody to limit."""
