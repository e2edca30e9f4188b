"""Children that die with their parent, come back when they die alone, and cannot fill the disk."""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chakrator.up.errors import StartFailed
from chakrator.up.processes import LAUNCH, Child, Program, Restarts, bound_log, tail

SH = shutil.which("sh") or "/bin/sh"
DEADLINE = 30.0


def program(folder: Path, script: str, **more: float) -> Program:
    """A shell script as a program."""
    return Program("probe", (SH, "-c", script), folder / "probe.log", {"PATH": os.environ["PATH"]}, **more)


async def read_fifo(path: Path) -> str:
    """The next thing that somebody writes there; blocks a thread, not the loop."""
    async with asyncio.timeout(DEADLINE):
        return await asyncio.to_thread(path.read_text)


def wait_gone(descriptor: int) -> bool:
    """Whether the process behind a pidfd ends before the deadline."""
    ready, _, _ = select.select([descriptor], [], [], DEADLINE)
    return bool(ready)


def test_sigkill_of_the_parent_kills_the_child(tmp_path: Path) -> None:
    """The parent has no chance to do anything, and still nothing lives on."""
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from chakrator.up.processes import Child, Program\n"
        "async def main():\n"
        f"    program = Program('probe', ({SH!r}, '-c', 'sleep 1000'), Path({str(tmp_path / 'log')!r}))\n"
        "    child = Child(program, say=print)\n"
        "    await child.start()\n"
        "    print(child.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        try:
            parent.kill()
            assert wait_gone(child)
        finally:
            os.close(child)


def test_a_parent_that_is_gone_already_is_noticed() -> None:
    """Between fork and prctl the parent may die: then no signal would ever come, so the launcher looks."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCH), "1", SH, "-c", "echo ran"],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    assert "the parent is gone" in done.stderr


async def test_a_dead_child_is_started_again(tmp_path: Path) -> None:
    """kill -9 of the program: a new process of it runs, and people are told why."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    said: list[str] = []
    child = Child(
        program(tmp_path, f"echo $$ > {fifo}; exec sleep 1000"), say=said.append, restarts=Restarts(first=0.0)
    )
    await child.start()
    async with asyncio.TaskGroup() as tasks:
        child.supervise(tasks)
        first = int(await read_fifo(fifo))
        assert child.pid == first
        os.kill(first, signal.SIGKILL)
        second = int(await read_fifo(fifo))
        assert second != first
        assert child.pid == second
        await child.stop()
    assert child.pid is None
    assert child.restarted == 1
    assert said == ["probe ended (signal SIGKILL); starting it again in 0 s"]


def test_restarts_back_off_and_stay_bounded() -> None:
    """Doubling up to the longest, also after a thousand failures."""
    policy = Restarts(first=0.5, longest=5.0)
    assert [policy.delay(n) for n in (1, 2, 3, 4, 5, 1000)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


async def test_a_program_that_ends_at_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    """The error holds the end of the log, because that is where the reason is."""
    child = Child(program(tmp_path, "echo no such flag >&2; exit 3"), say=print)
    await child.start()

    async def never() -> bool:
        return False

    with pytest.raises(StartFailed, match="probe ended at start with code 3\nno such flag"):
        await child.until(never, deadline=DEADLINE)


async def test_a_program_that_never_answers_is_told_at_its_deadline(tmp_path: Path) -> None:
    """It is still running then, and stop ends it."""
    child = Child(program(tmp_path, "exec sleep 1000"), say=print)
    await child.start()

    async def never() -> bool:
        return False

    with pytest.raises(StartFailed, match="did not answer within"):
        await child.until(never, deadline=0.01)
    assert child.pid is not None
    await child.stop()
    assert child.pid is None


async def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    """Stopping has a deadline."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    said: list[str] = []
    script = f"trap '' TERM; echo $$ > {fifo}; while :; do sleep 1000; done"
    child = Child(program(tmp_path, script, stop_timeout=0.01), say=said.append)
    await child.start()
    await read_fifo(fifo)
    await child.stop()
    assert child.pid is None
    assert said == ["probe did not stop in time; killing it"]


async def test_stopping_leaves_no_grandchild(tmp_path: Path) -> None:
    """The whole process group goes, not the program alone."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    script = f"sleep 1000 & echo $! > {fifo}; wait"
    child = Child(program(tmp_path, script), say=print)
    await child.start()
    grandchild = os.pidfd_open(int(await read_fifo(fifo)))
    try:
        await child.stop()
        assert await asyncio.to_thread(wait_gone, grandchild)
    finally:
        os.close(grandchild)


async def test_a_child_is_not_in_the_terminals_process_group(tmp_path: Path) -> None:
    """Ctrl+C reaches us alone, and we stop things in order."""
    child = Child(program(tmp_path, "exec sleep 1000"), say=print)
    await child.start()
    assert child.pid is not None
    assert os.getsid(child.pid) == child.pid
    await child.stop()


def test_a_log_over_its_limit_keeps_the_newest_aside(tmp_path: Path) -> None:
    """Two times the limit is the most that stays on disk, and the writer's descriptor goes on working."""
    log = tmp_path / "log"
    writer = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(writer, b"old-" * 100 + b"new-" * 25)
        assert bound_log(log, 100)
        os.write(writer, b"after")
    finally:
        os.close(writer)
    assert log.read_bytes() == b"after"
    assert (tmp_path / "log.1").read_bytes() == b"new-" * 25


def test_a_log_within_its_limit_is_left_alone(tmp_path: Path) -> None:
    """So is one that is not there yet."""
    log = tmp_path / "log"
    assert not bound_log(log, 100)
    log.write_bytes(b"x" * 100)
    assert not bound_log(log, 100)
    assert log.stat().st_size == 100


def test_a_tail_is_whole_lines_within_its_size(tmp_path: Path) -> None:
    """A message shows the end of a log, however long that is, and nothing of one that is missing."""
    log = tmp_path / "log"
    assert tail(log) == ""
    log.write_text("".join(f"line {number}\n" for number in range(1000)))
    assert tail(log, 40).splitlines() == ["line 996", "line 997", "line 998", "line 999"]
