"""A host that has no process or no descriptor left at this moment."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import socket
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from sandbox.pool.config import PoolConfig
from sandbox.pool.errors import CageUnavailable, WorkerUnavailable
from sandbox.pool.nursery import Nursery
from sandbox.pool.tools import Tool, run_tool
from sandbox.pool.zygote import Zygote
from sandbox.wire.control import Settings

SETTINGS = Settings(parent=os.getpid(), uid=65533)
MEMORY = 128 * 1024 * 1024


def _descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count


class Scarce:
    """Raises `code` so many times, and is the real function after that."""

    def __init__(self, function: object, code: int, times: int) -> None:
        self._function = function
        self._code = code
        self.left = times

    def __call__(self, *args: object, **named: object) -> object:
        """As the real one."""
        if self.left:
            self.left -= 1
            raise OSError(self._code, os.strerror(self._code))
        return self._function(*args, **named)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("owner", "name", "code"), [(subprocess, "Popen", errno.EAGAIN), (socket, "socketpair", errno.EMFILE)]
)
async def test_a_zygote_that_cannot_be_started_says_why(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, code: int
) -> None:
    """It is an error of the pool's, and nothing of the attempt stays open."""

    def refuse(*_args: object, **_named: object) -> NoReturn:
        raise OSError(code, os.strerror(code))

    before = _descriptors()
    monkeypatch.setattr(owner, name, refuse)
    with pytest.raises(CageUnavailable, match=f"could not be started: {os.strerror(code)}"):
        await Zygote.start(SETTINGS, 10.0, lambda _zygote: None)
    monkeypatch.undo()
    assert _descriptors() == before


@pytest.mark.parametrize(
    ("owner", "name", "code"), [(os, "pipe", errno.EMFILE), (asyncio, "create_subprocess_exec", errno.EAGAIN)]
)
async def test_a_tool_that_cannot_be_started_says_why(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, code: int
) -> None:
    """As a worker would."""

    def refuse(*_args: object, **_named: object) -> NoReturn:
        raise OSError(code, os.strerror(code))

    before = _descriptors()
    monkeypatch.setattr(owner, name, refuse)
    with pytest.raises(WorkerUnavailable, match=f"ruff could not be started: {os.strerror(code)}"):
        await run_tool(Tool(argv=("ruff",), cwd=Path("/")))
    monkeypatch.undo()
    assert _descriptors() == before


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
