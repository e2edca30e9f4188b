"""A worker's first word: in time, too late, never, or when nobody waits for it any more. The socket is real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sandbox.wire import frames, limits
from sandbox.wire.messages import Ready

from .support import Newborn, born

WORD = frames.pack(Ready(), limits.MAX_FRAME_FROM_WORKER)


@pytest.fixture
async def newborn() -> AsyncIterator[Newborn]:
    """A worker that was forked and has said nothing."""
    async with born() as child:
        yield child


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
