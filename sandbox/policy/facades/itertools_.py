"""`itertools`; what could run in C for ever is bounded, as nothing softer than a kill would end it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed
from sandbox.policy.words import words

MAX_ITEMS = 100_000


def repeat(object: object, times: int = MAX_ITEMS) -> Iterator[object]:
    """At most 100,000 times."""
    return itertools.repeat(object, exact.whole(times, 0, MAX_ITEMS))


def count(start: int = 0, step: int = 1) -> Iterator[int]:
    """At most 100,000 numbers."""
    return itertools.islice(itertools.count(start, step), MAX_ITEMS)


def cycle(iterable: Iterable[object]) -> Iterator[object]:
    """At most 100,000 items."""
    return itertools.islice(itertools.cycle(iterable), MAX_ITEMS)


def islice(iterable: Iterable[object], *bounds: int | None) -> Iterator[object]:
    """At most the first 100,000 items."""
    for bound in bounds:
        if bound is not None:
            exact.whole(bound, 0, MAX_ITEMS)
    return itertools.islice(itertools.islice(iterable, MAX_ITEMS), *bounds)


def product(*iterables: Iterable[object], repeat: int = 1) -> Iterator[tuple[object, ...]]:
    """At most the first 100,000 tuples, of at most 16 lists."""
    exact.whole(repeat * len(iterables), 0, 16)
    return itertools.islice(itertools.product(*iterables, repeat=repeat), MAX_ITEMS)


def permutations(iterable: Iterable[object], r: int | None = None) -> Iterator[tuple[object, ...]]:
    """At most the first 100,000 tuples."""
    return itertools.islice(itertools.permutations(iterable, r), MAX_ITEMS)


def combinations(iterable: Iterable[object], r: int) -> Iterator[tuple[object, ...]]:
    """At most the first 100,000 tuples."""
    return itertools.islice(itertools.combinations(iterable, r), MAX_ITEMS)


def combinations_with_replacement(iterable: Iterable[object], r: int) -> Iterator[tuple[object, ...]]:
    """At most the first 100,000 tuples."""
    return itertools.islice(itertools.combinations_with_replacement(iterable, r), MAX_ITEMS)


def batched(iterable: Iterable[object], n: int) -> Iterator[tuple[object, ...]]:
    """Tuples of n items, the last one shorter."""
    size, items = exact.whole(n, 1, MAX_ITEMS), iter(iterable)
    return iter(lambda: tuple(itertools.islice(items, size)), ())


_PLAIN = words(
    """
    accumulate chain compress dropwhile filterfalse groupby pairwise starmap takewhile tee zip_longest
    """
)

SPECS = (
    fixed(
        "itertools",
        {
            **{name: getattr(itertools, name) for name in _PLAIN},
            "repeat": repeat,
            "count": count,
            "cycle": cycle,
            "islice": islice,
            "product": product,
            "permutations": permutations,
            "combinations": combinations,
            "combinations_with_replacement": combinations_with_replacement,
            "batched": batched,
        },
    ),
)
