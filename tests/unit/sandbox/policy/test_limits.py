"""Caps before parsing and right after it."""

from __future__ import annotations

import pytest

from sandbox.policy.compiler import check

TAIL = "\ndef reconcile(obj, ctx):\n    return None\n"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("#" * (64 * 1024 + 1), "CHK101"),
        ("#" + "é" * (33 * 1024), "CHK101"),
        ("x = 1\0", "CHK102"),
        ("x = '\ud800'", "CHK103"),
        ("x = [" + "1," * 20_000 + "]", "CHK104"),
        ("x = " + "-" * 61 + "1", "CHK105"),
        ("x = " + "-" * 20_000 + "1", "CHK105"),
        ("x = " + "(" * 5_000 + ")" * 5_000, "CHK100"),
        ("x = " + "[" * 100 + "]" * 100, "CHK105"),
        ("x = " + "a." * 100 + "b", "CHK105"),
        ("if x:\n  pass\n" + "elif x:\n  pass\n" * 100, "CHK105"),
        ("x = 0x1" + "0" * 64, "CHK106"),
        ("x = '" + "a" * (16 * 1024 + 1) + "'", "CHK106"),
        ("x = b'" + "a" * (16 * 1024 + 1) + "'", "CHK106"),
        ("x = 1" + "0" * 5_000, "CHK100"),
    ],
    ids=range(15),
)
def test_monsters_are_findings(source: str, code: str) -> None:
    """What is too large, too deep or not text is refused with a finding, never with a crash."""
    findings = check(source)
    assert [finding.code for finding in findings] == [code]


@pytest.mark.parametrize(
    "source",
    [
        "#" * (64 * 1024 - len(TAIL)),
        "x = " + "-" * 55 + "1",
        "x = 0x" + "f" * 64,
        "x = '" + "a" * (16 * 1024) + "'",
        "x = '🐧'",
    ],
    ids=range(5),
)
def test_up_to_the_cap_is_accepted(source: str) -> None:
    """The caps refuse what is beyond them and nothing before."""
    assert check(source + TAIL) == []


def test_warnings_of_the_parser_stay_quiet() -> None:
    """A SyntaxWarning would be an error under a strict filter, and output under a loose one."""
    assert check(r"x = '\d' is 'a'" + TAIL) == []


def _nested(levels: int) -> str:
    source = "def reconcile(obj, ctx):\n"
    for level in range(levels):
        source += f"{' ' * (level + 1)}try:\n{' ' * (level + 2)}return 1\n{' ' * (level + 1)}finally:\n"
    return source + " " * (levels + 1) + "pass\n"


def test_a_finally_is_copied_for_every_way_out() -> None:
    """Fourteen nested ones are 400 bytes of source and 9 GB of compiler; four are fine."""
    assert check(_nested(4)) == []
    assert [finding.code for finding in check(_nested(14))] == ["CHK107"]
    wide = "def reconcile(obj, ctx):\n try:\n" + "  if obj: return 1\n" * 1500 + " finally:\n" + "  obj\n" * 3000
    assert [finding.code for finding in check(wide)] == ["CHK107"]
    assert check("def reconcile(obj, ctx):\n try:\n" + "  if obj: return 1\n" * 100 + " finally:\n  obj\n") == []


def _alternatives(names: int) -> str:
    forward = ", ".join(f"a{n}" for n in range(names))
    backward = ", ".join(f"a{n}" for n in reversed(range(names)))
    return f"def reconcile(obj, ctx):\n match obj:\n  case [{forward}] | [{backward}]:\n   pass\n"


def test_names_of_alternatives_are_bounded() -> None:
    """Three hundred names in two orders are 3 KB of source and 359 MB of compiler; ten are fine."""
    assert check(_alternatives(10)) == []
    assert [finding.code for finding in check(_alternatives(47))] == ["CHK107"]
    assert [finding.code for finding in check(_alternatives(47).replace("[", "{'k': [").replace("]", "]}"))] == [
        "CHK107"
    ]
