"""Waits double, are bounded, and are drawn from the random source that is given."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.backoff import Backoff


def test_the_ceiling_doubles_up_to_the_maximum() -> None:
    """1, 2, 4 … and then 300 for good, also for counts that would overflow a float."""
    backoff = Backoff(1.0, 300.0)
    assert [backoff.ceiling(n) for n in (1, 2, 3, 9, 10, 100_000)] == [1.0, 2.0, 4.0, 256.0, 300.0, 300.0]


@given(failures=st.integers(0, 10**6), seed=st.integers())
def test_a_delay_is_never_beyond_its_ceiling(failures: int, seed: int) -> None:
    """Whatever the random source says."""
    backoff = Backoff(0.5, 60.0)
    assert 0.0 <= backoff.delay(failures, random.Random(seed)) <= backoff.ceiling(failures)


def test_jitter_is_full() -> None:
    """Delays fill the whole range: both the lowest and the highest tenth are met."""
    rng = random.Random(7)
    drawn = [Backoff(1.0, 300.0).delay(5, rng) for _ in range(500)]
    assert min(drawn) < 1.6
    assert max(drawn) > 14.4


@pytest.mark.parametrize(("initial", "maximum"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0)])
def test_senseless_bounds_are_refused(initial: float, maximum: float) -> None:
    """A first wait of nothing would be a hot loop."""
    with pytest.raises(ValueError, match="backoff needs"):
        Backoff(initial, maximum)
