"""What is asked of each Landlock ABI."""

from __future__ import annotations

import struct

import pytest

from sandbox.confine import landlock


@pytest.mark.parametrize(
    ("abi", "bits", "net", "scoped", "size"),
    [
        (1, 13, 0, 0, 8),
        (2, 14, 0, 0, 8),
        (3, 15, 0, 0, 8),
        (4, 15, 3, 0, 16),
        (5, 16, 3, 0, 16),
        (6, 16, 3, 3, 24),
        (7, 16, 3, 3, 24),
        (8, 16, 3, 3, 24),
        (99, 16, 3, 3, 24),
    ],
)
def test_each_abi_is_asked_for_all_it_knows(abi: int, bits: int, net: int, scoped: int, size: int) -> None:
    """All rights of the ABI, never a bit that it does not know, never a struct that is too long."""
    ruleset = landlock.ruleset(abi)
    assert (ruleset.fs, ruleset.net, ruleset.scoped, ruleset.size) == ((1 << bits) - 1, net, scoped, size)
    assert len(ruleset.packed()) == size
    assert struct.unpack_from("=Q", ruleset.packed())[0] == ruleset.fs


@pytest.mark.parametrize("abi", [0, -1])
def test_no_landlock_is_an_error(abi: int) -> None:
    """A kernel without it is not a kernel with a weaker one."""
    with pytest.raises(OSError, match="no Landlock"):
        landlock.ruleset(abi)


def test_a_reader_may_not_write_and_a_writer_may_not_execute() -> None:
    """The three sets of rights that tools are given."""
    assert not landlock.READ & (landlock.WRITE_FILE | landlock.EXECUTE | landlock.TRUNCATE)
    assert not landlock.WRITE & landlock.EXECUTE
    assert landlock.RUN == landlock.READ | landlock.EXECUTE
