"""What the kernel itself says about live workers and their zygote."""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import signal
import struct
from pathlib import Path

import pytest

from sandbox.confine.system import LIBRARY_SIGNALS, System
from sandbox.pool.config import Limits, PoolConfig
from sandbox.pool.pool import Pool
from sandbox.wire.messages import Call
from tests.integration.sandbox.conftest import MakeBench
from tests.integration.sandbox.support import Bench, function

NOTHING = "0000000000000000"
MEMORY = 96 * 1024 * 1024


def status(pid: int) -> dict[str, str]:
    """`/proc/PID/status` as a table."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def bounds(pid: int) -> dict[str, tuple[str, str]]:
    """`/proc/PID/limits` as a table: soft and hard."""
    rows = [line[4:].split("  ", 1) for line in Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]]
    return {name: (values.split()[0], values.split()[1]) for name, values in rows}


def seen(pid: int) -> dict[str, object]:
    """What only the superuser may look at, and the score that everybody may."""
    here = Path(f"/proc/{pid}")
    return {
        "fds": [one.name for one in (here / "fd").iterdir()],
        "socket": str((here / "fd/3").readlink())[:7],
        "environ": (here / "environ").read_bytes(),
        "cwd": str((here / "cwd").readlink()),
        "oom": (here / "oom_score_adj").read_text().strip(),
    }


def the_librarys_own(handler: signal.Handlers) -> None:
    """Ignores or defaults the C library's own two signals in this process, as posix_spawn(3) does with them."""
    number = {"x86_64": 13, "aarch64": 134}[platform.machine()]
    action = struct.pack("QQQQ", handler, 0, 0, 0)
    for one in LIBRARY_SIGNALS:
        system = System()
        system.now(system.syscall(number, one, ctypes.create_string_buffer(action, len(action)), None, 8))


async def in_the_middle_of_a_run(bench: Bench) -> tuple[int, asyncio.Event, asyncio.Task[object]]:
    """A worker that waits for an answer: its pid, what lets it go on, and its run."""
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def answer(_call: Call) -> bytes:
        asked.set()
        await may_answer.wait()
        return b"null"

    source = function("ctx.get('ConfigMap', 'a')")
    limits = Limits(timeout=60.0, memory=MEMORY)
    run: asyncio.Task[object] = asyncio.ensure_future(bench.run(source, limits=limits, answer=answer))
    await asked.wait()
    (pid,) = bench.workers()
    return pid, may_answer, run


@pytest.fixture
async def spareless(make_bench: MakeBench) -> Bench:
    """A pool whose only worker is the one that runs."""
    return await make_bench(PoolConfig(spares=0))


async def test_a_live_worker_is_caged_to_the_kernels_own_word(spareless: Bench) -> None:
    """Filter, no new privileges, no capability, one descriptor, one thread, no superuser, no core."""
    pid, may_answer, run = await in_the_middle_of_a_run(spareless)
    facts = status(pid)
    assert facts["Seccomp"] == "2"
    assert facts["NoNewPrivs"] == "1"
    assert {facts[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {NOTHING}
    assert facts["Threads"] == "1"
    assert "0" not in facts["Uid"].split() + facts["Gid"].split()
    assert facts["Groups"] == "" or os.geteuid() != 0
    assert facts["SigIgn"] == facts["SigBlk"] == NOTHING
    if os.geteuid() == 0:
        assert seen(pid) == {"fds": ["3"], "socket": "socket:", "environ": b"", "cwd": "/", "oom": "900"}
    may_answer.set()
    await run


async def test_no_signal_is_ignored_because_a_parent_ignores_it() -> None:
    """Started by nohup in the background, the host ignores signals; its workers do not."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    the_librarys_own(signal.SIG_IGN)
    pool = Pool(PoolConfig(max_workers=1, spares=1))
    try:
        await pool.start()
        pid = pool.status().zygote_pid
        assert pid is not None
        assert status(pid)["SigIgn"] == NOTHING
    finally:
        signal.signal(signal.SIGHUP, before)
        the_librarys_own(signal.SIG_DFL)
        await pool.close()


async def test_a_live_worker_has_the_limits_of_the_table(spareless: Bench) -> None:
    """Address space as asked for; nothing to open, fork or write; a CPU limit a little above the deadline."""
    pid, may_answer, run = await in_the_middle_of_a_run(spareless)
    rows = bounds(pid)
    for name in ("processes", "file size", "core file size", "locked memory", "msgqueue size", "nice priority"):
        assert rows[name] == ("0", "0")
    assert rows["address space"] == rows["data size"] == (str(MEMORY), str(MEMORY))
    assert rows["open files"] == ("4", "4")
    assert 62 <= int(rows["cpu time"][0]) <= 64
    may_answer.set()
    await run


async def test_the_zygote_is_caged_as_well(spareless: Bench) -> None:
    """It never sees an author's byte, and could do little with one."""
    pid = spareless.pool.status().zygote_pid
    assert pid is not None
    facts = status(pid)
    assert (facts["Seccomp"], facts["NoNewPrivs"], facts["Threads"]) == ("2", "1", "1")
    assert {facts[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {NOTHING}
    assert "0" not in facts["Uid"].split() + facts["Gid"].split()


async def test_the_layers_are_named(bench: Bench) -> None:
    """What `doctor` and the page show."""
    layers = bench.pool.status().layers
    for name in ("seccomp", "no_new_privs", "rlimits", "landlock"):
        assert layers[name].startswith("on")
