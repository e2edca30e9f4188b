"""What the tests of the real pool share: sources, processes, and a pool with what happened in it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent

from sandbox.pool.config import Code, HostCalls, Limits, OnLog, RunRequest, RunResult
from sandbox.pool.pool import Pool
from sandbox.wire.messages import Call

OBJECT = (
    b'{"apiVersion":"example.com/v1","kind":"MyResource","metadata":{"name":"x"},"spec":{"message":"hi","replicas":2}}'
)
QUIET_NEIGHBOUR = "def reconcile(obj, ctx):\n    ctx.status['phase'] = obj['spec']['message']\n"
PATIENCE = 20.0


def function(body: str, head: str = "") -> str:
    """A source whose `reconcile` has this body."""
    return dedent(head) + "def reconcile(obj, ctx):\n" + indent(dedent(body).strip("\n"), "    ") + "\n"


def code(source: str, name: str, limits: Limits | None = None) -> Code:
    """A code with the kinds that the tests use."""
    return Code(id=name, source=source, limits=limits or Limits(timeout=2.0), owns=("v1/ConfigMap",))


def children(pid: int | None) -> list[int]:
    """The pids of the children of this process."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether the process is there and not only waiting to be reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it, with the patience of a loaded machine."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)


@dataclass
class Bench:
    """A pool with what happened in it."""

    pool: Pool
    incidents: list[tuple[str, str]]
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def run(
        self,
        source: str,
        *,
        limits: Limits | None = None,
        name: str | None = None,
        answer: HostCalls | None = None,
        on_log: OnLog | None = None,
        entry: str = "reconcile",
    ) -> RunResult:
        """One run of a source, as a code of its own unless it is named."""
        one = code(source, name or f"code-{next(self.numbers)}", limits)
        return await self.pool.run(RunRequest(one, OBJECT, entry=entry), answer=answer, on_log=on_log)

    async def beside(self, hostile: Awaitable[RunResult]) -> RunResult:
        """The hostile run, while a neighbour of another code goes on as if nothing were."""
        task = asyncio.ensure_future(hostile)
        neighbours = 0
        while not task.done() or neighbours < 3:
            result = await self.run(QUIET_NEIGHBOUR, name="neighbour")
            assert (result.verdict, result.status) == ("Succeeded", b'{"phase":"hi"}')
            neighbours += 1
        return await task

    async def in_flight(self, source: str, limits: Limits) -> asyncio.Task[RunResult]:
        """A run whose code has begun: `source` reads one ConfigMap first."""
        asked = asyncio.Event()

        async def answer(_call: Call) -> bytes:
            asked.set()
            return b"null"

        task = asyncio.ensure_future(self.run(source, limits=limits, answer=answer))
        await asked.wait()
        return task

    def workers(self) -> list[int]:
        """The pids of all workers."""
        return children(self.pool.status().zygote_pid)
