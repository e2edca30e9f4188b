"""Names that an author gives to attributes of their own are none that the facades rely on."""

from __future__ import annotations

import pytest

from .support import run


def test_an_enumeration_keeps_its_members() -> None:
    """Whatever an author calls a method; `unique` judges by the members too."""
    found = run(
        "from enum import Enum, unique\n"
        "class E(Enum):\n"
        "    A = 1\n"
        "    B = 1\n"
        "    def _all(): return {'X': 5, 'Y': 6}\n"
        "try:\n"
        "    unique(E)\n"
        "    return 'unique'\n"
        "except ValueError:\n"
        "    return [e.name for e in E], len(E), 5 in E, E['B'] is E.A, E(1) is E.A"
    )
    assert found == (["A"], 1, False, True, True)


def test_cached_properties_do_not_share() -> None:
    """Two lambdas have one name, and a class may have an attribute of any name."""
    found = run(
        "from functools import cached_property\n"
        "class A:\n"
        "    _cached_b = 3\n"
        "    x = cached_property(lambda self: 1)\n"
        "    y = cached_property(lambda self: 2)\n"
        "    @cached_property\n"
        "    def b(self): return 4\n"
        "a = A()\n"
        "return a.x, a.y, a.x, a.b"
    )
    assert found == (1, 2, 1, 4)


@pytest.mark.parametrize(
    "call",
    [
        "setdefault(other, 0, 1)",
        "update(other, {0: 1})",
        "pop(other, 0)",
        "popitem(other)",
        "clear(other)",
        "copy(other)",
        "get(other, 0)",
        "keys(other)",
        "values(other)",
        "items(other)",
        "new_child(other)",
    ],
)
@pytest.mark.parametrize("other", ["[0]", "{0: 0}", "Other()"])
def test_methods_of_a_chain_map_are_its_own(other: str, call: str) -> None:
    """On anything else they do nothing, be it like one."""
    with pytest.raises(TypeError, match="a ChainMap is needed here"):
        run(
            "from collections import ChainMap\n"
            "class Other:\n"
            "    maps = [{}]\n"
            "    def _all(self): return [{}]\n"
            "    def _merged(self): return {}\n"
            f"other = {other}\n"
            f"ChainMap.{call}"
        )
