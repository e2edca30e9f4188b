"""Cages this process for a linter or type checker, and becomes it.

Files by Landlock rules, no network, no second process, bounded time and memory. A tool keeps the uid of
the host, for it reads the host's own interpreter; capabilities and the way back to them are gone.
"""

from __future__ import annotations

import os
from typing import NoReturn

import msgspec

from sandbox.confine import landlock, rlimits, seccomp, steps
from sandbox.confine.landlock import READ, RUN, WRITE, WRITE_FILE, Rule
from sandbox.confine.seccomp import Program
from sandbox.confine.steps import Plan
from sandbox.confine.system import System
from sandbox.wire.tooling import CAGE, Launch

_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")
_FAILURE = 3
_DESCRIPTORS = 1 << 20
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")


def _rules(launch: Launch) -> list[Rule]:
    rules = [Rule(path, RUN) for path in (*_SYSTEM, *launch.run)]
    rules += [Rule(path, READ | WRITE_FILE) for path in _DEVICES]
    rules += [Rule(path, READ) for path in launch.read]
    rules += [Rule(path, WRITE) for path in launch.write]
    return rules


def _environment(launch: Launch) -> dict[str, str]:
    room = launch.write[0] if launch.write else launch.cwd
    return {
        "LANG": "C.UTF-8",
        "PATH": "",
        "HOME": room,
        "TMPDIR": room,
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
    }


def _ruleset(system: System, launch: Launch) -> int | None:
    """Landlock's descriptor, which exec closes; None where there is no Landlock and that is allowed."""
    try:
        version = landlock.abi(system)
    except OSError:
        if "landlock" in launch.allow_degraded:
            return None
        raise
    return landlock.create(system, version, _rules(launch))


def main(argument: str) -> None:
    """Confine and exec; whatever fails is said on the failure descriptor."""
    launch = msgspec.json.decode(argument, type=Launch)
    failure = os.dup2(launch.failure, _FAILURE, inheritable=False)
    os.closerange(_FAILURE + 1, _DESCRIPTORS)
    try:
        system = System()
        program = Program.of(seccomp.tool(os.getpid()))  # exec keeps the pid
        ruleset = _ruleset(system, launch)
        bounds = rlimits.tool(launch.memory, launch.cpu)
        os.chdir(launch.cwd)
        plan = Plan(system, launch.parent, 0, ruleset, bounds, program)
        steps.enter(steps.TOOL, plan)
    except (OSError, ValueError, steps.StepFailed) as error:
        _leave(failure, f"{CAGE}{error}")
    try:
        os.execve(launch.argv[0], launch.argv, _environment(launch))  # noqa: S606  the purpose of this process
    except OSError as error:
        _leave(failure, f"it cannot be executed: {error}")


def _leave(failure: int, why: str) -> NoReturn:
    os.write(failure, why.encode("utf-8", "replace")[:1000])
    os._exit(steps.FAILED)
