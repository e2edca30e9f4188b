"""Durations as authors write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.worker.durations import seconds


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (30.5, 30.5),
        ("30s", 30.0),
        ("10m", 600.0),
        ("1h30m", 5400.0),
        ("2d", 172800.0),
        (timedelta(minutes=10), 600.0),
    ],
)
def test_seconds_and_units_are_understood(value: object, expected: float) -> None:
    """A number, or numbers with units."""
    assert seconds(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "m",
        "10",
        "1.5m",
        "-1s",
        "1h 5m",
        "1w",
        "١s",
        0,
        0.5,
        -1,
        "0s",
        "9999d",
        10**400,
        -(10**400),
        float("nan"),
        timedelta(0),
        timedelta.max,
    ],
)
def test_nonsense_is_a_value_error(value: object) -> None:
    """Out of range, or not a duration."""
    with pytest.raises(ValueError, match="duration"):
        seconds(value)


@pytest.mark.parametrize("value", [None, True, [1], {"s": 1}])
def test_other_types_are_type_errors(value: object) -> None:
    """A bool is no number here."""
    with pytest.raises(TypeError, match="duration"):
        seconds(value)
