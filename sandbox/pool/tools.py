"""Linters and type checkers as caged children: they parse what anybody wrote, so they are not trusted with more."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sandbox.pool.bootstrap import command
from sandbox.pool.errors import CageUnavailable, PoolError, WorkerUnavailable
from sandbox.wire.tooling import CAGE, Launch

MAX_OUTPUT = 4 * 1024 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Tool:
    """One call. `argv[0]` is a path; `read` and `write` are what it may see beside the interpreter's own files."""

    argv: tuple[str, ...]
    cwd: Path
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    deadline: float = 10.0
    memory: int = 2 * 1024 * 1024 * 1024
    stdin: bytes = b""
    allow_degraded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ToolResult:
    """How it ended. `killed` is `deadline`, `output`, the name of a signal, or None; `code` is then negative."""

    code: int
    stdout: bytes
    stderr: bytes
    killed: str | None


async def run_tool(tool: Tool) -> ToolResult:
    """Run it; CageUnavailable when it could not be caged, PoolError when it could not be executed."""
    try:
        process, failure = await _launched(tool)
    except OSError as error:
        raise WorkerUnavailable(f"{tool.argv[0]} could not be started: {error.strerror}") from None
    try:
        return await _wait(process, tool, failure)
    finally:
        os.close(failure)
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _launched(tool: Tool) -> tuple[asyncio.subprocess.Process, int]:
    """Its process, and where it says why it could not be caged or executed; OSError leaves nothing behind."""
    failure, theirs = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *_command(tool, theirs),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd="/",
            env={},
            pass_fds=(theirs,),
        )
    except BaseException:
        os.close(failure)
        raise
    finally:
        os.close(theirs)
    return process, failure


async def _wait(process: asyncio.subprocess.Process, tool: Tool, failure: int) -> ToolResult:
    killed: list[str] = []

    def kill(why: str) -> None:
        killed.append(why)
        with suppress(ProcessLookupError):
            process.kill()

    timer = asyncio.get_running_loop().call_later(tool.deadline, kill, "deadline")
    try:
        _, stdout, stderr = await asyncio.gather(
            _feed(process, tool.stdin),
            _drain(process.stdout, lambda: kill("output")),
            _drain(process.stderr, lambda: kill("output")),
        )
        code = await process.wait()
    finally:
        timer.cancel()
    os.set_blocking(failure, False)
    with suppress(BlockingIOError):
        why = os.read(failure, 1000).decode("utf-8", "replace")
        if why.startswith(CAGE):
            raise CageUnavailable("tool", why.removeprefix(CAGE))
        if why:
            raise PoolError(f"{tool.argv[0]}: {why}")
    if killed:
        return ToolResult(code, stdout, stderr, killed[0])
    return ToolResult(code, stdout, stderr, _signal_name(-code) if code < 0 else None)


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    if process.stdin is None:
        raise PoolError("the tool has no stdin")
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def _drain(stream: asyncio.StreamReader | None, overflow: Callable[[], None]) -> bytes:
    if stream is None:
        raise PoolError("the tool has no output")
    kept = bytearray()
    while chunk := await stream.read(_CHUNK):
        if len(kept) + len(chunk) > MAX_OUTPUT:
            overflow()
            break
        kept += chunk
    return bytes(kept)


def _command(tool: Tool, failure: int) -> list[str]:
    launch = Launch(
        parent=os.getpid(),
        failure=failure,
        argv=list(tool.argv),
        cwd=str(tool.cwd),
        run=sorted({sys.prefix, sys.base_prefix, sys.exec_prefix}),
        read=[str(path) for path in tool.read],
        write=[str(path) for path in tool.write],
        memory=tool.memory,
        cpu=int(tool.deadline) + 2,
        allow_degraded=sorted(tool.allow_degraded),
    )
    return command("sandbox.worker.tool", msgspec.json.encode(launch).decode())


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
