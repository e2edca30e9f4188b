"""`functools` as closures: the real `partial` and `lru_cache` show what they hold."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable, Mapping
from types import FunctionType
from typing import Any

from sandbox.policy.classes import UserMeta, is_authors
from sandbox.policy.facades.base import fixed

MAX_CACHE = 1024
_NOTHING = object()
Function = Callable[..., object]


def reduce(
    function: Callable[[object, object], object], iterable: Iterable[object], initial: object = _NOTHING
) -> object:
    """Fold from the left."""
    items = iter(iterable)
    if initial is _NOTHING:
        try:
            value = next(items)
        except StopIteration:
            raise TypeError("reduce() of empty iterable with no initial value") from None
    else:
        value = initial
    for item in items:
        value = function(value, item)
    return value


def partial(function: Function, /, *args: object, **named: object) -> Function:
    """The function with its first arguments given."""

    def call(*more: object, **later: object) -> object:
        return function(*args, *more, **{**named, **later})

    return call


def _cached(function: Function, size: int) -> Function:
    known: dict[Hashable, object] = {}

    def call(*args: Hashable, **named: Hashable) -> object:
        key = (args, tuple(sorted(named.items())))
        if key in known:
            return known[key]
        value = function(*args, **named)
        while len(known) >= size and known:
            del known[next(iter(known))]
        if size > 0:
            known[key] = value
        return value

    return call


def lru_cache(maxsize: Function | int | None = 128, typed: bool = False) -> Function:
    """Remember results, at most 1,024, the oldest forgotten first; with or without parentheses."""
    if callable(maxsize):
        return _cached(maxsize, 128)
    size = MAX_CACHE if maxsize is None else min(max(int(maxsize), 0), MAX_CACHE)
    return lambda function: _cached(function, size)


def cache(function: Function) -> Function:
    """Remember at most 1,024 results."""
    return _cached(function, MAX_CACHE)


def wraps(_wrapped: Function) -> Callable[[Function], Function]:
    """A decorator that changes nothing: functions show no attributes here."""
    return lambda function: function


def cmp_to_key(mycmp: Callable[[object, object], int]) -> Callable[[object], object]:
    """A sort key out of a comparison."""
    return functools.cmp_to_key(mycmp)


_ROOTS: Mapping[str, Callable[[Any, Any], object]] = {
    "__lt__": lambda a, b: a < b,
    "__gt__": lambda a, b: a > b,
    "__le__": lambda a, b: a <= b,
    "__ge__": lambda a, b: a >= b,
}


def _orders(root: str) -> Mapping[str, Callable[[object, object], object]]:
    """All four comparisons in terms of one of them and of equality, as the real decorator has them."""
    ask = _ROOTS[root]
    strict = root in ("__lt__", "__gt__")
    same, opposite = ("__lt__", "__le__"), ("__gt__", "__ge__")
    if root in opposite:
        same, opposite = opposite, same

    def either(self: object, other: object) -> bool:
        return bool(ask(self, other)) or self == other

    def strictly(self: object, other: object) -> bool:
        return bool(ask(self, other)) and self != other

    def not_asked(self: object, other: object) -> bool:
        return not ask(self, other)

    def not_either(self: object, other: object) -> bool:
        return not either(self, other)

    def not_strictly(self: object, other: object) -> bool:
        return not strictly(self, other)

    if strict:
        return {same[1]: either, opposite[0]: not_either, opposite[1]: not_asked}
    return {same[0]: strictly, opposite[1]: not_strictly, opposite[0]: not_asked}


def total_ordering(cls: object) -> object:
    """The comparisons that a class of yours lacks, from one that it has."""
    if not is_authors(cls):
        raise TypeError("total_ordering decorates a class of yours")
    root = next((name for name in ("__lt__", "__le__", "__gt__", "__ge__") if name in cls.__dict__), None)
    if root is None:
        raise ValueError("must define at least one ordering operation: < > <= >=")
    for name, function in _orders(root).items():
        if name not in cls.__dict__:
            type.__setattr__(cls, name, function)
    return cls


def cached_property(func: Callable[[object], object]) -> property:
    """A property that computes once for each object."""
    if type(func) is not FunctionType:
        raise TypeError("cached_property decorates a method")
    # Private, so no author can read or write it, and the object's own: it lives as long as the object.
    # A name alone would be shared, all lambdas have one.
    key = f"_cached_{id(func):x}_"

    def read(self: object) -> object:
        if not isinstance(type(self), UserMeta):
            raise TypeError("cached_property decorates a method of a class of yours")
        try:
            return object.__getattribute__(self, key)
        except AttributeError:
            value = func(self)
            object.__setattr__(self, key, value)
            return value

    return property(read)


SPECS = (
    fixed(
        "functools",
        {
            "reduce": reduce,
            "partial": partial,
            "lru_cache": lru_cache,
            "cache": cache,
            "wraps": wraps,
            "total_ordering": total_ordering,
            "cached_property": cached_property,
            "cmp_to_key": cmp_to_key,
        },
    ),
)
