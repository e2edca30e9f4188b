"""`collections.Counter`, written anew: one class for all runs, which no run can change."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping

from sandbox.policy.classes import UserMeta
from sandbox.policy.facades import exact

MAX_ELEMENTS = 100_000
Counts = Iterable[object] | Mapping[object, int]


class Counter(dict[object, int], metaclass=UserMeta):
    """Counts of hashable things; what was not counted is 0."""

    __slots__ = ()

    def __init__(self, iterable: Counts | None = None, /, **named: int) -> None:
        super().__init__()
        self.update(iterable, **named)

    def __missing__(self, key: object) -> int:
        return 0

    def __delitem__(self, key: object) -> None:
        if key in self:
            super().__delitem__(key)

    def __repr__(self) -> str:
        pairs = ", ".join(f"{key!r}: {count!r}" for key, count in self.most_common())
        return f"Counter({{{pairs}}})" if pairs else "Counter()"

    def _change(self, iterable: Counts | None, named: Mapping[str, int], sign: int) -> None:
        for given in (iterable, named):
            if isinstance(given, dict):
                for key, count in dict.items(given):
                    self[key] = self[key] + sign * count
            elif given is not None:
                for key in given:
                    self[key] = self[key] + sign

    def update(self, iterable: Counts | None = None, /, **named: int) -> None:  # type: ignore[override]
        """Add counts, or count elements."""
        self._change(iterable, named, 1)

    def subtract(self, iterable: Counts | None = None, /, **named: int) -> None:
        """Take counts away."""
        self._change(iterable, named, -1)

    def copy(self) -> Counter:
        """The same counts in a new counter."""
        return Counter(self)

    def most_common(self, n: int | None = None) -> list[tuple[object, int]]:
        """Pairs, the most frequent first."""
        ordered = sorted(self.items(), key=operator.itemgetter(1), reverse=True)
        return ordered if n is None else ordered[: exact.whole(n, 0, 1 << 31)]

    def elements(self) -> list[object]:
        """Every element as often as it was counted; at most 100,000."""
        exact.whole(sum(count for count in self.values() if count > 0), 0, MAX_ELEMENTS)
        return [key for key, count in self.items() for _ in range(count)]

    def total(self) -> int:
        """The sum of the counts."""
        return sum(self.values())

    def _joined(self, other: object, join: str) -> object:
        if type(other) is not Counter:
            return NotImplemented
        found = Counter()
        for key in dict.fromkeys((*self, *other)):
            mine, theirs = self[key], other[key]
            count = {"+": mine + theirs, "-": mine - theirs, "|": max(mine, theirs), "&": min(mine, theirs)}[join]
            if count > 0:
                found[key] = count
        return found

    def __add__(self, other: object) -> object:
        return self._joined(other, "+")

    def __sub__(self, other: object) -> object:
        return self._joined(other, "-")

    def __or__(self, other: object) -> object:  # type: ignore[override]
        return self._joined(other, "|")

    def __and__(self, other: object) -> object:
        return self._joined(other, "&")
