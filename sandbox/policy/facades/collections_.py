"""`collections`: the real C containers, whose types nobody can change; the rest is written anew.

The real `namedtuple` evaluates a text made of its names, the real `Counter` is a class in Python.
"""

from __future__ import annotations

import collections
import operator
from collections.abc import Iterable, Mapping

from sandbox.policy.classes import UserMeta
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import Facade, fixed
from sandbox.policy.facades.typing_ import ABC_SPEC


class Counter(dict[object, int], metaclass=UserMeta):
    """Counts of hashable things; what was not counted is 0."""

    __slots__ = ()

    def __init__(self, iterable: Iterable[object] | Mapping[object, int] = (), /) -> None:
        super().__init__()
        self.update(iterable)

    def __missing__(self, key: object) -> int:
        return 0

    def update(self, iterable: Iterable[object] | Mapping[object, int] = (), /) -> None:  # type: ignore[override]
        """Add counts, or count elements."""
        if isinstance(iterable, dict):
            for key, count in iterable.items():
                self[key] = self[key] + count
        else:
            for key in iterable:
                self[key] = self[key] + 1

    def subtract(self, iterable: Iterable[object] = (), /) -> None:
        """Take counts away."""
        for key, count in Counter(iterable).items():
            self[key] = self[key] - count

    def most_common(self, n: int | None = None) -> list[tuple[object, int]]:
        """Pairs, the most frequent first."""
        ordered = sorted(self.items(), key=operator.itemgetter(1), reverse=True)
        return ordered if n is None else ordered[: exact.whole(n, 0, 1 << 31)]

    def elements(self) -> list[object]:
        """Every element as often as it was counted."""
        return [key for key, count in self.items() for _ in range(count)]

    def total(self) -> int:
        """The sum of the counts."""
        return sum(self.values())


def namedtuple(typename: str, field_names: str | Iterable[str]) -> type:
    """A tuple with names, made of properties instead of evaluated text."""
    name = exact.text(typename, 100)
    if type(field_names) is str:
        field_names = field_names.replace(",", " ").split()
    fields = [exact.text(field, 100) for field in field_names]
    for field in (name, *fields):
        if not field.isidentifier() or field.startswith("_"):
            raise ValueError(f"{field!r} cannot be a name")
    if len(set(fields)) != len(fields):
        raise ValueError("a field is named twice")

    def __new__(cls: type, *args: object, **named: object) -> object:
        missing = fields[len(args) :]
        if len(args) > len(fields) or set(named) != set(missing):
            raise TypeError(f"{name} takes {', '.join(fields)}")
        return tuple.__new__(cls, (*args, *(named[field] for field in missing)))

    def __repr__(self: tuple[object, ...]) -> str:
        pairs = ", ".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"{name}({pairs})"

    namespace: dict[str, object] = {"__slots__": (), "__new__": __new__, "__repr__": __repr__, "__module__": __name__}
    namespace.update({field: property(operator.itemgetter(index)) for index, field in enumerate(fields)})
    return type.__new__(UserMeta, name, (tuple,), namespace)


SPECS = (
    fixed(
        "collections",
        {
            "Counter": Counter,
            "OrderedDict": collections.OrderedDict,
            "defaultdict": collections.defaultdict,
            "deque": collections.deque,
            "namedtuple": namedtuple,
            "abc": Facade("collections.abc", dict(ABC_SPEC)),
        },
    ),
    fixed("collections.abc", dict(ABC_SPEC)),
)
