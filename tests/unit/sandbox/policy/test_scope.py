"""Unknown names: found at save, never a false alarm."""

from __future__ import annotations

import ast

import pytest

from sandbox.policy.scope import names_of


def unknown(source: str) -> list[str]:
    """The names that nothing binds."""
    return [name.id for name in names_of(ast.parse(source), frozenset({"len", "print"})).unknown]


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    return later\nlater = 1",
        "def f():\n    global g\n    g = 1\ndef h():\n    return g",
        "def f(a, /, b, *c, d, **e):\n    return a, b, c, d, e",
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return g",
        "[x for x in [1] if (y := x)]\nprint(y)",
        "[x + z for x in [1] for z in [x]]",
        "{k: v for k, v in []}",
        "import a.b\nprint(a)",
        "from a import b as c\nprint(c)",
        "try:\n    pass\nexcept len as e:\n    print(e)",
        "match 1:\n    case [a, *b] | {'k': a, **b}:\n        print(a, b)\n    case c:\n        print(c)",
        "with len as (a, b):\n    print(a, b)",
        "for i, (j, k) in []:\n    print(i, j, k)",
        "class A:\n    x = 1\n    y = x",
        "class A:\n    pass\nclass B(A):\n    a: A = A()",
        "x: len = 1\nprint(x)",
        "f = lambda a, *b: (a, b)",
        "print(__private, _private_)",
        "_helper = 1\nprint(_helper)",
        "del x\nx = 1",
    ],
    ids=range(20),
)
def test_bound_names_are_known(source: str) -> None:
    """Every form that binds a name binds it, in the scope that it binds in."""
    assert unknown(source) == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("print(x)", ["x"]),
        ("def f():\n    y = 1\nprint(y)", ["y"]),
        ("[x for x in [1]]\nprint(x)", ["x"]),
        ("class A:\n    x = 1\n    def f(self):\n        return x", ["x"]),
        ("[a for a in a]", ["a"]),
        ("def f(a: Unknown):\n    pass", ["Unknown"]),
        ("def f(a=b):\n    b = 1", ["b"]),
        ("@deco\ndef f():\n    pass", ["deco"]),
        ("class A(Base):\n    pass", ["Base"]),
        ("lambda x: y", ["y"]),
        ("f'{x!r:>{y}}'", ["x", "y"]),
    ],
    ids=range(11),
)
def test_unbound_names_are_found(source: str, names: list[str]) -> None:
    """A name that no enclosing scope binds is reported where it is used."""
    assert unknown(source) == names
