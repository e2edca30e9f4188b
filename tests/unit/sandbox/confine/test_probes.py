"""Canaries in children of this process: held by a whole cage, and telling which part is missing."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator

import pytest

from sandbox.confine import landlock, probes, rlimits, seccomp, steps
from sandbox.confine.probes import Probe
from sandbox.confine.seccomp import Program
from sandbox.confine.steps import Call, Plan, Step
from sandbox.confine.system import System

WHOLE = steps.WORKER


@pytest.fixture
def plan() -> Iterator[Plan]:
    """As the zygote's for its canary."""
    system, socket = System(), os.open(os.devnull, os.O_RDONLY)
    limits = rlimits.worker(1 << 30)
    program = Program.of(seccomp.WORKER)
    ruleset = landlock.create(system, landlock.abi(system))
    yield Plan(system, os.getpid(), 65533, ruleset, limits, program, socket)
    os.close(ruleset)
    os.close(socket)


def without(*left_out: Step) -> tuple[Step, ...]:
    return tuple(step for step in WHOLE if step not in left_out)


@pytest.mark.parametrize("probe", probes.WORKER, ids=lambda probe: probe.name)
def test_a_whole_cage_holds(probe: Probe, plan: Plan) -> None:
    """Refused or dead, as each probe expects."""
    assert probes.run(probe, WHOLE, plan) is None


@pytest.mark.parametrize("probe", probes.WORKER, ids=lambda probe: probe.name)
def test_a_cage_without_its_filter_does_not(probe: Probe, plan: Plan) -> None:
    """What Landlock or a limit refuses is not what the filter must answer: the canary tells them apart."""
    unheld = probes.run(probe, without(steps.SECCOMP), plan)
    assert unheld is not None
    assert unheld.layer == "seccomp"
    assert probe.name in unheld.why


@pytest.mark.parametrize("index", range(len(WHOLE)), ids=[step.name for step in WHOLE])
@pytest.mark.parametrize("when", ["prepared", "taken"])
def test_a_step_that_fails_in_the_canary_is_named(index: int, when: str, plan: Plan) -> None:
    """With its own layer, not with that of the probe that was never tried."""

    def fail() -> None:
        raise OSError(errno.EPERM, "no")

    def failing(_plan: Plan) -> list[Call]:
        if when == "prepared":
            fail()
        return [(fail, (), None)]

    step = WHOLE[index]
    order = (*WHOLE[:index], Step(step.name, step.layer, failing), *WHOLE[index + 1 :])
    unheld = probes.run(probes.WORKER[0], order, plan)
    assert unheld is not None
    assert unheld.layer == step.layer
    assert unheld.why.endswith(f"the step {step.name}")


def test_a_canary_that_breaks_is_not_held(plan: Plan) -> None:
    """Neither a probe's own mistake nor another signal counts as the cage's work."""

    def mistake() -> int:
        raise RuntimeError

    def crash() -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    for attempt in (mistake, crash):
        assert probes.run(Probe("x", "seccomp", attempt, None), (), plan) is not None
        assert probes.run(Probe("x", "seccomp", attempt, signal.SIGSYS), (), plan) is not None


def test_landlock_is_seen_before_the_filter_hides_it(plan: Plan) -> None:
    """Without it a file can be opened, and that is what is said."""

    def held() -> int:
        return 0 if probes.landlock_holds() else 1

    probe = Probe("file", "landlock", held, None)
    assert probes.run(probe, (steps.NO_NEW_PRIVILEGES, steps.LANDLOCK), plan) is None
    assert probes.run(probe, (steps.NO_NEW_PRIVILEGES,), plan) is not None


@pytest.mark.parametrize(("code", "held"), [(errno.EACCES, True), (errno.EPERM, False), (errno.EMFILE, False)])
def test_another_refusal_is_not_landlocks(code: int, held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter above us says EPERM, a limit says EMFILE: neither shows that Landlock holds."""

    def refuse(_path: str, _flags: int) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", refuse)
    assert probes.landlock_holds() is held
