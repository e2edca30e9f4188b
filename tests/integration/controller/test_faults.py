"""What ends a run in the middle of its effects is repaired by the next one."""

from __future__ import annotations

import pytest
from controller_rig import CONFIGMAP, GREETER, MYRESOURCE, RECONCILER, Rig, eventually, make_rig

from core.kube.errors import Unreachable

pytestmark = pytest.mark.controlplane

FINALIZING = GREETER + "\n\ndef finalize(obj, ctx):\n    pass\n"


async def test_a_crash_between_children_and_status_is_repaired(rig: Rig) -> None:
    """The process ends after the child and before the status; its successor brings the status."""
    cluster = await rig.greeter()

    def at_status(_method: str, path: str) -> BaseException | None:
        return ConnectionAbortedError("the process died here") if "/myresources/hello/status" in path else None

    rig.tap.fail_when = at_status
    await cluster.object()
    child = await cluster.until_message("hi")
    await rig.stop()
    assert await cluster.status() == {}
    rig.tap.fail_when = lambda _method, _path: None
    again = make_rig(rig.cluster, rig.services, rig.pool, rig.tap)
    again.start()
    try:
        await cluster.until_condition("Ready", "Succeeded", MYRESOURCE, "hello")
    finally:
        await again.stop()
    assert await cluster.get(CONFIGMAP, "hello") == child, "the child was there already, and is not written again"


@pytest.mark.parametrize("point", ["configmaps/hello", "myresources/hello/status", "myresources/hello"])
async def test_an_outage_in_the_middle_costs_no_attempt(rig: Rig, point: str) -> None:
    """Connection failures are nobody's fault: the object converges later, and its attempts do not count."""
    cluster = await rig.greeter(FINALIZING)
    left = 3

    def flaky(_method: str, path: str) -> BaseException | None:
        nonlocal left
        if path.endswith(point) and left:
            left -= 1
            return Unreachable("cannot connect")
        return None

    rig.tap.fail_when = flaky
    await cluster.object()
    await cluster.until_condition("Ready", "Succeeded", MYRESOURCE, "hello", "True")
    assert left == 0
    assert {row.attempt for row in await rig.rows()} == {1}


async def test_a_status_write_under_our_hands_is_made_again(rig: Rig) -> None:
    """Somebody else's status field beside ours neither hinders ours nor is lost."""
    cluster = await rig.greeter()
    await cluster.object()
    await cluster.until_condition("Ready", "Succeeded", MYRESOURCE, "hello")
    theirs = {"type": "Theirs", "status": "True", "reason": "Because", "message": ""}
    body = {"apiVersion": "example.com/v1", "kind": "MyResource", "metadata": {"name": "hello"}}
    answer = await cluster.kube.request(
        "PATCH",
        cluster.path(MYRESOURCE, "hello") + "/status",
        query={"fieldManager": "somebody"},
        body=__import__("json").dumps({**body, "status": {"conditions": [theirs]}}).encode(),
        content_type="application/apply-patch+yaml",
    )
    assert answer.status == 200
    rows = len(await rig.rows())
    await cluster.patch(MYRESOURCE, "hello", {"spec": {"message": "more"}})
    await cluster.until_message("more")
    await rig.quiet()
    assert (await cluster.condition("Theirs", MYRESOURCE, "hello"))["reason"] == "Because"
    assert len(await rig.rows()) == rows + 1, "another's status is no reason to run"


async def test_a_recreated_object_starts_clean(rig: Rig) -> None:
    """An object of the same name is another object: its own child, its own Ready."""
    cluster = await rig.greeter()
    first = await cluster.object()
    await cluster.until_message("hi")
    await cluster.delete(MYRESOURCE, "hello")
    await eventually(lambda: cluster.gone(MYRESOURCE, "hello"), "it is gone")
    second = await cluster.object("hello", "again")
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
    # The cluster's garbage collector takes 30 s to hear of a new CRD, and only then deletes the first one's child.
    child = await cluster.until_message("again", deadline=90.0)
    assert child["metadata"]["ownerReferences"][0]["uid"] == second["metadata"]["uid"]
    await cluster.until_condition("Ready", "Succeeded", MYRESOURCE, "hello")


async def test_one_reconcilers_bug_is_its_own(rig: Rig) -> None:
    """A Reconciler whose machinery fails in a way we did not foresee leaves the others alone."""
    cluster = await rig.greeter()

    def broken(_method: str, path: str) -> BaseException | None:
        return RuntimeError("a bug of ours") if "/reconcilers/greeter/status" in path else None

    rig.tap.fail_when = broken
    await cluster.object()
    await cluster.until_message("hi")
    assert (await cluster.get(RECONCILER, "greeter") or {}).get("status") is None
    rig.tap.fail_when = lambda _method, _path: None
    await cluster.until_condition("Ready", "Converged")
