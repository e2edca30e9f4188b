"""Random programs out of templates that cover every accepted node of the grammar, and calls of the modules."""

from __future__ import annotations

import random
import re

NAMES = ("a", "b", "c")
ATOMS = (*NAMES, *NAMES, "0", "1", "2", "7", "-3", "1.5", "''", "'ab c'", "'x'", "b'ab'", "None", "True", "False")
ATOMS += ("[1, 2]", "{'k': 1}", "(3, 4)", "{1, 2}", "[]", "{}", "...", "range(3)")
_BINARY = ("+", "-", "*", "/", "//", "%", "&", "|", "^", "==", "!=", "<", "<=", ">", ">=", "in", "is", "and", "or")
_BINARY += ("not in", "is not")
EXPRESSIONS = (
    *(f"(E {operator} E)" for operator in _BINARY),
    *("(A << 2)", "(A >> 1)", "(A ** 2)", "(2 ** 3)", "(-E)", "(+E)", "(~A)", "(not E)", "(E if E else E)"),
    *("[E, *[E]]", "(E, E)", "{E, 1}", "{'k': E, **{'z': E}}", "E[E]", "E[A:A]", "E[::2]", "(N := E)"),
    *("[E for c in E]", "[(c, E) for c in [1, 2] if E]", "{c for c in 'aab'}", "{c: E for c in (1, 2)}"),
    *("sum(c for c in (1, 2, E))", "(lambda c, *d, k=1, **e: (E, c, d, k, e))(1, 2, k=E, z=3)", "f'{E!r:>9}|{E}'"),
    *("E.upper()", "E.split()", "E.get('k', E)", "E.keys()", "E.copy()", "E.count(1)", "E.bit_length()", "E.items()"),
    *("len(E)", "str(E)", "repr(E)", "sorted(E)", "list(E)", "bool(E)", "int(E)", "max(E)", "tuple(E)", "abs(E)"),
    *("isinstance(E, (int, str))", "getattr(E, 'upper', E)", "hasattr(E, 'items')", "list(zip(E, E))", "divmod(E, 2)"),
    *(
        "list(enumerate(E))",
        "dict(E)",
        "round(E)",
        "any(E)",
        "list(map(str, E))",
        "'%s-%s' % (E, E)",
        "print(E, sep='')",
    ),
    *(
        "json.loads(json.dumps(E))",
        "re.findall('[a-z]', str(E))",
        "math.floor(E)",
        "math.gcd(A, 6)",
        "copy.deepcopy(E)",
    ),
    *("functools.reduce(operator.add, [1, A])", "list(itertools.chain([E], [1]))", "operator.itemgetter('k')(E)"),
    *("collections.Counter(str(E)).most_common(2)", "textwrap.shorten(str(E), 9)", "hashlib.sha256(b'a').hexdigest()"),
    *("str(datetime.timedelta(seconds=A))", "decimal.Decimal(A)", "base64.b64encode(b'ab')", "statistics.mean([1, A])"),
    *("urllib.parse.quote(str(E))", "bisect.bisect([1, 3], A)", "heapq.nlargest(1, [1, 2])", "string.capwords('a b')"),
    *("str(ipaddress.ip_address('10.0.0.1'))", "uuid.UUID(int=5).hex", "unknown"),
)
STATEMENTS = (
    *(
        "N = E",
        "N = N2 = E",
        "def p():\n  y: int = E\n  return y\nN = p()",
        "N += E",
        "N -= E",
        "N *= A",
        "N //= E",
        "N %= E",
        "N |= E",
        "N <<= 1",
    ),
    *(
        "N **= 2",
        "N >>= 1",
        "N &= E",
        "N ^= E",
        "N /= E",
        "N[E] = E",
        "N[E] += E",
        "N[A:A] = E",
        "del N[E]",
        "a, *b = E",
    ),
    *("a, (b, c) = E, (1, 2)", "E", "pass", "assert E", "N.append(E)", "raise ValueError(E)", "g = E"),
    *("if E:\n  B\nelif E:\n  B\nelse:\n  B", "for N in list(E)[:3]:\n  B\nelse:\n  B", "for c in E:\n  break\n  B"),
    *(
        "for c in (1, 2):\n  if E:\n    continue\n  B",
        "n = 0\nwhile n < 2:\n  n += 1\n  B",
        "with Manager(E) as N:\n  B",
    ),
    *("try:\n  B\nexcept (TypeError, ValueError) as e:\n  N = E\nexcept:\n  B\nelse:\n  B\nfinally:\n  N = E",),
    *("def f(c=1, /, *d, k=2, **e) -> int:\n  nonlocal a, b\n  B\n  return E\nN = f(E)", "N = list(walk(E))"),
    *(
        "@keep\ndef h(c):\n  return E\nN = h(1)",
        "class K(Base):\n  c = E\n  def m(self, x=1):\n    return E\nN = K().m()",
    ),
    *(
        "k = Base()\nk.v = E\nk.v += 1\nN = k.v",
        "match E:\n  case [c, *_] | {'k': c}:\n    B\n  case str(b):\n    B",
    ),
    *("match E:\n  case -3 | None | 'x':\n    B\n  case (int() as c, {**r}):\n    B\n  case _ if E:\n    B",),
    *("from math import ceil\nN = ceil(E)", "import string as s\nN = s.digits", "async def f(): pass"),
)
_MODULES = (
    "base64 bisect collections copy datetime decimal functools hashlib heapq ipaddress itertools json math operator"
)
_MODULES += " re statistics string textwrap urllib.parse uuid"
HEAD = (
    "\n".join(f"import {name}" for name in _MODULES.split())
    + """
g = 0
class Base:
    v = 1
class Manager:
    def __init__(self, value):
        self.value = value
    def __enter__(self):
        return self.value
    def __exit__(self, kind, error, trace):
        return isinstance(error, KeyError)
def keep(function):
    return function
def walk(value):
    yield value
    yield from [1, 2]
def reconcile(obj, ctx):
    a, b, c = 1, [2, 3], {'k': 4}
    def work():
        nonlocal a, b, c
        global g
"""
)
TAIL = "    work()\n    return a, b, c, g\n"
CAUGHT = "TypeError, LookupError, ValueError, AttributeError, ArithmeticError, NameError"
_HOLE = re.compile(r"\bN2\b|\b[EANB]\b")


class Programs:
    """An endless row of programs; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def _expression(self, depth: int) -> str:
        if depth <= 0 or self._random.random() < 0.3:
            return self._random.choice(ATOMS)
        return _HOLE.sub(lambda hole: self._hole(hole[0], depth - 1), self._random.choice(EXPRESSIONS))

    def _hole(self, kind: str, depth: int) -> str:
        if kind in ("N", "N2"):
            return self._random.choice(NAMES)
        return self._expression(depth if kind == "E" else 0)

    def _statement(self, depth: int) -> list[str]:
        template = self._random.choice(STATEMENTS)
        while depth <= 0 and "B" in _HOLE.findall(template):
            template = self._random.choice(STATEMENTS)
        lines: list[str] = []
        for line in template.split("\n"):
            bare = line.lstrip()
            indent = line[: len(line) - len(bare)]
            if bare == "B":
                inner = [part for _ in range(self._random.randint(1, 2)) for part in self._statement(depth - 1)]
                lines.extend(indent + part for part in inner)
            else:
                lines.append(indent + _HOLE.sub(lambda hole: self._hole(hole[0], 2), bare))
        return lines

    def next(self) -> str:
        """One program."""
        lines: list[str] = []
        for _ in range(self._random.randint(1, 4)):
            made = self._statement(2)
            # Most mistakes are caught, or nearly every program would end at its first line.
            if self._random.random() < 0.8:
                made = ["try:", *(f"  {line}" for line in made), f"except ({CAUGHT}):", "  g += 1"]
            lines.extend(made)
        return HEAD + "".join(f"        {line}\n" for line in lines) + TAIL
