"""`operator`: the operators as functions, and `itemgetter`. What names attributes (`attrgetter`, `methodcaller`)
or changes an object (`setitem`, `iadd`) would pass by the guards, and is left out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from sandbox.policy.facades.base import fixed
from sandbox.policy.words import words

MAX_ITEMS = 100
_PLAIN = words(
    """
    abs add and_ concat contains countOf eq floordiv ge getitem gt indexOf inv invert is_ is_not le lshift lt mod
    mul ne neg not_ or_ pos pow rshift sub truediv truth xor
    """
)


def itemgetter(item: object, /, *items: object) -> Callable[[object], object]:
    """A function that reads one item, or a tuple of several."""
    if len(items) >= MAX_ITEMS:
        raise ValueError(f"itemgetter takes at most {MAX_ITEMS} items")

    def read(obj: object, /) -> object:
        if not items:
            return operator.getitem(obj, item)  # type: ignore[call-overload]
        return tuple(operator.getitem(obj, one) for one in (item, *items))  # type: ignore[call-overload]

    return read


SPECS = (fixed("operator", {"itemgetter": itemgetter, **{name: getattr(operator, name) for name in _PLAIN}}),)
