"""The builtins of author code."""

from __future__ import annotations

import builtins

import pytest

from sandbox.policy.builtins import KNOWN_NAMES, NAME_HINTS, SAFE_BUILTINS
from sandbox.policy.errors import GuardRefused
from sandbox.policy.grammar import is_private
from sandbox.policy.runtime import fresh_globals

from .support import codes, env, run, same

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


OURS = {"classmethod"}


def test_about_seventy_names() -> None:
    """The table is a closed one; what a new Python adds is not in it."""
    assert 70 <= len(KNOWN_NAMES) <= 90
    assert all(getattr(builtins, name) is value for name, value in SAFE_BUILTINS.items() if name not in OURS)
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


def test_a_classmethod_is_a_plain_function_with_its_class() -> None:
    """As in plain Python, in classes and in enumerations, which do not take it for a member."""
    same(
        "class A:\n    n = 1\n    @classmethod\n    def make(cls, n):\n"
        "        a = cls()\n        a.n = n + cls.n\n        return a\n"
        "class B(A):\n    n = 5\nreturn A.make(1).n, B.make(1).n, B().make(2).n"
    )
    same(
        "from enum import Enum\nclass C(Enum):\n    A = 1\n    @classmethod\n    def first(cls): return cls(1).name\n"
        "return C.first(), len(C)"
    )


@pytest.mark.parametrize("argument", ["property(len)", "staticmethod(len)", "len", "1", "str.upper"])
def test_a_classmethod_takes_no_other_descriptor(argument: str) -> None:
    """The real one would call what it wraps with the class in its hand."""
    with pytest.raises(GuardRefused):
        run(f"classmethod({argument})")


def test_every_name_of_ours_is_private() -> None:
    """An author may call a variable `_x`; none of what the namespace hides has such a name."""
    hidden = {name for name in fresh_globals(env()) if name.startswith("_")}
    assert {"_getattr_", "_write_", "__builtins__"} <= hidden
    assert all(is_private(name) for name in hidden)
    assert not is_private("_")
    assert not is_private("_helper")


def test_an_authors_own_underscore() -> None:
    """A helper or a constant may begin with one, an attribute may not."""
    same(
        "_LIMIT = 2\ndef _twice(_x, *_rest, **_more):\n    return _x * _LIMIT\nimport json as _json\n"
        "return _twice(3), _json.dumps(1)"
    )
    assert codes("obj._x") == ["CHK120"]
    with pytest.raises(GuardRefused):
        run("class A:\n    _x = 1\nreturn getattr(A, '_x')")
