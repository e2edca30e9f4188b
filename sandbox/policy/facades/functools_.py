"""`functools` as closures: the real `partial` and `lru_cache` show what they hold."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable

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


SPECS = (
    fixed(
        "functools",
        {
            "reduce": reduce,
            "partial": partial,
            "lru_cache": lru_cache,
            "cache": cache,
            "wraps": wraps,
            "cmp_to_key": cmp_to_key,
        },
    ),
)
