"""The texts and values that the probes ask with."""

# ruff: noqa: E501 - tables of texts, one a line
from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent, indent

from sandbox.policy.grammar import DENIED as _DENIED

DENIED = tuple(sorted(_DENIED))


def function(body: str) -> str:
    """A whole source whose `reconcile` has this body."""
    return "def reconcile(obj, ctx):\n" + indent(dedent(body).strip("\n"), "    ") + "\n"


def exits(levels: int) -> str:
    """A `finally` in a `finally`, each copied for every way out of its `try`."""
    lines = ["def f():"]
    for level in range(levels):
        pad = " " * (level + 1)
        lines += [f"{pad}try:", f"{pad} if g(): return", f"{pad}finally:"]
    return "\n".join([*lines, " " * (levels + 1) + "h()"]) + "\n"


# One a class of the grammar that a parser makes.
NODES = {
    "Add": "x = 1 + 2", "And": "x = 1 and 2", "AnnAssign": "x: int = 1", "Assert": "assert 1", "Assign": "x = 1",
    "AsyncFor": "async def f():\n    async for x in y: pass", "AsyncFunctionDef": "async def f(): pass",
    "AsyncWith": "async def f():\n    async with x: pass", "Attribute": "x = 1\nx.y", "AugAssign": "x = 1\nx += 1",
    "Attribute store": "def f(x):\n    x.y = 1", "Attribute del": "def f(x):\n    del x.y",
    "Attribute augmented": "def f(x):\n    x.y += 1", "AugAssign matrix": "x = 1\nx @= 1", "AugAssign grows": "x = 1\nx *= 2",
    "AugAssign shift": "x = 1\nx <<= 2", "AugAssign power": "x = 1\nx **= 2", "AugAssign item": "x = {}\nx[1] += 2",
    "AugAssign slice": "x = []\nx[:] += [2]", "AugAssign private": "def f():\n    _x_ += 1", "AugAssign slice in tuple": "x = {}\nx[1, :] += 2",
    "Await": "async def f():\n    await x", "BinOp": "x = 1 + 2", "BinOp static": "x = 2 * 3", "BinOp static deep": "x = (2 * 3) * -4",
    "BinOp static list": "x = [1, 2] * 3", "BinOp shift": "x = 1 << 2", "BinOp power": "x = 2 ** 3", "BitAnd": "x = 1 & 2",
    "BitOr": "x = 1 | 2", "BitXor": "x = 1 ^ 2", "Break": "while 1: break", "Call": "print(1)", "Call private keyword": "dict(_x_=1)",
    "ClassDef": "class A: pass", "ClassDef private": "class _A_: pass", "ClassDef keyword": "class A(x=1): pass",
    "ClassDef metaclass": "class A(metaclass=print): pass", "Compare": "x = 1 < 2", "Constant complex": "x = 1j",
    "Continue": "for x in []: continue", "Del": "x = 1\ndel x", "Delete": "x = {}\ndel x[1]", "Dict": "x = {1: 2}",
    "DictComp": "x = {y: 1 for y in []}", "Div": "x = 1 / 2", "Eq": "x = 1 == 2", "ExceptHandler": "try:\n    x = 1\nexcept ValueError as e: pass",
    "ExceptHandler bare": "try:\n    x = 1\nexcept: pass", "ExceptHandler private": "try:\n    x = 1\nexcept ValueError as _e_: pass",
    "Expr": "1", "FloorDiv": "x = 1 // 2", "For": "for x in []: pass", "For attribute": "def f(o):\n    for o.x in []: pass",
    "FormattedValue": "x = f'{1}'", "FunctionDef": "def f(a, *b, c=1, **d) -> int: pass", "FunctionDef private": "def _f_(): pass",
    "FunctionDef private argument": "def f(_a_): pass", "FunctionDef private star": "def f(*_a_, **_b_): pass",
    "FunctionDef private method": "class A:\n    def _m_(self): pass", "FunctionDef annotation": "def f(a: ().__class__) -> ().__class__: pass",
    "GeneratorExp": "x = (y for y in [])", "Global": "def f():\n    global x\n    x = 1", "Global private": "def f():\n    global _x_",
    "Gt": "x = 1 > 2", "GtE": "x = 1 >= 2", "If": "if 1: pass", "IfExp": "x = 1 if 2 else 3", "Import": "import json",
    "Import private": "import json as _j_", "Import unknown": "import os", "Import deep": "import urllib.parse", "Import deep unknown": "import json.decoder",
    "Import deep named": "import collections.abc as c", "Import deep module": "import chakrator.kinds", "ImportFrom": "from json import loads",
    "ImportFrom private": "from json import loads as _l_", "ImportFrom star": "from json import *", "ImportFrom relative": "from . import json",
    "ImportFrom unknown": "from json import decoder", "ImportFrom future": "from __future__ import annotations", "ImportFrom unknown module": "from os import path",
    "In": "x = 1 in []", "Invert": "x = ~1", "Is": "x = 1 is None", "IsNot": "x = 1 is not None", "JoinedStr": "x = f'a'",
    "LShift": "x = 1 << 2", "Lambda": "x = lambda a: a", "Lambda private": "x = lambda _a_: 1", "Lambda in a class": "class A:\n    x = lambda self: (y := 1)",
    "List": "x = [1]", "ListComp": "x = [y for y in []]", "Lt": "x = 1 < 2", "LtE": "x = 1 <= 2", "MatMult": "x = 1 @ 2",
    "Match": "match 1:\n    case 1: pass", "MatchAs": "match 1:\n    case x: pass", "MatchAs private": "match 1:\n    case _x_: pass",
    "MatchClass": "match 1:\n    case str(x): pass", "MatchClass keyword": "match 1:\n    case str(x=1): pass",
    "MatchClass two": "match 1:\n    case str(x, y): pass", "MatchClass attribute": "x = 1\nmatch 1:\n    case x.y(): pass",
    "MatchMapping": "match 1:\n    case {'a': x, **y}: pass", "MatchMapping private": "match 1:\n    case {'a': 1, **_y_}: pass",
    "MatchMapping attribute": "x = 1\nmatch 1:\n    case {x.y: 1}: pass", "MatchMapping inner": "match 1:\n    case {'a': _y_}: pass",
    "MatchOr": "match 1:\n    case 1 | 2: pass", "MatchSequence": "match 1:\n    case [1, 2]: pass", "MatchSingleton": "match 1:\n    case None: pass",
    "MatchStar": "match 1:\n    case [*x]: pass", "MatchStar private": "match 1:\n    case [*_x_]: pass",
    "MatchValue": "match 1:\n    case -1: pass", "MatchValue attribute": "x = 1\nmatch 1:\n    case x.y: pass", "MatchValue complex": "match 1:\n    case 1 + 2j: pass",
    "MatchClass inner": "match 1:\n    case str(_x_): pass", "Mod": "x = 1 % 2", "Mult": "x = 1 * 2", "Name private": "x = _y_", "Name throw-away": "_ = 1\nx = _",
    "Name private store": "_x_ = 1", "Name guard": "_getattr_ = 1", "NamedExpr": "x = (y := 1)", "NamedExpr private": "x = (_y_ := 1)",
    "Nonlocal": "def f():\n    x = 1\n    def g():\n        nonlocal x", "Nonlocal private": "def f():\n    def g():\n        nonlocal _x_",
    "Not": "x = not 1", "NotEq": "x = 1 != 2", "NotIn": "x = 1 not in []", "Or": "x = 1 or 2", "Pass": "pass", "Pow": "x = 2 ** 3",
    "RShift": "x = 4 >> 1", "Raise": "def f():\n    raise ValueError", "Return": "def f():\n    return 1", "Set": "x = {1}", "SetComp": "x = {y for y in []}",
    "Slice": "x = [1][1:2]", "Starred": "x = [*[]]", "Sub": "x = 1 - 2", "Subscript": "x = {}\nx[1]", "Subscript store": "x = {}\nx[1] = 2",
    "Subscript del": "x = {}\ndel x[1]", "Subscript inner": "x = {}\nx[().__class__]", "Try": "try:\n    pass\nfinally:\n    pass",
    "TryStar": "try:\n    pass\nexcept* ValueError:\n    pass", "Tuple": "x = (1, 2)", "UAdd": "x = +1", "USub": "x = -1", "UnaryOp": "x = -1",
    "While": "while 0: pass", "With": "def f(x):\n    with x as y: pass", "With attribute": "def f(x):\n    with x as x.y: pass",
    "Yield": "def f():\n    yield 1", "YieldFrom": "def f():\n    yield from []", "alias": "import json as j", "arg": "def f(a): pass",
    "arguments": "def f(a=1): pass", "comprehension": "x = [y for y in [] if y]", "comprehension async": "async def f():\n    return [y async for y in []]",
    "comprehension async alone": "def reconcile(obj, ctx):\n    return (y async for y in obj)",
    "keyword": "dict(x=1)", "match_case": "match 1:\n    case 1 if 2: pass", "withitem": "def f(x):\n    with x: pass",
    "AnnAssign attribute": "def f(x):\n    x.y: int = 1", "AnnAssign item": "x = {}\nx[1]: int = 1", "AnnAssign class": "class A:\n    x: int = 1",
    "AnnAssign private": "_x_: int = 1", "AnnAssign annotation": "x: ().__class__ = 1", "AnnAssign value": "x: int = ().__class__",
    "Attribute private": "().__class__", "Attribute single": "x = 1\nx._y_", "Attribute denied": "x = 1\nx.mro", "Attribute nested": "x = 1\nx.y.z._w_",
    "Name own underscore": "_x = 1", "Name interpreter": "x = __name__", "MatMult value": "x = 1\nx = x @ (1 @ 2)",
    "NamedExpr in an annotation": "def f(a: (_x_ := 1)): pass", "not UTF-8": "x = '\ud800'", "NUL": "x = 1\0", "too long": "#" * 70_000, "too long in bytes": "#" + "é" * 40_000, "syntax": "x = (",
    "MatchOr of many names": f"match 1:\n    case [{', '.join(f'a{n}' for n in range(47))}] | [{', '.join(f'a{46 - n}' for n in range(47))}]: pass",
    "nested too deep": "x = " + "-" * 60_000 + "1",
    "Try that multiplies": exits(9),
    "Return at the top": "return 1",
    "one argument": "def reconcile(obj):\n    pass",
    "keyword needed": "def reconcile(obj, ctx, *, x): pass",
    "hook out of a class": "def __init__(self): pass", "hook in a function of a class": "class A:\n    def m(self):\n        def __eq__(self, o): pass",
}  # fmt: skip

PROGRAMS = {
    name: function(body)
    for name, body in {
        "bad errors of a codec": 'return "a".encode("utf-8", "surrogatepass")',
        "odd errors of a codec": 'return "a".encode("utf-8", 5)',
        "maps of a chain": "import collections\nreturn collections.ChainMap(*[{}] * 100_001)",
        "manager that is no generator": "import contextlib\n@contextlib.contextmanager\ndef f():\n    return 1\nwith f():\n    pass",
        "manager that goes on": "import contextlib\n@contextlib.contextmanager\ndef f():\n    yield 1\n    yield 2\nwith f():\n    pass",
        "manager that is an iterator": "import contextlib\n@contextlib.contextmanager\ndef f():\n    return iter([1])\nwith f():\n    pass",
        "two defaults": "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int = 1\n    y: int = 2\nreturn A().y",
        "template": "import string\nreturn string.Template('$').substitute({})",
        "template of nothing": "import string\nreturn string.Template('$x').substitute([('x', 1)])",
        "wrap": "import textwrap\nreturn textwrap.wrap('a', weird=1)",
        "query": "from urllib.parse import urlencode\nreturn urlencode([((1, 2), 'a')])",
        "large uuid": "import uuid\nreturn uuid.UUID(int=1 << 200)",
        "negative uuid": "import uuid\nreturn uuid.UUID(int=-1)",
        "short uuid": "import uuid\nreturn uuid.UUID(bytes=b'a')",
        "long uuid": "import uuid\nreturn uuid.UUID(bytes=b'a' * 17)",
        "text for a uuid": "import uuid\nreturn uuid.UUID(bytes='a' * 16)",
        "named uuid": "import uuid\nreturn uuid.uuid5(uuid.NAMESPACE_DNS, 'a' * 70_000)",
        "many lists": "import copy\nreturn copy.deepcopy([[] for _ in range(210_000)])",
        "range of interfaces": "import ipaddress\none = ipaddress.ip_interface('10.0.0.1/8')\nreturn list(ipaddress.summarize_address_range(one, one))",
        "many items": "import operator\nreturn operator.itemgetter(*range(100_001))",
        "end of a match": "import re\nreturn re.compile('a').search('a', 0, 1 << 40)",
        "count of a match": "import re\nreturn re.compile('a').subn('b', 'a', 1 << 40)",
        "template of an heir": "import collections, string\nreturn string.Template('$x').substitute(collections.OrderedDict(x=1))",
        "long format": "import datetime\nreturn datetime.datetime.strptime('2020', '%Y' + ' ' * 300)",
        "format of a class's own": "import datetime, enum\nclass A(enum.StrEnum):\n    X = '%Y'\nreturn datetime.datetime.strptime('2020', A.X)",
        "text of a class's own": "import datetime, enum\nclass A(enum.StrEnum):\n    X = '2020'\nreturn datetime.datetime.strptime(A.X, '%Y')",
        "chain of another class": "import collections\nclass A:\n    maps = [{}]\nreturn collections.ChainMap.new_child(A())",
        "date of a class's own": "import datetime, enum\nclass A(enum.StrEnum):\n    X = '2020-01-01'\nreturn datetime.date.fromisoformat(A.X)",
        "long address": "import ipaddress\nreturn ipaddress.ip_address('1' * 100)",
        "address of anything": "import ipaddress\nreturn ipaddress.ip_address(1.5)",
        "network of a truth": "import ipaddress\nreturn ipaddress.ip_network(('10.0.0.0', True))",
        "network with host bits": "import ipaddress\nreturn ipaddress.IPv4Network('10.0.0.1/8')",
        "network that forgives": "import ipaddress\nreturn ipaddress.IPv4Network('10.0.0.1/8', strict=False)",
        "strict address": "import ipaddress\nreturn ipaddress.IPv4Address('10.0.0.1', False)",
        "address of two": "import ipaddress\nreturn (ipaddress.IPv4Address | ipaddress.IPv6Address)('10.0.0.1')",
        "address or anything": "import ipaddress\nreturn ipaddress.IPv4Address | 5",
        "instance of two": "import ipaddress\nreturn isinstance(ipaddress.ip_address('::1'), ipaddress.IPv4Address | ipaddress.IPv6Address)",
        "instance of one": "import ipaddress\nreturn isinstance(ipaddress.ip_address('::1'), ipaddress.IPv4Address)",
        "large template": "import string\nreturn string.Template('$x' * 1000).substitute(x='a' * 2000)",
        "long placeholder": "import textwrap\nreturn textwrap.shorten('a ' * 2000, 1000, placeholder='c' * 200)",
        "instance of anything": "import typing\nreturn isinstance(1, typing.Any)",
        "query of lists": "from urllib.parse import urlencode\nreturn urlencode({'a': [(1, 2)]}, doseq=True)",
        "uuid of letters": "import uuid\nreturn uuid.UUID('g' * 32)",
        "large copy": "import copy\nreturn copy.deepcopy([[0] * 250_000])",
        "elements": "import collections\nc = collections.Counter()\nc['a'] = 10**7\nreturn len(list(c.elements()))",
        "most common": "import collections\nreturn collections.Counter('aab').most_common(1 << 40)",
        "most common by a text": "import collections\nreturn collections.Counter('aab').most_common('a')",
        "field twice": "import dataclasses\nreturn dataclasses.field(default=1, default_factory=list)",
        "field by default": "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int = dataclasses.field(default=1)\nreturn A().x",
        "field by factory": "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: list = dataclasses.field(default_factory=list)\nreturn A().x",
        "order of defaults": "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int = 1\n    y: int\nreturn A(1, 2)",
        "no defaults": "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int\n    y: int\nreturn A(1, 2)",
        "too many": "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int\nreturn A(1, 2)",
        "unknown field": "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int\nreturn A(1, y=2)",
        "field given twice": "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int\nreturn A(1, x=2)",
        "missing field": "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int\nreturn A()",
        "mutable default": "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: list = []\nreturn A().x",
        "unknown option": "import dataclasses\n@dataclasses.dataclass(weird=1)\nclass A:\n    x: int = 1\nreturn A().x",
        "fields of nothing": "import dataclasses\nreturn dataclasses.fields(5)",
        "dict of nothing": "import dataclasses\nreturn dataclasses.asdict(5)",
        "dataclass of a facade": "import collections, dataclasses\nreturn dataclasses.dataclass(collections.Counter)",
        "unique enumeration": "import enum\n@enum.unique\nclass A(enum.Enum):\n    X = 1\n    Y = 1\nreturn A.X",
        "member of another type": "import enum\nclass A(enum.StrEnum):\n    X = 1\nreturn A.X",
        "member of its type": "import enum\nclass A(enum.StrEnum):\n    X = 'a'\nreturn A.X",
        "member of any type": "import enum\nclass A(enum.Enum):\n    X = 'a'\n    Y = 2\nreturn A.X",
        "extended enumeration": "import enum\nclass A(enum.Enum):\n    X = 1\nclass B(A):\n    pass\nreturn B",
        "hook that is a property": "class A:\n    @property\n    def __len__(self):\n        return 1\nreturn A()",
        "deep json": "import json\nx = []\nfor _ in range(80):\n    x = [x]\nreturn json.dumps(x)",
        "large json": "import json\nreturn json.dumps([[0] * 250_000])",
        "number as a key": "import json\nreturn json.dumps({(1, 2): 2})",
        "separators of json": "import json\nreturn json.dumps([1, 2], separators=('a' * 20, ':'))",
        "other separators of json": "import json\nreturn json.dumps({'a': 2}, separators=(',', 'a' * 20))",
        "long update": "import hashlib\nd = hashlib.sha256()\nd.update(b'a' * (1 << 21))\nreturn d.hexdigest()",
        "long digest": "import hashlib\nreturn hashlib.blake2b(b'a', digest_size=65).hexdigest()",
        "long key": "import hmac\nreturn hmac.new(b'a' * (1 << 21), b'a', 'sha256').hexdigest()",
        "long message": "import hmac\nreturn hmac.new(b'a', b'a' * (1 << 21), 'sha256').hexdigest()",
        "long message later": "import hmac\nd = hmac.new(b'a', b'a', 'sha256')\nd.update(b'a' * (1 << 21))\nreturn d.hexdigest()",
        "range of anything": "import ipaddress\nreturn list(ipaddress.summarize_address_range(5, 6))",
        "child of a logger": "import logging\nreturn logging.getLogger('a').getChild('b' * 200)",
        "fields twice": "import collections\nreturn collections.namedtuple('A', 'x x')(1, 2)",
        "private fields": "import collections\nreturn collections.namedtuple('A', ['_x'])(1)",
        "many fields": "import collections\nreturn collections.namedtuple('A', ['a' + str(i) for i in range(2000)])",
        "too many values": "import collections\nreturn collections.namedtuple('A', 'x')(1, 2)",
        "missing value": "import collections\nreturn collections.namedtuple('A', 'x y')(1)",
        "unknown value": "import collections\nreturn collections.namedtuple('A', 'x')(1, z=2)",
        "too many defaults": "import collections\nreturn collections.namedtuple('A', 'x', defaults=[1, 2])",
        "start of a match": "import re\nreturn re.compile('a').search('a', 1 << 40)",
        "long pattern": "import re\nreturn re.compile('a' * 600)",
        "a text for each": "import re\nreturn len(re.sub('a', lambda m: 'b' * 1000, 'a' * 50))",
        "a text too long for each": "import re\nreturn len(re.sub('a', lambda m: 'b' * 100_000, 'a' * 50))",
        "a number for each": "import re\nreturn re.sub('a', lambda m: 5, 'a')",
        "nothing for each": "import re\nreturn re.sub('a', lambda m: None, 'ab')",
        "a number in place": "import re\nreturn re.sub('a', 5, 'a')",
        "tuple of too many": "import collections\nreturn collections.namedtuple('A', 'x')._make([1, 2])",
        "another field": "import collections\nreturn collections.namedtuple('A', 'x')(1)._replace(y=2)",
        "fields of another tuple": "import collections\nreturn collections.namedtuple('A', 'x')._replace((1,), x=2)",
        "public of a tuple": "import collections\nA = collections.namedtuple('A', 'x')\nreturn A(1)._replace(x=2), A(1)._asdict(), A._fields, A._make([3]), A(1)._fields",
        "public of another": "return obj._fields",
        "public of a class of ours": "import typing\nreturn typing.NamedTuple._fields",
        "table of some": "import typing\nclass A(typing.TypedDict, total=False):\n    x: int\nreturn A(x=1)",
        "class of some": "class A: pass\nclass B(A, total=False): pass\nreturn B",
        "a name of its own": "return __name__",
        "endless": "import itertools\nreturn len(list(itertools.repeat(1)))",
        "long template": "import re\nreturn re.sub('a', 'b' * 600, 'a')",
        "order of a facade": "import collections, functools\nreturn functools.total_ordering(collections.Counter)",
        "order of nothing": "import functools\n@functools.total_ordering\nclass A:\n    pass\nreturn A()",
        "private kind": "from chakrator import kinds\nreturn getattr(kinds, '_x')",
        "long product": "return (2 ** 9000) * (2 ** 9000)",
        # With little more than a bound, for a bound that is a little wider must be noticed too.
        "a map too many": "import collections\nreturn collections.ChainMap(*[{}] * 101)",
        "an element too many": "import collections\nc = collections.Counter()\nc['a'] = 100_001\nreturn c.elements()",
        "a field too many": "import collections\nreturn collections.namedtuple('A', ['a' + str(i) for i in range(201)])",
        "an item too many": "import operator\nreturn operator.itemgetter(*range(101))",
        "a result too many": "import functools\nseen = []\n@functools.cache\ndef f(x):\n    seen.append(x)\nfor n in range(1025):\n    f(n)\nf(0)\nreturn len(seen) == 1026",
        "a result too many by number": "import functools\nseen = []\n@functools.lru_cache(5000)\ndef f(x):\n    seen.append(x)\nfor n in range(1025):\n    f(n)\nf(0)\nreturn len(seen) == 1026",
        "a result too many by none": "import functools\nseen = []\n@functools.lru_cache(maxsize=None)\ndef f(x):\n    seen.append(x)\nfor n in range(1025):\n    f(n)\nf(0)\nreturn len(seen) == 1026",
        # Two versions end the call at once, so that only the taking of the addresses takes time.
        "an address too many": "import ipaddress\na, b = ipaddress.ip_address('10.0.0.1'), ipaddress.ip_address('::1')\ngiven = iter([a, b] + [a] * 100_000)\ntry:\n    ipaddress.collapse_addresses(given)\nexcept TypeError:\n    return len(list(given)) == 2",
        "a mask that stays": "import ipaddress\nfirst = ipaddress.ip_network('10.0.0.0/8').netmask\nreturn ipaddress.ip_network('11.0.0.0/8').netmask is not first",
        "a long annotation": f"import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: '{'a' * 600}' = 1\nreturn len(dataclasses.fields(A)[0].type) == 500",
    }.items()
}


def _text(length: int) -> Callable[[], object]:
    return lambda: "a" * length


def _bytes(length: int) -> Callable[[], object]:
    return lambda: b"a" * length


def _number(value: object) -> Callable[[], object]:
    return lambda: value


class Sub(str):
    """A text by inheritance."""

    __slots__ = ()


class SubInt(int):
    """A number by inheritance."""


class SubBytes(bytes):
    """Bytes by inheritance."""


class Loud:
    """An object that nothing knows."""


def _deep() -> object:
    value: list[object] = []
    for _ in range(70):
        value = [value]
    return value


VALUES: tuple[Callable[[], object], ...] = (
    _text(1), _text(17), _text(101), _text(513), _text(65_537), _text(1_048_577), _bytes(1), _bytes(17), _bytes(1_048_577),
    *(_number(n) for n in (-1, 0, 1, 17, 101, 1_001, 2_001, 4_097, 10_001, 65_537, 100_001, 1 << 33)),
    _number(1.5), _number(None), _number(True), lambda: [3, 1, 2], lambda: [1.5, 2.5], lambda: ["a", "b"], lambda: {"a": 1}, lambda: {1: 1},
    lambda: (1, 2), lambda: {1, 2}, lambda: [], lambda: lambda *a: 1, lambda: Sub("a"), lambda: SubInt(1), lambda: SubBytes(b"a"), Loud,
    lambda: [Loud()], _deep, lambda: [[0] * 210_000], lambda: range(3), lambda: iter([1, 2]), lambda: dict, lambda: "(",
)  # fmt: skip
# In pairs nothing is so large that an honest function would take its time over it.
_LARGE = frozenset({5, 8, 20, VALUES.index(_deep) + 1})
PAIRED = tuple(make for index, make in enumerate(VALUES) if index not in _LARGE)
COMPANIONS: tuple[Callable[[], object], ...] = (_text(1), lambda: [1, 2, 3], _number(3), _bytes(1))
# These take their time over anything long, so they are asked with what is short.
SLOW = frozenset({"random.choices", "math.prod", "operator.mul", "collections.Counter", "statistics"})
_LONG = _LARGE | {3, 4, 7, 14, 15, 16, 17, 18, 19, 40}
SHORT = tuple(make for index, make in enumerate(VALUES) if index not in _LONG)
