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
        _all(self)

    def __getitem__(self, key: object) -> object:
        for each in _all(self):
            if key in each:
                return each[key]
        raise KeyError(key)

    def __setitem__(self, key: object, value: object) -> None:
        _all(self)[0][key] = value

    def __delitem__(self, key: object) -> None:
        del _all(self)[0][key]

    def __contains__(self, key: object) -> bool:
        return any(key in each for each in _all(self))

    def __iter__(self) -> Iterator[object]:
        return iter(_merged(self))

    def __len__(self) -> int:
        return len(_merged(self))

    def __bool__(self) -> bool:
        return any(_all(self))

    def __eq__(self, other: object) -> bool:
        return _merged(self) == (_merged(other) if type(other) is ChainMap else other)

    def __repr__(self) -> str:
        return f"ChainMap({', '.join(map(repr, self.maps))})"

    def new_child(self, m: Map | None = None) -> ChainMap:
        """With one more dict before the others."""
        return ChainMap({} if m is None else m, *_all(self))

    @property
    def parents(self) -> ChainMap:
        """Without the first dict."""
        return ChainMap(*_all(self)[1:])

    def get(self, key: object, default: object = None) -> object:
        """An item, or the default."""
        found = [each[key] for each in _all(self) if key in each]
        return found[0] if found else default

    def keys(self) -> KeysView[object]:
        """The keys of all."""
        return _merged(self).keys()

    def values(self) -> ValuesView[object]:
        """The values that are seen."""
        return _merged(self).values()

    def items(self) -> ItemsView[object, object]:
        """The pairs that are seen."""
        return _merged(self).items()

    def pop(self, key: object, default: object = _NOTHING) -> object:
        """Take an item from the first dict."""
        first = _all(self)[0]
        return first.pop(key) if default is _NOTHING else first.pop(key, default)

    def popitem(self) -> tuple[object, object]:
        """Take the last pair from the first dict."""
        return _all(self)[0].popitem()

    def setdefault(self, key: object, default: object = None) -> object:
        """An item, put there if it is missing."""
        for each in _all(self):
            if key in each:
                return each[key]
        return _all(self)[0].setdefault(key, default)

    def update(self, *others: Map, **named: object) -> None:
        """Write to the first dict."""
        _all(self)[0].update(*others, **named)

    def copy(self) -> ChainMap:
        """The first dict copied, the others shared."""
        first, *rest = _all(self)
        return ChainMap(first.copy(), *rest)

    def clear(self) -> None:
        """Empty the first dict."""
        _all(self)[0].clear()


def _all(chain: object) -> list[Map]:
    # Methods are called on whatever an author names, and `maps` is a list that the author may change;
    # writing to other objects is their guards' to decide.
    if type(chain) is not ChainMap:
        raise TypeError(f"a ChainMap is needed here, not {type(chain).__name__}")
    return exact.of_types(chain.maps, (dict,))  # type: ignore[return-value]


def _merged(chain: object) -> Map:
    found: Map = {}
    for each in reversed(_all(chain)):
        found.update(each)
    return found
