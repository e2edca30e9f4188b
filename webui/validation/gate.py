"""The one gate: what the live check, `chakrator check`, the save and the activation all ask.

Three tools in parallel: the policy (a worker compiles the source as it would run), ruff, and mypy in strict mode
against the stubs of `chakrator`. All three run in cages, with a deadline: on hostile text mypy loops or crashes, and
all parsers give up on input nested deeply enough, so size and depth are capped first. A tool that did not finish says
nothing, and that is a finding: the gate is open only when all three have answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.domain.revision import MAX_SOURCE_BYTES, Diagnostic, Position, Severity
from core.errors import Unavailable
from sandbox.pool.config import CheckResult
from sandbox.pool.tools import Tool, ToolResult, run_tool
from webui.validation.columns import Columns
from webui.validation.silence import silencers
from webui.validation.tools import (
    MAX_FINDINGS,
    MAX_MESSAGE,
    Unreadable,
    mypy_argv,
    read_mypy,
    read_ruff,
    ruff_argv,
)
from webui.validation.workspace import Workspaces

MAX_DEPTH = 200  # of brackets, as in CPython's own tokenizer
MAX_INDENT = 100  # levels, likewise
MEMORY = 1024 * 1024 * 1024
WARM_UP_SECONDS = 120.0

RunTool = Callable[[Tool], Awaitable[ToolResult]]


class Checker(Protocol):
    """The policy, as the pool offers it."""

    async def check(self, source: str) -> CheckResult: ...


@dataclass(frozen=True, slots=True)
class Report:
    """`ok`: no finding is an error. `policy_version` is empty when the policy was not asked."""

    diagnostics: tuple[Diagnostic, ...]
    policy_version: str
    took_ms: float

    @property
    def ok(self) -> bool:
        """Whether the source may be saved, and run."""
        return all(found.severity is not Severity.ERROR for found in self.diagnostics)


class Gate:
    """Checks sources; `cache_dir` is a folder of its own. At most `at_once` checks run, the others wait."""

    def __init__(
        self,
        pool: Checker,
        cache_dir: Path,
        *,
        allow_degraded: frozenset[str] = frozenset(),
        at_once: int = 3,
        run: RunTool = run_tool,
    ) -> None:
        self._pool = pool
        self._allow_degraded = allow_degraded
        self._run = run
        self._turns = asyncio.Semaphore(at_once)
        self._workspaces = Workspaces(cache_dir, warm=self._warm)

    async def warm_up(self) -> None:
        """Makes the type checker's cache, so that no person's first check pays for it. Raises Unavailable."""
        await self._workspaces.template()

    async def validate(self, source: str, *, timeout: float) -> Report:
        """Everything the three tools find, each within `timeout` seconds. Raises PoolError, Unavailable."""
        started = time.monotonic()
        refused = _capped(source)
        if refused is not None:
            return Report((refused,), "", _ms(started))
        columns = Columns(source)
        await self._workspaces.template()
        try:
            async with asyncio.timeout(30.0):
                await self._turns.acquire()
        except TimeoutError as error:
            raise Unavailable("too many checks are waiting") from error
        try:
            policy, ruff, mypy = await asyncio.gather(
                self._policy(source, timeout),
                self._ruff(source, columns, timeout),
                self._mypy(source, columns, timeout),
            )
        finally:
            self._turns.release()
        found = [*policy[0], *ruff, *mypy, *silencers(source, columns)]
        found.sort(key=lambda one: (one.start.line, one.start.column, one.tool, one.code))
        return Report(tuple(found), policy[1], _ms(started))

    async def _policy(self, source: str, timeout: float) -> tuple[list[Diagnostic], str]:
        try:
            async with asyncio.timeout(timeout):
                result = await self._pool.check(source)
        except TimeoutError:
            return [_silent("policy", f"did not answer within {timeout:g} s")], ""
        found = [
            Diagnostic(
                tool="policy",
                code=finding.code,
                severity=Severity.ERROR,
                message=finding.message[:MAX_MESSAGE],
                start=Position(finding.line, finding.column),
                end=Position(finding.end_line, finding.end_column),
                hint=finding.hint[:MAX_MESSAGE],
            )
            for finding in result.findings[:MAX_FINDINGS]
        ]
        return found, result.policy_version

    async def _ruff(self, source: str, columns: Columns, timeout: float) -> list[Diagnostic]:
        async with self._workspaces.empty() as folder:
            tool = self._tool(ruff_argv(), folder, timeout, stdin=source.encode())
            return await self._ask("ruff", tool, lambda done: read_ruff(done.code, done.stdout, columns))

    async def _mypy(self, source: str, columns: Columns, timeout: float) -> list[Diagnostic]:
        async with self._workspaces.private(source) as folder:
            tool = self._tool(mypy_argv(), folder, timeout, write=(folder,))
            return await self._ask("mypy", tool, lambda done: read_mypy(done.code, done.stdout, columns))

    def _tool(
        self, argv: tuple[str, ...], folder: Path, deadline: float, *, write: tuple[Path, ...] = (), stdin: bytes = b""
    ) -> Tool:
        return Tool(
            argv=argv,
            cwd=folder,
            read=(folder,),
            write=write,
            deadline=deadline,
            memory=MEMORY,
            stdin=stdin,
            allow_degraded=self._allow_degraded,
        )

    async def _ask(self, name: str, tool: Tool, read: Callable[[ToolResult], Sequence[Diagnostic]]) -> list[Diagnostic]:
        done = await self._run(tool)
        if done.killed:
            return [_silent(name, f"was stopped ({done.killed}) after {tool.deadline:g} s at most")]
        try:
            return list(read(done))
        except Unreadable as error:
            return [_silent(name, str(error))]

    async def _warm(self, folder: Path) -> None:
        """Fills the cache by a check of the warm-up source, in the same cage as all others."""
        done = await self._run(self._tool(mypy_argv(), folder, WARM_UP_SECONDS, write=(folder,)))
        try:
            found = read_mypy(done.code, done.stdout, Columns(""))
        except Unreadable as error:
            said = done.stderr[-300:].decode("utf-8", "replace")
            raise Unavailable(f"the type checker does not work here: {error}; {done.killed or said}") from error
        if found or done.killed:
            why = done.killed or found[0].message
            raise Unavailable(f"the type checker does not work here: {why}")


def _silent(tool: str, why: str) -> Diagnostic:
    """Fail closed: no answer is a finding, not a pass."""
    return Diagnostic(
        tool=tool,
        code="no-answer",
        severity=Severity.ERROR,
        message=f"{tool} {why}: the code cannot be judged",
        start=Position(1, 1),
        end=Position(1, 2),
        hint="simplify what is unusual about this code: very large numbers, very long expressions",
    )


def _capped(source: str) -> Diagnostic | None:
    """What no tool is asked about: each of them fails on it in its own way."""
    try:
        size = len(source.encode("utf-8"))
    except UnicodeEncodeError:
        return _refused("encoding", "the source is not valid Unicode")
    if size > MAX_SOURCE_BYTES:
        return _refused("too-large", f"the source has {size} bytes; at most {MAX_SOURCE_BYTES} are accepted")
    if "\0" in source:
        return _refused("encoding", "the source holds a NUL character")
    for number, line in enumerate(source.split("\n"), start=1):
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if len(indent.expandtabs(8)) > MAX_INDENT * 4:
            return _refused("too-deep", f"line {number} is indented too deeply", number)
    return _nested(source)


def _nested(source: str) -> Diagnostic | None:
    """Counts brackets wherever they stand, in strings too: nobody writes 200 that stay open."""
    depth, line = 0, 1
    for char in source:
        if char in "([{":
            depth += 1
            if depth > MAX_DEPTH:
                return _refused("too-deep", f"more than {MAX_DEPTH} brackets are open", line)
        elif char in ")]}":
            depth = max(0, depth - 1)
        elif char == "\n":
            line += 1
    return None


def _refused(code: str, text: str, line: int = 1) -> Diagnostic:
    return Diagnostic(
        tool="gate", code=code, severity=Severity.ERROR, message=text, start=Position(line, 1), end=Position(line, 2)
    )


def _ms(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 1)
