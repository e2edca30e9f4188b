"""What the pool can be told, and what it refuses to be told."""

from __future__ import annotations

import pytest

from sandbox.pool.config import PoolConfig


@pytest.mark.parametrize("layers", [{"seccomp"}, {"landlock", "rlimits"}, {"no_new_privs"}])
def test_only_landlock_can_be_waived(layers: set[str]) -> None:
    """The rest of the cage is not a matter of configuration."""
    with pytest.raises(ValueError, match="landlock and nothing else"):
        PoolConfig(allow_degraded=frozenset(layers))


@pytest.mark.parametrize("uid", [0, -1])
def test_workers_are_never_the_superuser(uid: int) -> None:
    """RLIMIT_NPROC means nothing to it."""
    with pytest.raises(ValueError, match="superuser"):
        PoolConfig(uid=uid)


def test_the_policy_is_on_unless_a_test_says_otherwise() -> None:
    """The default is the product."""
    assert PoolConfig().disable_policy is False
    assert PoolConfig().allow_degraded == frozenset()
