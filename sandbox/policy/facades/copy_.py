"""`copy` of plain data; the real one calls `__reduce_ex__` and has a table that anybody may change."""

from __future__ import annotations

import collections
import datetime as dt
from decimal import Decimal
from typing import Any

from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed
from sandbox.policy.facades.uuid_ import UUID

# Nothing can change these, so they are their own copies.
_ATOMS: frozenset[type] = frozenset(
    {
        str,
        bytes,
        int,
        float,
        bool,
        type(None),
        type(...),
        range,
        dt.date,
        dt.time,
        dt.datetime,
        dt.timedelta,
        dt.timezone,
        Decimal,
        UUID,
    }
)
_PAIRS: frozenset[type] = frozenset({dict, collections.OrderedDict})
_ITEMS: frozenset[type] = frozenset({list, tuple, set, frozenset})


class _Copier:
    """One deep copy: what was shared in the original is shared in the copy, and its size is bounded."""

    def __init__(self) -> None:
        self._nodes = 0
        # The originals are kept beside their copies, so that no other object can take over an id.
        self._known: dict[int, tuple[object, object]] = {}

    def copy(self, value: object, depth: int = 0) -> object:
        kind: Any = type(value)
        if kind in _ATOMS:
            return value
        self._nodes += 1
        if self._nodes > exact.MAX_NODES or depth > exact.MAX_DEPTH:
            raise GuardRefused("the value is too large or nests too deeply")
        if id(value) in self._known:
            return self._known[id(value)][1]
        if kind in _PAIRS:
            made: Any = kind()
            self._known[id(value)] = (value, made)
            for key, item in value.items():  # type: ignore[attr-defined]
                made[self.copy(key, depth + 1)] = self.copy(item, depth + 1)
            return made
        if kind is list:
            some: list[object] = []
            self._known[id(value)] = (value, some)
            some.extend(self.copy(item, depth + 1) for item in value)  # type: ignore[attr-defined]
            return some
        if kind not in _ITEMS:
            raise TypeError(f"an object of type {kind.__name__} cannot be copied here; make a new one")
        whole: object = kind(self.copy(item, depth + 1) for item in value)  # type: ignore[attr-defined]
        self._known[id(value)] = (value, whole)
        return whole


def deepcopy(x: object) -> object:
    """A deep copy of plain data."""
    return _Copier().copy(x)


def copy(x: object) -> object:
    """A shallow copy of plain data."""
    kind = type(x)
    if kind in _ATOMS or kind is tuple or kind is frozenset:
        return x
    if kind in _PAIRS or kind is list or kind is set or kind is collections.defaultdict or kind is collections.deque:
        return x.copy()  # type: ignore[attr-defined]
    raise TypeError(f"an object of type {kind.__name__} cannot be copied here; make a new one")


SPECS = (fixed("copy", {"copy": copy, "deepcopy": deepcopy}),)
