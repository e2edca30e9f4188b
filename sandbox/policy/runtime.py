"""The namespace that author code runs in: made anew for every run, from parts that nobody can change."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import MappingProxyType

from sandbox.policy import guards
from sandbox.policy.attributes import register_api_type
from sandbox.policy.builtins import SAFE_BUILTINS
from sandbox.policy.classes import AUTHOR_MODULE, UserMeta, register_exception_base
from sandbox.policy.compiler import check, compile_source
from sandbox.policy.env import RunEnv
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades.datetime_ import overrides
from sandbox.policy.facades.ipaddress_ import forget
from sandbox.policy.facades.registry import Modules, specs
from sandbox.policy.facades.zoneinfo_ import database

__all__ = ["RunEnv", "fresh_globals", "prewarm", "register_api_type", "register_exception_base"]

# What C code imports in the name of the frame that called it, and takes from `sys.modules` itself.
_IMPORTED_IN_C = frozenset({"time", "_strptime"})


def _import_in_c(name: str, *_context: object) -> None:
    """The `__import__` of author frames: `strftime` needs one, and discards what it returns. So no module leaves."""
    if type(name) is not str or name not in _IMPORTED_IN_C or name not in sys.modules:
        raise GuardRefused("this import is not available")


# The interpreter takes the last two by itself; a name that begins with "_" is no author's to read.
# Not a MappingProxy: `strftime` and its like look for `__import__` in a dict and nowhere else. Each run
# gets a copy, so even a run that reached it could spoil no other.
_BUILTINS: MappingProxyType[str, object] = MappingProxyType(
    {**SAFE_BUILTINS, "__build_class__": __build_class__, "__import__": _import_in_c}
)

_FIXED: MappingProxyType[str, object] = MappingProxyType(
    {
        **SAFE_BUILTINS,
        "__name__": AUTHOR_MODULE,
        "__metaclass__": UserMeta,
        "_Exception_": Exception,
        "_write_": guards.guarded_write,
        "_binop_": guards.bounded_binop,
        "_inplacevar_": guards.bounded_inplace,
    }
)


def _importers(env: RunEnv, guarded_getattr: guards.GetAttr) -> tuple[Callable[..., object], Callable[..., object]]:
    modules = Modules(env)

    def import_module(name: str) -> object:
        return modules.get(name)

    def import_from(module: str, name: str) -> object:
        return guarded_getattr(modules.get(module), name)

    return import_module, import_from


def fresh_globals(env: RunEnv) -> dict[str, object]:
    """The globals to `exec` a compiled source in, for one run and no other."""
    guarded_getattr = guards.make_getattr(overrides(env))
    import_module, import_from = _importers(env, guarded_getattr)
    namespace = _FIXED.copy()
    namespace["__builtins__"] = _BUILTINS.copy()
    namespace["_getattr_"] = namespace["getattr"] = guarded_getattr
    namespace["hasattr"] = guards.make_hasattr(guarded_getattr)
    namespace["print"] = guards.make_print(env.write)
    namespace["_import_"] = import_module
    namespace["_import_from_"] = import_from
    return namespace


_WARM_UP = """
import json, re, datetime, random, hashlib, base64, decimal, statistics, textwrap, uuid, logging, hmac, zoneinfo
from dataclasses import dataclass, field
from urllib.parse import quote

@dataclass
class Warm:
    name: str = "\\N{LATIN SMALL LETTER E WITH ACUTE}"
    tags: list = field(default_factory=list)

def reconcile(obj, ctx):
    naïve = f"{Warm()!r:>10}"
    text = naïve.encode("ascii", "ignore").decode("latin-1") + "é".upper() + quote("é")
    json.loads(json.dumps({"text": text, "n": 1.5}, sort_keys=True, indent=1))
    re.compile("(a|b)+[c-e]", re.I).sub("x", "abce")
    datetime.datetime.strptime("2020-01-02 03:04", "%Y-%m-%d %H:%M").astimezone().strftime("%c %z")
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_224", "sha3_256",
                 "sha3_384", "sha3_512"):
        hashlib.new(name, b"a").hexdigest()
    logging.info("%s", datetime.datetime.now(zoneinfo.ZoneInfo("UTC")))
    hmac.new(b"k", b"a", "sha256").hexdigest()
    base64.b64encode(b"a"), decimal.Decimal("1.1").quantize(decimal.Decimal("1"))
    random.choice([1, 2]), uuid.uuid4(), statistics.mean([1, 2]), textwrap.dedent(" a")
    return sorted({str(1): [1]}.items())
"""


def prewarm() -> None:
    """Load and use all that a worker needs lazily, while files can still be opened."""
    specs()
    database()
    forget()
    compiled = compile_source(_WARM_UP)
    check("def reconcile(obj, ctx):\n    return obj.__class__, (\n")
    from datetime import UTC, datetime

    namespace = fresh_globals(RunEnv(write=lambda _text: None, now=datetime(2020, 1, 1, tzinfo=UTC), seed=b"warm"))
    exec(compiled.code, namespace)  # noqa: S102 - our own text, through the policy like any author's
    namespace["reconcile"]({}, None)  # type: ignore[operator]
