"""`statistics` over plain numbers."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed
from sandbox.policy.words import words

_NUMBERS = (int, float, bool, Decimal)
_NAMES = words(
    """
    mean fmean geometric_mean harmonic_mean median median_low median_high pstdev pvariance stdev variance
    """
)


def _of_numbers(real: Callable[[list[object]], object]) -> Callable[[Iterable[object]], object]:
    def call(data: Iterable[object]) -> object:
        return real(exact.of_types(data, _NUMBERS))

    return call


def mode(data: Iterable[object]) -> object:
    """The most frequent of plain numbers or strings."""
    return statistics.mode(exact.of_types(data, (*_NUMBERS, str)))


def quantiles(data: Iterable[object], *, n: int = 4) -> list[object]:
    """Cut points that divide the numbers in n parts."""
    numbers: Any = exact.of_types(data, _NUMBERS)
    return list(statistics.quantiles(numbers, n=exact.whole(n, 1, 10_000)))


SPECS = (
    fixed(
        "statistics",
        {
            **{name: _of_numbers(getattr(statistics, name)) for name in _NAMES},
            "mode": mode,
            "quantiles": quantiles,
            "StatisticsError": statistics.StatisticsError,
        },
    ),
)
