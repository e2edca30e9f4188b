"""The cage alone against arbitrary Python: the language policy is off, the attacker has ctypes and fd 3.

Each probe is a file that tries one thing. It counts only together with its control: the same file with
every layer off, where it visibly succeeds.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sandbox.pool.config import Code, Layer, Limits, PoolConfig, RunRequest, Verdict
from sandbox.pool.pool import Pool

HERE = Path(__file__).parent
PROBES = sorted((HERE / "probes").glob("*.py"))
SECRET = ctypes.create_string_buffer(b"a secret")
# What this machine may keep even from an uncaged process; everything else must succeed uncaged.
OFTEN_FORBIDDEN = {"mount", "io_uring", "namespace", "bpf", "userfaultfd", "keyring", "read_memory"}
DEMANDED = "open stat tcp udp unix fork exec kill ptrace memfd mount io_uring"

Spec = dict[str, object]


def expectation(probe: Path) -> str:
    """The line `expect:` of the probe's header."""
    found = re.search(r"^expect: (\w+)$", probe.read_text(), re.MULTILINE)
    assert found is not None, f"{probe.name} does not say what is expected"
    return found[1]


def code_of(probe: Path) -> Code:
    """The probe as an author's code."""
    return Code(probe.stem, probe.read_text(), Limits(timeout=10.0))


def nothing_happened(spec: Spec) -> bool:
    """File, folder and process are as they were."""
    os.kill(int(str(spec["victim"])), 0)
    file, folder = Path(str(spec["file"])), Path(str(spec["folder"]))
    return file.read_text() == "precious" and not list(folder.iterdir())


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[Spec]:
    """Targets that are really there: listeners, a folder, a file, a process."""
    name = f"chakrator-{os.getpid()}"
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as unix,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as abstract,
        subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as victim,
    ):
        for one, address in (
            (tcp, ("127.0.0.1", 0)),
            (udp, ("127.0.0.1", 0)),
            (unix, f"/tmp/{name}"),
            (abstract, f"\0{name}"),
        ):
            one.bind(address)
            if one is not udp:
                one.listen()
        yield {
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "unix": f"/tmp/{name}",
            "abstract": name,
            "folder": str(tmp_path / "folder"),
            "file": str(tmp_path / "file"),
            "victim": victim.pid,
            "parent": os.getpid(),
            "address": ctypes.addressof(SECRET),
        }
        Path(f"/tmp/{name}").unlink()
        assert victim.stdin is not None
        victim.stdin.close()


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    """Workers without a language policy."""
    one = Pool(PoolConfig(disable_policy=True))
    await one.start()
    yield one
    await one.close()


def test_the_demanded_probes_are_there() -> None:
    """The twelve that are promised, and more."""
    names = {probe.stem for probe in PROBES}
    assert set(DEMANDED.split()) <= names


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.stem)
def test_without_layers_the_probe_succeeds(probe: Path, spec: Spec) -> None:
    """The positive control: an attempt that fails anyway would prove nothing."""
    command = [sys.executable, "-I", str(HERE / "control.py"), str(probe), json.dumps(spec)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    reached = "reached" in ended.stdout and '"reached": false' not in ended.stdout
    if not reached and probe.stem in OFTEN_FORBIDDEN:
        pytest.skip(f"this machine forbids it to everybody: {ended.stdout}{ended.stderr[-200:]}")
    assert reached, ended.stderr


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.stem)
async def test_the_cage_holds_without_the_policy(probe: Path, spec: Spec, pool: Pool) -> None:
    """Refused with EPERM or ended by SIGSYS, as the probe's header says, and nothing was reached."""
    request = RunRequest(code_of(probe), json.dumps({"spec": spec}).encode())
    result = await pool.run(request)
    if expectation(probe) == "refused":
        assert (result.verdict, result.status) == (Verdict.SUCCEEDED, b'{"refused":1}')
    else:
        assert (result.verdict, result.layer) == (Verdict.CAGE_VIOLATION, Layer.CAGE), result.message
    assert nothing_happened(spec)


LANDLOCK_ALONE = """
import json, os, socket, sys
sys.path[:0] = json.loads(sys.argv[1])
from sandbox.confine import landlock, rlimits, seccomp, steps, system
kernel = system.System()
version = landlock.abi(kernel)
plan = steps.Plan(kernel, os.getppid(), 65533, version, (), seccomp.Program.of(seccomp.WORKER))
spec = json.loads(sys.argv[2])
tcp, abstract = socket.socket(), socket.socket(socket.AF_UNIX)
steps.take((steps.NO_NEW_PRIVILEGES, steps.LANDLOCK), plan)

def attempt(call):
    try:
        call()
    except OSError as error:
        return error.errno
    return 0

print(json.dumps({
    "abi": version,
    "open": attempt(lambda: os.open("/etc/passwd", os.O_RDONLY)),
    "list": attempt(lambda: os.listdir(spec["folder"])),
    "write": attempt(lambda: os.open(spec["folder"] + "/left", os.O_WRONLY | os.O_CREAT)),
    "unlink": attempt(lambda: os.unlink(spec["file"])),
    "exec": attempt(lambda: os.execv("/bin/true", ["/bin/true"])),
    "tcp": attempt(lambda: tcp.connect(("127.0.0.1", spec["tcp"]))) if version >= 4 else 13,
    "abstract": attempt(lambda: abstract.connect("\\0" + spec["abstract"])) if version >= 6 else 1,
    "kill": attempt(lambda: os.kill(spec["victim"], 15)) if version >= 6 else 1,
}))
"""


def test_landlock_alone_is_a_second_lock(spec: Spec) -> None:
    """Without the filter: files, programs, TCP, abstract sockets and signals are refused still."""
    import msgspec

    places = [str(HERE.parents[2]), str(Path(msgspec.__file__).parent.parent)]
    command = [sys.executable, "-c", LANDLOCK_ALONE, json.dumps(places), json.dumps(spec)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    found.pop("abi")
    assert found == {
        "open": 13,
        "list": 13,
        "write": 13,
        "unlink": 13,
        "exec": 13,
        "tcp": 13,
        "abstract": 1,
        "kill": 1,
    }
