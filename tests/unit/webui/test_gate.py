"""The gate is open only when all three tools have answered, and none found an error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import Unavailable
from sandbox.pool.config import CheckResult
from sandbox.pool.tools import Tool, ToolResult
from sandbox.wire.messages import Finding
from webui.validation.gate import Gate
from webui.validation.workspace import kinds_stub

CLEAN = "def reconcile(obj, ctx):\n    return None\n"
RUFF_OK = ToolResult(0, b"[]", b"", None)
MYPY_OK = ToolResult(0, b"", b"", None)


class Policy:
    """Answers as it is told."""

    def __init__(self, findings: tuple[Finding, ...] = (), hang: bool = False) -> None:
        self.findings = findings
        self.hang = hang
        self.asked = 0

    async def check(self, source: str) -> CheckResult:
        self.asked += 1
        if self.hang:
            await asyncio.Event().wait()
        return CheckResult(self.findings, "7")


def answering(ruff: ToolResult = RUFF_OK, mypy: ToolResult = MYPY_OK, calls: list[Tool] | None = None) -> Callable:
    """A runner of tools that gives these answers; the warm-up is answered well."""

    async def run(tool: Tool) -> ToolResult:
        if calls is not None:
            calls.append(tool)
        if "mypy" not in tool.argv:
            return ruff
        warm_up = "Thing" in (tool.cwd / "reconciler.py").read_text()
        return MYPY_OK if warm_up else mypy

    return run


def left_in(folder: Path) -> list[str]:
    """What is there, by the first word of its name."""
    return [path.name.partition("-")[0] for path in folder.iterdir()]


async def test_silence_of_all_three_is_a_pass(tmp_path: Path) -> None:
    """And the report names the policy that judged."""
    report = await Gate(Policy(), tmp_path, run=answering()).validate(CLEAN, timeout=1)
    assert (report.ok, report.diagnostics, report.policy_version) == (True, (), "7")


@pytest.mark.parametrize("killed", ["deadline", "output", "SIGSEGV"])
@pytest.mark.parametrize("tool", ["ruff", "mypy"])
async def test_a_tool_that_was_killed_closes_the_gate(tmp_path: Path, tool: str, killed: str) -> None:
    """Its silence means nothing, and the finding says so."""
    dead = ToolResult(-9, b"[]" if tool == "ruff" else b"", b"", killed)
    report = await Gate(Policy(), tmp_path, run=answering(**{tool: dead})).validate(CLEAN, timeout=1)
    assert not report.ok
    assert [(one.tool, one.code) for one in report.diagnostics] == [(tool, "no-answer")]
    assert killed in report.diagnostics[0].message


async def test_a_tool_that_crashed_closes_the_gate(tmp_path: Path) -> None:
    """A status that no finding explains is not a pass."""
    crashed = ToolResult(2, b"INTERNAL ERROR", b"", None)
    report = await Gate(Policy(), tmp_path, run=answering(mypy=crashed)).validate(CLEAN, timeout=1)
    assert [one.code for one in report.diagnostics] == ["no-answer"]


async def test_a_policy_that_hangs_closes_the_gate(tmp_path: Path) -> None:
    """The others' answers are still there."""
    report = await Gate(Policy(hang=True), tmp_path, run=answering()).validate(CLEAN, timeout=0.01)
    assert [(one.tool, one.code) for one in report.diagnostics] == [("policy", "no-answer")]
    assert not report.ok


async def test_a_policy_finding_is_an_error(tmp_path: Path) -> None:
    """Whatever the policy says, the cage would not run it."""
    finding = Finding(code="import", message="os", line=1, column=1, end_line=1, end_column=3, hint="don't")
    report = await Gate(Policy((finding,)), tmp_path, run=answering()).validate("import os\n", timeout=1)
    assert [(one.tool, one.severity, one.hint) for one in report.diagnostics] == [("policy", "error", "don't")]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("x" * 65_537, "too-large"),
        ("é" * 32_769, "too-large"),
        ("x = '\0'", "encoding"),
        ("x = '\ud800'", "encoding"),
        ("x = " + "(" * 201, "too-deep"),
        (" " * 500 + "x = 1", "too-deep"),
    ],
    ids=["bytes", "utf-8", "nul", "surrogate", "brackets", "indent"],
)
async def test_what_no_tool_survives_is_refused_before_them(tmp_path: Path, source: str, code: str) -> None:
    """No process is started for it."""
    policy, calls = Policy(), list[Tool]()
    report = await Gate(policy, tmp_path, run=answering(calls=calls)).validate(source, timeout=1)
    assert [one.code for one in report.diagnostics] == [code]
    assert (report.ok, policy.asked, calls) == (False, 0, [])


async def test_each_check_has_a_folder_of_its_own_that_goes_away(tmp_path: Path) -> None:
    """Nothing of one source is left for the next."""
    calls: list[Tool] = []
    gate = Gate(Policy(), tmp_path, run=answering(calls=calls))
    await asyncio.gather(gate.validate(CLEAN, timeout=1), gate.validate(CLEAN, timeout=1))
    folders = {tool.cwd for tool in calls}
    assert len(folders) == 5  # the warm-up, and two of each tool
    assert left_in(tmp_path) == ["types"]


async def test_tools_may_write_nowhere_but_in_their_folder(tmp_path: Path) -> None:
    """And ruff nowhere at all."""
    calls: list[Tool] = []
    await Gate(Policy(), tmp_path, run=answering(calls=calls)).validate(CLEAN, timeout=1)
    for tool in calls:
        assert tool.write == ((tool.cwd,) if "mypy" in tool.argv else ())
        assert tool.read == (tool.cwd,)


async def test_a_type_checker_that_does_not_work_is_not_a_finding(tmp_path: Path) -> None:
    """It is this machine's fault, and leaves no half-made cache."""

    async def broken(tool: Tool) -> ToolResult:
        return ToolResult(1, b"", b"no such file", None)

    with pytest.raises(Unavailable, match="does not work here"):
        await Gate(Policy(), tmp_path, run=broken).validate(CLEAN, timeout=1)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from chakrator.kinds import A, B\n", {"A", "B"}),
        ("from chakrator.kinds import (\n    A,  # one\n    B as C,\n)\n", {"A", "B"}),
        ("import os\n    from chakrator.kinds import A\n", {"A"}),
        ("from chakrator.kinds import *\n", set()),
        ("from chakrator.kinds import A; B\n", {"A"}),
        ("from chakrator.kinds import A, 1x, *, a.b\n", {"A"}),
        ("from other.kinds import A\n", set()),
        ("from chakrator.kinds import Any\n", set()),
    ],
)
def test_imported_kinds_become_open_dicts(source: str, names: set[str]) -> None:
    """Only names, never anything that could be code."""
    stub = kinds_stub(source)
    assert {line.split(" = ")[0] for line in stub.splitlines() if " = " in line} == names
    assert stub.startswith("from typing import Any\n")
