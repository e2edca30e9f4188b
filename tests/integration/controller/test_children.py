"""Children: nobody else's is touched, ours are repaired and pruned (promises 6 and 7)."""

from __future__ import annotations

import pytest
from controller_rig import CONFIGMAP, GREETER, MYRESOURCE, RECONCILER, Rig, eventually, make_rig

pytestmark = pytest.mark.controlplane

SPREADING = """
def reconcile(obj, ctx):
    for name in obj["spec"]["message"].split():
        ctx.apply({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "labels": {"app": "spread"}},
            "data": {"message": name, "other": "kept"},
        })
"""


async def test_a_foreign_child_is_not_touched(rig: Rig) -> None:
    """An object of the child's name that is somebody else's stays byte for byte; the condition names its manager."""
    cluster = await rig.greeter()
    foreign = await cluster.create(CONFIGMAP, {"metadata": {"name": "hello"}, "data": {"mine": "yes"}})
    await cluster.object()
    told = await cluster.until_condition("Ready", "Retrying", MYRESOURCE, "hello", "False")
    assert "is not ours" in told["message"]
    assert foreign["metadata"]["managedFields"][0]["manager"] in told["message"]
    assert await cluster.get(CONFIGMAP, "hello") == foreign
    await cluster.delete(CONFIGMAP, "hello")
    await cluster.until_message("hi")


async def test_a_child_of_another_primary_is_not_taken_over(rig: Rig) -> None:
    """Two objects that want the same child: the first keeps it, whatever the second does."""
    cluster = await rig.greeter(GREETER.replace('obj["metadata"]["name"]', '"shared"'))
    await cluster.object("first", "from the first")
    child = await cluster.until_message("from the first", "shared")
    await cluster.object("second", "from the second")
    await cluster.until_condition("Ready", "Retrying", MYRESOURCE, "second")
    now = await cluster.get(CONFIGMAP, "shared")
    assert now == child


async def test_children_that_are_no_longer_desired_are_pruned(rig: Rig) -> None:
    """Only ours go: a foreign ConfigMap with our label, but without our owner reference, stays."""
    cluster = await rig.greeter(SPREADING)
    await cluster.object("hello", "a b c")
    child = await cluster.until_message("c", "c")
    await cluster.until_message("a", "a")
    label = child["metadata"]["labels"]["chakrator.example.com/reconciler"]
    await cluster.create(
        CONFIGMAP, {"metadata": {"name": "foreign", "labels": {"chakrator.example.com/reconciler": label}}}
    )
    await cluster.patch(MYRESOURCE, "hello", {"spec": {"message": "b"}})
    await eventually(lambda: cluster.gone(CONFIGMAP, "a"), "a is pruned")
    await eventually(lambda: cluster.gone(CONFIGMAP, "c"), "c is pruned")
    assert await cluster.get(CONFIGMAP, "b") is not None
    assert await cluster.get(CONFIGMAP, "foreign") is not None


async def owned_kinds(rig: Rig) -> list[str]:
    """As the Reconciler's status names them."""
    found = await rig.cluster.get(RECONCILER, "greeter") or {}
    return [kind["kind"] for kind in found.get("status", {}).get("ownedKinds", [])]


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
async def test_children_of_a_kind_that_is_owned_no_more_are_pruned(rig: Rig, *, running: bool) -> None:
    """Also where no controller ran when the kind left the spec; what is not ours stays."""
    cluster = await rig.greeter()
    await cluster.object()
    child = await cluster.until_message("hi")
    assert await owned_kinds(rig) == ["ConfigMap"]
    label = child["metadata"]["labels"]["chakrator.example.com/reconciler"]
    await cluster.create(
        CONFIGMAP, {"metadata": {"name": "foreign", "labels": {"chakrator.example.com/reconciler": label}}}
    )
    if not running:
        await rig.stop()
    await cluster.patch(RECONCILER, "greeter", {"spec": {"owns": None}})
    if not running:
        rig = make_rig(cluster, rig.services, rig.pool, rig.tap)
        rig.start()
    try:
        await eventually(lambda: cluster.gone(CONFIGMAP, "hello"), "the child is pruned")

        async def forgotten() -> bool:
            return await owned_kinds(rig) == []

        await eventually(forgotten, "the kind is forgotten")
        assert await cluster.get(CONFIGMAP, "foreign") is not None
    finally:
        if not running:
            await rig.stop()


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"message": "forged"}},
        {"data": {"other": None}},
        {"metadata": {"labels": {"app": None}}},
        {"metadata": {"ownerReferences": None}},
        {"metadata": {"annotations": {"chakrator.example.com/applied-sha256": "0"}}},
    ],
    ids=["value", "field removed", "label removed", "owner removed", "hash forged"],
)
async def test_a_foreign_edit_is_repaired(rig: Rig, change: dict[str, object]) -> None:
    """Whatever of ours somebody changes comes back; what they add beside it stays."""
    cluster = await rig.greeter(SPREADING)
    await cluster.object("hello", "a")
    made = await cluster.until_message("a", "a")
    await rig.quiet()
    await cluster.patch(CONFIGMAP, "a", {"data": {"theirs": "stays"}})
    await cluster.patch(CONFIGMAP, "a", change)

    async def repaired() -> bool:
        now = await cluster.get(CONFIGMAP, "a")
        assert now is not None
        wanted, there = made["metadata"], now["metadata"]
        return (
            now["data"] == {**made["data"], "theirs": "stays"}
            and there["labels"] == wanted["labels"]
            and there.get("ownerReferences") == wanted["ownerReferences"]
            and there["annotations"] == wanted["annotations"]
        )

    await eventually(repaired, "our fields are back")
    now = await cluster.get(CONFIGMAP, "a")
    assert now is not None
    assert now["metadata"]["uid"] == made["metadata"]["uid"]


async def test_a_deleted_child_comes_back(rig: Rig) -> None:
    """A child that somebody deletes is made again, and the run says why."""
    cluster = await rig.greeter()
    await cluster.object()
    made = await cluster.until_message("hi")
    await cluster.delete(CONFIGMAP, "hello")

    async def again() -> bool:
        now = await cluster.get(CONFIGMAP, "hello")
        return now is not None and now["metadata"]["uid"] != made["metadata"]["uid"]

    await eventually(again, "the child is made again")
    await rig.until_row(lambda row: row.reason == "child ConfigMap hello deleted", "the reason names the child")


async def test_an_explicit_delete(rig: Rig) -> None:
    """ctx.delete removes an owned child; one that is not ours makes the run wait, untouched."""
    source = """
def reconcile(obj, ctx):
    if obj["spec"]["message"] == "make":
        ctx.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}, "data": {"message": "m"}})
    else:
        ctx.delete("ConfigMap", obj["spec"]["message"])
"""
    cluster = await rig.greeter(source)
    await cluster.object("hello", "make")
    await cluster.until_message("m", "mine")
    await cluster.patch(MYRESOURCE, "hello", {"spec": {"message": "mine"}})
    await eventually(lambda: cluster.gone(CONFIGMAP, "mine"), "the child is gone")
    await cluster.create(CONFIGMAP, {"metadata": {"name": "theirs"}})
    await rig.quiet()
    await cluster.patch(MYRESOURCE, "hello", {"spec": {"message": "theirs"}})
    told = await cluster.until_condition("Ready", "Retrying", MYRESOURCE, "hello")
    assert "theirs exists and is not ours" in told["message"]
    assert not await cluster.gone(CONFIGMAP, "theirs")
