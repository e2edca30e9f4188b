"""`time`: what o'clock it is in this run. It stands still, so that a run can be replayed; nothing here waits."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.policy.env import RunEnv
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import seeded


def _build(env: RunEnv) -> Mapping[str, object]:
    def time() -> float:
        """Seconds since 1970."""
        return env.now.timestamp()

    def time_ns() -> int:
        """Nanoseconds since 1970."""
        return int(env.now.timestamp()) * 1_000_000_000 + env.now.microsecond * 1_000

    def strftime(format: str) -> str:
        """The run's time as text."""
        return env.now.strftime(exact.text(format, 200))

    return {"time": time, "time_ns": time_ns, "strftime": strftime}


SPECS = (seeded("time", frozenset({"time", "time_ns", "strftime"}), _build),)
