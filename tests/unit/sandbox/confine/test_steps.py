"""The order of the steps, and what a failing one says."""

from __future__ import annotations

import errno
import os
import resource
from typing import cast

import pytest

from sandbox.confine import rlimits, steps
from sandbox.confine.seccomp import Program
from sandbox.confine.steps import Plan, Step, StepFailed
from sandbox.confine.system import System
from sandbox.pool import nursery

FROM_IDENTITY = ["identity", "capabilities", "undumpable", "die-with-parent", "signals", "no-new-privileges"]
WORKER = ["session", "descriptors", *FROM_IDENTITY, "no-executable-memory", "landlock", "nice", "rlimits", "seccomp"]
ZYGOTE = ["session", "namespaces", "bounding-set", *FROM_IDENTITY, "no-executable-memory", "landlock"]
ZYGOTE += ["rlimits", "seccomp"]
TOOL = ["session", "bounding-set", "capabilities", "die-with-parent", "signals", "no-new-privileges", "landlock"]
TOOL += ["rlimits", "seccomp"]

# Each pair fails, or does nothing, when it is turned round.
REASONS = [
    ("namespaces", "identity", "the superuser's right to them goes with the uid"),
    ("bounding-set", "identity", "so does the right to empty the bounding set"),
    ("identity", "undumpable", "a change of uid sets the flag anew"),
    ("identity", "die-with-parent", "a change of uid clears the signal"),
    ("identity", "rlimits", "the limit on processes means nothing to the superuser"),
    ("no-new-privileges", "landlock", "the kernel demands it"),
    ("no-new-privileges", "seccomp", "the kernel demands it"),
    ("landlock", "rlimits", "its ruleset is a descriptor, and there may be none beyond the socket"),
    ("rlimits", "seccomp", "the filter has no setrlimit"),
]


@pytest.mark.parametrize(
    ("order", "names"),
    [(steps.WORKER, WORKER), (steps.ZYGOTE, ZYGOTE), (steps.TOOL, TOOL)],
    ids=["worker", "zygote", "tool"],
)
def test_the_orders_are_frozen(order: tuple[Step, ...], names: list[str]) -> None:
    """A step that is added, lost or moved is a change of a reviewed table."""
    assert [step.name for step in order] == names


@pytest.mark.parametrize(("first", "second", "why"), REASONS)
def test_the_order_carries_its_reasons(first: str, second: str, why: str) -> None:
    """In each order that has both of a pair."""
    orders = [names for names in (WORKER, ZYGOTE, TOOL) if first in names and second in names]
    assert orders
    for names in orders:
        assert names.index(first) < names.index(second), why


def test_nothing_comes_after_the_filter() -> None:
    """It takes away the calls that the other steps need."""
    assert steps.WORKER[-1] is steps.ZYGOTE[-1] is steps.TOOL[-1] is steps.SECCOMP


class Kernel(System):
    """One whose prctl answers with this errno, or takes everything."""

    def __init__(self, code: int = 0) -> None:
        self.code = code

    def prctl(self, option: int, value: int) -> None:
        if self.code:
            raise OSError(self.code, os.strerror(self.code))


def plan(system: System, parent: int = 0) -> Plan:
    return Plan(system, parent, 65533, 0, (), cast("Program", None))


def test_memory_that_cannot_be_made_executable_is_taken_where_the_kernel_has_it() -> None:
    """An old kernel is a note; any other refusal is a failed step."""
    have, lack = plan(Kernel()), plan(Kernel(errno.EINVAL))
    steps.take((steps.NO_EXECUTABLE_MEMORY,), have)
    steps.take((steps.NO_EXECUTABLE_MEMORY,), lack)
    assert have.notes == {"executable_memory": "on"}
    assert lack.notes["executable_memory"].startswith("not taken")
    with pytest.raises(StepFailed, match="no-executable-memory"):
        steps.take((steps.NO_EXECUTABLE_MEMORY,), plan(Kernel(errno.EPERM)))


def test_a_worker_whose_parent_is_gone_does_not_go_on() -> None:
    """The signal is set too late for a parent that died before it."""
    steps.take((steps.DIE_WITH_PARENT,), plan(Kernel(), os.getppid()))
    with pytest.raises(StepFailed, match="die-with-parent"):
        steps.take((steps.DIE_WITH_PARENT,), plan(Kernel(), os.getppid() + 1))


@pytest.mark.parametrize("error", [OSError(errno.ENOSYS, "no"), ValueError("no"), OverflowError("no")])
def test_the_first_failure_is_named_and_ends_the_rest(error: Exception) -> None:
    """Whatever goes wrong, the step's name is known and no later step is taken."""
    taken: list[str] = []

    def fail(_plan: Plan) -> None:
        raise error

    order = (
        Step("one", "a", lambda _plan: taken.append("one")),
        Step("two", "b", fail),
        Step("three", "c", lambda _plan: taken.append("three")),
    )
    with pytest.raises(StepFailed, match="two") as failed:
        steps.take(order, cast("Plan", None))
    assert taken == ["one"]
    assert failed.value.errno == (errno.ENOSYS if isinstance(error, OSError) else 0)


def test_a_step_knows_its_layer() -> None:
    """The operator is told the layer, not our step."""
    assert steps.layer_of("seccomp") == "seccomp"
    assert steps.layer_of("identity") == "identity"
    assert steps.layer_of("no-new-privileges") == "no_new_privs"
    assert steps.layer_of("namespaces") == "namespaces"


def test_a_worker_is_left_with_nothing_to_open_fork_or_write() -> None:
    """The table of limits, against what the design demands."""
    table = {limit.resource: limit.value for limit in rlimits.worker(123 << 20)}
    assert table[resource.RLIMIT_AS] == table[resource.RLIMIT_DATA] == 123 << 20
    assert table[resource.RLIMIT_NOFILE] == 4
    assert table[resource.RLIMIT_STACK] == 8 << 20
    for name in ("NPROC", "FSIZE", "CORE", "MEMLOCK", "MSGQUEUE", "NICE", "RTPRIO"):
        assert table[getattr(resource, f"RLIMIT_{name}")] == 0


def test_the_step_that_finds_the_parent_gone_has_the_name_that_the_pool_knows() -> None:
    """The pool cannot import it: a worker that lost its zygote is no broken cage."""
    assert steps.DIE_WITH_PARENT.name == nursery._ORPHANED
