"""The one path from a source to findings or to code."""

from __future__ import annotations

import pytest

from sandbox.policy import compiler
from sandbox.policy.compiler import PolicyRejected, check, compile_source

GOOD = "def reconcile(obj, ctx):\n    return obj\n"


def test_check_and_compile_agree() -> None:
    """What one accepts the other does not refuse."""
    assert check(GOOD) == []
    assert compile_source(GOOD).finalize is False
    with pytest.raises(PolicyRejected) as refused:
        compile_source("import os\n" + GOOD)
    assert refused.value.findings == check("import os\n" + GOOD)


def test_finalize_is_seen() -> None:
    """Its presence adds a finalizer, so only a top-level def counts."""
    assert compile_source(GOOD + "def finalize(obj, ctx):\n    pass\n").finalize is True
    assert compile_source(GOOD + "def other():\n    def finalize(obj, ctx):\n        pass\n").finalize is False


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("", "CHK150"),
        ("def other(obj, ctx): pass", "CHK150"),
        ("reconcile = 1", "CHK150"),
        ("if True:\n    def reconcile(obj, ctx): pass", "CHK150"),
        ("def reconcile(obj): pass", "CHK151"),
        ("def reconcile(obj, ctx, more): pass", "CHK151"),
        ("def reconcile(obj, ctx, *, key): pass", "CHK151"),
        (GOOD + "def finalize(): pass", "CHK151"),
    ],
)
def test_entry_points(source: str, code: str) -> None:
    """A source that could not be called is refused at save."""
    assert [finding.code for finding in check(source)] == [code]


@pytest.mark.parametrize("args", ["obj, ctx", "obj, ctx, /", "o, c, d=1", "*args", "obj, *rest"])
def test_entry_points_that_take_two(args: str) -> None:
    """Whatever can be called with two arguments is fine."""
    assert check(f"def reconcile({args}): pass") == []


def test_the_filename_is_constant() -> None:
    """The interpreter opens a file of this name to quote a line, so it must not be anybody's choice."""
    assert compile_source(GOOD).code.co_filename == "<reconciler>"


@pytest.mark.parametrize(
    ("error", "code"), [(ValueError("x"), "CHK199"), (RecursionError(), "CHK105"), (MemoryError(), "CHK105")]
)
def test_a_failing_checker_refuses(monkeypatch: pytest.MonkeyPatch, error: Exception, code: str) -> None:
    """A defect of ours is a rejection, never a pass."""

    def broken(_tree: object, _report: object) -> bool:
        raise error

    monkeypatch.setattr(compiler, "_entry_points", broken)
    assert [finding.code for finding in check(GOOD)] == [code]
    with pytest.raises(PolicyRejected):
        compile_source(GOOD)
