"""Kernels and accounts that are not ours: without Landlock, without seccomp, without root."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]

# Runs a pool below a filter that makes one system call fail as another kernel would.
PROGRAM = """
import asyncio, ctypes, json, os, sys
sys.path[:0] = json.loads(sys.argv[1])
from sandbox.confine import bpf, seccomp, system
from sandbox.confine.bpf import ALLOW, Profile, Rule, When
from sandbox.pool.config import Code, PoolConfig, RunRequest
from sandbox.pool.doctor import layers
from sandbox.pool.errors import CageUnavailable
from sandbox.pool.pool import Pool

call, code, degraded = sys.argv[2], int(sys.argv[3]), sys.argv[4:]
if call:
    machine = seccomp.architecture()
    tests = (When(0, 1),) if call == "seccomp" else ()
    filter = Profile("other kernel", (Rule(call, bpf.errno(code), tests),), ALLOW)
    kernel = system.System()
    kernel.prctl(38, 1)
    program = bpf.assemble(filter, machine)
    # by prctl(2), so that a later refusal of seccomp(2) is the filter's work
    data = ctypes.create_string_buffer(bpf.packed(program))
    header = seccomp._Fprog(len(program), ctypes.cast(data, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(22, 2, ctypes.byref(header), 0, 0) == 0

async def main():
    incidents = []
    pool = Pool(PoolConfig(allow_degraded=frozenset(degraded)), on_incident=lambda *one: incidents.append(one))
    try:
        await pool.start()
    except CageUnavailable as missing:
        print(json.dumps({"missing": missing.layer, "why": missing.why, "doctor": dict(await layers())}))
        return
    result = await pool.run(RunRequest(Code("a", "def reconcile(obj, ctx):\\n    ctx.status['a'] = 1\\n"), b"{}"))
    found = {"verdict": result.verdict, "layers": dict(pool.status().layers), "incidents": incidents}
    await pool.close()
    print(json.dumps(found))

asyncio.run(main())
"""


def run(
    *arguments: str, executable: str = sys.executable, user: int | None = None, places: list[str] | None = None
) -> dict[str, object]:
    """What the program says."""
    import msgspec

    packages = str(Path(msgspec.__file__).parent.parent)
    command = [executable, "-c", PROGRAM, json.dumps(places or [str(REPOSITORY), packages]), *arguments]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd="/", user=user, group=user, env={}
    )
    assert ended.returncode == 0, ended.stderr
    found: dict[str, object] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM], ids=["absent", "off", "forbidden"])
def test_without_landlock_the_pool_does_not_start(code: int) -> None:
    """An old kernel, a missing lsm=, a container's profile: each is named, and nothing runs."""
    found = run("landlock_create_ruleset", str(code))
    assert found["missing"] == "landlock"
    assert os.strerror(code) in str(found["why"])
    assert list(found["doctor"]) == ["landlock"]  # type: ignore[call-overload]


def test_without_landlock_an_operator_may_go_on_and_is_reminded() -> None:
    """Explicitly allowed: it runs, says so as an incident, and the layer's state is there for a condition."""
    found = run("landlock_create_ruleset", str(errno.ENOSYS), "landlock")
    assert found["verdict"] == "Succeeded"
    assert str(found["layers"]["landlock"]).startswith("off: ")  # type: ignore[index]
    assert [kind for kind, _ in found["incidents"]] == ["degraded"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("degraded", [[], ["landlock"]], ids=["strict", "degraded"])
def test_without_seccomp_nothing_ever_runs(degraded: list[str]) -> None:
    """No configuration waives it."""
    found = run("seccomp", str(errno.EINVAL), *degraded)
    assert found["missing"] == "seccomp"


@pytest.mark.parametrize("call", ["prlimit64", "capset", "close_range"])
def test_a_step_that_fails_is_named(call: str) -> None:
    """Whatever a step needs: without it the pool does not start, or starts without having needed it."""
    found = run(call, str(errno.EPERM))
    expected = {"prlimit64": "rlimits", "capset": "identity"}.get(call)
    assert found.get("missing") == expected
    if expected is None:
        assert found["verdict"] == "Succeeded"


def test_without_namespaces_the_pool_is_complete() -> None:
    """They are a plus; many clusters forbid them."""
    found = run("unshare", str(errno.EPERM))
    assert found["verdict"] == "Succeeded"
    assert str(found["layers"]["namespaces"]).startswith("not taken")  # type: ignore[index]


def test_the_pool_works_without_root() -> None:
    """As in the image: the workers keep the uid of the host."""
    if os.geteuid() != 0:
        pytest.skip("the other tests are that already")
    candidates = [sys.executable, f"/usr/bin/python3.{sys.version_info[1]}"]
    other = 65532
    for executable in candidates:
        probe = [executable, "-c", "import sys; sys.path.append('/')"]
        try:
            subprocess.run(probe, user=other, group=other, check=True, capture_output=True, timeout=20, cwd="/")
        except (OSError, subprocess.CalledProcessError):
            continue
        found = run("", "0", executable=executable, user=other)
        assert found["verdict"] == "Succeeded"
        assert not str(found["layers"]["identity"]).endswith(" 0")  # type: ignore[index]
        return
    pytest.skip("no interpreter here that another user may execute")


def test_the_pool_works_from_an_installed_tree(tmp_path: Path) -> None:
    """As from a wheel: the packages in one folder of their own, no checkout, no site-packages, no .pth file."""
    for name in ("sandbox", "RestrictedPython", "msgspec"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, tmp_path / name)
    (tmp_path / "evil.pth").write_text("import os; os._exit(9)\n")
    found = run("", "0", places=[str(tmp_path)])
    assert found["verdict"] == "Succeeded"
