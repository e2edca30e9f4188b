"""Linters and type checkers in their cage: they work, and reach nothing else."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest

from sandbox.pool.doctor import layers
from sandbox.pool.errors import PoolError
from sandbox.pool.tools import MAX_OUTPUT, Tool, ToolResult, run_tool

BIN = Path(sys.prefix) / "bin"


async def python(source: str, cwd: Path, **options: object) -> ToolResult:
    """A tool that runs this source."""
    return await run_tool(Tool((str(BIN / "python"), "-c", source), cwd, **options))  # type: ignore[arg-type]


async def test_ruff_reads_stdin_and_reports(tmp_path: Path) -> None:
    """The linter of the gate, as the gate calls it."""
    argv = (str(BIN / "ruff"), "check", "--isolated", "--no-cache", "--output-format", "json", "-")
    result = await run_tool(Tool(argv, tmp_path, stdin=b"import os\n"))
    assert (result.code, result.killed) == (1, None)
    assert [one["code"] for one in json.loads(result.stdout)] == ["F401"]


async def test_mypy_reads_what_it_is_given_and_keeps_its_cache(tmp_path: Path) -> None:
    """One file to read, one folder to write."""
    source, cache = tmp_path / "code.py", tmp_path / "cache"
    source.write_text('x: int = "a"\n')
    cache.mkdir()
    argv = (str(BIN / "python"), "-m", "mypy", "--config-file=", "--cache-dir", str(cache), str(source))
    result = await run_tool(Tool(argv, tmp_path, read=(source,), write=(cache,), deadline=120.0))
    assert (result.code, result.killed) == (1, None), result.stderr
    assert b"Incompatible types in assignment" in result.stdout
    assert list(cache.iterdir())


REFUSED = {
    "a file outside": ("open('/etc/passwd').read()", "PermissionError: [Errno 13]"),
    "a file beside": ("open('beside').read()", "PermissionError: [Errno 13]"),
    "writing where it may read": ("open('given', 'w')", "PermissionError: [Errno 13]"),
    "the network": ("import socket; socket.create_connection(('127.0.0.1', PORT))", "PermissionError: [Errno 1]"),
    "a unix socket": ("import socket; socket.socket(socket.AF_UNIX)", "PermissionError: [Errno 1]"),
    "another process": ("import os; os.fork()", "PermissionError: [Errno 1]"),
    "another program's process": ("import subprocess; subprocess.run(['/bin/true'])", "PermissionError"),
    "a signal": ("import os; os.kill(os.getppid(), 0)", "PermissionError: [Errno 1]"),
    "the host's limits": (
        "import os, resource; resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
        "PermissionError: [Errno 1]",
    ),
    "the host's cores": ("import os; os.sched_setaffinity(os.getppid(), {0})", "PermissionError: [Errno 1]"),
    "the host's priority": ("import os; os.setpriority(0, os.getppid(), 19)", "PermissionError: [Errno 1]"),
    "a signal by a descriptor": (
        "import fcntl, os; fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
        "PermissionError: [Errno 1]",
    ),
    "four gigabytes": ("bytearray(4 * 1024**3)", "MemoryError"),
    "a hundred megabytes of file": (
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "with open('room/large', 'wb') as f: f.write(bytes(100 * 1024**2)); f.flush()",
        "OSError: [Errno 27]",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_tool_reaches_nothing_else(tmp_path: Path, name: str) -> None:
    """Files, network, processes, memory: refused by name. What it is given is tested beside this."""
    source, said = REFUSED[name]
    (tmp_path / "beside").write_text("secret")
    (tmp_path / "given").write_text("given")
    (tmp_path / "room").mkdir()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        source = source.replace("PORT", str(listener.getsockname()[1]))
        result = await python(source, tmp_path, read=(tmp_path / "given",), write=(tmp_path / "room",))
    assert result.code == 1
    assert said in result.stderr.decode()


async def test_a_tool_may_look_at_its_own_limits_and_signal_itself(tmp_path: Path) -> None:
    """The refusals of prlimit and tgkill are about others; the first ends in an answer, the second in a death."""
    own = "import resource; print(resource.prlimit(0, resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_CORE))"
    assert (await python(own, tmp_path)).code == 0
    raised = "import signal, threading; signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)"
    assert (await python(raised, tmp_path)).killed == "SIGUSR1"


async def test_what_a_tool_is_given_works(tmp_path: Path) -> None:
    """Reading, writing, threads and stdin: the refusals above are not a tool that cannot do anything."""
    (tmp_path / "given").write_text("given")
    (tmp_path / "room").mkdir()
    source = (
        "import sys, threading\n"
        "words = [open('given').read(), sys.stdin.read()]\n"
        "t = threading.Thread(target=words.append, args=('thread',)); t.start(); t.join()\n"
        "with open('room/out', 'w') as f: f.write('-'.join(words))\n"
    )
    result = await python(source, tmp_path, read=(tmp_path / "given",), write=(tmp_path / "room",), stdin=b"stdin")
    assert (result.code, result.killed, result.stderr) == (0, None, b"")
    assert (tmp_path / "room/out").read_text() == "given-stdin-thread"


async def test_a_tool_that_hangs_is_killed(tmp_path: Path) -> None:
    """The deadline is the host's."""
    result = await python("import signal; signal.alarm(0)\nwhile True: pass", tmp_path, deadline=0.5)
    assert (result.killed, result.code) == ("deadline", -9)


async def test_a_tool_that_talks_without_end_is_killed(tmp_path: Path) -> None:
    """What it says is bounded."""
    result = await python("while True: print('x' * 10_000)", tmp_path, deadline=60.0)
    assert result.killed == "output"
    assert len(result.stdout) <= MAX_OUTPUT


async def test_a_tool_that_dies_says_of_what(tmp_path: Path) -> None:
    """A signal is not an exit code."""
    result = await python("import os; os.abort()", tmp_path)
    assert result.killed == "SIGABRT"


async def test_a_tool_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Not a finding, and not a missing cage."""
    with pytest.raises(PoolError, match="cannot be executed"):
        await run_tool(Tool(("/absent",), tmp_path))


async def test_a_tools_environment_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the host's environment, and no descriptor but the three."""
    monkeypatch.setenv("SECRET", "x")
    source = "import os; print(sorted(os.environ), [fd for fd in range(256) if os.path.exists(f'/dev/fd/{fd}')])"
    result = await python(source, tmp_path)
    assert b"SECRET" not in result.stdout
    probe = "import os\nfor fd in range(64):\n  try: os.fstat(fd); print(fd)\n  except OSError: pass"
    assert (await python(probe, tmp_path)).stdout.split() == [b"0", b"1", b"2"]


async def test_doctor_names_the_layers() -> None:
    """As a zygote of its own found them."""
    found = await layers()
    assert {"seccomp", "landlock", "rlimits", "no_new_privs", "identity", "namespaces"} <= set(found)
    assert found["seccomp"] == "on"
