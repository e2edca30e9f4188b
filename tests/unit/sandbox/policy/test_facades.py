"""The modules: what they do is what the real ones do, within limits, and without their back doors."""

# ruff: noqa: E501 - each sample is one program, and is kept whole
from __future__ import annotations

import pytest

from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades.base import Facade
from sandbox.policy.facades.registry import specs

from .support import codes, run, same


@pytest.mark.parametrize(
    "source",
    [
        "import json\nreturn json.loads('{\"a\": [1, 2.5, null, true]}'), json.dumps({'b': [1, None], 'a': 'é'}, sort_keys=True, indent=2)",
        "import json\nreturn json.dumps((1, 'é'), separators=(',', ':'), ensure_ascii=False)",
        "import json\ntry:\n    json.loads('{')\nexcept json.JSONDecodeError as e:\n    return e.msg, e.pos, e.lineno, e.colno",
        "import re\np = re.compile(r'(?P<k>\\w+)=(\\d+)', re.I | re.M)\nm = p.search('  Abc=12 ')\n"
        "return m.group('k'), m.groups(), m.groupdict(), m.span(), m.start(), m.end(), m.string, m.group(1, 2)",
        "import re\nreturn re.split(r'[,;]', 'a,b;c'), re.sub('a', 'b', 'aXa', count=1), re.findall('..', 'abcd'), re.escape('a.b')",
        "import re\nreturn [m.group() for m in re.finditer('a+', 'aa b a')], bool(re.fullmatch('a', 'ab')), re.subn('a', '', 'aa')",
        "import datetime\nd = datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.timezone.utc)\n"
        "return d.isoformat(), d + datetime.timedelta(days=1), d.date(), d.timestamp(), d.strftime('%Y-%j'), f'{d:%H}'",
        "from datetime import datetime, date, timedelta, UTC\nreturn datetime.fromisoformat('2024-01-01T00:00:00+00:00') - "
        "timedelta(hours=1), date(2024, 1, 1).isocalendar().week, datetime.strptime('01/02/24', '%d/%m/%y'), datetime.min",
        "import math\nreturn math.ceil(1.2), math.pi, math.gcd(12, 18), math.isclose(1, 1), math.factorial(5), math.comb(5, 2), math.perm(4)",
        "import hashlib\nh = hashlib.sha256(b'a')\nh.update(b'b')\nreturn h.hexdigest(), hashlib.new('md5', b'x').digest(), hashlib.sha1(b'').name",
        "import base64\nreturn base64.b64encode(b'a\\xff'), base64.b64decode('YQ=='), base64.urlsafe_b64encode(b'\\xff\\xfe'), base64.b16encode(b'a')",
        "from decimal import Decimal, ROUND_HALF_UP, InvalidOperation\ntry:\n    Decimal('x')\nexcept InvalidOperation:\n    pass\n"
        "return Decimal('1.005').quantize(Decimal('0.01'), rounding=ROUND_HALF_UP), Decimal(1) / 3, Decimal('1.10').normalize()",
        "from collections import Counter, defaultdict, deque, OrderedDict\nc = Counter('abca')\nc.update('a')\nc['z'] += 1\nd = deque([1, 2], maxlen=2)\n"
        "d.append(3)\no = OrderedDict(a=1, b=2)\no.move_to_end('a')\nreturn dict(c), c['q'], c.most_common(2), c.total(), list(d), list(o), sorted(c.elements())",
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\np = P(1, y=2)\nx, y = p\nreturn p.x, p.y, x, y, p[0], repr(p), p == (1, 2), len(p)",
        "import itertools as it\nreturn list(it.chain([1], [2])), list(it.chain.from_iterable([[1], [2]])), [(k, list(g)) for k, g in "
        "it.groupby('aab')], list(it.islice('abcdef', 1, 5, 2)), list(it.product('ab', repeat=2)), list(it.zip_longest('ab', 'c'))",
        "import itertools as it\nreturn list(it.islice(it.count(3, 2), 3)), list(it.repeat('a', 2)), list(it.permutations('abc', 2)), "
        "list(it.combinations('abc', 2)), list(it.accumulate([1, 2, 3])), list(it.pairwise('abc')), [next(it.cycle('a'))]",
        "import functools\n@functools.lru_cache(maxsize=2)\ndef f(x, y=1):\n    calls.append(x)\n    return x * y\ncalls = []\nf(1), f(1), f(2), f(3), f(1)\n"
        "return calls, functools.reduce(lambda a, b: a + b, [1, 2], 3), functools.partial(f, 4)(y=2), sorted([3, 1], key=functools.cmp_to_key(lambda a, b: b - a))",
        "from functools import cache, wraps, lru_cache\n@cache\ndef f(x): return x\n@lru_cache\ndef g(x): return x\n@wraps(f)\ndef h(x): return x\nreturn f(1), g(2), h(3)",
        "import copy\na = {'x': [1, {'y': (2,)}]}\nb = copy.deepcopy(a)\nb['x'][1]['y'] = 0\nc = copy.copy(a)\nc['x'].append(1)\nreturn a, b, c",
        "import textwrap\nreturn textwrap.dedent('  a\\n   b'), textwrap.indent('a\\nb', '> '), textwrap.wrap('a b c', 3), textwrap.fill('a b c', 3), textwrap.shorten('aa bb cc', 8)",
        "import string\nreturn string.ascii_letters, string.capwords('a b'), string.digits",
        "import bisect, heapq\na = [1, 3]\nbisect.insort(a, 2)\nh = [3, 1, 2]\nheapq.heapify(h)\nheapq.heappush(h, 0)\n"
        "return a, bisect.bisect_left(a, 2), heapq.heappop(h), heapq.nlargest(2, h), heapq.nsmallest(1, h, key=lambda x: -x)",
        "import statistics as s\nreturn s.mean([1, 2]), s.median([1, 5, 3]), s.stdev([1, 2.5]), s.mode('aab'), s.quantiles([1, 2, 3], n=2), s.pvariance([1, 2])",
        "from urllib.parse import quote, unquote, urlencode, urlsplit, parse_qs, urljoin\nu = urlsplit('https://u:p@h:81/p?q=1#f')\n"
        "return quote('a/b c'), unquote('%20'), urlencode({'a': 1, 'b': 'x y'}), u.hostname, u.port, u.username, u.path, u.geturl(), parse_qs('a=1&a=2'), urljoin('http://a/b', 'c')",
        "import ipaddress as ip\nn = ip.ip_network('10.0.0.0/30')\na = ip.ip_address('10.0.0.1')\nreturn a in n, [str(h) for h in n.hosts()], n.num_addresses, "
        "a.is_private, str(n.netmask), a.version, isinstance(a, ip.IPv4Address), str(a + 1), ip.ip_network('10.0.0.1/30', strict=False).prefixlen",
        "import uuid\nu = uuid.uuid5(uuid.NAMESPACE_DNS, 'a')\nreturn str(u), u.hex, u.version, str(uuid.UUID('{12345678123456781234567812345678}')), u == uuid.UUID(str(u)), uuid.uuid3(uuid.NAMESPACE_URL, 'b').int",
        "from dataclasses import dataclass, field, asdict, replace, is_dataclass\n@dataclass(order=True)\nclass A:\n    x: int\n    y: list = field(default_factory=list)\n"
        "    z: str = field(default='z', repr=False, compare=False)\n    def __post_init__(self): self.y.append(self.x)\na = A(1)\nb = replace(a, x=2)\n"
        "return repr(a).split('.')[-1], asdict(b), a < b, a == A(1, [], z='q'), is_dataclass(a), is_dataclass(1)",
        "from dataclasses import dataclass, FrozenInstanceError\n@dataclass(frozen=True)\nclass A:\n    x: int = 1\n@dataclass\nclass B:\n    a: int\n@dataclass\nclass C(B):\n    b: int = 2\n"
        "try:\n    A().x = 2\nexcept FrozenInstanceError as e:\n    return e.args, len({A(), A()}), C(1).a, C(1, 3).b",
        "from dataclasses import dataclass\nr = []\n@dataclass\nclass A:\n    x: int\nfor args in ((), (1, 2)):\n    try:\n        A(*args)\n    except TypeError:\n        r.append(1)\n"
        "try:\n    @dataclass\n    class B:\n        x: list = []\nexcept ValueError:\n    r.append(2)\ntry:\n    @dataclass\n    class D:\n        x: int = 1\n        y: int\nexcept TypeError:\n    r.append(3)\nreturn r",
        "from enum import Enum, StrEnum, IntEnum, auto, unique\nclass C(Enum):\n    A = 1\n    B = auto()\n    D = 1\n    def low(self): return self.name.lower()\n"
        "class S(StrEnum):\n    ONE = auto()\nclass T(str, Enum):\n    X = 'x'\nclass N(IntEnum):\n    P = 5\n"
        "return C.A.value, C.B.value, C(2).name, C['A'] is C.D, [c.name for c in C], len(C), C.A.low(), str(C.A), repr(C.B), S.ONE == 'one', f'{S.ONE}', "
        "f'{T.X}', T.X == 'x', N.P + 1, C.A in C, isinstance(C.A, C), {C.A: 1}[C.D], T('x') is T.X, str(N.P)",
        "from enum import Enum\nclass C(Enum):\n    A = 1\nr = []\ntry:\n    C(5)\nexcept ValueError as e:\n    r.append(e.args[0].split(' ')[0])\ntry:\n    C['Q']\nexcept KeyError:\n    r.append(2)\nreturn r",
        "from typing import Any, Optional, TypedDict, cast, Generic, TypeVar\nT = TypeVar('T')\n"
        "class D(TypedDict):\n    a: int\nclass G(Generic[T]):\n    pass\nX = Optional[int]\nreturn D(a=1), cast(int, 'x'), isinstance(G(), G)",
        "from collections import namedtuple\nP = namedtuple('P', 'x y', defaults=[2])\np = P._make('ab')\nr = [p._replace(x=5), p._asdict(), P._fields, p._fields, P(1)._replace()]\n"
        "try:\n    p._replace(z=1)\nexcept ValueError as e:\n    r.append(str(e))\nreturn r, isinstance(r[0], P), P._replace(p, y=1), P._asdict(p)",
        "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    y: int = 2\nclass Q(P):\n    def both(self): return self.x + self.y\nreturn Q(1)._replace(y=5).both(), Q(1)._asdict()",
        "import re\nr = []\ndef up(m):\n    r.append(m.span())\n    return m.group().upper() if m.group() != 'b' else None\n"
        "return re.sub('[a-z]', up, 'abc'), re.compile('c').subn(up, 'abcc', 1), re.sub('(x)', lambda m: '\\\\1', 'x'), r",
        "import re\ntry:\n    re.sub('a', lambda m: {}['k'], 'a')\nexcept KeyError as e:\n    return e.args",
        "from itertools import repeat\nreturn list(zip('ab', repeat(1))), list(map(pow, [1, 2], repeat(2)))",
        "from typing import TypedDict\nclass D(TypedDict, total=False):\n    a: int\nclass E(D, total=True):\n    b: int\nreturn D(a=1), D(), E(b=2)",
        "class A: pass\ntry:\n    class B(A, total=False): pass\nexcept TypeError:\n    return 1",
        "return __name__ == '__main__', [__name__][0] == __name__, len(f'{__name__}') > 1",
        "from collections.abc import Mapping, Sequence, Iterable\nreturn isinstance({}, Mapping), isinstance([], Sequence), isinstance(1, Iterable), isinstance('', Sequence)",
    ],
    ids=range(41),
)
def test_does_what_the_real_module_does(source: str) -> None:
    """On ordinary use nobody can tell the difference."""
    same(source)


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.compile('a' * 513)",
        "import re\nre.search('a', 'a' * 70000)",
        "import re\nre.compile('a').split('a' * 70000)",
        "import json\njson.loads('1' * 1100000)",
        "import re\nre.sub('a', lambda m: 'b' * 100000, 'a' * 50)",
        "from typing import NamedTuple\ngetattr(NamedTuple, '_fields')",
        "from urllib.parse import urlsplit\nurlsplit('a')._fields",
        "import json\na = []\nfor i in range(100):\n    a = [a]\njson.dumps(a)",
        "import math\nmath.factorial(10000)",
        "import hashlib\nhashlib.sha256(b'a' * 2000000)",
        "import hashlib\nhashlib.new('shake_128')",
        "import itertools\nitertools.repeat(1, 1000000)",
        "import itertools\nitertools.product([1, 2], repeat=100)",
        "import random\nrandom.choices([1], k=1000000)",
        "import copy\na = []\nfor i in range(100):\n    a = [a]\ncopy.deepcopy(a)",
        "import textwrap\ntextwrap.fill('a' * 70000)",
    ],
    ids=range(16),
)
def test_limits(source: str) -> None:
    """What could cost without bound is refused."""
    with pytest.raises(GuardRefused):
        run(source)


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.sub('a', lambda m: 5, 'a')",
        "import re\nre.sub('a', 5, 'a')",
        "from collections import namedtuple\nP = namedtuple('P', 'x')\nP._make([1, 2])",
        "from collections import namedtuple\nP = namedtuple('P', 'x')\nP._replace((1,), x=2)",
        "from urllib.parse import urlsplit\nfrom collections import namedtuple\nP = namedtuple('P', 'a b c d e')\nP._replace(urlsplit('x'), a=2)",
        "from collections import namedtuple\nP = namedtuple('P', 'x')\nclass A:\n    def __iter__(self):\n        return iter([1])\nP._replace(A(), x=2)",
        "import json\nclass A: pass\njson.dumps(A())",
        "import json\njson.dumps({(1,): 2})",
        "import json\njson.dumps({}, default=1)",
        "import json\njson.loads('1', object_hook=dict)",
        "import copy\nclass A: pass\ncopy.deepcopy(A())",
        "import statistics\nclass A: pass\nstatistics.mean([A()])",
        "import hashlib\nhashlib.sha256('text')",
        "import bisect\nbisect.insort((1,), 1)",
        "import random\nrandom.shuffle((1, 2))",
        "from dataclasses import dataclass\ndataclass(int)",
        "from dataclasses import dataclass\ndataclass(slot=True)",
        "import uuid\nuuid.uuid5('x', 'y')",
        "from collections.abc import Callable\nisinstance(len, Callable)",
        "import urllib.parse as p\np.urlencode([('a', 'b', 'c')])",
        "import ipaddress\nclass A: pass\nipaddress.ip_address(A())",
    ],
    ids=range(21),
)
def test_other_objects_are_type_errors(source: str) -> None:
    """A facade takes exact plain types; it calls no hook of an object that it does not know."""
    with pytest.raises(TypeError):
        run(source)


def test_endless_iterators_end() -> None:
    """In C nothing softer than a kill would end them."""
    assert run("import itertools\nreturn len(list(itertools.count())), len(list(itertools.cycle('ab')))") == (
        100_000,
        100_000,
    )


@pytest.mark.parametrize("module", sorted(specs()))
def test_a_module_has_its_names_and_no_others(module: str) -> None:
    """Reading another name, writing and deleting are refused."""
    for name in ("sys", "os", "builtins", "nothing"):
        with pytest.raises(GuardRefused):
            run(f"import {module} as imported\nm = imported\nm.{name}")
        with pytest.raises(GuardRefused):
            run(f"import {module} as imported\nm = imported\nm.{name} = 1")
        with pytest.raises(GuardRefused):
            run(f"import {module} as imported\nm = imported\ndel m.{name}")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("import json\njson.load", ["CHK131"]),
        ("import time as t\nt.sleep(1)", ["CHK131"]),
        ("import urllib\nurllib.request", ["CHK131"]),
        ("from urllib import parse\nparse.nothing", ["CHK131"]),
        ("import json\njson = obj\njson.load", []),
        ("import json\ndef f(json): return json.load\nreturn f(obj)", []),
        ("import json as a, re as b\na.loads, b.search, b.I", []),
        ("import urllib.parse\nurllib.parse.quote('a')", []),
        ("try:\n    import json as m\nexcept Exception:\n    import re as m\nm.nothing", []),
        ("from datetime import datetime\ndatetime.nothing", []),
    ],
)
def test_what_a_module_lacks_is_found_at_save(source: str, code: list[str]) -> None:
    """A name that can only be the module is judged; one that may be anything else is not."""
    assert codes(source) == code


def test_a_facade_is_closed() -> None:
    """Even where a vetted name is read without a guard, and even from our own side."""
    facade = Facade("m", {"split": 1})
    assert facade.split == 1
    with pytest.raises(GuardRefused):
        facade.join  # noqa: B018 - reading it is what is tested
    with pytest.raises(AttributeError):
        facade.__wrapped__  # noqa: B018 - reading it is what is tested
    with pytest.raises(GuardRefused):
        facade.split = 2
    with pytest.raises(GuardRefused):
        del facade.split
    with pytest.raises(TypeError):
        facade._table["split"] = 2
    assert repr(facade) == "<module m>"
