"""Ready, Reconciling and Stalled, as the outcome table and kstatus want them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.conditions import (
    MAX_MESSAGE,
    REASON_MEANING,
    Condition,
    Problem,
    Reason,
    ReconcilerHealth,
    for_object,
    for_reconciler,
)
from core.domain.outcome import FOLLOW_UP, FollowUp, Outcome

HEALTHY = ReconcilerHealth(active_revision=7, synced=True, total=120)


def kstatus(conditions: tuple[Condition, ...]) -> str:
    """What kstatus makes of conditions: its published order of precedence, written out again."""
    by_type = {item.type: item.status.value for item in conditions}
    if by_type.get("Reconciling") == "True":
        return "InProgress"
    if by_type.get("Stalled") == "True":
        return "Failed"
    return "Current" if by_type.get("Ready") == "True" else "InProgress"


@pytest.mark.parametrize(
    ("outcome", "wanted"),
    [
        (Outcome.SUCCEEDED, {("Ready", "True", "Succeeded")}),
        (Outcome.RETRY, {("Ready", "False", "Retrying")}),
        (Outcome.FAILED, {("Ready", "False", "Failed"), ("Stalled", "True", "Failed")}),
        (Outcome.TIMED_OUT, {("Ready", "False", "TimedOut")}),
        (Outcome.OUT_OF_MEMORY, {("Ready", "False", "OutOfMemory")}),
        (Outcome.CRASHED, {("Ready", "False", "Crashed")}),
        (Outcome.LIMIT_EXCEEDED, {("Ready", "False", "LimitExceeded")}),
        (Outcome.CAGE_VIOLATION, {("Ready", "False", "CageViolation"), ("Stalled", "True", "CageViolation")}),
        (
            Outcome.PROTOCOL_VIOLATION,
            {("Ready", "False", "ProtocolViolation"), ("Stalled", "True", "ProtocolViolation")},
        ),
        (Outcome.REJECTED, {("Ready", "False", "Rejected"), ("Stalled", "True", "Rejected")}),
    ],
)
def test_objects_show_the_outcome_table(outcome: Outcome, wanted: set[tuple[str, str, str]]) -> None:
    """One row of the table each."""
    assert {(item.type, item.status.value, item.reason) for item in for_object(outcome, "why")} == wanted


@given(st.sampled_from(Outcome))
def test_readers_see_what_happens_next(outcome: Outcome) -> None:
    """Tried again by itself is InProgress, waiting for a person is Failed, done is Current."""
    expected = {
        FollowUp.RESYNC: "Current",
        FollowUp.BACKOFF: "InProgress",
        FollowUp.ON_CHANGE: "Failed",
        FollowUp.NEVER: "Failed",
    }
    assert kstatus(for_object(outcome)) == expected[FOLLOW_UP[outcome]]


PROBLEM = Problem(Reason.FORBIDDEN, "cannot list configmaps in team-a")


@pytest.mark.parametrize(
    ("health", "reason", "status"),
    [
        (HEALTHY, Reason.CONVERGED, "Current"),
        (ReconcilerHealth(active_revision=7, synced=True, total=120, failing=1), Reason.OBJECTS_FAILING, "InProgress"),
        (ReconcilerHealth(active_revision=7, synced=True, total=9, pending=3), Reason.ROLLING_OUT, "InProgress"),
        (ReconcilerHealth(active_revision=7), Reason.SYNCING, "InProgress"),
        (ReconcilerHealth(active_revision=7, synced=True, unreachable="gone"), Reason.API_UNREACHABLE, "InProgress"),
        (ReconcilerHealth(synced=True), Reason.NO_ACTIVE_REVISION, "InProgress"),
        (ReconcilerHealth(active_revision=7, suspended=True), Reason.SUSPENDED, "InProgress"),
        (ReconcilerHealth(active_revision=7, problems=(PROBLEM,)), Reason.FORBIDDEN, "Failed"),
        (ReconcilerHealth(problems=(PROBLEM,), deleting=True), Reason.TERMINATING, "InProgress"),
    ],
)
def test_a_reconciler_names_what_stands_in_the_way(health: ReconcilerHealth, reason: Reason, status: str) -> None:
    """The first obstacle gives the reason; without one, the sum of the objects does."""
    conditions = for_reconciler(health)
    assert conditions[0].type == "Ready"
    assert conditions[0].reason == reason.value
    assert kstatus(conditions) == status


def test_all_problems_are_in_the_message() -> None:
    """The first gives the reason, but a person sees every one."""
    second = Problem(Reason.KIND_UNKNOWN, "example.com/v1/Thing is not served")
    ready, stalled = for_reconciler(ReconcilerHealth(problems=(PROBLEM, second)))
    assert ready.message == stalled.message == f"{PROBLEM.message}; {second.message}"


def test_failing_objects_are_counted_in_the_message() -> None:
    """`1 of 120`."""
    health = ReconcilerHealth(active_revision=7, synced=True, total=120, failing=1)
    assert for_reconciler(health)[0].message == "1 of 120 objects failing"


def test_messages_are_cut() -> None:
    """An author's message may be long; a status may not."""
    assert all(len(item.message) == MAX_MESSAGE for item in for_object(Outcome.FAILED, "x" * 5000))


def test_every_reason_is_explained() -> None:
    """The reference page has a sentence for each."""
    assert set(REASON_MEANING) == set(Reason)
    assert {outcome.value for outcome in Outcome} - {"Retry"} <= {reason.value for reason in Reason}


@pytest.mark.parametrize(
    "health",
    [
        HEALTHY,
        replace(HEALTHY, deleting=True),
        replace(HEALTHY, problems=(PROBLEM,)),
        replace(HEALTHY, suspended=True),
        replace(HEALTHY, failing=1),
    ],
)
def test_a_cage_that_is_not_whole_is_told_beside_everything_else(health: ReconcilerHealth) -> None:
    """And changes nothing of what readers of kstatus see."""
    plain, degraded = for_reconciler(health), for_reconciler(replace(health, degraded="landlock is off"))
    assert degraded[:-1] == plain
    last = degraded[-1]
    assert (last.type, last.status.value, last.reason) == ("CageDegraded", "True", "LayerWaived")
    assert last.message == "landlock is off"
    assert kstatus(degraded) == kstatus(plain)
