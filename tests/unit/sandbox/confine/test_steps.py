"""The order of the steps, and what a failing one says."""

from __future__ import annotations

import errno
import resource
from typing import cast

import pytest

from sandbox.confine import rlimits, steps
from sandbox.confine.steps import Plan, Step, StepFailed
from sandbox.pool import nursery


def place(order: tuple[Step, ...], step: Step) -> int:
    return order.index(step)


def test_the_order_of_a_worker_carries_its_reasons() -> None:
    """Each pair here fails in practice when it is turned round."""
    order = steps.WORKER
    assert place(order, steps.IDENTITY) < place(order, steps.DIE_WITH_PARENT)
    assert place(order, steps.IDENTITY) < place(order, steps.RLIMITS)
    assert place(order, steps.NO_NEW_PRIVILEGES) < place(order, steps.LANDLOCK)
    assert place(order, steps.LANDLOCK) < place(order, steps.RLIMITS)
    assert order[-1] is steps.SECCOMP


def test_the_zygote_takes_the_layers_that_its_children_inherit() -> None:
    """Nothing forks from an uncaged process."""
    for step in (steps.IDENTITY, steps.CAPABILITIES, steps.NO_NEW_PRIVILEGES, steps.LANDLOCK, steps.SECCOMP):
        assert step in steps.ZYGOTE
    assert steps.ZYGOTE[-1] is steps.SECCOMP


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
