"""The host's end of a zygote: starts it, asks it for workers, and learns from it how each one ended."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from sandbox.pool.bootstrap import command
from sandbox.pool.errors import CageUnavailable, WorkerUnavailable
from sandbox.wire.control import (
    MAX_PACKET,
    Allow,
    Broken,
    ControlError,
    Fork,
    Forked,
    FromZygote,
    NotForked,
    Reap,
    Reaped,
    Settings,
    ToZygote,
    Up,
    decode_from_zygote,
    encode,
)

_FORKS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Birth:
    """A worker that was just forked: its number, its pid, and the host's two descriptors of it."""

    n: int
    pid: int
    pidfd: int
    socket: socket.socket


class ZygoteLost(Exception):
    """The zygote died; its workers died with it."""


class Zygote:
    """One running zygote."""

    def __init__(
        self, process: subprocess.Popen[bytes], control: socket.socket, on_lost: Callable[[Zygote], None]
    ) -> None:
        self._process = process
        self._control = control
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._up: asyncio.Future[FromZygote] = self._loop.create_future()
        self._births: dict[int, asyncio.Future[tuple[int, int]]] = {}
        self._deaths: dict[int, asyncio.Future[Reaped | None]] = {}
        self._gate = asyncio.Semaphore(_FORKS_AT_ONCE)
        self._next = 0
        self.lost = False
        self.workers = 0
        self.forks = 0
        self.born = time.monotonic()
        self.layers: dict[str, str] = {}
        self.policy_version = ""
        self.last_words = ""
        self._loop.add_reader(control.fileno(), self._readable)

    @classmethod
    async def start(cls, settings: Settings, timeout: float, on_lost: Callable[[Zygote], None]) -> Zygote:
        """Start one and wait until its canaries died; CageUnavailable names what is missing.

        To be called on a thread that lives as long as the pool, for the kernel ends the zygote with it.
        """
        try:
            process, control = _launched(settings)
        except OSError as error:  # no process or descriptor left: the host's trouble of this moment
            raise CageUnavailable("zygote", f"it could not be started: {error.strerror}") from None
        zygote = cls(process, control, on_lost)
        try:
            report = await asyncio.wait_for(zygote._up, timeout)
        except TimeoutError:
            zygote.close()
            raise CageUnavailable("zygote", f"it was not ready within {timeout:g} s") from None
        except ZygoteLost:
            raise CageUnavailable("zygote", zygote.last_words or "it ended before it was ready") from None
        except BaseException:
            zygote.close()
            raise
        if isinstance(report, Broken):
            zygote.close()
            raise CageUnavailable(report.layer, report.why)
        if isinstance(report, Up):
            zygote.layers = dict(report.layers)
            zygote.policy_version = report.policy
        return zygote

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def fork(self, memory: int) -> Birth:
        """One more caged worker with this much address space; ZygoteLost or WorkerUnavailable."""
        async with self._gate:
            if self.lost:
                raise ZygoteLost
            self._next += 1
            n = self._next
            try:
                ours, theirs = socket.socketpair()
            except OSError as error:
                raise WorkerUnavailable(f"no socket for a worker: {error.strerror}") from None
            future: asyncio.Future[tuple[int, int]] = self._loop.create_future()
            try:
                ours.setblocking(False)
                self._births[n] = future
                with theirs:
                    socket.send_fds(self._control, [encode(Fork(n, memory))], [theirs.fileno()])
                pid, pidfd = await future
            except BaseException as error:
                ours.close()
                self._births.pop(n, None)  # a loss that is only noticed here is told by this call, not by the future
                self._disown(n, future)
                if isinstance(error, ConnectionError):
                    self._gone()
                    raise ZygoteLost from None
                raise
            finally:
                self._births.pop(n, None)
            self.forks += 1
            self.workers += 1
            return Birth(n, pid, pidfd, ours)

    def reap(self, n: int) -> asyncio.Future[Reaped | None]:
        """How dead worker `n` ended; None when the zygote is gone and cannot say."""
        future: asyncio.Future[Reaped | None] = self._loop.create_future()
        self.workers -= 1
        if not self.lost:
            self._deaths[n] = future
            try:
                self._send(Reap(n))
            except OSError:
                self._gone()
        else:
            future.set_result(None)
        return future

    def allow_cpu(self, n: int, seconds: int) -> None:
        """Move the CPU limit of worker `n`: the zygote has its uid, the host may lack the right to."""
        if not self.lost:
            with suppress(OSError):
                self._send(Allow(n, seconds))

    def close(self) -> None:
        """End it, and with it every worker it made."""
        self._on_lost = _nobody
        self._gone()

    def _send(self, message: ToZygote) -> None:
        self._control.send(encode(message))

    def _readable(self) -> None:
        try:
            packet, fds, flags, _ = socket.recv_fds(self._control, MAX_PACKET, 1)
        except BlockingIOError:
            return
        except OSError:
            packet, fds, flags = b"", [], 0
        try:
            if packet:
                self._take(decode_from_zygote(packet, len(fds), flags), fds)
                return
        except ControlError as error:
            self.last_words = f"it broke the protocol: {error}"
        for fd in fds:
            os.close(fd)
        self._gone()

    def _take(self, message: FromZygote, fds: list[int]) -> None:
        if isinstance(message, Reaped):
            death = self._deaths.pop(message.n, None)
            if death is not None and not death.done():
                death.set_result(message)
        elif isinstance(message, Forked | NotForked):
            self._take_birth(message, fds)
        elif not self._up.done():
            self._up.set_result(message)
        elif isinstance(message, Broken):
            self.last_words = message.why
        else:
            raise ControlError("it was up before")

    def _take_birth(self, message: Forked | NotForked, fds: list[int]) -> None:
        birth = self._births.get(message.n)
        if birth is None or birth.done():
            # Nobody waits any more: the host's end of its socket is closed, so it leaves by itself.
            for fd in fds:
                os.close(fd)
            if isinstance(message, Forked):
                self._bury(message.n)
        elif isinstance(message, NotForked):
            birth.set_exception(WorkerUnavailable(f"no worker could be forked: {message.why}"))
        elif not fds:
            birth.set_exception(WorkerUnavailable("the host has no descriptor left for a worker"))
            self._bury(message.n)
        else:
            birth.set_result((message.pid, fds[0]))

    def _disown(self, n: int, birth: asyncio.Future[tuple[int, int]]) -> None:
        """A worker whose caller was cancelled in the turn it was born: nobody else knows of its descriptor."""
        if birth.done() and not birth.cancelled() and birth.exception() is None:
            os.close(birth.result()[1])
            if not self.lost:
                self._bury(n)

    def _bury(self, n: int) -> None:
        """Have a worker reaped that nobody asks about; a zygote that died meanwhile has none to reap."""
        with suppress(OSError):
            self._send(Reap(n))

    def _gone(self) -> None:
        if self.lost:
            return
        self.lost = True
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        if not self._up.done():
            self._up.set_exception(ZygoteLost())
            self._up.exception()  # seen: nobody waits for it after a close
        for birth in self._births.values():
            if not birth.done():
                birth.set_exception(ZygoteLost())
        for death in self._deaths.values():
            if not death.done():
                death.set_result(None)
        self._deaths.clear()
        self._on_lost(self)


def _launched(settings: Settings) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Its process and our end of its control socket; OSError leaves nothing behind.

    vfork and exec block for a millisecond, on the thread that it must be.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        try:
            process = subprocess.Popen(
                command("sandbox.worker.zygote", msgspec.json.encode(settings).decode()),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
            )
        except BaseException:
            ours.close()
            raise
    ours.setblocking(False)
    return process, ours


def _nobody(_zygote: Zygote) -> None:
    return None
