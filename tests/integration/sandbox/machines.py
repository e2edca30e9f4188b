"""Kernels that are not ours: a pool under a filter that makes system calls answer as another kernel would."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

REPOSITORY = Path(__file__).parents[3]
CREATE_RULESET = "landlock_create_ruleset"
FORK = 0x01200011  # the flags by which fork() is told from the start of a program or a thread

# Everything but the filter, the mount and the two numbers is the real thing: pool, zygote, canaries, one run.
PROGRAM = """
import asyncio, ctypes, json, os, sys
places, machine = json.loads(sys.argv[1]), json.loads(sys.argv[2])
sys.path[:0] = places
from sandbox.confine import bpf, seccomp, system
from sandbox.confine.bpf import ALLOW, Profile, Rule, When
from sandbox.pool import bootstrap
from sandbox.pool.config import Code, PoolConfig, RunRequest
from sandbox.pool.doctor import complete, examine
from sandbox.pool.errors import CageUnavailable, PoolError
from sandbox.pool.pool import Pool

kernel = system.System()
if machine["without_proc"]:
    libc = ctypes.CDLL(None, use_errno=True)
    kernel.now(kernel.unshare(0x00020000))
    assert libc.mount(None, b"/", None, 0x44000, None) == 0  # private and recursive: nobody else loses it
    assert libc.umount2(b"/proc", 2) == 0
for name, value in (("landlock.abi", machine["abi"]), ("seccomp.platform.machine", machine["name"])):
    if value is not None:
        patch = f"from sandbox.confine import landlock, seccomp\\n{name} = lambda *_: {value!r}\\n"
        assert bootstrap._TEXT.count("main(sys.argv[2])") == 1
        bootstrap._TEXT = bootstrap._TEXT.replace("main(sys.argv[2])", patch + "main(sys.argv[2])")
if machine["broken_step"]:
    bootstrap._TEXT = bootstrap._TEXT.replace("main(sys.argv[2])", sys.argv[3] + "main(sys.argv[2])")
if machine["rules"]:
    rules = tuple(
        Rule(call, bpf.errno(code) if code else ALLOW, tuple(When(*test) for test in tests))
        for call, code, tests in machine["rules"]
    )
    kernel.now(kernel.prctl(38, 1))
    program = bpf.assemble(Profile("other kernel", rules, ALLOW), seccomp.architecture())
    # by prctl(2), so that a later refusal of seccomp(2) is the filter's work
    data = ctypes.create_string_buffer(bpf.packed(program))
    header = seccomp._Fprog(len(program), ctypes.cast(data, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(22, 2, ctypes.byref(header), 0, 0) == 0

async def main():
    incidents = []
    config = PoolConfig(allow_degraded=frozenset(machine["degraded"]))
    reports = await examine(config)
    said = {one.layer: [one.state, one.detail, one.remedy] for one in reports}
    pool = Pool(config, on_incident=lambda *one: incidents.append(one))
    try:
        await pool.start()
    except CageUnavailable as error:
        found = {"missing": error.layer, "why": error.why, "text": str(error)}
    else:
        try:
            request = RunRequest(Code("a", "def reconcile(obj, ctx):\\n    ctx.status['a'] = 1\\n"), b"{}")
            result = await pool.run(request)
            found = {"verdict": result.verdict, "layers": dict(pool.status().layers)}
        except CageUnavailable as error:
            found = {"missing": error.layer, "why": error.why, "text": str(error), "workers": pool.status().workers}
        await pool.close()
    print(json.dumps({**found, "incidents": incidents, "doctor": said, "complete": complete(reports)}))

asyncio.run(main())
"""

# A step that only fails after the canaries, so that it is a worker that finds it: a right that is taken away later.
BROKEN_STEP = """
from sandbox.confine import steps
from sandbox.worker import zygote
def fail():
    raise PermissionError(1, "no")
def failing(plan):
    return [(fail, (), None)]
def canaries(self, before=zygote.Zygote._canaries):
    before(self)
    broken = {one.name: one for one in steps.WORKER} | {BROKEN: steps.Step(BROKEN, "a layer", failing)}
    steps.WORKER = tuple(broken.values())
zygote.Zygote._canaries = canaries
"""

Test = tuple[int, int, int]
Rule = tuple[str, int, tuple[Test, ...]]
WHOLE = 2**64 - 1


@dataclass(frozen=True)
class Machine:
    """A kernel. A rule is a call, the errno it answers with (0: as usual), and tests of its arguments."""

    rules: tuple[Rule, ...] = ()
    degraded: tuple[str, ...] = ()
    abi: int | None = None
    name: str | None = None
    without_proc: bool = False
    broken_step: str | None = None


@dataclass(frozen=True)
class Found:
    """What came of it: a missing layer, or a run with the layers it had. `doctor`: state, detail, remedy."""

    doctor: dict[str, list[str]]
    complete: bool
    incidents: list[list[str]]
    missing: str = ""
    why: str = ""
    text: str = ""
    verdict: str = ""
    layers: dict[str, str] = field(default_factory=dict)
    workers: int | None = None


def refusing(call: str, code: int, *degraded: str) -> Machine:
    """A kernel that answers this call with this errno, whatever its arguments."""
    return Machine(((call, code, ()),), degraded)


def of_abi(abi: int) -> Machine:
    """A kernel of this Landlock ABI: it says so, and takes no longer a struct than it knows."""
    longest = 8 if abi < 4 else 16 if abi < 6 else 24
    ours = (CREATE_RULESET, 0, ((1, longest, WHOLE),))
    version = (CREATE_RULESET, 0, ((1, 0, WHOLE),))
    return Machine((ours, version, (CREATE_RULESET, 7, ())), abi=abi)  # E2BIG


def run(
    machine: Machine,
    *,
    executable: str = sys.executable,
    user: int | None = None,
    places: Sequence[str] = (),
    before: Sequence[str] = (),
) -> Found:
    """What the program says. `before`: a command that starts it, as nice(1) does."""
    packages = str(Path(msgspec.__file__).parent.parent)
    where = json.dumps(list(places) or [str(REPOSITORY), packages])
    command = [*before, executable, "-c", PROGRAM, where, json.dumps(asdict(machine))]
    command.append(f"BROKEN = {machine.broken_step!r}{BROKEN_STEP}")
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd="/", user=user, group=user, env={}
    )
    assert ended.returncode == 0, ended.stderr
    return Found(**json.loads(ended.stdout))
