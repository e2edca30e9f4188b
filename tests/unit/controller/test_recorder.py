"""KubeEvents: checked, deduplicated, dropped where they are not taken."""

from __future__ import annotations

import pytest
from controller_script import REF, ManualClock, Script, account, answer, primary, refused

from controller.account import Outage, PlanInvalid
from controller.recorder import MAX_MESSAGE, REPEAT_AFTER, Recorder, plan_events
from sandbox.wire.messages import EventEffect


def recorder(script: Script, clock: ManualClock | None = None) -> Recorder:
    """Of the scripted Reconciler."""
    return Recorder(account=account(script), clock=clock or ManualClock(), ref=REF)


@pytest.mark.parametrize("event", [EventEffect("", "m"), EventEffect("two words", "m"), EventEffect("Ok", "m", "Loud")])
def test_what_the_api_server_would_refuse_is_the_plans_fault(event: EventEffect) -> None:
    """Before anything is done."""
    with pytest.raises(PlanInvalid):
        plan_events([event])


async def test_the_same_one_is_sent_once_in_ten_minutes() -> None:
    """A loop of runs is not a flood of KubeEvents."""
    clock = ManualClock()
    script = Script([answer(201, {}), answer(201, {}), answer(201, {})])
    made = recorder(script, clock)
    for _ in range(3):
        await made.record(primary(), [EventEffect("Made", "it"), EventEffect("Made", "more")])
    assert (len(script.sent), made.repeated) == (2, 4)
    clock.at += REPEAT_AFTER
    await made.record(primary(), [EventEffect("Made", "it")])
    assert len(script.sent) == 3
    assert script.sent[0].body["metadata"]["name"] != script.sent[2].body["metadata"]["name"]


async def test_it_is_about_the_object_and_bounded() -> None:
    """As the ServiceAccount, in the object's namespace, with a cut message."""
    script = Script([answer(201, {})])
    await recorder(script).record(primary(), [EventEffect("Made", "x" * 5000, "Warning")])
    sent = script.sent[0]
    assert sent.path == "/api/v1/namespaces/team-a/events"
    assert sent.impersonate == "system:serviceaccount:team-a:greeter"
    assert sent.body["involvedObject"]["uid"] == "uid-hello"
    assert (sent.body["type"], len(sent.body["message"])) == ("Warning", MAX_MESSAGE)


async def test_a_missing_right_drops_and_counts() -> None:
    """A run does not fail for want of a KubeEvent, nor does it ask again at once."""
    script = Script([refused(403, "Forbidden")])
    made = recorder(script)
    await made.record(primary(), [EventEffect("Made", "it")])
    await made.record(primary(), [EventEffect("Made", "it")])
    assert (made.dropped, len(script.sent)) == (1, 1)


async def test_one_that_is_there_already_is_fine() -> None:
    """A write that was not answered had been made."""
    made = recorder(Script([refused(409, "AlreadyExists")]))
    await made.record(primary(), [EventEffect("Made", "it")])
    assert (made.dropped, made.repeated) == (0, 1)


async def test_an_outage_is_an_outage() -> None:
    """The run is repeated, and the KubeEvent with it."""
    script = Script([refused(503, "ServiceUnavailable"), answer(201, {})])
    made = recorder(script)
    with pytest.raises(Outage):
        await made.record(primary(), [EventEffect("Made", "it")])
    await made.record(primary(), [EventEffect("Made", "it")])
    assert len(script.sent) == 2
