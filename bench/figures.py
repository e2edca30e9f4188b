"""What several benchmarks say alike: a percentile, a table, and what the kernel tells of a process."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def percentile(values: list[float], share: float) -> float:
    """By rank, without interpolation."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def summary(values: list[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds."""
    return {"p50_ms": round(percentile(values, 0.5) * 1e3, 4), "p99_ms": round(percentile(values, 0.99) * 1e3, 4)}


def table(result: Mapping[str, object], say: Callable[[str], object]) -> None:
    """A line for each entry, for a person."""
    width = max(22, *(len(name) for name in result))
    for name, value in result.items():
        if isinstance(value, dict):
            say(f"{name:<{width}} " + "   ".join(f"{key} {one}" for key, one in value.items()) + "\n")
        else:
            say(f"{name:<{width}} {value}\n")


def private_mb(pid: int) -> float:
    """What no other process shares with it; 0 where the kernel does not let us look."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private")) / 1024


def available_mb() -> float:
    """What the kernel believes could be had without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _stat(pid: int) -> list[str]:
    """From the state on: what comes before it may hold spaces."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def parent(pid: int) -> int:
    """0 when it is gone."""
    found = _stat(pid)
    return int(found[1]) if found else 0


def cpu_seconds(pid: int) -> float:
    """User and system, to the kernel's tick; 0 when it is gone."""
    found = _stat(pid)
    return (int(found[11]) + int(found[12])) / _TICKS if found else 0.0


def born(pid: int) -> str:
    """What tells a process from a later one of the same id; empty when it is dead, also when nobody reaped it yet."""
    found = _stat(pid)
    return "" if not found or found[0] in "ZX" else found[19]


def children(pid: int) -> list[int]:
    """Those of now."""
    ids = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return [one for one in ids if parent(one) == pid and born(one)]
