"""The ordered steps into the cage, by name; the first that fails ends the process that took it.

The order carries meaning: namespaces before the uid, while there may still be a right to them; the uid
before PDEATHSIG, which a change of uid clears; no_new_privs before Landlock and seccomp, which demand it;
Landlock before the descriptors are closed, of which its ruleset is one; seccomp last, for it takes the
other calls away.

A step is prepared, which may be in the parent, and taken later. A worker is a fresh fork: every object that its
Python touches is a page to be copied, at some four microseconds each, and stays its own. With the calls laid out
before the fork it copies less than half of what it would if each step were a function of ours (docs/benchmarks.md).
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sandbox.confine import landlock, namespaces, rlimits, system
from sandbox.confine.rlimits import Limit
from sandbox.confine.seccomp import CONTROL_FD, SOCKET_FD, Program
from sandbox.confine.system import Prepared, System

FAILED = 70
NICENESS = 10

# One call of a step: the function, its arguments, and the only answer that is not a failure.
Call = tuple[Callable[..., object], tuple[object, ...], object]
# The calls of several steps in one row, each with the name of its step before it.
Calls = tuple[tuple[str, Callable[..., object], tuple[object, ...], object], ...]


class StepFailed(Exception):
    """A step of the cage could not be taken; `step` is its name, `errno` the kernel's reason or 0."""

    def __init__(self, step: str, code: int, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step = step
        self.errno = code


@dataclass(frozen=True, slots=True)
class Plan:
    """What the steps are prepared with.

    `ruleset` is Landlock's descriptor, None where an operator allowed to go without it.
    `notes` is filled by the optional steps: what came of each, for the state of its layer.
    """

    system: System
    parent: int
    uid: int
    ruleset: int | None
    limits: tuple[Limit, ...]
    program: Program
    socket: int = CONTROL_FD
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step and the layer that is missing without it. `prepare` changes nothing but the plan's notes."""

    name: str
    layer: str
    prepare: Callable[[Plan], Iterable[Call]]


def prepare(steps: tuple[Step, ...], plan: Plan) -> Calls:
    """All that is to be called, in order; StepFailed names the step that cannot even be prepared."""
    calls = []
    for step in steps:
        try:
            calls += [(step.name, *call) for call in step.prepare(plan)]
        except (OSError, ValueError, OverflowError) as error:
            raise _failed(step.name, error) from error
    return tuple(calls)


def take(calls: Calls) -> None:
    """All of them in order; StepFailed names the step of the first that fails or answers otherwise."""
    for name, function, arguments, wanted in calls:
        try:
            answer = function(*arguments)
        except (OSError, ValueError, OverflowError) as error:
            raise _failed(name, error) from error
        if answer == -1:
            raise _failed(name, system.failed())
        if answer != wanted:
            raise StepFailed(name, 0, f"the answer was {answer}, not {wanted}")


def enter(steps: tuple[Step, ...], plan: Plan) -> None:
    """Each prepared when it is its turn: in a namespace of its own a process has another uid than it had before."""
    for step in steps:
        take(prepare((step,), plan))


def _failed(name: str, error: Exception) -> StepFailed:
    return StepFailed(name, getattr(error, "errno", None) or 0, str(error))


def layer_of(name: str) -> str:
    """The layer that the step of this name belongs to."""
    return next((step.layer for step in (*WORKER, *ZYGOTE, *TOOL) if step.name == name), name)


def _zero(prepared: Prepared) -> Call:
    return (*prepared, 0)


def _session(_plan: Plan) -> Iterable[Call]:
    yield os.setsid, (), None


def _namespaces(plan: Plan) -> Iterable[Call]:
    def leave() -> None:
        plan.notes[NAMESPACES.layer] = namespaces.leave(plan.system)

    yield leave, (), None


def _bounding_set(plan: Plan) -> Iterable[Call]:
    yield plan.system.drop_bounding_set, (), None


def _identity(plan: Plan) -> Iterable[Call]:
    users, groups = os.getresuid(), os.getresgid()
    if os.geteuid() == 0:
        users = groups = (plan.uid,) * 3
        yield os.setgroups, ([],), None
        yield os.setresgid, groups, None
        yield os.setresuid, users, None
    if 0 in (*users, *groups):
        raise OSError(1, "still the superuser")
    yield os.getresuid, (), users
    yield os.getresgid, (), groups


def _capabilities(plan: Plan) -> Iterable[Call]:
    yield _zero(plan.system.drop_capabilities())


def _undumpable(plan: Plan) -> Iterable[Call]:
    yield _zero(plan.system.prctl(system.PR_SET_DUMPABLE, 0))


def _die_with_parent(plan: Plan) -> Iterable[Call]:
    yield _zero(plan.system.prctl(system.PR_SET_PDEATHSIG, signal.SIGKILL))
    yield os.getppid, (), plan.parent  # the signal comes too late for a parent that was gone before it


def _unmasked(plan: Plan) -> Iterable[Call]:
    yield _zero(plan.system.unmask_signals())


def _no_new_privileges(plan: Plan) -> Iterable[Call]:
    yield _zero(plan.system.prctl(system.PR_SET_NO_NEW_PRIVS, 1))


def _no_executable_memory(plan: Plan) -> Iterable[Call]:
    if not plan.system.can_refuse_executable_memory():  # the filter refuses PROT_EXEC as well
        plan.notes[NO_EXECUTABLE_MEMORY.layer] = "not taken: it needs Linux 6.3"
        return
    yield _zero(plan.system.prctl(system.PR_SET_MDWE, system.PR_MDWE_REFUSE_EXEC_GAIN))
    plan.notes[NO_EXECUTABLE_MEMORY.layer] = "on"


def _landlock(plan: Plan) -> Iterable[Call]:
    if plan.ruleset is not None:
        yield _zero(landlock.restrict(plan.system, plan.ruleset))


def _descriptors(plan: Plan) -> Iterable[Call]:
    yield os.dup2, (plan.socket, SOCKET_FD), SOCKET_FD
    yield os.closerange, (SOCKET_FD + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0]), None
    for fd in range(SOCKET_FD):  # nothing is opened in their place: the sinks are Python objects
        yield os.close, (fd,), None


def _nice(_plan: Plan) -> Iterable[Call]:
    if os.getpriority(os.PRIO_PROCESS, 0) < NICENESS:  # a host that is nicer already may not take it back
        yield os.setpriority, (os.PRIO_PROCESS, 0, NICENESS), None


def _rlimits(plan: Plan) -> Iterable[Call]:
    for limit in plan.limits:
        yield resource.setrlimit, rlimits.lowered(limit), None


def _seccomp(plan: Plan) -> Iterable[Call]:
    yield _zero(plan.program.load(plan.system))


SESSION = Step("session", "process", _session)
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
DESCRIPTORS = Step("descriptors", "process", _descriptors)
NICE = Step("nice", "process", _nice)
RLIMITS = Step("rlimits", "rlimits", _rlimits)
SECCOMP = Step("seccomp", "seccomp", _seccomp)

WORKER = (
    SESSION,
    IDENTITY,
    CAPABILITIES,
    UNDUMPABLE,
    DIE_WITH_PARENT,
    UNMASKED,
    NO_NEW_PRIVILEGES,
    NO_EXECUTABLE_MEMORY,
    LANDLOCK,
    DESCRIPTORS,
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
