"""Activation: compare-and-swap, what a rollback means, and tailing the log."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from core.domain.actor import SYSTEM
from core.domain.keys import Uid
from core.domain.revision import ActivationKind
from core.errors import Conflict, Invalid, NotFound
from core.services.factory import OpenServices, open_services
from core.services.protocols import AuditFilter, Services

from .conftest import ANN, BOB, GREETER, OTHER, TickingClock, activation, saved


async def test_an_activation_is_current_and_audited(services: Services) -> None:
    """Who, what, why, and as which ServiceAccount, in the row and in the trail."""
    await saved(services, 1)
    made = await services.activations.activate(activation(1, None, reason="go"), BOB)
    assert made == await services.activations.current(GREETER)
    assert (made.revision, made.actor, made.reason, made.service_account_uid) == (1, "bob", "go", "sa-uid")
    entry = (await services.audit.list(AuditFilter())).items[0]
    assert (entry.action, entry.actor, entry.namespace) == ("activation:activate", "bob", "team-a")
    assert entry.payload == {
        "before": None,
        "by": {"groups": ["operators"], "via": "session", "source": "192.0.2.8"},
        "reason": "go",
        "revision": 1,
        "serviceAccount": "greeter",
        "serviceAccountUid": "sa-uid",
        "sha256": made.sha256,
        "uid": "uid-1",
    }


async def test_a_wrong_expectation_changes_nothing(services: Services) -> None:
    """The loser learns what is active; the trail has the refusal."""
    await saved(services, 2)
    await services.activations.activate(activation(1, None), ANN)
    with pytest.raises(Conflict) as caught:
        await services.activations.activate(activation(2, None), BOB)
    assert caught.value.details == {"active": 1, "expected": None}
    current = await services.activations.current(GREETER)
    assert current is not None
    assert current.revision == 1
    assert (await services.audit.list(AuditFilter())).items[0].action == "activation:activate:refused"


async def test_of_many_at_once_one_wins(services: Services) -> None:
    """Twenty people see revision 1 active and press the button."""
    await saved(services, 21)
    await services.activations.activate(activation(1, None), ANN)
    tries = [services.activations.activate(activation(n, 1), ANN) for n in range(2, 22)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 19
    assert len(await services.activations.since(0)) == 2
    assert (await services.audit.verify()).entries == 21 + 1 + 20


async def test_no_revision_no_activation(services: Services) -> None:
    """Neither of nothing, nor of another Reconciler's revision."""
    await saved(services, 1)
    with pytest.raises(NotFound):
        await services.activations.activate(activation(2, None), ANN)
    with pytest.raises(NotFound):
        await services.activations.activate(activation(1, None, of=OTHER), ANN)
    assert await services.activations.current(OTHER) is None


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 1001])
async def test_a_reason_is_needed(services: Services, reason: str) -> None:
    """Others will read it; but not a novel."""
    await saved(services, 1)
    with pytest.raises(Invalid, match="reason"):
        await services.activations.activate(activation(1, None, reason=reason), ANN)


async def test_the_last_good_one_goes_further_back_each_time(services: Services) -> None:
    """Rolling back twice is two steps, not one step and back again."""
    await saved(services, 3)
    assert await services.activations.last_good(GREETER) is None
    for number, before in ((1, None), (2, 1), (3, 2)):
        await services.activations.activate(activation(number, before), ANN)
    assert await services.activations.last_good(GREETER) == 2
    await services.activations.activate(activation(2, 3, kind=ActivationKind.ROLLBACK), ANN)
    assert await services.activations.last_good(GREETER) == 1
    await services.activations.activate(activation(1, 2, kind=ActivationKind.ROLLBACK), ANN)
    assert await services.activations.last_good(GREETER) is None


async def test_a_revision_that_did_not_start_is_not_good(services: Services) -> None:
    """After 1, 2 (failed, fallback to 1), 3, a rollback means 1."""
    await saved(services, 3)
    await services.activations.activate(activation(1, None), ANN)
    await services.activations.activate(activation(2, 1), ANN)
    await services.activations.activate(activation(1, 2, kind=ActivationKind.FALLBACK), SYSTEM)
    await services.activations.activate(activation(3, 1), ANN)
    assert await services.activations.last_good(GREETER) == 1
    tags = [entry.action for entry in (await services.audit.list(AuditFilter(action="activation"))).items]
    assert tags == ["activation:activate", "activation:fallback", "activation:activate", "activation:activate"]


async def test_a_rollback_that_did_not_start_is_not_good_either(services: Services) -> None:
    """After 1, 3, back to 2 (failed, fallback to 3), a rollback means 1."""
    await saved(services, 3)
    await services.activations.activate(activation(1, None), ANN)
    await services.activations.activate(activation(3, 1), ANN)
    await services.activations.activate(activation(2, 3, kind=ActivationKind.ROLLBACK), ANN)
    await services.activations.activate(activation(3, 2, kind=ActivationKind.FALLBACK), SYSTEM)
    assert await services.activations.last_good(GREETER) == 1


async def test_was_active_asks_for_the_very_same_account(services: Services) -> None:
    """Name and uid, and the revision itself."""
    await saved(services, 2)
    await services.activations.activate(activation(1, None), ANN)
    asked = [(1, "greeter", "sa-uid"), (1, "greeter", "new-uid"), (1, "other", "sa-uid"), (2, "greeter", "sa-uid")]
    answers = [await services.activations.was_active(GREETER, n, sa, Uid(uid)) for n, sa, uid in asked]
    assert answers == [True, False, False, False]


async def test_a_fallback_needs_an_activation_under_the_same_account(services: Services) -> None:
    """Code never runs as a ServiceAccount that nobody allowed it, and the host's own row allows nothing."""
    await saved(services, 4)
    for number, before, sa in ((1, None, "strong"), (2, 1, "weak"), (3, 2, "strong"), (4, 3, "strong")):
        await services.activations.activate(replace(activation(number, before), service_account=sa), ANN)
    asked = [("strong", "sa-uid"), ("weak", "sa-uid"), ("strong", "new-uid")]
    assert [await services.activations.fallback(GREETER, sa, Uid(uid)) for sa, uid in asked] == [3, 2, None]
    unauthorised = replace(activation(2, 4, kind=ActivationKind.FALLBACK), service_account="strong")
    with pytest.raises(Conflict):
        await services.activations.activate(unauthorised, SYSTEM)
    assert not await services.activations.was_active(GREETER, 2, "strong", Uid("sa-uid"))
    await services.activations.activate(replace(unauthorised, revision=3), SYSTEM)
    assert await services.activations.fallback(GREETER, "strong", Uid("sa-uid")) == 1, "4 is not it: it did not start"


async def test_the_log_can_be_tailed(services: Services) -> None:
    """All Reconcilers, oldest first, from a sequence number; a waiter wakes at the next one."""
    await saved(services, 2)
    await saved(services, 1, of=OTHER)
    first = await services.activations.activate(activation(1, None), ANN)
    async with asyncio.timeout(30):
        await services.activations.wait_beyond(first.seq - 1)
    waiting = asyncio.create_task(services.activations.wait_beyond(first.seq))
    await asyncio.sleep(0)
    assert not waiting.done()
    second = await services.activations.activate(activation(1, None, of=OTHER), ANN)
    async with asyncio.timeout(30):
        await waiting
    third = await services.activations.activate(activation(2, 1), ANN)
    assert [row.seq for row in await services.activations.since(first.seq)] == [second.seq, third.seq]


async def test_a_waiter_learns_of_an_activation_whose_caller_is_gone(services: Services, clock: TickingClock) -> None:
    """The request was cancelled while its job ran, the row was stored: the controller must still hear of it."""
    await saved(services, 1)
    entered, leave = threading.Event(), threading.Event()
    clock.look = lambda: (entered.set(), leave.wait(30))
    waiting = asyncio.create_task(services.activations.wait_beyond(0))
    request = asyncio.create_task(services.activations.activate(activation(1, None), ANN))
    assert await asyncio.to_thread(entered.wait, 30)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    leave.set()
    async with asyncio.timeout(30):
        await waiting
    assert len(await services.activations.since(0)) == 1


async def test_a_refusal_wakes_nobody(services: Services) -> None:
    """Only what was stored counts."""
    await saved(services, 1)
    waiting = asyncio.create_task(services.activations.wait_beyond(0))
    with pytest.raises(NotFound):
        await services.activations.activate(activation(9, None), ANN)
    assert not waiting.done()
    waiting.cancel()


async def test_sequence_numbers_go_on_after_a_restart(opened: OpenServices, clock: TickingClock) -> None:
    """A new process knows the newest one, and does not wait for what is there already."""
    await saved(opened.services, 1)
    first = await opened.services.activations.activate(activation(1, None), ANN)
    await opened.close()
    again = await open_services(url=f"sqlite:///{opened.database}", clock=clock)
    try:
        async with asyncio.timeout(30):
            await again.services.activations.wait_beyond(first.seq - 1)
        second = await again.services.activations.activate(activation(1, 1), ANN)
        assert second.seq > first.seq
    finally:
        await again.close()
