"""What tests of the host's end share: a worker and a zygote that are played, a pid of nobody's, our descriptors."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from sandbox.pool.process import Worker
from sandbox.pool.verdicts import OomCounter
from sandbox.pool.zygote import Birth, Zygote
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


@dataclass
class Newborn:
    """A worker of the host's, the other end of its socket, what its process is, and what went wrong in the loop."""

    worker: Worker
    theirs: socket.socket
    life: int
    troubles: list[object] = field(default_factory=list)

    async def end(self) -> None:
        """Its process ends."""
        os.close(self.life)
        await asyncio.wait_for(self.worker.gone, 10)


@asynccontextmanager
async def born() -> AsyncIterator[Newborn]:
    """A worker that was forked and has said nothing; whatever a callback of the loop raises fails the test."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    pidfd, life = os.pipe()
    birth = Birth(1, NOBODY, pidfd, ours)
    loop = asyncio.get_running_loop()
    worker = Worker(cast("Zygote", Zoo(loop)), birth, 0, OomCounter(()), lambda _worker: None)
    child = Newborn(worker, theirs, life)
    loop.set_exception_handler(lambda _loop, context: child.troubles.append(context))
    yield child
    if not worker.dead:
        await child.end()
    theirs.close()
    assert child.troubles == []
