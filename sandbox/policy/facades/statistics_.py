"""`statistics` over plain numbers."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from decimal import Decimal

from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed

_NUMBERS = (int, float, bool, Decimal)
_NAMES = [
    "mean",
    "fmean",
    "geometric_mean",
    "harmonic_mean",
    "median",
    "median_low",
    "median_high",
    "pstdev",
    "pvariance",
    "stdev",
    "variance",
]


def _of_numbers(real: Callable[[list[object]], object]) -> Callable[[Iterable[object]], object]:
    def call(data: Iterable[object]) -> object:
        return real(exact.of_types(data, _NUMBERS))

    return call


def mode(data: Iterable[object]) -> object:
    """The most frequent of plain numbers or strings."""
    return statistics.mode(exact.of_types(data, (*_NUMBERS, str)))  # type: ignore[type-var]


def quantiles(data: Iterable[object], *, n: int = 4) -> list[object]:
    """Cut points that divide the numbers in n parts."""
    return list(statistics.quantiles(exact.of_types(data, _NUMBERS), n=exact.whole(n, 1, 10_000)))  # type: ignore[type-var]


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
