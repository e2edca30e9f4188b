"""The builtins of author code."""

from __future__ import annotations

import builtins

import pytest

from sandbox.policy.builtins import KNOWN_NAMES, NAME_HINTS, SAFE_BUILTINS
from sandbox.policy.runtime import fresh_globals

from .support import codes, env, run

REFUSED = [
    "type",
    "object",
    "super",
    "id",
    "hash",
    "vars",
    "dir",
    "globals",
    "locals",
    "open",
    "input",
    "eval",
    "exec",
    "compile",
    "memoryview",
    "bytearray",
    "setattr",
    "delattr",
    "classmethod",
    "BaseException",
    "SystemExit",
    "KeyboardInterrupt",
    "GeneratorExit",
    "complex",
    "help",
    "breakpoint",
    "exit",
    "quit",
    "ExceptionGroup",
    "BaseExceptionGroup",
    "__import__",
    "__build_class__",
    "aiter",
    "anext",
    "copyright",
    "credits",
    "license",
]


@pytest.mark.parametrize("name", REFUSED)
def test_what_looks_around_is_not_there(name: str) -> None:
    """Not when it is saved, and not in the namespace of a run either."""
    assert codes(f"x = {name}") in (["CHK110"], ["CHK111"])
    assert name not in fresh_globals(env())


def test_about_seventy_names() -> None:
    """The table is a closed one; what a new Python adds is not in it."""
    assert 70 <= len(KNOWN_NAMES) <= 90
    assert all(getattr(builtins, name) is value for name, value in SAFE_BUILTINS.items())
    assert not KNOWN_NAMES & set(NAME_HINTS)


def test_no_run_spoils_anothers_builtins() -> None:
    """Every run has its own dict of builtins, made from one that cannot be changed."""
    first, second = fresh_globals(env()), fresh_globals(env())
    first["__builtins__"].clear()  # type: ignore[attr-defined]
    assert second["__builtins__"]["len"] is len  # type: ignore[index]
    with pytest.raises(TypeError):
        SAFE_BUILTINS["len"] = 1  # type: ignore[index]


def test_a_run_may_shadow_a_builtin_for_itself() -> None:
    """As in plain Python."""
    assert run("def len(x): return 7\nreturn len('a')") == 7
    assert run("return len('a')") == 1
