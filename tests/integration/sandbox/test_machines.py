"""Kernels and accounts that are not ours: without Landlock, without seccomp, without root."""

from __future__ import annotations

import errno
import importlib.util
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.confine import landlock, steps
from sandbox.confine.steps import NICENESS
from sandbox.pool.config import PoolConfig
from sandbox.pool.errors import WorkerUnavailable
from tests.integration.sandbox.conftest import MakeBench
from tests.integration.sandbox.machines import CREATE_RULESET, FORK, WHOLE, Found, Machine, of_abi, refusing, run
from tests.integration.sandbox.support import QUIET_NEIGHBOUR


def is_not_ready(found: Found, layer: str, why: str) -> None:
    """Nothing ran; the layer, the reason and a remedy are in the error and in what `doctor` says."""
    assert found.missing == layer
    assert not found.verdict
    assert not found.complete
    assert why in found.why
    state, detail, remedy = found.doctor[layer]
    assert state == "missing"
    assert why in detail
    assert remedy
    assert found.text.endswith(f"{layer}: {found.why}; {remedy}")


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM], ids=["absent", "off", "forbidden"])
def test_without_landlock_the_pool_does_not_start(code: int) -> None:
    """An old kernel, a missing lsm=, a container's profile: each is named, and nothing runs."""
    found = run(refusing(CREATE_RULESET, code))
    is_not_ready(found, "landlock", os.strerror(code))
    assert found.doctor["seccomp"][0] == "on"


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM], ids=["absent", "off", "forbidden"])
def test_without_landlock_an_operator_may_go_on_and_is_reminded(code: int) -> None:
    """Explicitly allowed: it runs, says so as an incident, and the layer's state is there for a condition."""
    found = run(refusing(CREATE_RULESET, code, "landlock"))
    assert found.verdict == "Succeeded"
    assert found.layers["landlock"] == f"off: {os.strerror(code)}"
    assert [kind for kind, _ in found.incidents] == ["degraded"]
    assert found.doctor["landlock"][0] == "off"
    assert found.complete


@pytest.mark.parametrize("call", ["landlock_restrict_self", "landlock_add_rule"])
def test_landlock_that_is_there_and_does_not_take_is_not_waived(call: str) -> None:
    """`allow_degraded` is for kernels without it; one that fails half-way is broken. A worker has no rule to add."""
    found = run(refusing(call, errno.EPERM, "landlock"))
    if call == "landlock_add_rule":
        assert found.verdict == "Succeeded"
    else:
        is_not_ready(found, "landlock", os.strerror(errno.EPERM))


@pytest.mark.parametrize("abi", range(1, landlock.NEWEST + 1))
def test_an_older_landlock_is_asked_for_what_it_knows(abi: int) -> None:
    """A kernel of each ABI refuses a longer struct than its own; its own is accepted and holds."""
    found = run(of_abi(abi))
    assert found.verdict == "Succeeded"
    assert found.layers["landlock"] == f"on (ABI {abi})"
    assert found.doctor["landlock"][:2] == ["on", f"ABI {abi}"]


def test_a_kernel_older_than_it_says_is_found_out() -> None:
    """The simulation can fail: a struct that is too long is refused, and nothing runs."""
    older = of_abi(3)
    found = run(Machine(older.rules, abi=7))
    is_not_ready(found, "landlock", os.strerror(errno.E2BIG))


def test_a_newer_landlock_is_asked_for_what_we_know() -> None:
    """Rights that this code has never heard of are not asked for."""
    found = run(Machine(of_abi(landlock.NEWEST).rules, abi=99))
    assert (found.verdict, found.layers["landlock"]) == ("Succeeded", "on (ABI 99)")


@pytest.mark.parametrize("degraded", [(), ("landlock",)], ids=["strict", "degraded"])
@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS, errno.EPERM], ids=["no filter", "absent", "forbidden"])
def test_without_seccomp_nothing_ever_runs(code: int, degraded: tuple[str, ...]) -> None:
    """No configuration waives it."""
    filter_mode = ("seccomp", code, ((0, 1, WHOLE),))
    found = run(Machine((filter_mode,), degraded))
    is_not_ready(found, "seccomp", os.strerror(code))


def test_an_unknown_instruction_set_has_no_cage() -> None:
    """There is no table of its system calls, and a guess would be none."""
    found = run(Machine(name="riscv64"))
    is_not_ready(found, "seccomp", "riscv64")


@pytest.mark.parametrize(
    ("call", "layer"),
    [
        ("setsid", "process"),
        ("setresuid", "identity"),
        ("setgroups", "identity"),
        ("capset", "identity"),
        ("prlimit64", "rlimits"),
        ("setpriority", "process"),
        ("dup2", "process"),
    ],
)
def test_a_step_that_fails_is_named(call: str, layer: str) -> None:
    """Whatever a step needs: without it the pool does not start, and says which layer it was."""
    if call in ("setresuid", "setgroups") and os.geteuid() != 0:
        pytest.skip("only root changes its uid")
    if call == "setpriority" and os.getpriority(os.PRIO_PROCESS, 0) >= NICENESS:
        pytest.skip("these tests run as nice as a worker is made")
    # `dup2` and `setsid` as the canary and the zygote call them; the host itself starts children with dup2 too.
    tests = ((1, 3, WHOLE),) if call == "dup2" else ()
    found = run(Machine(((call, errno.EPERM, tests),)))
    is_not_ready(found, layer, "")


@pytest.mark.parametrize("step", [step.name for step in steps.WORKER if step is not steps.DIE_WITH_PARENT])
def test_a_worker_that_cannot_take_a_step_is_refused(step: str) -> None:
    """Though the canaries could: it says which step it was and leaves, and no run is ever given to it."""
    found = run(Machine(broken_step=step))
    assert (found.missing, found.why) == (step, os.strerror(errno.EPERM))
    assert (found.verdict, found.workers) == ("", 0)
    assert ["cage", f"a worker could not take the step {step}: {found.why}"] in found.incidents


@pytest.mark.parametrize(
    ("option", "layer"),
    [(4, "process"), (1, "process"), (38, "no_new_privs"), (65, "executable_memory")],
)
def test_an_option_that_is_refused_is_named(option: int, layer: str) -> None:
    """prctl(2): dumpable, the signal of the parent's death, new privileges, executable memory."""
    found = run(Machine((("prctl", errno.EPERM, ((0, option, 0xFFFFFFFF),)),)))
    assert (found.missing, found.complete) == (layer, False)


def test_without_its_option_memory_is_still_kept_from_being_executable() -> None:
    """A kernel before 6.3 does not know PR_SET_MDWE and PR_GET_MDWE: an extra that is said to be off."""
    found = run(Machine(tuple(("prctl", errno.EINVAL, ((0, option, 0xFFFFFFFF),)) for option in (65, 66))))
    assert found.verdict == "Succeeded"
    assert found.doctor["executable_memory"][0] == "off"
    assert found.complete


@pytest.mark.parametrize("call", ["close_range", "unshare"])
def test_what_is_an_extra_is_done_without(call: str) -> None:
    """The descriptors are then closed one by one, and no claim rests on namespaces."""
    found = run(refusing(call, errno.EPERM))
    assert found.verdict == "Succeeded"
    assert found.complete
    assert (found.doctor["namespaces"][0] == "off") == (call == "unshare")


def test_without_proc_the_pool_does_not_start() -> None:
    """The zygote could not see that it has one thread; the reason names the mount."""
    if os.geteuid() != 0:
        pytest.skip("only root can take /proc away")
    found = run(Machine(without_proc=True))
    is_not_ready(found, "proc", os.strerror(errno.ENOENT))


def test_without_descriptors_of_processes_the_pool_does_not_start() -> None:
    """Nothing that is forked later could be killed for certain."""
    found = run(refusing("pidfd_open", errno.ENOSYS, "landlock"))
    is_not_ready(found, "pidfd", os.strerror(errno.ENOSYS))


def test_without_processes_the_pool_does_not_start() -> None:
    """A limit on processes that leaves none for the canary is told as that, not as a hole in the filter."""
    found = run(Machine((("clone", errno.EAGAIN, ((0, FORK, WHOLE),)),)))
    is_not_ready(found, "processes", os.strerror(errno.EAGAIN))


def allow_processes(pid: int, count: str) -> None:
    """Move the soft limit of a process, as somebody of its own uid: it needs no capability that root may lack."""
    own = PoolConfig().uid if os.geteuid() == 0 else None
    command = ["prlimit", f"--pid={pid}", f"--nproc={count}:"]
    subprocess.run(command, user=own, group=own, check=True, timeout=20)


async def test_processes_that_run_out_later_are_a_shortage_and_no_hole(make_bench: MakeBench) -> None:
    """The cage was complete: a run is told that there is no worker now, and is served when there is room again."""
    if shutil.which("prlimit") is None:
        pytest.skip("there is no prlimit(1) to take processes away with")
    bench = await make_bench(PoolConfig(spares=0))
    zygote = bench.pool.status().zygote_pid
    assert zygote is not None
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    allow_processes(zygote, "1")
    with pytest.raises(WorkerUnavailable, match=os.strerror(errno.EAGAIN)):
        await bench.run(QUIET_NEIGHBOUR)
    assert bench.pool.status().zygote_pid == zygote
    allow_processes(zygote, "unlimited" if soft == resource.RLIM_INFINITY else str(soft))
    assert (await bench.run(QUIET_NEIGHBOUR)).verdict == "Succeeded"
    assert bench.pool.status().layers["seccomp"] == "on"


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
        found = run(Machine(), executable=executable, user=other)
        assert found.verdict == "Succeeded"
        # In a user namespace of its own, where it may make one, its uid has no name but that of nobody.
        assert found.layers["identity"] in (f"on (uid {other})", "on (uid 65534)")
        return
    pytest.skip("no interpreter here that another user may execute")


def test_the_pool_works_for_a_host_that_is_nice_already() -> None:
    """Its workers stay as nice: the way back is not theirs to take."""
    nice = shutil.which("nice")
    if nice is None:
        pytest.skip("there is no nice(1)")
    assert run(Machine(), before=(nice, "-n", "15")).verdict == "Succeeded"


def test_the_pool_works_from_an_installed_tree(tmp_path: Path) -> None:
    """As from a wheel: the packages in one folder of their own, no checkout, no site-packages, no .pth file."""
    for name in ("sandbox", "RestrictedPython", "msgspec"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, tmp_path / name)
    (tmp_path / "evil.pth").write_text("import os; os._exit(9)\n")
    found = run(Machine(), places=[str(tmp_path)])
    assert found.verdict == "Succeeded"
