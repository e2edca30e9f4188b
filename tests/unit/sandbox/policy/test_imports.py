"""Imports are judged at save and know nothing but facades at run time."""

from __future__ import annotations

import dis
from types import CodeType

import pytest

from sandbox.policy.compiler import check, compile_source
from sandbox.policy.facades.registry import specs

from .support import Fail, body, codes, run


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("import os", "CHK130"),
        ("import os.path", "CHK130"),
        ("import json.decoder", "CHK130"),
        ("import urllib.request", "CHK130"),
        ("from os import path", "CHK130"),
        ("from . import x", "CHK132"),
        ("from .. import x", "CHK132"),
        ("from json import decoder", "CHK131"),
        ("from json import loads as _l_", "CHK111"),
        ("import json as __builtins__", "CHK111"),
        ("from chakrator import Secret", "CHK131"),
        ("from chakrator.kinds import lower", "CHK131"),
        ("from chakrator.worker import x", "CHK130"),
        ("import sandbox", "CHK130"),
    ],
)
def test_refused(line: str, code: str) -> None:
    """Modules and names that are not offered are findings."""
    assert codes(line) == [code]


@pytest.mark.parametrize("module", sorted(specs()))
def test_every_name_that_is_offered_is_there(module: str) -> None:
    """The table that judges imports and the module of a run are the same."""
    for name in sorted(specs()[module].names):
        assert run(f"from {module} import {name} as thing\nreturn 1") == 1


def test_the_hosts_modules() -> None:
    """Exceptions of the host are raised and caught; kinds are open dicts."""
    source = """
from chakrator import Fail, Retry
from chakrator.kinds import ConfigMap, MyResource as Mine
try:
    raise Fail("no")
except (Fail, Retry) as error:
    return error.args, ConfigMap(a=1), isinstance({}, Mine)
"""
    assert run(source.strip()) == (("no",), {"a": 1}, True)
    with pytest.raises(Fail):
        run("import chakrator\nraise chakrator.Fail('x')")


def _opcodes(code: CodeType) -> set[str]:
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    return {step.opname for step in dis.get_instructions(code)}.union(*map(_opcodes, inner))


def test_no_import_opcode_is_left() -> None:
    """`IMPORT_FROM` falls back to `sys.modules`, so no import may reach the interpreter as one."""
    source = "from __future__ import annotations\nimport json, re as r\nfrom math import pi, e as ee\n"
    source += body("import urllib.parse as p\nfrom collections import abc\nreturn p, abc")
    assert check(source) == []
    assert not {name for name in _opcodes(compile_source(source).code) if name.startswith("IMPORT")}


def test_an_import_is_the_same_object_within_a_run() -> None:
    """And not across runs, where it depends on the run."""
    assert run("import random as a\nimport random as b\nreturn a is b") is True
