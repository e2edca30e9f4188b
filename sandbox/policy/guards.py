"""The hooks that rewritten code calls. Each decides by exact type, and raises `GuardRefused`.

None of them calls back into author code with any right of the host's: what they run on an author's
behalf (a property, an operator) runs as the author's own code would.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from sandbox.policy.attributes import ATTRS, CLASS_ATTRS, PLAIN, WRITABLE
from sandbox.policy.classes import USER_METAS, UserMeta, is_authors
from sandbox.policy.codecs import REPLACED
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades.base import Facade
from sandbox.policy.grammar import DENIED, DENIED_HINTS, NAMED_TUPLE

__all__ = ["GuardRefused"]

MAX_INT_BITS = 16 * 1024
MAX_PRINT = 16 * 1024
_MISSING = object()

GetAttr = Callable[..., object]
# What a run answers in place of a class's own attribute: `datetime.now` and its like.
Overrides = Mapping[object, Mapping[str, object]]


def _refused(name: str, owner: str) -> GuardRefused:
    hint = DENIED_HINTS.get(name, "")
    return GuardRefused(f'attribute "{name[:100]}" of {owner} is not available' + (f" - {hint}" if hint else ""))


def _class_attribute(cls: type, name: str, overrides: Overrides) -> object:
    """On a class itself: an author's class offers its public names, a builtin one those of the table."""
    if type(cls) in USER_METAS:
        return getattr(cls, name)
    override = overrides.get(cls)
    if override is not None and name in override:
        return override[name]
    if name in CLASS_ATTRS.get(cls, ()):
        return getattr(cls, name)
    raise _refused(name, f"the class {cls.__name__}")


def _is_named_tuple(obj: object) -> bool:
    # An author's class extends a tuple in no other way.
    cls = obj if isinstance(obj, type) else type(obj)
    return is_authors(cls) and issubclass(cls, tuple)


def make_getattr(overrides: Overrides) -> GetAttr:
    """The guard on reading an attribute, with what this run answers by itself."""

    def guarded_getattr(obj: object, name: str, default: object = _MISSING) -> object:
        # A subclass of str could be one name when it is checked and another when it is used.
        if type(name) is not str:
            raise GuardRefused("the name of an attribute must be a plain string")
        kind = type(obj)
        names = ATTRS.get(kind)
        if names is not None and name in names:
            return getattr(obj, name)
        if name.startswith("_") or name in DENIED:
            if name in NAMED_TUPLE and _is_named_tuple(obj):
                return getattr(obj, name)
            raise _refused(name, kind.__name__)
        try:
            if type(kind) in USER_METAS:
                return getattr(obj, name)
            if issubclass(kind, Facade):
                return obj.__getattr__(name)  # type: ignore[attr-defined]
            if isinstance(obj, type) and (kind is type or kind in USER_METAS):
                return _class_attribute(obj, name, overrides)
        except AttributeError:
            if default is _MISSING:
                raise
            return default
        if name == "args" and isinstance(obj, BaseException):
            return obj.args
        replaced = REPLACED.get((kind, name))
        if replaced is not None:
            return replaced(obj)
        if names is not None and not hasattr(kind, name):
            # A known type that has no such name anywhere: Python's own answer is the honest one.
            if default is _MISSING:
                raise AttributeError(f"'{kind.__name__}' object has no attribute '{name[:100]}'")
            return default
        raise _refused(name, kind.__name__)

    return guarded_getattr


def make_hasattr(guarded_getattr: GetAttr) -> Callable[[object, str], bool]:
    """`hasattr` in terms of the guard, so that it answers no question that `getattr` refuses."""

    def hasattr(obj: object, name: str) -> bool:
        return guarded_getattr(obj, name, _MISSING_ANSWER) is not _MISSING_ANSWER

    return hasattr


_MISSING_ANSWER = object()


# By the names that `chakrator` offers them under: a hint is no decision.
_WRITE_HINTS: Mapping[str, str] = {
    "Context": 'set the status with ctx.status["key"] = value or ctx.status.update(...); keep values in variables',
}


def guarded_write(obj: object) -> object:
    """The object itself, if what follows (setting or deleting an item or attribute) is the author's right."""
    kind = type(obj)
    # A plain value cannot be changed by anybody: Python itself says so, in its own order and words
    # (`None["x"] = 1`), which is an ordinary mistake and no reach for anything.
    if kind in WRITABLE or kind in PLAIN or type(kind) is UserMeta:
        return obj
    hint = _WRITE_HINTS.get(kind.__name__, "")
    raise GuardRefused(f"an object of type {kind.__name__} cannot be changed" + (f" - {hint}" if hint else ""))


def _bounded(op: str, left: object, right: object) -> None:
    # Integers alone: a huge power takes its time inside one C call. A huge text is memory, which the cage's
    # limit ends at once, with an outcome that says so.
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length()
        if op == "*":
            bits += right.bit_length()
        elif op == "**":
            bits *= max(right, 0)
        else:
            bits += max(right, 0)
        if bits > MAX_INT_BITS:
            raise GuardRefused(f"the result of {op} has more than {MAX_INT_BITS} bits")


_BINARY: Mapping[str, Callable[[object, object], object]] = {
    "*": operator.mul,
    "**": operator.pow,
    "<<": operator.lshift,
}
_INPLACE: Mapping[str, Callable[[object, object], object]] = {
    "*": operator.imul,
    "**": operator.ipow,
    "<<": operator.ilshift,
}


def bounded_binop(op: str, left: object, right: object) -> object:
    """A growing operator between literals, with a bound on what it makes."""
    _bounded(op, left, right)
    return _BINARY[op](left, right)


def bounded_inplace(op: str, left: object, right: object) -> object:
    """A growing augmented assignment, with a bound on what it makes."""
    _bounded(op, left, right)
    return _INPLACE[op](left, right)


def make_print(write: Callable[[str], None]) -> Callable[..., None]:
    """`print` into the run's log: no file, and no more text at a time than a log line may have."""

    def print(*values: object, sep: str | None = " ", end: str | None = "\n", flush: bool = False) -> None:
        parts = [sep if sep is not None else " ", end if end is not None else "\n"]
        if any(type(part) is not str for part in parts):
            raise GuardRefused("sep and end of print must be plain strings")
        text = parts[0].join([f"{value!s:.{MAX_PRINT}}" if type(value) is str else str(value) for value in values])
        write((text + parts[1])[:MAX_PRINT])

    return print
