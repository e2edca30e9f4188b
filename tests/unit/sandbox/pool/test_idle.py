"""What a worker may use of the processor while nothing is asked of it."""

from __future__ import annotations

import pytest

from sandbox.wire import limits

from .support import born


@pytest.mark.parametrize(
    ("runs", "of_jobs", "used", "ends"),
    [
        (0, 0.0, 0.9, False),
        (0, 0.0, 1.1, True),
        (0, 2.0, 4.9, False),
        (0, 2.0, 5.1, True),
        (10_000, 0.6, 2.1 + 10_000 * limits.AWAKE, False),
        (10_000, 0.6, 2.3 + 10_000 * limits.AWAKE, True),
    ],
)
async def test_what_is_used_between_jobs(
    monkeypatch: pytest.MonkeyPatch, runs: int, of_jobs: float, used: float, ends: bool
) -> None:
    """A second, as much again as the jobs used, and the time that it waits awake: more is the end of it."""
    async with born() as child:
        worker = child.worker
        worker.runs, worker._cpu_of_jobs = runs, of_jobs
        monkeypatch.setattr(worker._meter, "cpu", lambda: used)
        assert worker.check_idle() == used
        assert bool(worker.killed) is ends
