"""Child processes that neither outlive us nor stay dead, and whose logs cannot fill the disk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chakrator.up.errors import StartFailed

LAUNCH = Path(__file__).with_name("launch.py")
LOG_LIMIT = 8 * 1024 * 1024
TAIL_BYTES = 4 * 1024
PROBE_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. `argv[0]` is an absolute path; `argv` holds no secret (every local user can read it)."""

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    stop_timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Restarts:
    """How a dead child comes back: `first` seconds, doubled up to `longest`; a life of `healthy` seconds resets it."""

    first: float = 0.2
    longest: float = 5.0
    healthy: float = 30.0

    def delay(self, failures: int) -> float:
        """Seconds to wait before the restart after `failures` short lives in a row (1 for the first)."""
        return min(self.longest, self.first * 2.0 ** min(failures - 1, 16))


def bound_log(path: Path, limit: int = LOG_LIMIT) -> bool:
    """Moves a log over `limit` bytes aside to `<name>.1` (its newest `limit` bytes) and empties it; whether it did.

    Copy and truncate: the child keeps its descriptor, which was opened for appending.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return False
    if size <= limit:
        return False
    with path.open("rb") as stream:
        stream.seek(size - limit)
        kept = stream.read(limit)
    path.with_name(path.name + ".1").write_bytes(kept)
    os.truncate(path, 0)
    return True


def tail(path: Path, size: int = TAIL_BYTES) -> str:
    """The last lines of a log, for an error message; empty when there is none."""
    try:
        with path.open("rb") as stream:
            length = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, length - size))
            data = stream.read(size)
    except FileNotFoundError:
        return ""
    text = data.decode("utf-8", "replace")
    if length > size:
        text = text.partition("\n")[2]
    return text.strip()


class Child:
    """One program of ours, running. Must be started and watched by one thread that lives as long as it should:
    the kernel sends the death signal when the *thread* that forked ends.
    """

    def __init__(self, program: Program, *, say: Callable[[str], None], restarts: Restarts | None = None) -> None:
        self.program = program
        self.restarted = 0
        self._say = say
        self._restarts = restarts or Restarts()
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, None while it is not running."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Spawns it once; nothing restarts it before `supervise`."""
        self._process = await self._spawn()

    async def until(self, probe: Callable[[], Awaitable[bool]], *, deadline: float) -> None:
        """Waits until `probe` says yes.

        Raises StartFailed, with the tail of the log, when the program ends or `deadline` seconds pass.
        """
        process = self._process
        assert process is not None
        name = self.program.name
        try:
            async with asyncio.timeout(deadline):
                while process.returncode is None:
                    if await probe():
                        return
                    await asyncio.sleep(PROBE_EVERY)
        except TimeoutError:
            raise StartFailed(f"{name} did not answer within {deadline:g} s\n{self.tail()}") from None
        raise StartFailed(f"{name} ended at start with code {process.returncode}\n{self.tail()}")

    def supervise(self, tasks: asyncio.TaskGroup) -> None:
        """From now on a dead process is started again, and its log stays bounded, until `stop`."""
        self._watcher = tasks.create_task(self._watch(), name=f"watch {self.program.name}")

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL after the program's `stop_timeout`. Returns when it is reaped."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait({self._watcher})
        process = self._process
        if process is None or process.returncode is not None:
            return
        _signal(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(self.program.stop_timeout):
                await process.wait()
        except TimeoutError:
            self._say(f"{self.program.name} did not stop in time; killing it")
        finally:
            # Also on cancellation: whoever is impatient must not leave an orphan behind.
            _signal(process, signal.SIGKILL)
        await process.wait()

    def tail(self) -> str:
        """The end of its log."""
        return tail(self.program.log)

    async def _spawn(self) -> asyncio.subprocess.Process:
        log = os.open(self.program.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-S",
                str(LAUNCH),
                str(os.getpid()),
                *self.program.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.program.env),
                start_new_session=True,  # the terminal's Ctrl+C is ours to handle, in order
            )
        finally:
            os.close(log)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            born = loop.time()
            code = await self._bounded_life()
            failures = 1 if loop.time() - born >= self._restarts.healthy else failures + 1
            delay = self._restarts.delay(failures)
            self._say(f"{self.program.name} ended ({_ending(code)}); starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            try:
                self._process = await self._spawn()
            except OSError as error:  # out of processes or descriptors: that passes
                self._say(f"{self.program.name} could not be started: {error.strerror}")
                continue
            self.restarted += 1

    async def _bounded_life(self) -> int:
        assert self._process is not None
        ended = asyncio.ensure_future(self._process.wait())
        try:
            while True:
                done, _ = await asyncio.wait({ended}, timeout=5.0)
                bound_log(self.program.log)
                if done:
                    return ended.result()
        finally:
            ended.cancel()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """To its whole process group. Only while it is not reaped: later its number may be somebody else's."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
