"""A worker's first word: in time, too late, never, or when nobody waits for it any more. The socket is real."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

import pytest

from sandbox.pool.process import Worker
from sandbox.pool.verdicts import OomCounter
from sandbox.pool.zygote import Birth, Zygote
from sandbox.wire import frames, limits
from sandbox.wire.messages import Ready

from .support import NOBODY, Zoo

WORD = frames.pack(Ready(), limits.MAX_FRAME_FROM_WORKER)


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


@pytest.fixture
async def newborn() -> AsyncIterator[Newborn]:
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


async def test_a_word_in_time(newborn: Newborn) -> None:
    """It is ready as soon as it says so."""
    waiting = asyncio.ensure_future(newborn.worker.is_ready(60.0))
    await asyncio.sleep(0)
    newborn.theirs.send(WORD)
    assert await asyncio.wait_for(waiting, 10)


async def test_a_word_that_does_not_come_in_time(newborn: Newborn) -> None:
    """Nobody waits for ever, and the word that comes after all changes nothing."""
    assert not await asyncio.wait_for(newborn.worker.is_ready(0.0), 10)
    newborn.theirs.send(WORD)
    await newborn.end()
    assert newborn.worker.ready.result() is False


async def test_a_death_is_an_answer(newborn: Newborn) -> None:
    """Before the time is up."""
    waiting = asyncio.ensure_future(newborn.worker.is_ready(60.0))
    await newborn.end()
    assert not await asyncio.wait_for(waiting, 10)


async def test_a_word_for_nobody(newborn: Newborn) -> None:
    """Whoever waited was cancelled: no timer is left, and the word disturbs nothing."""
    waiting = asyncio.ensure_future(newborn.worker.is_ready(60.0))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    newborn.theirs.send(WORD)
    await newborn.end()
