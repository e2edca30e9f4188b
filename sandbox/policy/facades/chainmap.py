"""`collections.ChainMap` over plain dicts, written anew: one class for all runs, which no run can change."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, ValuesView

from sandbox.policy.classes import UserMeta
from sandbox.policy.facades import exact

MAX_MAPS = 100
_NOTHING = object()
Map = dict[object, object]


class ChainMap(metaclass=UserMeta):  # noqa: PLW1641 - as a dict it has no hash
    """Several dicts as one; writing goes to the first."""

    __slots__ = ("maps",)

    def __init__(self, *maps: Map) -> None:
        exact.whole(len(maps), 0, MAX_MAPS)
        self.maps: list[Map] = list(maps) or [{}]
        self._all()

    def _all(self) -> list[Map]:
        # `maps` is a list that the author may change; writing to other mappings is their guards' to decide.
        return exact.of_types(self.maps, (dict,))  # type: ignore[return-value]

    def _merged(self) -> Map:
        found: Map = {}
        for each in reversed(self._all()):
            found.update(each)
        return found

    def __getitem__(self, key: object) -> object:
        for each in self._all():
            if key in each:
                return each[key]
        raise KeyError(key)

    def __setitem__(self, key: object, value: object) -> None:
        self._all()[0][key] = value

    def __delitem__(self, key: object) -> None:
        del self._all()[0][key]

    def __contains__(self, key: object) -> bool:
        return any(key in each for each in self._all())

    def __iter__(self) -> Iterator[object]:
        return iter(self._merged())

    def __len__(self) -> int:
        return len(self._merged())

    def __bool__(self) -> bool:
        return any(self._all())

    def __eq__(self, other: object) -> bool:
        return self._merged() == (other._merged() if type(other) is ChainMap else other)

    def __repr__(self) -> str:
        return f"ChainMap({', '.join(map(repr, self.maps))})"

    def new_child(self, m: Map | None = None) -> ChainMap:
        """With one more dict before the others."""
        return ChainMap({} if m is None else m, *self.maps)

    @property
    def parents(self) -> ChainMap:
        """Without the first dict."""
        return ChainMap(*self.maps[1:])

    def get(self, key: object, default: object = None) -> object:
        """An item, or the default."""
        found = [each[key] for each in self._all() if key in each]
        return found[0] if found else default

    def keys(self) -> KeysView[object]:
        """The keys of all."""
        return self._merged().keys()

    def values(self) -> ValuesView[object]:
        """The values that are seen."""
        return self._merged().values()

    def items(self) -> ItemsView[object, object]:
        """The pairs that are seen."""
        return self._merged().items()

    def pop(self, key: object, default: object = _NOTHING) -> object:
        """Take an item from the first dict."""
        first = self._all()[0]
        return first.pop(key) if default is _NOTHING else first.pop(key, default)

    def popitem(self) -> tuple[object, object]:
        """Take the last pair from the first dict."""
        return self._all()[0].popitem()

    def setdefault(self, key: object, default: object = None) -> object:
        """An item, put there if it is missing."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *others: Map, **named: object) -> None:
        """Write to the first dict."""
        self._all()[0].update(*others, **named)

    def copy(self) -> ChainMap:
        """The first dict copied, the others shared."""
        first, *rest = self._all()
        return ChainMap(first.copy(), *rest)

    def clear(self) -> None:
        """Empty the first dict."""
        self._all()[0].clear()
