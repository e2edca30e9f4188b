"""A host that has no process or no descriptor left at this moment."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from sandbox.pool.config import PoolConfig
from sandbox.pool.errors import CageUnavailable, PoolError, WorkerUnavailable
from sandbox.pool.nursery import Nursery
from sandbox.pool.tools import Tool, run_tool
from sandbox.pool.zygote import Zygote
from sandbox.wire.control import Settings

from .support import descriptors

SETTINGS = Settings(parent=os.getpid(), uid=65533)
MEMORY = 128 * 1024 * 1024


class Scarce:
    """Raises `code` so many times, and is the real function after that."""

    def __init__(self, function: Callable[..., object], code: int, times: int) -> None:
        self._function = function
        self._code = code
        self.left = times

    def __call__(self, *args: object, **named: object) -> object:
        """As the real one."""
        if self.left:
            self.left -= 1
            raise OSError(self._code, os.strerror(self._code))
        return self._function(*args, **named)


Attempt = Callable[[], Coroutine[object, object, object]]
TRIED: dict[str, tuple[Attempt, type[PoolError], str]] = {
    "zygote": (lambda: Zygote.start(SETTINGS, 10.0, lambda _zygote: None), CageUnavailable, "zygote: it"),
    "tool": (lambda: run_tool(Tool(argv=("ruff",), cwd=Path("/"))), WorkerUnavailable, "ruff"),
}


@pytest.mark.parametrize(
    ("tried", "owner", "name", "code"),
    [
        ("zygote", subprocess, "Popen", errno.EAGAIN),
        ("zygote", socket, "socketpair", errno.EMFILE),
        ("tool", asyncio, "create_subprocess_exec", errno.EAGAIN),
        ("tool", os, "pipe", errno.EMFILE),
    ],
)
async def test_what_cannot_be_started_says_why(
    monkeypatch: pytest.MonkeyPatch, tried: str, owner: object, name: str, code: int
) -> None:
    """It is an error of the pool's, and nothing of the attempt stays open."""
    attempt, error, subject = TRIED[tried]
    before = descriptors()
    monkeypatch.setattr(owner, name, Scarce(getattr(owner, name), code, 1))
    with pytest.raises(error, match=f"{subject} could not be started: {os.strerror(code)}"):
        await attempt()
    monkeypatch.undo()
    assert descriptors() == before


async def test_a_worker_waits_for_a_descriptor_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for again, and when there is none for longer, who wants the worker is told to come later."""
    nursery = Nursery(PoolConfig(spares=0, heir_after=3600.0), lambda _kind, _text: None, lambda _worker: None)
    await nursery.start()
    try:
        scarce = Scarce(socket.socketpair, errno.EMFILE, 2)
        monkeypatch.setattr(socket, "socketpair", scarce)
        worker = await nursery.spawn(MEMORY)
        assert worker.usable
        assert scarce.left == 0
        scarce.left = 100
        with pytest.raises(WorkerUnavailable, match=f"no socket for a worker: {os.strerror(errno.EMFILE)}"):
            await nursery.spawn(MEMORY)
        scarce.left = 0
        assert (await nursery.spawn(MEMORY)).usable
    finally:
        await nursery.close()


async def test_a_lost_zygote_waits_for_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its successor is tried for until the host has a process for it; each failure is told."""
    told: list[str] = []
    nursery = Nursery(
        PoolConfig(spares=0, heir_after=3600.0), lambda _kind, text: told.append(text), lambda _worker: None
    )
    await nursery.start()
    try:
        assert nursery.zygote is not None
        scarce = Scarce(subprocess.Popen, errno.EAGAIN, 2)
        monkeypatch.setattr(subprocess, "Popen", scarce)
        os.kill(nursery.zygote.pid, 9)
        assert (await nursery.spawn(MEMORY)).usable
        assert scarce.left == 0
        assert sum(os.strerror(errno.EAGAIN) in text for text in told) == 2
    finally:
        await nursery.close()
