"""One expression for every public name of every module; `m` is the module.

SAME gives what plain Python gives. OWN is our own to say (no such thing outside of a run), with the answer.
"""

# ruff: noqa: E501, SIM905 - each expression is kept whole, tables of names are text
from __future__ import annotations

_B = "b'a\\xff\\x00b'"
_OPERATORS = "add and_ eq floordiv ge gt is_ is_not le lshift lt mod mul ne or_ pow rshift sub truediv xor"
_MATH_1 = "acos asin asinh atan cbrt ceil cos cosh degrees erf erfc exp exp2 expm1 fabs floor frexp gamma isfinite"
_MATH_1 += " isinf isnan lgamma log log10 log1p log2 modf radians sin sinh sqrt tan tanh trunc ulp"
_RE_FLAGS = "A ASCII I IGNORECASE M MULTILINE S DOTALL X VERBOSE U UNICODE NOFLAG"
_STRINGS = "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits printable punctuation whitespace"
_MEANS = "mean fmean geometric_mean harmonic_mean median median_low median_high pstdev pvariance stdev variance"
_ROUNDINGS = "CEILING DOWN FLOOR HALF_DOWN HALF_EVEN HALF_UP UP 05UP"
_SHA = "md5 sha1 sha224 sha256 sha384 sha512 blake2b blake2s sha3_224 sha3_256 sha3_384 sha3_512"
_URLS = "'http://u:p@h.example:80/a;x?q=1&q=2#f'"

SAME: dict[str, dict[str, str]] = {
    "base64": {
        **{
            f"{kind}encode": f"m.{kind}encode({_B})"
            for kind in "b64 b32 b16 b85 b32hex standard_b64 urlsafe_b64".split()
        },
        **{
            f"{kind}decode": f"m.{kind}decode(m.{kind}encode({_B}))"
            for kind in "b64 b32 b16 b85 b32hex standard_b64 urlsafe_b64".split()
        },
        "encodebytes": f"m.encodebytes({_B})",
        "decodebytes": f"m.decodebytes(m.encodebytes({_B}))",
    },
    "bisect": {
        **{name: f"m.{name}([1, 3, 3, 5], 3)" for name in ("bisect", "bisect_left", "bisect_right")},
        **{
            name: f"[(a, m.{name}(a, 3, key=abs)) for a in [[1, 3, 5]]]"
            for name in ("insort", "insort_left", "insort_right")
        },
    },
    "collections": {
        "ChainMap": "[dict(c), c['a'], len(c), c.get('z', 1), sorted(c.keys()), sorted(c.items()), 'b' in c, c.parents['a']]"
        " if (c := m.ChainMap({'a': 1}, {'a': 2, 'b': 3})) else 0",
        "Counter": "[c.most_common(), c['z'], c.total(), sorted(c.elements()), dict(c + c), dict(c - m.Counter('a')),"
        " dict(c | m.Counter(z=1)), dict(c & m.Counter('b')), repr(c)] if (c := m.Counter('abca', b=2)) else 0",
        "OrderedDict": "list(m.OrderedDict(a=1).items())",
        "defaultdict": "[d['x'], d] if (d := m.defaultdict(list, a=[1])) else 0",
        "deque": "list(m.deque([1, 2, 3], maxlen=2))",
        "namedtuple": "[repr(P(1)), P(1).y, P(x=1, y=2)] if (P := m.namedtuple('P', 'x y', defaults=[5])) else 0",
        "abc": "isinstance({}, m.abc.Mapping)",
    },
    "collections.abc": {
        "Collection": "isinstance((), m.Collection)",
        "Container": "isinstance((), m.Container)",
        "Hashable": "isinstance('', m.Hashable)",
        "ItemsView": "isinstance({}.items(), m.ItemsView)",
        "Iterable": "isinstance([], m.Iterable)",
        "KeysView": "isinstance({}.keys(), m.KeysView)",
        "Mapping": "isinstance([], m.Mapping)",
        "MutableMapping": "isinstance({}, m.MutableMapping)",
        "MutableSequence": "isinstance([], m.MutableSequence)",
        "MutableSet": "isinstance({1}, m.MutableSet)",
        "Reversible": "isinstance([], m.Reversible)",
        "Sequence": "isinstance('', m.Sequence)",
        "Set": "isinstance({1}, m.Set)",
        "Sized": "isinstance(1, m.Sized)",
        "ValuesView": "isinstance({}.values(), m.ValuesView)",
        **{name: f"(m.{name}, 1)[1]" for name in ("Awaitable", "Callable", "Coroutine", "Generator", "Iterator")},
    },
    "contextlib": {
        "contextmanager": "callable(m.contextmanager)",
        "nullcontext": "callable(m.nullcontext)",
        "suppress": "callable(m.suppress)",
    },
    "copy": {"copy": "m.copy({'a': [1]})", "deepcopy": "m.deepcopy([{'a': (1, {2})}])"},
    "dataclasses": {
        "FrozenInstanceError": "issubclass(m.FrozenInstanceError, AttributeError)",
        "KW_ONLY": "bool(m.KW_ONLY)",
        "asdict": "m.asdict(K(1))",
        "astuple": "m.astuple(K(1))",
        "dataclass": "K(1) == K(1)",
        "field": "K(1).y",
        "fields": "[f.name for f in m.fields(K)]",
        "is_dataclass": "m.is_dataclass(K), m.is_dataclass(1)",
        "replace": "m.replace(K(1), x=2).x",
    },
    "datetime": {
        "MAXYEAR": "m.MAXYEAR",
        "MINYEAR": "m.MINYEAR",
        "UTC": "m.UTC",
        "date": "m.date(2024, 2, 3).isoformat()",
        "datetime": "m.datetime(2024, 2, 3, tzinfo=m.UTC).isoformat()",
        "time": "m.time(1, 2).isoformat()",
        "timedelta": "m.timedelta(days=1).total_seconds()",
        "timezone": "m.timezone(m.timedelta(hours=1)).tzname(None)",
        "tzinfo": "isinstance(m.UTC, m.tzinfo)",
    },
    "decimal": {
        "Decimal": "m.Decimal('1.10') + 1",
        **{
            f"ROUND_{how}": f"m.Decimal('1.25').quantize(m.Decimal('.1'), rounding=m.ROUND_{how})"
            for how in _ROUNDINGS.split()
        },
        **{
            name: f"issubclass(m.{name}, ArithmeticError)"
            for name in (
                "Clamped DecimalException DivisionByZero FloatOperation Inexact InvalidOperation Overflow Rounded "
                "Subnormal Underflow"
            ).split()
        },
    },
    "enum": {
        "Enum": "issubclass(Colour, m.Enum)",
        "StrEnum": "callable(m.StrEnum)",
        "IntEnum": "callable(m.IntEnum)",
        "auto": "Colour.B.value",
        "unique": "m.unique(Colour) is Colour",
    },
    "functools": {
        "cache": "m.cache(len)('abc')",
        "cached_property": "callable(m.cached_property)",
        "cmp_to_key": "sorted([3, 1], key=m.cmp_to_key(lambda a, b: b - a))",
        "lru_cache": "m.lru_cache(maxsize=None)(len)('abc')",
        "partial": "m.partial(int, base=2)('101')",
        "reduce": "m.reduce(lambda a, b: a + b, [1, 2], 3)",
        "total_ordering": "callable(m.total_ordering)",
        "wraps": "m.wraps(len)(lambda: 1)()",
    },
    "hashlib": {
        **{name: f"m.{name}({_B}).hexdigest()" for name in _SHA.split()},
        "algorithms_available": "'sha256' in m.algorithms_available",
        "new": f"m.new('SHA256', {_B}).digest()",
    },
    "heapq": {
        "heapify": "[(a, m.heapify(a)) for a in [[3, 1, 2]]]",
        "heappop": "m.heappop([1, 2])",
        "heappush": "[(a, m.heappush(a, 0)) for a in [[1]]]",
        "heappushpop": "m.heappushpop([1, 2], 0)",
        "heapreplace": "m.heapreplace([1, 2], 0)",
        "merge": "list(m.merge([1, 4], [2, 3]))",
        "nlargest": "m.nlargest(2, [1, 3, 2])",
        "nsmallest": "m.nsmallest(2, [1, 3, 2], key=lambda x: -x)",
    },
    "hmac": {
        "compare_digest": "m.compare_digest('a', 'a'), m.compare_digest(b'a', b'b')",
        "digest": "m.digest(b'k', b'm', 'sha256')",
        "new": "m.new(b'k', b'm', 'sha1').hexdigest()",
    },
    "binascii": {
        "Error": "issubclass(m.Error, ValueError)",
        "a2b_hex": "m.a2b_hex('ff')",
        "b2a_hex": "m.b2a_hex(b'a')",
        "crc32": "m.crc32(b'abc')",
        "hexlify": "m.hexlify(b'a')",
        "unhexlify": "m.unhexlify(b'ff')",
    },
    "ipaddress": {
        "AddressValueError": "issubclass(m.AddressValueError, ValueError)",
        "NetmaskValueError": "issubclass(m.NetmaskValueError, ValueError)",
        "IPv4Address": "str(m.IPv4Address('1.2.3.4') + 1)",
        "IPv4Interface": "str(m.IPv4Interface('1.2.3.4/8').network)",
        "IPv4Network": "m.IPv4Network('10.0.0.0/30').num_addresses",
        "IPv6Address": "m.IPv6Address('::1').is_loopback",
        "IPv6Interface": "str(m.IPv6Interface('::1/64').network)",
        "IPv6Network": "m.IPv6Network('fe80::/64').prefixlen",
        "collapse_addresses": "[str(n) for n in m.collapse_addresses([m.ip_network('10.0.0.0/25'), m.ip_network('10.0.0.128/25')])]",
        "ip_address": "str(m.ip_address('::1'))",
        "ip_interface": "str(m.ip_interface('10.0.0.1/8'))",
        "ip_network": "str(m.ip_network('10.0.0.1/8', strict=False))",
        "summarize_address_range": "[str(n) for n in m.summarize_address_range(m.ip_address('10.0.0.0'), m.ip_address('10.0.0.9'))]",
    },
    "itertools": {
        "accumulate": "list(m.accumulate([1, 2, 3], initial=1))",
        "chain": "list(m.chain([1], 'a')), list(m.chain.from_iterable([[1], [2]]))",
        "combinations": "list(m.combinations('abc', 2))",
        "combinations_with_replacement": "list(m.combinations_with_replacement('ab', 2))",
        "compress": "list(m.compress('abc', [1, 0, 1]))",
        "count": "list(m.islice(m.count(1, 2), 3))",
        "cycle": "list(m.islice(m.cycle('ab'), 3))",
        "dropwhile": "list(m.dropwhile(str.isdigit, '12a3'))",
        "filterfalse": "list(m.filterfalse(str.isdigit, '1a'))",
        "groupby": "[(k, list(g)) for k, g in m.groupby('aab')]",
        "islice": "list(m.islice('abcd', 1, 3))",
        "pairwise": "list(m.pairwise('abc'))",
        "permutations": "list(m.permutations('ab'))",
        "product": "list(m.product('ab', [1, 2]))",
        "repeat": "list(m.repeat(1, 2))",
        "starmap": "list(m.starmap(pow, [(2, 3)]))",
        "takewhile": "list(m.takewhile(str.isdigit, '12a3'))",
        "tee": "[list(t) for t in m.tee('ab')]",
        "zip_longest": "list(m.zip_longest('ab', 'c', fillvalue=0))",
    },
    "json": {
        "JSONDecodeError": "issubclass(m.JSONDecodeError, ValueError)",
        "dumps": "m.dumps({'b': (1, None, True), 1: 1.5}, indent=1), m.dumps([{1}], default=list)",
        "loads": "m.loads('[1, {\"a\": null}]')",
    },
    "math": {
        **{name: f"m.{name}(0.5)" for name in _MATH_1.split()},
        **{name: f"m.{name}" for name in ("e", "inf", "pi", "tau")},
        "nan": "repr(m.nan)",
        "acosh": "m.acosh(1.5)",
        "atanh": "m.atanh(0.5)",
        **{
            name: f"m.{name}(7, 3)"
            for name in "atan2 comb copysign fmod gcd hypot lcm nextafter perm pow remainder".split()
        },
        "dist": "m.dist([1, 2], [3, 4])",
        "factorial": "m.factorial(20)",
        "fsum": "m.fsum([0.1] * 10)",
        "isclose": "m.isclose(1, 1.0000000001)",
        "isqrt": "m.isqrt(17)",
        "ldexp": "m.ldexp(0.5, 3)",
        "prod": "m.prod([2, 3])",
    },
    "operator": {
        **{name: f"m.{name}(12, 3)" for name in _OPERATORS.split()},
        **{name: f"m.{name}(12)" for name in ("abs", "inv", "invert", "neg", "not_", "pos", "truth")},
        "concat": "m.concat('a', 'b')",
        "contains": "m.contains([1], 1)",
        "countOf": "m.countOf([1, 1], 1)",
        "getitem": "m.getitem({'a': 1}, 'a')",
        "indexOf": "m.indexOf([1, 2], 2)",
        "itemgetter": "m.itemgetter(0)('ab'), m.itemgetter('a', 'b')({'a': 1, 'b': 2})",
    },
    "re": {
        **{name: f"m.{name} + 0" for name in _RE_FLAGS.split()},
        "Match": "isinstance(m.match('a', 'a'), m.Match)",
        "Pattern": "isinstance(m.compile('a'), m.Pattern)",
        "compile": "m.compile('(a)(b)').groups, m.compile('a').flags, m.compile('b').search('abb', 2).start()",
        "error": "issubclass(m.error, Exception)",
        "escape": "m.escape('a.b')",
        "findall": "m.findall('(a)(b)?', 'aab')",
        "finditer": "[x.span() for x in m.finditer('a', 'aba')]",
        "fullmatch": "m.fullmatch('a', 'ab')",
        "match": "m.match('(?P<n>a)', 'ab').groupdict()",
        "search": "m.search('b', 'ab').start()",
        "split": "m.split('(,)', 'a,b')",
        "sub": "m.sub('(a)', r'\\1x', 'aba', count=1)",
        "subn": "m.subn('a', 'b', 'aa')",
    },
    "statistics": {
        **{name: f"m.{name}([1, 2.5, 4])" for name in _MEANS.split()},
        "StatisticsError": "issubclass(m.StatisticsError, ValueError)",
        "correlation": "m.correlation([1, 2, 3], [1, 2, 4])",
        "covariance": "m.covariance([1, 2, 3], [1, 2, 4])",
        "mode": "m.mode('aab')",
        "multimode": "m.multimode('aabb')",
        "quantiles": "m.quantiles([1, 2, 3], n=2)",
    },
    "string": {
        **{name: f"m.{name}" for name in _STRINGS.split()},
        "Template": "m.Template('$a ${b} $$').substitute({'a': 1}, b=2), m.Template('$a $ $z').safe_substitute(a=1)",
        "capwords": "m.capwords('a b')",
    },
    "textwrap": {
        "dedent": "m.dedent('  a\\n   b')",
        "fill": "m.fill('aa bb', 2)",
        "indent": "m.indent('a\\nb', '>', lambda line: 'a' in line)",
        "shorten": "m.shorten('aa bb cc', 8, placeholder='..')",
        "wrap": "m.wrap('aa-bb cc', 3, break_on_hyphens=False)",
    },
    "typing": {
        "TYPE_CHECKING": "m.TYPE_CHECKING",
        "NamedTuple": "repr(Point(1)), Point(1).y, Point(1).total()",
        "NewType": "m.NewType('N', int)(1)",
        "TypedDict": "Movie(name='x')",
        "cast": "m.cast(int, 'x')",
        "final": "m.final(len)('a')",
        "no_type_check": "callable(m.no_type_check)",
        "overload": "callable(m.overload)",
        "runtime_checkable": "callable(m.runtime_checkable)",
    },
    "urllib.parse": {
        "parse_qs": "m.parse_qs('a=1&a=2&b=', True)",
        "parse_qsl": "m.parse_qsl('a=1&b=', keep_blank_values=True)",
        "quote": "m.quote('a/b c'), m.quote(b'\\xff', safe='')",
        "quote_from_bytes": "m.quote_from_bytes(b' ')",
        "quote_plus": "m.quote_plus('a b')",
        "unquote": "m.unquote('%20')",
        "unquote_plus": "m.unquote_plus('+')",
        "unquote_to_bytes": "m.unquote_to_bytes('%ff')",
        "urldefrag": f"m.urldefrag({_URLS})",
        "urlencode": "m.urlencode({'a': [1, 2], 'b': 'x y'}, doseq=True), m.urlencode([('a', None)])",
        "urljoin": "m.urljoin('http://a/b', 'c')",
        "urlparse": f"(lambda u: (u.scheme, u.netloc, u.path, u.params, u.query, u.fragment, u.port, u[1], tuple(u)))(m.urlparse({_URLS}))",
        "urlsplit": f"(lambda u: (u.hostname, u.username, u.password, u.path, u.geturl(), len(u)))(m.urlsplit({_URLS}))",
        "urlunparse": f"m.urlunparse(m.urlparse({_URLS})), m.urlunparse(('a', 'b', '/c', '', '', ''))",
        "urlunsplit": "m.urlunsplit(['a', 'b', '/c', 'd', ''])",
    },
    "urllib": {"parse": "m.parse.quote(' ')"},
    "uuid": {
        **{f"NAMESPACE_{name}": f"str(m.NAMESPACE_{name})" for name in ("DNS", "OID", "URL", "X500")},
        "UUID": "str(m.UUID(int=5)), m.UUID(int=5).urn, m.UUID(bytes=bytes(16)).hex",
        "uuid3": "str(m.uuid3(m.NAMESPACE_DNS, 'a'))",
        "uuid5": "str(m.uuid5(m.NAMESPACE_DNS, 'a'))",
    },
    "zoneinfo": {
        "ZoneInfo": "str(m.ZoneInfo('UTC')), m.ZoneInfo('UTC').key, m.ZoneInfo('UTC') is m.ZoneInfo('UTC')",
        "ZoneInfoNotFoundError": "issubclass(m.ZoneInfoNotFoundError, KeyError)",
        "available_timezones": "'UTC' in m.available_timezones()",
    },
}

_RANDOM = """
    betavariate(1, 2)|expovariate(1.5)|gammavariate(1, 2)|gauss(0, 1)|getrandbits(8)|lognormvariate(0, 1)|uniform(1, 2)
    |normalvariate(0, 1)|paretovariate(1)|randbytes(4)|randint(1, 6)|random()|randrange(9)|triangular(0, 1, 1)
    |vonmisesvariate(0, 1)|weibullvariate(1, 1)|choice('abc')|choices('ab', [1, 2], k=3)|sample('abc', 2)
"""
DRAWS = [call.strip() for call in _RANDOM.split("|")]
# A source seeded by the author draws what the real one draws; the run's own has the same functions.
SAME["random"] = {
    **{call.partition("(")[0]: f"m.Random('s').{call}" for call in DRAWS},
    "Random": "m.Random('s').randint(1, 1000)",
    "shuffle": "[(m.Random(1).shuffle(a), a)[1] for a in [[1, 2, 3]]]",
}

_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "WARN": 30, "ERROR": 40, "CRITICAL": 50, "FATAL": 50, "NOTSET": 0}
_FORMS = """
    AbstractSet Annotated Any AnyStr AsyncGenerator AsyncIterable AsyncIterator Awaitable ByteString Callable ChainMap
    ClassVar Collection Concatenate Container ContextManager Coroutine Counter DefaultDict Deque Dict Final FrozenSet
    Generator Generic Hashable IO ItemsView Iterable Iterator KeysView List Literal LiteralString Mapping MappingView
    Match MutableMapping MutableSequence MutableSet Never NoReturn NotRequired Optional OrderedDict ParamSpec Pattern
    Protocol ReadOnly Required Reversible Self Sequence Set Sized SupportsAbs SupportsFloat SupportsIndex SupportsInt
    SupportsRound Text TextIO Tuple Type TypeAlias TypeGuard TypeIs TypeVar TypeVarTuple Union Unpack ValuesView
"""
OWN: dict[str, dict[str, tuple[str, object]]] = {
    "itertools": {"batched": ("list(m.batched('abc', 2))", [("a", "b"), ("c",)])},
    "logging": {
        **{name: (f"m.{name}", level) for name, level in _LEVELS.items()},
        **{
            name: (f"m.{name}('%s', 1), m.getLogger('a').{name}('b')", (None, None))
            for name in ("debug", "info", "warning", "warn", "error", "critical", "exception")
        },
        "Logger": ("isinstance(m.getLogger(), m.Logger)", True),
        "basicConfig": ("m.basicConfig(level=1)", None),
        "getLogger": ("m.getLogger('a').getChild('b').name", "a.b"),
        "log": ("m.log(20, 'a')", None),
    },
    "re": {"PatternError": ("m.PatternError is m.error", True)},
    "time": {
        "strftime": ("m.strftime('%Y-%m-%d')", "2024-05-06"),
        "time": ("m.time()", 1714979289.0),
        "time_ns": ("m.time_ns()", 1714979289000000000),
    },
    "typing": {
        **{name: (f"repr(m.{name}[int] | None)", name) for name in _FORMS.split()},
        "assert_never": ("callable(m.assert_never)", True),
        "override": ("m.override(len)('a')", 1),
    },
    "uuid": {"uuid4": ("m.uuid4().version", 4)},
}

# What the expressions use.
PREPARED = {
    "dataclasses": "@m.dataclass\nclass K:\n    x: int\n    y: list = m.field(default_factory=list)\n",
    "enum": "class Colour(m.Enum):\n    A = 1\n    B = m.auto()\n",
    "typing": "class Point(m.NamedTuple):\n    x: int\n    y: int = 2\n    def total(self):\n        return self.x + self.y\n"
    "class Movie(m.TypedDict):\n    name: str\n",
}
