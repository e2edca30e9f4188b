"""One object of every type that matters here: what authors hold, and what they must never look into."""

# ruff: noqa: E501 - tables of texts, one a line
from __future__ import annotations

import collections
import datetime as dt
import decimal
import functools
import ipaddress
import itertools
import json
import re
import sys
import types
import weakref
from functools import cache

from sandbox.policy.attributes import ATTRS, CLASS_ATTRS
from sandbox.policy.compiler import compile_source
from sandbox.policy.facades.registry import specs
from sandbox.policy.runtime import RunEnv, fresh_globals
from sandbox.worker import api
from tests.escapes import runner as escapes

NOW = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
_AUTHORS = """
import collections, dataclasses, enum, hashlib, hmac, ipaddress, logging, re, string, typing, urllib.parse, uuid, zoneinfo

class Plain:
    x = 1
    def method(self):
        return 1
    @property
    def shown(self):
        return 1

class Broken(ValueError):
    pass

class Phase(enum.Enum):
    A = 1

class Word(enum.StrEnum):
    A = "a"

class Number(enum.IntEnum):
    A = 1

class Mixed(str, enum.Enum):
    A = "a"

class Table(typing.TypedDict):
    x: int

@dataclasses.dataclass
class Record:
    x: int = 1

Point = collections.namedtuple("Point", "x y")

def made():
    yield 1

def reconcile(obj, ctx):
    pass

things = {
    "author's object": Plain(), "author's class": Plain, "author's method": Plain().method, "author's error": Broken("x"),
    "member": Phase.A, "enumeration": Phase, "text member": Word.A, "number member": Number.A, "mixed member": Mixed.A,
    "typed dict": Table, "record": Record(), "record class": Record, "point": Point(1, 2), "point class": Point,
    "counter": collections.Counter("ab"), "generator": made(), "function": made, "pattern": re.compile("a"),
    "digest": hashlib.sha256(b"a"), "url": urllib.parse.urlparse("http://a/b?c#d"), "uuid": uuid.uuid4(),
    "field": dataclasses.field(default=1), "auto": enum.auto(), "form": typing.Any, "dict of": dict[str, int],
    "either": int | str, "keyed digest": hmac.new(b"a", b"a", "sha256"), "logger": logging.getLogger("a"),
    "template": string.Template("a"), "field of a record": dataclasses.fields(Record)[0], "zone": zoneinfo.ZoneInfo("UTC"),
    "class method": classmethod(made), "constructor": ipaddress.IPv4Address,
}
"""


def run_env() -> RunEnv:
    """A run that prints nowhere."""
    return RunEnv(write=lambda _text: None, now=NOW, seed=b"mutations")


def namespace(source: str) -> dict[str, object]:
    """The globals that a source leaves."""
    space = fresh_globals(run_env())
    exec(compile_source(source).code, space)
    return space


def _insides() -> dict[str, object]:
    def one() -> object:
        yield lambda: one

    made = one()
    try:
        raise AttributeError("x", name="x", obj=one)
    except AttributeError as error:
        caught = error
    return {
        "generator of ours": made,
        "frame": sys._getframe(),
        "code": one.__code__,
        "traceback": caught.__traceback__,
        "attribute error": caught,
        "cell": one.__closure__[0] if one.__closure__ else types.CellType(),
        "module": json,
        "bound method": made.send,
        "builtin": len,
        "method of a type": str.join,
        "slot of a type": str.__add__,
        "proxy": types.MappingProxyType({}),
        "weak reference": weakref.ref(one),
        "type": type,
        "object": object(),
        "partial": functools.partial(len),
        "view": memoryview(b"a"),
        "bytearray": bytearray(b"a"),
        "complex": 1j,
        "super": super(types.SimpleNamespace, types.SimpleNamespace()),
        "space": types.SimpleNamespace(a=1),
        "map": map(len, []),
        "tee": itertools.tee([])[0],
        "unicode error": UnicodeDecodeError("utf-8", b"", 0, 1, "x"),
        "stop": StopIteration(1),
        "os error": OSError(1, "x"),
    }


def _of_the_table() -> dict[str, object]:
    network = "10.0.0.0/8"
    known: list[object] = [
        "a", {"a": 1}, [1], {1}, (1,), frozenset({1}), b"a", 1, True, 1.5, None, ..., NotImplemented, range(2), slice(1),
        {}.keys(), {}.values(), {}.items(), property(len), staticmethod(len), collections.defaultdict(int),
        collections.OrderedDict(), collections.OrderedDict().keys(), collections.OrderedDict().values(),
        collections.OrderedDict().items(), collections.deque(), dt.timedelta(1), NOW.date(), NOW.time(), NOW, dt.UTC,
        NOW.isocalendar(), decimal.Decimal(1), re.match("(?P<a>a)", "a"), ipaddress.ip_address("10.0.0.1"),
        ipaddress.ip_address("::1"), ipaddress.ip_network(network), ipaddress.ip_network("::/8"),
        ipaddress.ip_interface(network), ipaddress.ip_interface("::/8"), json.JSONDecodeError("a", "b", 0),
    ]  # fmt: skip
    return {f"a {type(one).__name__}": one for one in known}


@cache
def samples() -> dict[str, object]:
    """By a label of their own."""
    things = namespace(_AUTHORS)["things"]
    assert isinstance(things, dict)
    found = {**_of_the_table(), **_insides(), **things}
    env = run_env()
    found |= {f"module {name}": spec.build(env) for name, spec in specs().items()}
    ctx = escapes.Ctx("secret")
    found |= {"stand-in": ctx, "log": ctx.log, "run": ctx.run}
    found["context"] = api.Context(ctx.run, NOW, ctx.log, ctx._intents, ())
    kinds = {*ATTRS, *CLASS_ATTRS}
    found |= {f"the class {kind.__name__}": kind for kind in sorted(kinds, key=lambda kind: kind.__name__)}
    return found
