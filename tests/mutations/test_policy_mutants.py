"""The policy's answers are frozen, and no change of a table, a bound or a check goes unnoticed.

The mutants are made from the tables and from the shape of the code, none is picked by hand; each is applied to a
fork of a warm process and must be noticed by the golden table of answers or by an attempt to escape.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.mutations.equivalent import EQUIVALENT

# What a builtin type has differs from one Python to the next; the answers are frozen for the oldest.
pytestmark = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the answers are frozen for Python 3.11")
RUNNER = Path(__file__).with_name("runner.py")
PROCESSES = 2


def run(*arguments: str) -> list[str]:
    """The lines that some runners print."""
    command = [sys.executable, "-I", str(RUNNER)]
    running = [
        subprocess.Popen([*command, *arguments, *part], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for part in ([[str(n), str(PROCESSES)] for n in range(PROCESSES)] if not arguments else [[]])
    ]
    ended = [(one.communicate(timeout=900), one.returncode) for one in running]
    assert all(code == 0 for _, code in ended), [err[-2000:] for (_, err), _ in ended]
    return [line for (out, _), _ in ended for line in out.splitlines()]


@cache
def survivors() -> tuple[Counter[str], frozenset[str]]:
    """How many mutants there are of each kind, and which nothing noticed."""
    found = [json.loads(line) for line in run()]
    kinds = Counter(_kind(name) for name, _ in found)
    return kinds, frozenset(name for name, killer in found if killer is None)


def _kind(name: str) -> str:
    if not name.startswith("sandbox.policy."):
        return "rows of tables"
    return "bounds" if name.endswith(" x4") else "checks in code"


def test_the_policy_answers_as_written_down() -> None:
    """A change of any answer is a change of a reviewed file: CHAKRATOR_WRITE_GOLDEN=1 writes it anew."""
    if os.environ.get("CHAKRATOR_WRITE_GOLDEN"):
        run("write")
    different = run("compare")
    assert different == []


def test_no_mutant_survives(told: list[str]) -> None:
    """But for those that are listed with a reason."""
    kinds, alive = survivors()
    counts = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    told.append(f"{kinds.total()} of the policy, noticed but for {len(alive)}: {counts}")
    assert kinds.total() > 1000
    assert sorted(alive - set(EQUIVALENT)) == []


@pytest.mark.parametrize("name", EQUIVALENT)
def test_what_is_listed_as_equivalent_is(name: str) -> None:
    """A listed mutant that is gone, or that is noticed, is listed wrongly."""
    assert name in survivors()[1]
    assert EQUIVALENT[name]
