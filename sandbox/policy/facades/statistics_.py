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
    mean geometric_mean harmonic_mean median median_low median_high pstdev pvariance stdev variance
    """
)


def _of_numbers(real: Callable[[list[object]], object]) -> Callable[[Iterable[object]], object]:
    def call(data: Iterable[object]) -> object:
        return real(exact.of_types(data, _NUMBERS))

    return call


def fmean(data: Iterable[object], weights: Iterable[object] | None = None) -> float:
    """The mean as a float, weighted or not."""
    numbers: Any = exact.of_types(data, _NUMBERS)
    weighted: Any = None if weights is None else exact.of_types(weights, _NUMBERS)
    return statistics.fmean(numbers, weighted)


def _of_pairs(real: Callable[..., float]) -> Callable[[Iterable[object], Iterable[object]], float]:
    def call(x: Iterable[object], y: Iterable[object]) -> float:
        return real(exact.of_types(x, _NUMBERS), exact.of_types(y, _NUMBERS))

    return call


def multimode(data: Iterable[object]) -> list[object]:
    """All most frequent ones of plain numbers or strings."""
    return statistics.multimode(exact.of_types(data, (*_NUMBERS, str)))


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
            "multimode": multimode,
            "fmean": fmean,
            "correlation": _of_pairs(statistics.correlation),
            "covariance": _of_pairs(statistics.covariance),
            "quantiles": quantiles,
            "StatisticsError": statistics.StatisticsError,
        },
    ),
)
