"""Token buckets: who is wrong too often waits, nobody else does."""

from __future__ import annotations

from webui.limits import Buckets


def test_a_burst_then_one_an_interval() -> None:
    """Charges beyond the burst are refused until time has passed."""
    buckets = Buckets(burst=3, interval=10)
    assert [buckets.charge("a", 0) for _ in range(4)] == [True, True, True, False]
    assert buckets.wait("a", 0) == 10
    assert not buckets.charge("a", 9)
    assert buckets.charge("a", 10)


def test_others_are_not_affected() -> None:
    """Each key has a bucket of its own."""
    buckets = Buckets(burst=1, interval=10)
    assert buckets.charge("a", 0)
    assert buckets.charge("b", 0)
    assert buckets.wait("c", 0) == 0


def test_asking_costs_nothing() -> None:
    """`wait` takes no charge."""
    buckets = Buckets(burst=1, interval=10)
    assert [buckets.wait("a", 0) for _ in range(5)] == [0.0] * 5
    assert buckets.charge("a", 0)


def test_a_refused_charge_does_not_lengthen_the_wait() -> None:
    """Impatience is not punished for ever."""
    buckets = Buckets(burst=1, interval=10)
    buckets.charge("a", 0)
    for now in range(1, 10):
        buckets.charge("a", now)
    assert buckets.charge("a", 10)


def test_the_number_of_keys_is_bounded() -> None:
    """The oldest is forgotten first."""
    buckets = Buckets(burst=1, interval=10, keys=2)
    for key in "abc":
        buckets.charge(key, 0)
    assert buckets.charge("a", 0)
    assert not buckets.charge("c", 0)
