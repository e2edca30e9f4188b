"""What the policy answers, as one golden table: each group is a list of lines, found by asking the running policy.

Nothing here reads a table of the policy: every line is an outcome, so that a table, a guard and the code
between them are held at once.
"""

# ruff: noqa: E501 - tables of texts, one a line
from __future__ import annotations

import ast
import builtins
import inspect
import json
import tempfile
import zoneinfo
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import CodeType

from sandbox.policy import attributes as attributes_
from sandbox.policy import classes, guards, runtime
from sandbox.policy.compiler import check, compile_source
from sandbox.policy.facades import exact, zoneinfo_
from sandbox.policy.facades.registry import specs
from sandbox.policy.runtime import fresh_globals
from tests.mutations import snippets
from tests.mutations.samples import namespace, run_env, samples
from tests.mutations.tables import DUNDERS
from tests.mutations.tables import inside as tables_inside

GOLDEN = Path(__file__).parent / "golden" / "policy.json"
Group = Callable[[], Iterator[str]]
_HIDDEN = ("_getattr_", "_write_", "_binop_", "_inplacevar_", "_import_", "_import_from_", "_Exception_")


class Sub(str):
    """A subclass of str, which every exact check must refuse."""

    __slots__ = ()


def names() -> Iterator[str]:
    """What a run begins with, and what each module offers at save time and at run time."""
    space = fresh_globals(run_env())
    yield "globals: " + " ".join(sorted(space))
    yield "builtins: " + " ".join(sorted(space["__builtins__"]))  # type: ignore[call-overload]
    for name, value in sorted(space.items()):
        if name != "__builtins__":
            yield f"{name} is {getattr(value, '__qualname__', value)}"
    for name in (*vars(builtins), "_Exception_", "__name__"):
        yield f"name {name}: {_codes(f'def reconcile(obj, ctx):{chr(10)}    return {name}')}"
    for module, spec in specs().items():
        body = "\n".join(f"    from {module} import {name} as n{i}" for i, name in enumerate(sorted(spec.names)))
        yield f"import {module}: {_codes(f'import {module} as m')}"
        yield f"from {module}: {' '.join(sorted(spec.names))}: {_codes(f'def reconcile(obj, ctx):{chr(10)}{body}')}"
    for name in ("Context", "Fail", "Retry", "kinds", "Intents", "Log"):
        yield f"from chakrator import {name}: {_codes(f'from chakrator import {name}')}"


def attributes() -> Iterator[str]:
    """Which names of each sample can be read through the guard, private ones too, and whether it can be written."""
    getter = fresh_globals(run_env())["_getattr_"]
    for label, one in samples().items():
        readable = [name for name in sorted({*dir(one), "nothing", "x"}) if _reads(getter, one, name)]
        yield f"{label}: {' '.join(readable)}"
        yield f"{label} written: {_outcome(lambda one=one: guards.guarded_write(one) is one)}"
    for label in ("a str", "frame"):
        yield f"{label} by a text of its own: {_outcome(lambda: getter(samples()['a str'], Sub('upper')))}"  # type: ignore[operator]


def _reads(getter: object, one: object, name: str) -> bool:
    try:
        getter(one, name)  # type: ignore[operator]
    except guards.GuardRefused:
        return False
    except Exception as error:  # the object's own answer: a name that is allowed and has no value now
        return type(error) is not AttributeError
    return True


def hooks() -> Iterator[str]:
    """Which dunder names may be defined in a class."""
    for name in sorted(DUNDERS):
        yield f"{name}: {_codes(f'class A:{chr(10)}    def {name}(self):{chr(10)}        pass')}"
        yield f"{name} of a function: {_codes(f'def {name}(self):{chr(10)}    pass')}"


def nodes() -> Iterator[str]:
    """A snippet for every class of the grammar: refused, or compiled to code that calls these hooks."""
    for name, source in snippets.NODES.items():
        yield f"{name}: {_codes(source)} {_hooks(source)}"
    for kind in (
        "str",
        "int",
        "float",
        "bool",
        "dict",
        "list",
        "tuple",
        "set",
        "bytes",
        "frozenset",
        "object",
        "Exception",
    ):
        yield f"case {kind}(): {_codes(snippets.function(f'match obj:{chr(10)}    case {kind}(x): pass'))}"


def vetted(chosen: Iterable[str] = ()) -> Iterator[str]:
    """Which attribute names are read without a guard, with one, or never."""
    public = {name for one in samples().values() for name in dir(one) if not name.startswith("_")}
    for name in chosen or sorted(public | {"send", "throw", "close", *snippets.DENIED}):
        source = snippets.function(f"obj.{name}")
        yield f"obj.{name}: {_codes(source)} {_hooks(source)}"


def missing_snippets() -> set[str]:
    """Classes of the grammar that no snippet is for: what no parser makes is none of them."""
    shown: set[str] = set()
    for source in snippets.NODES.values():
        try:
            shown |= {type(node).__name__ for node in ast.walk(ast.parse(source))}
        except SyntaxError:
            continue
    return shown


def behaviour() -> Iterator[str]:
    """What becomes of short programs at save and at run."""
    for name, source in snippets.PROGRAMS.items():
        yield f"{name}: {_ran(source)}"
    for error in sorted(
        name for name, one in vars(builtins).items() if isinstance(one, type) and issubclass(one, BaseException)
    ):
        getter = fresh_globals(run_env())
        kind = getattr(builtins, error)
        yield f"class A({error}): {_outcome(lambda kind=kind, getter=getter: getter['__metaclass__']('A', (kind,), {}))}"  # type: ignore[operator]
    for label, one in samples().items():
        meta = fresh_globals(run_env())["__metaclass__"]
        yield f"class A({label}): {_outcome(lambda one=one, meta=meta: meta('A', (one if isinstance(one, type) else type(one),), {}))}"  # type: ignore[operator]


def _ran(source: str) -> str:
    codes = _codes(source)
    if codes != "ok":
        return codes
    return _outcome(lambda: namespace(source)["reconcile"]({"a": 1}, None))  # type: ignore[operator]


def hosts() -> Iterator[str]:
    """What the host itself may register, and what the facades' checks of arguments take."""

    class Api:
        """A type of the host's."""

    for chosen in (("_x",), ("format",), ("act",), ("act",), ("other",)):
        yield f"register {chosen}: {_outcome(lambda chosen=chosen: attributes_.register_api_type(Api, chosen))}"
    tables_inside(attributes_.ATTRS).pop(Api, None)
    for kind in (int, ValueError):
        known = kind in classes.API_EXCEPTIONS
        yield f"register {kind.__name__}: {_outcome(lambda kind=kind: classes.register_exception_base(kind))}"
        if not known:
            classes.API_EXCEPTIONS.discard(kind)
    for wanted in ("time", "_strptime", "os", Sub("time"), 5, "nothing"):
        yield f"import in C of {wanted!r}: {_outcome(lambda wanted=wanted: runtime._import_in_c(wanted))}"
    for name, act in {
        "text": exact.text,
        "data": exact.data,
        "whole": lambda one: exact.whole(one, 0, 100),
        "of_types": lambda one: exact.of_types(one, (int, str)),
        "json_shaped": exact.json_shaped,
    }.items():
        outcomes = [_outcome(lambda make=make, act=act: act(make())) for make in snippets.VALUES]
        yield f"{name}: {_packed(outcomes)}"
    for name in ("print", "logging"):
        said: list[str] = []
        env = replace(run_env(), write=said.append, log=lambda _level, text, said=said: said.append(text))  # type: ignore[misc]
        offered = {"print": fresh_globals(env)["print"], "logging": specs()["logging"].build(env).info}
        offered[name]("a" * 30_000)  # type: ignore[operator]
        yield f"{name} says {[len(text) for text in said]}"


@cache
def zone_files() -> tempfile.TemporaryDirectory[str]:
    """A database of zones with one that is too large, and more than are read; a mutant's process can write no file."""
    made = tempfile.TemporaryDirectory(prefix="zones-")
    root = Path(made.name)
    (root / "Etc").mkdir()
    (root / "Etc" / "UTC").write_bytes(b"TZif")
    (root / "large").write_bytes(b"TZif".ljust(20_000, b"\0"))
    (root / "other").write_bytes(b"none")
    for number in range(1_001):
        (root / f"zone{number}").symlink_to(root / "Etc" / "UTC")
    return made


def zones() -> Iterator[str]:
    """What is read of the zones' files: how many, how large, and nothing else."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[zone_files().name])
    found = zoneinfo_.database.__wrapped__()
    zoneinfo.reset_tzpath(to=before)
    yield f"{len(found)} zones: {' '.join(name for name in sorted(found) if not name.startswith('zone'))}"


def facade(name: str) -> Iterator[str]:
    """Every function of a module with arguments of every kind and size, one, two and by name."""
    module = specs()[name].build(run_env())
    for offer in sorted(specs()[name].names):
        function = getattr(module, offer)
        if not callable(function):
            yield f"{offer} is a {type(function).__name__}"
            continue
        slow = {name, f"{name}.{offer}"} & snippets.SLOW
        single, paired = (snippets.SHORT,) * 2 if slow else (snippets.VALUES, snippets.PAIRED)
        outcomes = [_outcome(lambda make=make, function=function: function(make())) for make in single]
        for fixed in snippets.COMPANIONS:
            outcomes += [_outcome(lambda m=m, f=function, c=fixed: f(m(), c())) for m in paired]
            outcomes += [_outcome(lambda m=m, f=function, c=fixed: f(c(), m())) for m in paired]
        outcomes += [_outcome(lambda m=m, f=function: f("a", "b", m())) for m in paired]
        for keyword in _keywords(function):
            for fixed in snippets.COMPANIONS[:2]:
                outcomes += [_outcome(lambda m=m, f=function, k=keyword, c=fixed: f(c(), **{k: m()})) for m in paired]
        yield f"{offer}: {_packed(outcomes)}"


def _keywords(function: Callable[..., object]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [one.name for one in parameters if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)][:8]


def _packed(outcomes: list[str]) -> str:
    """Runs of equal outcomes are counted, so that a reader sees where an answer changes."""
    packed: list[list[object]] = []
    for one in outcomes:
        if packed and packed[-1][0] == one:
            packed[-1][1] = int(str(packed[-1][1])) + 1
        else:
            packed.append([one, 1])
    return " ".join(f"{one}*{count}" if count != 1 else str(one) for one, count in packed)


def _outcome(act: Callable[[], object]) -> str:
    try:
        found = act()
        if hasattr(found, "__next__"):
            found = next(iter(found), None)  # type: ignore[call-overload]
    except Exception as error:
        return type(error).__name__
    return f"ok:{type(found).__name__}" if not isinstance(found, bool) else f"ok:{found}"


def _codes(source: str) -> str:
    whole = source if "def reconcile" in source else f"{source}\n\ndef reconcile(obj, ctx):\n    pass\n"
    found = check(whole)
    return ",".join(sorted({finding.code for finding in found})) or "ok"


def _hooks(source: str) -> str:
    try:
        code = compile_source(
            source if "def reconcile" in source else f"{source}\n\ndef reconcile(obj, ctx):\n    pass\n"
        ).code
    except Exception:
        return ""
    return " ".join(sorted(_called(code)))


def _called(code: CodeType) -> set[str]:
    found = {name for name in code.co_names if name in _HIDDEN or name == "__metaclass__"}
    for one in code.co_consts:
        if isinstance(one, CodeType):
            found |= _called(one)
    return found


def groups() -> dict[str, Group]:
    """By name; the facades' come last, they are the slow ones."""
    found: dict[str, Group] = {
        "names": names,
        "attributes": attributes,
        "hooks": hooks,
        "behaviour": behaviour,
        "hosts": hosts,
        "nodes": nodes,
        "vetted": vetted,
    }
    for name in sorted(specs()):
        found[f"module {name}"] = lambda name=name: facade(name)  # type: ignore[misc]
    found["module zoneinfo: files"] = zones
    return found


def write() -> None:
    """Freeze what is answered now; for a reviewed change only."""
    GOLDEN.parent.mkdir(exist_ok=True)
    found = {name: list(group()) for name, group in groups().items()}
    GOLDEN.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")


def golden() -> dict[str, list[str]]:
    """What was frozen."""
    found: dict[str, list[str]] = json.loads(GOLDEN.read_text("utf-8"))
    return found
