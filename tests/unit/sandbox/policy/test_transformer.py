"""What is refused, what is rewritten, and that the rest means what it means in plain Python."""

# ruff: noqa: E501 - each sample is one program, and is kept whole
from __future__ import annotations

import marshal

import pytest

from sandbox.policy.compiler import check, compile_source
from sandbox.policy.errors import GuardRefused

from .support import body, codes, run, same


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("_x_ = 1", "CHK111"),
        ("__x = 1", "CHK111"),
        ("print(_x=1)", "CHK111"),
        ("__debug__", "CHK111"),
        ("x = lambda _y_: 1", "CHK111"),
        ("obj.__class__", "CHK120"),
        ("obj._ = 1", "CHK120"),
        ("obj._field_defaults", "CHK120"),
        ("obj._fields = 1", "CHK120"),
        ("del obj._replace", "CHK120"),
        ("__name__ = 1", "CHK111"),
        ("del __name__", "CHK111"),
        ("global __name__", "CHK111"),
        ("class A(total=1): pass", "CHK142"),
        ("class A(total=obj): pass", "CHK142"),
        ("class A(**obj): pass", "CHK142"),
        ("obj.gi_frame", "CHK121"),
        ("''.format()", "CHK121"),
        ("obj.format = 1", "CHK121"),
        ("obj.mro *= 2", "CHK121"),
        ("1j", "CHK140"),
        ("a = obj @ obj", "CHK140"),
        ("obj @= obj", "CHK140"),
        ("async def f(): pass", "CHK140"),
        ("try:\n    pass\nexcept* ValueError:\n    pass", "CHK140"),
        ("obj[0]: int = 1", "CHK140"),
        ("class A(metaclass=int): pass", "CHK142"),
        ("class A:\n    def __del__(self): pass", "CHK143"),
        ("class A:\n    def f(self):\n        def __init__(self): pass", "CHK111"),
        ("def __init__(self): pass", "CHK111"),
        ("match obj:\n    case obj.x:\n        pass", "CHK145"),
        ("match obj:\n    case {obj.x: 1}:\n        pass", "CHK145"),
        ("match obj:\n    case set():\n        pass", "CHK145"),
        ("match obj:\n    case int(real=1):\n        pass", "CHK145"),
        ("match obj:\n    case 1j:\n        pass", "CHK145"),
        ("obj[0:1] += [1]", "CHK146"),
        ("obj[0:1, 2] *= 2", "CHK146"),
        ("x = 1  # type: ignore", "CHK160"),
        ("x = 1  #mypy: ignore-errors", "CHK160"),
        ("nonlocal zz", "CHK100"),
        ("break", "CHK100"),
        ("f(_x=1)\ndef f(**k): pass", "CHK111"),
    ],
)
def test_refused(source: str, code: str) -> None:
    """Each construct that is not available is a finding with its own code."""
    assert codes(source) == [code]


@pytest.mark.parametrize(
    "source",
    [
        "a, (b, *c) = 1, (2, 3, 4)\nreturn a, b, c",
        "x = y = [1]\nx += [2]\nreturn x, y",
        "d = {'a': 1}\nd['a'] += 2\nd['a'] *= 5\nd['a'] **= 2\nd['a'] <<= 1\nreturn d",
        "log = []\ndef key():\n    log.append(1)\n    return 'a'\nd = {'a': 1}\nd[key()] += 1\nd[key()] *= 2\nreturn d, log",
        "class A:\n    pass\na = A()\na.n = 2\na.n += 3\na.n *= 4\na.n **= 2\nreturn a.n",
        "x = 2\nx *= 3\nx **= 2\nx <<= 1\nx -= 1\nx //= 2\nx |= 8\nreturn x",
        "return 2 ** 8 * 3 << 2, 'ab' * 3, [1] * 2, -3 ** 2",
        "x: int = 3\ny: list[int]\nreturn x",
        "class A:\n    x: int = 1\n    def __init__(self):\n        self.y: str = 'a'\nreturn A().x, A().y",
        "def f(a: int, *b: str, c: float = 1.0, **d: 'x') -> None:\n    return a, b, c, d\nreturn f(1, 'a', c=2, e=3)",
        "return [(_, y) for _ in range(3) for y in range(_) if y]",
        "return {k: v for k, v in {'a': 1}.items()}, {x for x in 'aab'}",
        "if (n := len('abc')) > 2:\n    return n",
        "def g():\n    got = yield 1\n    yield from [2, 3]\nreturn list(g())",
        "def f():\n    x = 0\n    def g():\n        nonlocal x\n        x += 1\n        return x\n    return g() + g()\nreturn f()",
        "try:\n    [][1]\nexcept:\n    return 'bare'\nfinally:\n    pass",
        "try:\n    raise ValueError('a') from KeyError('b')\nexcept (ValueError, KeyError) as e:\n    return e.args\nelse:\n    return 1",
        "while True:\n    break\nelse:\n    return 1\nreturn 2",
        "for i in range(3):\n    continue\nelse:\n    return i",
        "f = lambda a, b=2, *c, d=4, **e: (a, b, c, d, e)\nreturn f(1), f(*[1, 2, 3], **{'d': 5, 'z': 6})",
        "return [*[1], *(2, 3)], {**{'a': 1}, 'b': 2}",
        "return 'a' if [] else 'b', 1 < 2 < 3, not 1, 1 and 2 or 3",
        "x = [1, 2, 3, 4]\ndel x[0], x[1:2]\nreturn x, x[::-1], x[0], x[-1]",
        "return f'{1:>{3}} {\"a\"!r} {[1, 2][0]} {1 + 1=}'",
        "return '%s %d %(a)s' % {'a': 1} if False else '%s-%03d' % ('x', 7)",
        "assert 1, 'no'\npass\nreturn ...",
        "with_ = []\nclass C:\n    def __enter__(self):\n        return 1, 2\n    def __exit__(self, a, b, c):\n"
        "        with_.append(a is not None)\n        return True\nwith C() as (x, y), C():\n    1 / 0\nreturn with_",
        "class A:\n    def __len__(self): return 3\n    def __bool__(self): return False\n    def __call__(self, x): return x\n"
        "    def __getitem__(self, k): return k\n    def __contains__(self, k): return k == 1\n    def __iter__(self): return iter([1])\n"
        "a = A()\nreturn len(a), bool(a), a(5), a['x'], 1 in a, list(a)",
        "class A:\n    def __init__(self, n): self.n = n\n    def __eq__(self, o): return self.n == o.n\n    def __lt__(self, o): return self.n < o.n\n"
        "    def __hash__(self): return 1\n    def __repr__(self): return f'A{self.n}'\nreturn repr(sorted([A(2), A(1)])), len({A(1), A(1)})",
        "class A:\n    def f(self): return 'A'\nclass B(A):\n    def f(self): return 'B' + A.f(self)\nreturn B().f(), isinstance(B(), A), issubclass(B, A)",
        "class A:\n    @property\n    def x(self): return self.y\n    @x.setter\n    def x(self, v): self.y = v\n    @staticmethod\n    def s(): return 1\n"
        "a = A()\na.x = 4\nreturn a.x, A.s()",
        "class E(ValueError):\n    def __init__(self, code): self.code = code\ntry:\n    raise E(3)\nexcept E as e:\n    return e.code",
        "import json as j, math\nfrom collections import defaultdict as dd, Counter\nimport urllib.parse as p\nimport collections.abc\n"
        "x = dd(list)\nx['a'].append(1)\nreturn j.dumps(x['a']), math.ceil(1.2), p.quote('a b'), Counter('aab').most_common(1)",
        "def deco(n):\n    def inner(f):\n        return lambda *a: f(*a) * n\n    return inner\n@deco(3)\ndef f(x): return x\nreturn f(2)",
        "return int | None is None, list[int] is None",
        "return {'x': 'a'}.get('x').upper().center(5, '*').split('A')",
    ],
    ids=range(36),
)
def test_means_the_same(source: str) -> None:
    """What is accepted does what plain Python does."""
    same(source)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ({"kind": "A", "n": 1, "x": 2}, ("map", 1, {"x": 2})),
        ([1, 2, 3], ("seq", 1, [2, 3])),
        ("text", ("str", "text")),
        (-5, "minus"),
        (None, "none"),
        (True, "bool"),
        (2.5, "float"),
    ],
)
def test_match_subset(subject: object, expected: object) -> None:
    """Literals, sequences, mappings, captures, alternatives and six plain types."""
    source = """
match obj:
    case {"kind": "A" | "B", "n": int(n), **rest}:
        return "map", n, rest
    case [first, *others]:
        return "seq", first, others
    case str() as text if text:
        return "str", text
    case -5:
        return "minus"
    case None:
        return "none"
    case bool():
        return "bool"
    case _:
        return "float"
"""
    assert run(source.strip(), subject) == expected


@pytest.mark.parametrize(
    "source",
    [
        "2 ** 20000",
        "1 << 20000",
        "(2 ** 9000) * (2 ** 9000)",
    ],
)
def test_folding_is_bounded(source: str) -> None:
    """What a compiler would fold without a bound is refused when it runs, and costs nothing before."""
    with pytest.raises(GuardRefused):
        run(f"return {source}")


@pytest.mark.parametrize("source", ["'a' * 2000000", "2000000 * b'a'", "(1, 2) * 1000000", "'a' * (1000 * 2000)"])
def test_a_long_repetition_is_made_by_the_run(source: str) -> None:
    """It costs nothing before; what it takes then is the memory limit's business, whose outcome says so."""
    code = compile_source(f"def reconcile(obj, ctx):\n    return {source}\n").code
    assert len(marshal.dumps(code)) < 5000
    assert len(run(f"return {source}")) == 2_000_000


@pytest.mark.parametrize("op", ["*=", "**=", "<<="])
def test_growing_assignments_are_bounded(op: str) -> None:
    """A loop that squares a number ends at once, not with the memory."""
    with pytest.raises(GuardRefused):
        run(f"x = 1 << 9000\nx {op} x\nreturn 1")


@pytest.mark.parametrize("op", ["+=", "*="])
@pytest.mark.parametrize("target", ["obj[0]", "obj.real"])
def test_augmented_targets_are_guarded(op: str, target: str) -> None:
    """What cannot be assigned to cannot be changed in place either."""
    with pytest.raises(GuardRefused):
        run(f"{target} {op} 1", len)


def test_annotations_are_never_evaluated() -> None:
    """Neither in a class body nor in a signature."""
    assert run("s = []\nclass A:\n    x: s.append(1) = 2\ndef f(a: s.append(2)) -> s.append(3): pass\nreturn s") == []


def test_future_imports_change_nothing() -> None:
    """They are dropped, as annotations are text anyway."""
    assert check("from __future__ import annotations, generator_stop\n" + body("return 1")) == []


def test_hints_come_with_findings() -> None:
    """The author is told what to write instead."""
    hints = [
        finding.hint
        for finding in check(body("x = '{}'.format(1)\nimport time\ntime.sleep\nopen\nclass A(metaclass=B): pass"))
    ]
    assert "use an f-string" in hints
    assert any("ctx.requeue" in hint for hint in hints)
    assert "a reconciler has no files" in hints
