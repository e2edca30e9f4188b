"""The meter's two ways to tell a size, against a process whose sizes are known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from sandbox.pool.meter import Meter

MEBIBYTE = 1024 * 1024
# It touches 64 MiB and gives them back, then 16 MiB that it keeps; a line after each.
CHILD = """
import mmap, sys
def touch(megabytes):
    area = mmap.mmap(-1, megabytes << 20)
    for at in range(0, megabytes << 20, 4096):
        area[at] = 1
    return area
for megabytes in (64, 16):
    sys.stdin.readline()
    area = touch(megabytes)
    if megabytes == 64:
        area.close()
    print(flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def step(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(b"\n")
    child.stdin.flush()
    child.stdout.readline()


def test_after_a_long_run_the_peak_is_the_kernels_own(child: subprocess.Popen[bytes]) -> None:
    """64 MiB that were given back are in the peak and not in the size."""
    meter = Meter(child.pid)
    step(child)
    peak, now = meter.memory(1.0)
    assert peak >= 64 * MEBIBYTE
    assert now < peak - 48 * MEBIBYTE
    meter.close()


def test_after_a_short_run_the_peak_is_never_lower_than_known_nor_than_now(child: subprocess.Popen[bytes]) -> None:
    """It misses what was given back, and nothing that is still there."""
    meter = Meter(child.pid)
    first_peak, first = meter.memory(0.0)  # the first look is exact, whatever it costs
    assert first_peak >= first > 0
    step(child)
    assert meter.memory(0.0)[0] < first + 48 * MEBIBYTE, "what a short run gave back is missed, as documented"
    exact, _ = meter.memory(1.0)
    step(child)
    peak, now = meter.memory(0.0)
    assert peak == exact
    assert 8 * MEBIBYTE < now - first < 48 * MEBIBYTE
    meter.close()


def test_of_a_process_that_is_gone_it_knows_nothing(child: subprocess.Popen[bytes]) -> None:
    """Zeros instead of an error, before and after it is closed."""
    meter = Meter(child.pid)
    child.kill()
    child.wait()
    assert meter.memory(1.0) == (0, 0)
    assert meter.memory(0.0) == (0, 0)
    assert meter.cpu() == 0.0
    meter.close()
    assert meter.memory(0.0) == (0, 0)
