"""`json` over plain data. The one hook is `default` of `dumps`: it is called with an author's own objects."""

from __future__ import annotations

import collections
import json
from collections.abc import Callable

from sandbox.policy.classes import USER_METAS
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed

_SCALARS = frozenset({str, int, float, bool, type(None)})
_DICTS: frozenset[type] = frozenset({dict, collections.OrderedDict, collections.defaultdict})
Default = Callable[[object], object]


def loads(s: object) -> object:
    """Read at most 1 MiB of JSON."""
    if type(s) is bytes:
        return json.loads(exact.data(s))
    return json.loads(exact.text(s, exact.MAX_DATA))


class _Plain:
    """Turns what an author may hold into exact plain data, so that the encoder runs nobody's code."""

    def __init__(self, default: Default | None) -> None:
        self._default = default
        self._nodes = 0

    def of(self, value: object, depth: int = 0) -> object:
        self._nodes += 1
        if self._nodes > exact.MAX_NODES or depth > exact.MAX_DEPTH:
            raise GuardRefused("the value is too large or nests too deeply")
        kind = type(value)
        if kind in _SCALARS:
            return value
        if kind in _DICTS:
            return self._pairs(value.items(), depth)  # type: ignore[attr-defined]
        if kind is list or kind is tuple:
            return [self.of(item, depth + 1) for item in value]  # type: ignore[attr-defined]
        if type(kind) in USER_METAS:
            # Members of enumerations, named tuples, counters: each is a plain value too.
            if isinstance(value, str):
                return str.__str__(value)
            if isinstance(value, int):
                return int.__int__(value)
            if isinstance(value, dict):
                return self._pairs(dict.items(value), depth)
            if isinstance(value, tuple):
                return [self.of(item, depth + 1) for item in tuple.__iter__(value)]
        if self._default is None:
            raise TypeError(f"Object of type {kind.__name__} is not JSON serializable")
        return self.of(self._default(value), depth + 1)

    def _pairs(self, items: object, depth: int) -> dict[object, object]:
        return {self._key(key): self.of(item, depth + 1) for key, item in items}  # type: ignore[attr-defined]

    def _key(self, key: object) -> object:
        if type(key) in _SCALARS:
            return key
        if type(type(key)) in USER_METAS and isinstance(key, str):
            return str.__str__(key)
        raise TypeError(f"keys must be str, int, float, bool or None, not {type(key).__name__}")


def dumps(
    obj: object,
    *,
    indent: int | str | None = None,
    sort_keys: bool = False,
    separators: tuple[str, str] | None = None,
    ensure_ascii: bool = True,
    allow_nan: bool = True,
    default: Default | None = None,
) -> str:
    """Write plain data; anything else goes through `default`, or is a TypeError."""
    if default is not None and not callable(default):
        raise TypeError("default must be a function")
    if indent is not None:
        indent = exact.text(indent, 16) if type(indent) is str else exact.whole(indent, 0, 16)
    if separators is not None:
        item, key = separators
        separators = exact.text(item, 16), exact.text(key, 16)
    return json.dumps(
        _Plain(default).of(obj),
        indent=indent,
        sort_keys=bool(sort_keys),
        separators=separators,
        ensure_ascii=bool(ensure_ascii),
        allow_nan=bool(allow_nan),
    )


SPECS = (fixed("json", {"loads": loads, "dumps": dumps, "JSONDecodeError": json.JSONDecodeError}),)
