"""Every escape: visibly out without the policy, contained with nothing but the policy."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.escapes.loader import Case, cases

RUNNER = Path(__file__).with_name("runner.py")
ALL = cases("policy")


@cache
def verdicts(mode: str) -> dict[str, tuple[str, str]]:
    """What became of every case in one mode; the interpreter is started once, each case is a fork."""
    paths = [str(case.path) for case in ALL]
    ran = subprocess.run(
        [sys.executable, "-I", str(RUNNER), mode, *paths],
        env={"CANARY": secrets.token_hex(16)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()[-4000:]
    return {path: (verdict, detail) for path, (verdict, detail) in json.loads(ran.stdout).items()}


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_positive_control(case: Case) -> None:
    """With no layer in the way the case wins, so that its containment means something."""
    assert verdicts("plain")[str(case.path)] == ("escaped", "")


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_contained_by_the_policy_alone(case: Case) -> None:
    """With the policy and nothing else the case is stopped, in the very way that its header says."""
    verdict, detail = verdicts("policy")[str(case.path)]
    expected, _, code = case.expect.partition(" ")
    assert (verdict, code in detail) == (expected, True), (verdict, detail)


def test_breadth() -> None:
    """There are many techniques, and no category is padded with variants of one."""
    by_category = Counter(case.category for case in ALL)
    by_technique = Counter(case.technique for case in ALL)
    assert len(ALL) >= 45
    assert len(by_category) >= 12
    assert max(by_technique.values()) <= 15
