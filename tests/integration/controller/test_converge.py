"""The whole way: an object, code that is activated, a child, a status, and the way out."""

from __future__ import annotations

import pytest
from controller_rig import (
    CONFIGMAP,
    GREETER,
    MYRESOURCE,
    RECONCILER,
    Rig,
    eventually,
    make_rig,
)

pytestmark = pytest.mark.controlplane

FINALIZING = (
    GREETER
    + """

def finalize(obj, ctx):
    ctx.event("CleanedUp", "bye")
    ctx.log.info("cleaned up")
"""
)


async def test_an_object_gets_child_and_status(rig: Rig) -> None:
    """A new object converges: a child that is its own, status.phase, Ready, observedGeneration."""
    cluster = await rig.greeter()
    made = await cluster.object()
    child = await cluster.until_message("hi")
    owner = child["metadata"]["ownerReferences"][0]
    assert (owner["uid"], owner["controller"]) == (made["metadata"]["uid"], True)
    assert "blockOwnerDeletion" not in owner
    assert child["metadata"]["annotations"]["chakrator.example.com/reconciler-ref"] == f"{cluster.namespace}/greeter"
    await cluster.until_condition("Ready", "Succeeded", MYRESOURCE, "hello", "True")
    status = await cluster.status()
    assert (status["phase"], status["observedGeneration"]) == ("Ready", 1)
    await cluster.until_condition("Ready", "Converged", status="True")


async def test_the_reconcilers_status_says_what_runs(rig: Rig) -> None:
    """The Reconciler shows its active revision and counts its objects."""
    cluster = await rig.greeter()
    await cluster.object("one")
    await cluster.object("two", "")

    async def counted() -> bool:
        status = (await cluster.get(RECONCILER, "greeter") or {}).get("status", {})
        objects = status.get("objects", {})
        return objects.get("total") == 2 and "lastRunTime" in objects and status["activeRevision"]["number"] == 1

    await eventually(counted, "both objects are counted")
    found = (await cluster.get(RECONCILER, "greeter") or {})["status"]
    assert found["observedGeneration"] == 1
    assert found["activeRevision"]["activatedBy"] == "author"
    assert found["objects"]["failing"] == 0


async def test_an_update_is_followed(rig: Rig) -> None:
    """Child and status follow the spec, and the run is told why it runs."""
    cluster = await rig.greeter()
    await cluster.object()
    await cluster.until_message("hi")
    await cluster.patch(MYRESOURCE, "hello", {"spec": {"message": "bye"}})
    await cluster.until_message("bye")
    row = await rig.until_row(lambda row: row.reason == "spec.message changed", "the run of the change")
    assert row.effects[0] == "apply ConfigMap hello"

    async def observed() -> bool:
        return (await cluster.status()).get("observedGeneration") == 2

    await eventually(observed, "the new generation is observed")


async def test_a_deletion_runs_finalize(rig: Rig) -> None:
    """Code with finalize puts the finalizer on first, and a deletion waits until finalize has Succeeded."""
    cluster = await rig.greeter(FINALIZING)
    await cluster.object()
    await cluster.until_condition("Ready", "Succeeded", MYRESOURCE, "hello")
    held = await cluster.get(MYRESOURCE, "hello")
    assert held is not None
    assert len(held["metadata"]["finalizers"]) == 1
    assert held["metadata"]["finalizers"][0].startswith("chakrator.example.com/greeter-")
    row = (await rig.rows())[-1]
    assert row.effects[0].startswith("add finalizer"), "the finalizer goes on before the first effect"
    reconciler = await cluster.get(RECONCILER, "greeter")
    assert reconciler is not None
    assert reconciler["metadata"]["finalizers"] == ["chakrator.example.com/release"]
    await cluster.delete(MYRESOURCE, "hello")
    await eventually(lambda: cluster.gone(MYRESOURCE, "hello"), "the object is gone")
    row = await rig.until_row(lambda row: row.reason == "deletion requested", "the run of finalize")
    assert (row.outcome, [line["message"] for line in row.logs]) == ("Succeeded", ["cleaned up"])
    events = await cluster.kube.request("GET", f"/api/v1/namespaces/{cluster.namespace}/events")
    assert b"CleanedUp" in events.body


async def test_a_finalize_that_fails_holds_the_object(rig: Rig) -> None:
    """Only Succeeded takes the finalizer off; code without finalize strips it."""
    cluster = await rig.greeter(GREETER + "\n\ndef finalize(obj, ctx):\n    raise ValueError('not yet')\n")
    await cluster.object()
    await cluster.until_condition("Ready", "Succeeded", MYRESOURCE, "hello")
    await cluster.delete(MYRESOURCE, "hello")
    await cluster.until_condition("Ready", "Retrying", MYRESOURCE, "hello")
    assert not await cluster.gone(MYRESOURCE, "hello")
    await rig.save(GREETER, expected=1)
    await eventually(lambda: cluster.gone(MYRESOURCE, "hello"), "the object is gone")

    async def unheld() -> bool:
        found = await cluster.get(RECONCILER, "greeter")
        return found is not None and not found["metadata"].get("finalizers")

    await eventually(unheld, "the Reconciler may go: nothing carries its finalizer")


async def test_a_deleted_reconciler_traps_nothing(rig: Rig) -> None:
    """Deleting the Reconciler strips its finalizer from its objects, and says so in the audit trail."""
    cluster = await rig.greeter(FINALIZING)
    await cluster.object()
    await cluster.until_condition("Ready", "Succeeded", MYRESOURCE, "hello")
    await cluster.delete(RECONCILER, "greeter")
    await eventually(lambda: cluster.gone(RECONCILER, "greeter"), "the Reconciler is gone")
    left = await cluster.get(MYRESOURCE, "hello")
    assert left is not None
    assert not left["metadata"].get("finalizers")
    assert await cluster.get(CONFIGMAP, "hello") is not None, "children stay with their primaries"


async def test_an_edited_kind_traps_nothing(rig: Rig) -> None:
    """Objects of the kind that was watched before are let go, and live."""
    cluster = await rig.greeter("def reconcile(obj, ctx):\n    pass\n\n\ndef finalize(obj, ctx):\n    pass\n")
    await cluster.object()
    await cluster.until_condition("Ready", "Succeeded", MYRESOURCE, "hello")
    await cluster.patch(
        RECONCILER, "greeter", {"spec": {"watch": {"apiVersion": "v1", "kind": "ConfigMap"}, "owns": []}}
    )

    async def free() -> bool:
        found = await cluster.get(MYRESOURCE, "hello")
        return found is not None and not found["metadata"].get("finalizers")

    await eventually(free, "our finalizer is off")


async def test_a_new_revision_runs_on_existing_objects(rig: Rig) -> None:
    """Every object runs again on the new revision, in its words."""
    cluster = await rig.greeter()
    await cluster.object("one", "a")
    await cluster.object("two", "b")
    await cluster.until_message("b", "two")
    await rig.save(GREETER.replace('obj["spec"]["message"]', '"v2 " + obj["spec"]["message"]'), expected=1)
    await cluster.until_message("v2 a", "one")
    await cluster.until_message("v2 b", "two")
    row = await rig.until_row(lambda row: row.revision == 2, "a run of revision 2")
    assert row.reason == "revision 2 activated"

    async def shown() -> bool:
        found = await cluster.get(RECONCILER, "greeter") or {}
        return found.get("status", {}).get("activeRevision", {}).get("number") == 2

    await eventually(shown, "the status names revision 2")


async def test_a_revision_that_does_not_start_changes_nothing(rig: Rig) -> None:
    """The last good revision keeps running, a fallback is written, and the condition says so."""
    cluster = await rig.greeter()
    await cluster.object()
    await cluster.until_message("hi")
    await rig.save("import os\n\ndef reconcile(obj, ctx):\n    pass\n", expected=1)
    stalled = await cluster.until_condition("Stalled", "ActivationFailed")
    assert "revision 1 keeps running" in stalled["message"]
    assert rig.identity is not None
    current = await rig.services.activations.current(rig.identity)
    assert current is not None
    assert (current.revision, current.kind.value, current.actor) == (1, "fallback", "system:chakrator")
    await cluster.patch(MYRESOURCE, "hello", {"spec": {"message": "still here"}})
    await cluster.until_message("still here")


async def test_a_restart_writes_nothing(rig: Rig, cluster: object) -> None:
    """A second controller finds converged objects: each runs once, and nothing is written for any."""
    place = await rig.greeter(FINALIZING)
    for name in ("one", "two", "three"):
        await place.object(name, name)
    await place.until_message("three", "three")
    await rig.quiet()
    before = {name: (await place.get(MYRESOURCE, name), await place.get(CONFIGMAP, name)) for name in ("one", "three")}
    await rig.stop()
    rows = len(await rig.rows())
    rig.tap.writes.clear()
    again = make_rig(rig.cluster, rig.services, rig.pool, rig.tap)
    again.start()

    async def ran() -> bool:
        return len(await rig.rows()) >= rows + 3

    try:
        await eventually(ran, "every object ran once")
    finally:
        await again.stop()
    assert rig.tap.effects() == []
    after = {name: (await place.get(MYRESOURCE, name), await place.get(CONFIGMAP, name)) for name in ("one", "three")}
    assert after == before


async def test_suspension_stops_everything(rig: Rig) -> None:
    """While suspended nothing runs, and the condition says so; afterwards every object runs."""
    cluster = await rig.greeter()
    await cluster.object()
    await cluster.until_message("hi")
    await cluster.patch(RECONCILER, "greeter", {"spec": {"suspend": True}})
    await cluster.until_condition("Ready", "Suspended")
    await cluster.patch(MYRESOURCE, "hello", {"spec": {"message": "later"}})
    rows = len(await rig.rows())
    await cluster.patch(RECONCILER, "greeter", {"spec": {"suspend": False}})
    await cluster.until_message("later")
    assert len(await rig.rows()) > rows


async def test_nothing_runs_before_an_activation(rig: Rig) -> None:
    """A Reconciler without an activated revision says so."""
    await rig.cluster.account()
    await rig.cluster.reconciler()
    await rig.cluster.object()
    condition = await rig.cluster.until_condition("Ready", "NoActiveRevision")
    assert condition["status"] == "False"
    assert await rig.rows() == []
