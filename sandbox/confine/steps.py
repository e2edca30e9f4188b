"""The ordered steps into the cage, by name; the first that fails ends the process that took it.

The order carries meaning: namespaces before the uid, while there may still be a right to them; the uid
before PDEATHSIG, which a change of uid clears; no_new_privs before Landlock and seccomp, which demand it;
Landlock before the limit on descriptors, which its ruleset needs one of; seccomp last, for it takes the
other calls away.
"""

from __future__ import annotations

import errno
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.confine import landlock, namespaces, rlimits, system
from sandbox.confine.rlimits import Limit
from sandbox.confine.seccomp import CONTROL_FD, SOCKET_FD, Program
from sandbox.confine.system import System

FAILED = 70
NICENESS = 10


class StepFailed(Exception):
    """A step of the cage could not be taken; `step` is its name, `errno` the kernel's reason or 0."""

    def __init__(self, step: str, code: int, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step = step
        self.errno = code


@dataclass(frozen=True, slots=True)
class Plan:
    """What the steps are taken with. `landlock_abi` is 0 where an operator allowed to go without it.

    `rules` are for tools: a worker and its zygote have none.
    `notes` is filled by the optional steps: what came of each, for the state of its layer.
    """

    system: System
    parent: int
    uid: int
    landlock_abi: int
    limits: tuple[Limit, ...]
    program: Program
    socket: int = CONTROL_FD
    rules: tuple[landlock.Rule, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step and the layer that is missing without it."""

    name: str
    layer: str
    take: Callable[[Plan], None]


def take(steps: tuple[Step, ...], plan: Plan) -> None:
    """All of them in order; StepFailed names the one that could not be taken."""
    for step in steps:
        try:
            step.take(plan)
        except (OSError, ValueError, OverflowError) as error:
            code = getattr(error, "errno", None) or 0
            raise StepFailed(step.name, code, str(error)) from error


def layer_of(name: str) -> str:
    """The layer that the step of this name belongs to."""
    return next((step.layer for step in (*WORKER, *ZYGOTE, *TOOL) if step.name == name), name)


def _descriptors(plan: Plan) -> None:
    os.dup2(plan.socket, SOCKET_FD)
    os.closerange(SOCKET_FD + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    for fd in range(SOCKET_FD):  # nothing is opened in their place: the sinks are Python objects
        os.close(fd)


def _session(plan: Plan) -> None:
    os.setsid()


def _namespaces(plan: Plan) -> None:
    plan.notes[NAMESPACES.layer] = namespaces.leave(plan.system)


def _identity(plan: Plan) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(plan.uid, plan.uid, plan.uid)
        os.setresuid(plan.uid, plan.uid, plan.uid)
    if 0 in (*os.getresuid(), *os.getresgid()):
        raise OSError(1, "still the superuser")


def _capabilities(plan: Plan) -> None:
    plan.system.drop_capabilities()


def _bounding_set(plan: Plan) -> None:
    plan.system.drop_bounding_set()


def _undumpable(plan: Plan) -> None:
    plan.system.prctl(system.PR_SET_DUMPABLE, 0)


def _die_with_parent(plan: Plan) -> None:
    plan.system.prctl(system.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != plan.parent:
        raise OSError(3, "the parent is gone")


def _unmasked(plan: Plan) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _no_new_privileges(plan: Plan) -> None:
    plan.system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)


def _no_executable_memory(plan: Plan) -> None:
    try:
        plan.system.prctl(system.PR_SET_MDWE, system.PR_MDWE_REFUSE_EXEC_GAIN)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # A kernel before 6.3; the filter refuses PROT_EXEC as well.
        plan.notes[NO_EXECUTABLE_MEMORY.layer] = "not taken: it needs Linux 6.3"
        return
    plan.notes[NO_EXECUTABLE_MEMORY.layer] = "on"


def _landlock(plan: Plan) -> None:
    if plan.landlock_abi:
        landlock.restrict(plan.system, plan.landlock_abi, plan.rules)


def _nice(plan: Plan) -> None:
    if os.getpriority(os.PRIO_PROCESS, 0) < NICENESS:  # a host that is nicer already may not take it back
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)


def _rlimits(plan: Plan) -> None:
    rlimits.apply(plan.limits)


def _seccomp(plan: Plan) -> None:
    plan.program.load(plan.system)


SESSION = Step("session", "process", _session)
DESCRIPTORS = Step("descriptors", "process", _descriptors)
NAMESPACES = Step("namespaces", "namespaces", _namespaces)
BOUNDING_SET = Step("bounding-set", "identity", _bounding_set)
IDENTITY = Step("identity", "identity", _identity)
CAPABILITIES = Step("capabilities", "identity", _capabilities)
UNDUMPABLE = Step("undumpable", "process", _undumpable)
DIE_WITH_PARENT = Step("die-with-parent", "process", _die_with_parent)
UNMASKED = Step("signals", "process", _unmasked)
NO_NEW_PRIVILEGES = Step("no-new-privileges", "no_new_privs", _no_new_privileges)
NO_EXECUTABLE_MEMORY = Step("no-executable-memory", "executable_memory", _no_executable_memory)
LANDLOCK = Step("landlock", "landlock", _landlock)
NICE = Step("nice", "process", _nice)
RLIMITS = Step("rlimits", "rlimits", _rlimits)
SECCOMP = Step("seccomp", "seccomp", _seccomp)

WORKER = (
    SESSION,
    DESCRIPTORS,
    IDENTITY,
    CAPABILITIES,
    UNDUMPABLE,
    DIE_WITH_PARENT,
    UNMASKED,
    NO_NEW_PRIVILEGES,
    NO_EXECUTABLE_MEMORY,
    LANDLOCK,
    NICE,
    RLIMITS,
    SECCOMP,
)
ZYGOTE = (
    SESSION,
    NAMESPACES,
    BOUNDING_SET,
    IDENTITY,
    CAPABILITIES,
    UNDUMPABLE,
    DIE_WITH_PARENT,
    UNMASKED,
    NO_NEW_PRIVILEGES,
    NO_EXECUTABLE_MEMORY,
    LANDLOCK,
    RLIMITS,
    SECCOMP,
)
TOOL = (
    SESSION,
    BOUNDING_SET,
    CAPABILITIES,
    DIE_WITH_PARENT,
    UNMASKED,
    NO_NEW_PRIVILEGES,
    LANDLOCK,
    RLIMITS,
    SECCOMP,
)
