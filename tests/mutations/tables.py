"""Mutants of tables: every row of every table of the policy, taken away, or opened to what it leaves out."""

from __future__ import annotations

import ast
import builtins
import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, ModuleType

from sandbox.policy import attributes, classes, codecs, grammar, runtime
from sandbox.policy import builtins as offered
from sandbox.policy.facades import registry
from tests.mutations.samples import samples
from tests.mutations.sites import Mutant

Rows = Mapping[object, object]
DUNDERS = frozenset(
    name
    for kind in (*vars(builtins).values(), *map(type, vars(ast).values()))
    if isinstance(kind, type)
    for name in dir(kind)
    if name.startswith("__") and name.endswith("__")
) | {"__del__", "__set_name__", "__get__", "__prepare__", "__instancecheck__", "__mro_entries__", "__match_args__"}


def everywhere(old: object, new: object) -> None:
    """Rebind a table in every module that holds it."""
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType) and module.__name__.startswith("sandbox."):
            for name, value in list(vars(module).items()):
                if value is old:
                    setattr(module, name, new)


def inside(table: object) -> dict[object, object]:
    """The dict behind a mapping proxy."""
    if isinstance(table, dict):
        return table
    (found,) = (one for one in gc.get_referents(table) if isinstance(one, dict))
    return found


def mutants() -> Iterator[Mutant]:
    """All of them."""
    yield from _grammar()
    yield from _attributes()
    yield from _names()
    yield from _classes()


def _set(what: str, table: frozenset[object], more: frozenset[object]) -> Iterator[Mutant]:
    for row in sorted(table, key=_text) if what in _LOSS_OPENS else ():
        yield Mutant(f"{what} without {_text(row)}", what, _rebinder(table, table - {row}), _text(row))
    for row in sorted(more - table, key=_text):
        yield Mutant(f"{what} with {_text(row)}", what, _rebinder(table, table | {row}), _text(row))


# Tables that refuse: to lose a row of one opens something. A row lost elsewhere only closes.
_LOSS_OPENS = ("grammar.DENIED",)


def _rebinder(old: object, new: object) -> Callable[[], None]:
    return lambda: everywhere(old, new)


def _setter(table: object, key: object, value: object) -> Callable[[], None]:
    return lambda: inside(table).__setitem__(key, value)


def _dropper(table: object, key: object) -> Callable[[], None]:
    return lambda: inside(table).__delitem__(key)


def _text(row: object) -> str:
    return row if isinstance(row, str) else getattr(row, "__name__", str(row))


def _grammar() -> Iterator[Mutant]:
    for name, decision in grammar.DECISIONS.items():
        # What this Python's parser does not make cannot be tried here.
        if not hasattr(ast, name):
            continue
        if decision is not grammar.Decision.ALLOWED:
            change = _setter(grammar.DECISIONS, name, grammar.Decision.ALLOWED)
            yield Mutant(f"grammar.DECISIONS {name} allowed", "grammar", change)
    yield from _set("grammar.HOOKS", grammar.HOOKS, DUNDERS)
    yield from _set("grammar.DENIED", grammar.DENIED, frozenset())
    kinds = frozenset({"tuple", "set", "bytes", "frozenset", "object", "Exception"})
    yield from _set("grammar.CLASS_PATTERNS", grammar.CLASS_PATTERNS, kinds)


def _attributes() -> Iterator[Mutant]:
    every = samples()
    public = {name for one in every.values() for name in dir(one) if not name.startswith("_")}
    yield from _set("attributes.FAST", attributes.FAST, frozenset(public | {"send", "throw", "close"}) - grammar.DENIED)
    for label, table in (("ATTRS", attributes.ATTRS), ("CLASS_ATTRS", attributes.CLASS_ATTRS)):
        for kind, names in table.items():
            # On a class itself a private name is refused before any table is asked.
            opened = frozenset(name for name in dir(kind) if label == "ATTRS" or not name.startswith("_"))
            if opened - names - (grammar.DENIED if label == "CLASS_ATTRS" else frozenset()):
                yield Mutant(f"{label}[{kind.__name__}] opened", "attributes", _setter(table, kind, opened))
    for kind in sorted({type(one) for one in every.values()} - set(attributes.ATTRS), key=_text):
        change = _setter(attributes.ATTRS, kind, frozenset(dir(kind)))
        yield Mutant(f"ATTRS with a row for {kind.__name__}", "attributes", change)
    for key in list(codecs.REPLACED):
        yield Mutant(f"codecs.REPLACED without {key[0].__name__}.{key[1]}", "codecs", _dropper(codecs.REPLACED, key))
    # An author's own object may be written to by its metaclass.
    kinds = frozenset(type(one) for one in every.values() if not isinstance(type(one), classes.UserMeta))
    for label, held in (("WRITABLE", attributes.WRITABLE), ("PLAIN", attributes.PLAIN)):
        yield from _set(f"attributes.{label}", held, kinds - attributes.WRITABLE - attributes.PLAIN)  # type: ignore[arg-type]
    errors = frozenset(
        one for one in vars(builtins).values() if isinstance(one, type) and issubclass(one, BaseException)
    )
    yield from _set("attributes.EXCEPTION_BASES", attributes.EXCEPTION_BASES, errors)  # type: ignore[arg-type]


def _names() -> Iterator[Mutant]:
    for name in offered.SAFE_BUILTINS:
        yield Mutant(f"a run without {name}", "builtins", _dropper(runtime._FIXED, name))
    for name in sorted(set(vars(builtins)) - set(offered.SAFE_BUILTINS) - set(offered.OF_THE_RUN)):
        change = _setter(runtime._FIXED, name, getattr(builtins, name))
        yield Mutant(f"a run with {name}", "builtins", change)
        if not name.startswith("_"):
            known = offered.KNOWN_NAMES
            yield Mutant(f"KNOWN_NAMES with {name}", "builtins", _rebinder(known, known | {name}))
    for name in runtime._FIXED:
        if name not in offered.SAFE_BUILTINS:
            yield Mutant(f"a run without {name}", "builtins", _dropper(runtime._FIXED, name))
    yield from _set("registry.API_NAMES", registry.API_NAMES, frozenset({"Intents", "Log"}))


def _classes() -> Iterator[Mutant]:
    for kind in sorted({type(one) for one in samples().values()} - classes.EXTENSIBLE, key=_text):
        if isinstance(kind, classes.UserMeta) and kind.__module__.startswith("sandbox.policy.facades"):
            yield Mutant(f"classes.EXTENSIBLE with {kind.__name__}", "classes", _adder(classes.EXTENSIBLE, kind))


def _adder(held: set[type], kind: type) -> Callable[[], None]:
    return lambda: held.add(kind)


def limits(modules: list[ModuleType]) -> Iterator[Mutant]:
    """Every number in capitals that a module bounds something by, four times as large."""
    for module in modules:
        for name, value in vars(module).items():
            if name.lstrip("_").startswith("MAX") and type(value) is int:
                yield Mutant(f"{module.__name__}.{name} x4", module.__name__, _widener(module, name, value))


def _widener(module: ModuleType, name: str, value: int) -> Callable[[], None]:
    def apply() -> None:
        more = value * 4
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__module__ == module.__name__ and one.__defaults__:
                one.__defaults__ = tuple(more if part is value else part for part in one.__defaults__)
        setattr(module, name, more)

    return apply
