"""Twenty thousand generated programs: what the policy accepts means what plain Python means.

Each accepted program runs plainly and under the policy with a guard that looks at every object that it hands out.
"""

from __future__ import annotations

import ast
import os
import types
import warnings
from collections import Counter
from collections.abc import Callable

import pytest

from sandbox.policy.attributes import ATTRS
from sandbox.policy.classes import USER_METAS
from sandbox.policy.compiler import PolicyRejected, compile_source
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades.base import Facade
from sandbox.policy.grammar import DECISIONS, Decision
from sandbox.policy.runtime import fresh_globals

from .conftest import GENERATED
from .programs import Programs
from .support import env

COUNT = int(os.environ.get("CHAKRATOR_GENERATED", "20000"))
# No parser makes these in a module; the others must all occur.
_NEVER = {"alias"}
# What a guard hands out is plain data of the table, an author's own, a facade, or inert.
_INERT = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodDescriptorType)
_NOWHERE = (types.ModuleType, types.FrameType, types.CodeType, types.TracebackType, types.MappingProxyType)


def closed(value: object) -> bool:
    """Whether an object belongs to the closed world."""
    if isinstance(value, _NOWHERE) or value in (type, object, super):
        return False
    kind = type(value)
    inert = isinstance(value, (*_INERT, type, Facade, BaseException, types.ClassMethodDescriptorType))
    return kind in ATTRS or type(kind) in USER_METAS or inert


def watched(guard: Callable[..., object], outside: list[object]) -> Callable[..., object]:
    """The guard, with every answer looked at."""

    def look(obj: object, name: str, *default: object) -> object:
        found = guard(obj, name, *default)
        if not closed(found):
            outside.append((type(obj), name, type(found)))
        return found

    return look


def ended(execute: Callable[[], object]) -> tuple[str, str]:
    """The value, or the kind of error. A repr tells a value with an address from none, so those are cut."""
    try:
        return "value", repr(execute()).partition(" at 0x")[0]
    except GuardRefused:
        return "refused", ""
    except Exception as error:
        return "error", type(error).__name__


def _plainly(code: types.CodeType) -> object:
    space: dict[str, object] = {"__name__": "plain", "print": lambda *_, **__: None}
    exec(code, space)
    return space["reconcile"](None, None)  # type: ignore[operator]


def _watching(code: types.CodeType, outside: list[object]) -> object:
    space = fresh_globals(env())
    guard = watched(space["_getattr_"], outside)  # type: ignore[arg-type]
    space["_getattr_"] = space["getattr"] = guard
    exec(code, space)
    return space["reconcile"](None, None)  # type: ignore[operator]


def _compiled(source: str) -> types.CodeType | None:
    try:
        return compile(source, "<plain>", "exec", dont_inherit=True)
    except SyntaxError:  # an annotated global: the policy drops annotations
        return None


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every refusal, also one that a program catches."""
    found: list[str] = []
    monkeypatch.setattr(GuardRefused, "__init__", lambda _self, *args: found.append(str(args)))
    return found


def test_generated_programs_mean_the_same(refusals: list[str], pytestconfig: pytest.Config) -> None:
    """Same value or same kind of error, or a guard's refusal; and nobody ever holds what is outside."""
    programs, tally = Programs(seed=20_240_506), Counter[str]()
    nodes: set[str] = set()
    outside: list[object] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(COUNT):
            source = programs.next()
            tally["programs"] += 1
            plain = _compiled(source)
            if plain is None:
                tally["not Python"] += 1
                continue
            try:
                code = compile_source(source).code
            except PolicyRejected:
                tally["not accepted"] += 1
                continue
            tally["accepted"] += 1
            if tally["accepted"] % 20 == 1:
                nodes |= {type(node).__name__ for node in ast.walk(ast.parse(source))}
            refusals.clear()
            expected, got = ended(lambda: _plainly(plain)), ended(lambda: _watching(code, outside))  # noqa: B023
            tally["refused" if refusals else got[0]] += 1
            assert got == expected or refusals, source
            assert not outside, (outside, source)
    share = tally["accepted"] / (COUNT - tally["not Python"])
    line = f"generated programs: {dict(tally)}, accepted share {share:.0%}"
    pytestconfig.stash.setdefault(GENERATED, []).append(line)
    assert share > 0.6
    assert tally["refused"] < tally["accepted"] * 0.1
    assert min(tally["value"], tally["error"]) > COUNT * 0.1
    taken = {name for name, decision in DECISIONS.items() if decision is not Decision.REJECTED}
    assert COUNT < 5_000 or taken - nodes - _NEVER == set()


def test_the_watch_sees_what_is_outside() -> None:
    """A guard that handed out a module or a frame would be seen."""
    outside: list[object] = []
    look = watched(getattr, outside)
    look(ast, "sys")
    look(ast.parse, "__globals__")
    look("a", "upper")
    assert len(outside) >= 1
    assert not closed(ast)
    assert not closed(type)
    assert closed({}.get)
