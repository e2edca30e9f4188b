"""`heapq`: its functions in C check that the heap is a list."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator

from sandbox.policy.facades.base import fixed


def nlargest(n: int, iterable: Iterable[object], key: Callable[[object], object] | None = None) -> list[object]:
    """The n largest."""
    return sorted(iterable, key=key, reverse=True)[: max(n, 0)]  # type: ignore[type-var, arg-type]


def nsmallest(n: int, iterable: Iterable[object], key: Callable[[object], object] | None = None) -> list[object]:
    """The n smallest."""
    return sorted(iterable, key=key)[: max(n, 0)]  # type: ignore[type-var, arg-type]


def merge(
    *iterables: Iterable[object], key: Callable[[object], object] | None = None, reverse: bool = False
) -> Iterator[object]:
    """Several sorted lists as one."""
    return heapq.merge(*iterables, key=key, reverse=bool(reverse))  # type: ignore[arg-type]


SPECS = (
    fixed(
        "heapq",
        {
            "heapify": heapq.heapify,
            "heappush": heapq.heappush,
            "heappop": heapq.heappop,
            "heappushpop": heapq.heappushpop,
            "heapreplace": heapq.heapreplace,
            "merge": merge,
            "nlargest": nlargest,
            "nsmallest": nsmallest,
        },
    ),
)
