"""The order of the steps, and what a failing one says."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
from typing import cast

import pytest

from sandbox.confine import rlimits, steps
from sandbox.confine.seccomp import Program
from sandbox.confine.steps import Call, Plan, Step, StepFailed
from sandbox.confine.system import PR_GET_MDWE, Prepared, System
from sandbox.pool import nursery

FROM_IDENTITY = ["identity", "capabilities", "undumpable", "die-with-parent", "signals", "no-new-privileges"]
WORKER = ["session", *FROM_IDENTITY, "no-executable-memory", "landlock", "descriptors", "nice", "rlimits", "seccomp"]
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
    ("landlock", "descriptors", "its ruleset is one, and none stays but the socket"),
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
    """One whose prctl is refused with this errno, or takes everything; PR_GET_MDWE is its own matter."""

    def __init__(self, code: int = 0, asked: int = 0) -> None:
        self.code = code
        self.asked = asked

    def prctl(self, option: int, value: int) -> Prepared:
        code = self.asked if option == PR_GET_MDWE else self.code

        def answer() -> int:
            ctypes.set_errno(code)
            return -1 if code else 0

        return answer, ()


def plan(kernel: System, parent: int = 0) -> Plan:
    return Plan(kernel, parent, 65533, None, (), cast("Program", None))


def test_memory_that_cannot_be_made_executable_is_taken_where_the_kernel_has_it() -> None:
    """An old kernel is a note; any refusal of one that has it is a failed step."""
    have, lack = plan(Kernel()), plan(Kernel(errno.EPERM, asked=errno.EINVAL))
    steps.enter((steps.NO_EXECUTABLE_MEMORY,), have)
    steps.enter((steps.NO_EXECUTABLE_MEMORY,), lack)
    assert have.notes == {"executable_memory": "on"}
    assert lack.notes["executable_memory"].startswith("not taken")
    for code in (errno.EPERM, errno.EINVAL):
        with pytest.raises(StepFailed, match="no-executable-memory") as failed:
            steps.enter((steps.NO_EXECUTABLE_MEMORY,), plan(Kernel(code)))
        assert failed.value.errno == code


@pytest.mark.parametrize(("code", "has"), [(0, True), (errno.EINVAL, False), (errno.EPERM, True)])
def test_a_kernel_is_asked_whether_it_can_refuse_executable_memory(code: int, has: bool) -> None:
    """One before 6.3 does not know the option; after any other refusal the step itself is tried, and fails closed."""
    assert Kernel(asked=code).can_refuse_executable_memory() is has


def test_a_worker_whose_parent_is_gone_does_not_go_on() -> None:
    """The signal is set too late for a parent that died before it."""
    steps.enter((steps.DIE_WITH_PARENT,), plan(Kernel(), os.getppid()))
    with pytest.raises(StepFailed, match="die-with-parent"):
        steps.enter((steps.DIE_WITH_PARENT,), plan(Kernel(), os.getppid() + 1))


def test_a_process_that_is_still_the_superuser_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any of the six ids, when the step is prepared; and each must be the same when it is taken."""
    monkeypatch.setattr(os, "geteuid", lambda: 5)
    for users, groups in (((5, 5, 0), (5, 5, 5)), ((5, 5, 5), (0, 5, 5))):
        monkeypatch.setattr(os, "getresuid", lambda users=users: users)
        monkeypatch.setattr(os, "getresgid", lambda groups=groups: groups)
        with pytest.raises(StepFailed, match="still the superuser"):
            steps.prepare((steps.IDENTITY,), plan(Kernel()))
    monkeypatch.setattr(os, "getresuid", lambda: (5, 5, 5))
    monkeypatch.setattr(os, "getresgid", lambda: (6, 6, 6))
    calls = steps.prepare((steps.IDENTITY,), plan(Kernel()))
    steps.take(calls)
    assert [wanted for _, _, _, wanted in calls] == [(5, 5, 5), (6, 6, 6)]


def test_the_superuser_becomes_another_and_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups first, while there is a right to them; then all six ids are asked for once more."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    calls = steps.prepare((steps.IDENTITY,), plan(Kernel()))
    ids = (65533,) * 3
    assert [call[1:] for call in calls] == [
        (os.setgroups, ([],), None),
        (os.setresgid, ids, None),
        (os.setresuid, ids, None),
        (os.getresuid, (), ids),
        (os.getresgid, (), ids),
    ]


@pytest.mark.parametrize("error", [OSError(errno.ENOSYS, "no"), ValueError("no"), OverflowError("no")])
@pytest.mark.parametrize("when", ["prepared", "taken"])
def test_the_first_failure_is_named_and_ends_the_rest(error: Exception, when: str) -> None:
    """Whatever goes wrong, the step's name is known and no later step is taken; one unprepared, and none is."""
    taken: list[str] = []

    def fail() -> None:
        raise error

    def failing(_plan: Plan) -> list[Call]:
        if when == "prepared":
            raise error
        return [(fail, (), None)]

    order = (
        Step("one", "a", lambda _plan: [(taken.append, ("one",), None)]),
        Step("two", "b", failing),
        Step("three", "c", lambda _plan: [(taken.append, ("three",), None)]),
    )
    with pytest.raises(StepFailed, match="two") as failed:
        steps.take(steps.prepare(order, cast("Plan", None)))
    assert taken == (["one"] if when == "taken" else [])
    assert failed.value.errno == (errno.ENOSYS if isinstance(error, OSError) else 0)


def test_a_step_that_is_entered_is_prepared_after_the_ones_before_it() -> None:
    """What one changes, the next is prepared with."""
    seen: list[str] = []

    def second(_plan: Plan) -> list[Call]:
        return [(seen.append, (f"two after {seen}",), None)]

    one = Step("one", "a", lambda _plan: [(seen.append, ("one",), None)])
    steps.enter((one, Step("two", "b", second)), cast("Plan", None))
    assert seen == ["one", "two after ['one']"]


@pytest.mark.parametrize("answer", [-1, 1, None, "", (0,)])
def test_another_answer_than_the_wanted_one_is_a_failure(answer: object) -> None:
    """A call of the C library raises nothing: its answer is looked at, and nothing comes after it."""
    taken: list[str] = []
    ctypes.set_errno(errno.EACCES)
    order = (
        Step("one", "a", lambda _plan: [(lambda: answer, (), 0)]),
        Step("two", "b", lambda _plan: [(taken.append, ("two",), None)]),
    )
    with pytest.raises(StepFailed, match="one") as failed:
        steps.take(steps.prepare(order, cast("Plan", None)))
    assert failed.value.errno == (errno.EACCES if answer == -1 else 0)
    assert not taken


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
