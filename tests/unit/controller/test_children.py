"""Children: what a plan may hold, and the requests that keep everybody else's objects safe."""

from __future__ import annotations

import msgspec
import pytest
from controller_script import (
    CONFIGMAP,
    MYRESOURCE,
    REF,
    Script,
    account,
    answer,
    metadata,
    primary,
    refused,
    watched,
)

from controller.account import Journal, NotTaken, PlanInvalid
from controller.cache import Entry
from controller.children import MAX_CHILD_BYTES, Children, DesiredChild, DropChild, Step, is_settled, plan_children
from sandbox.wire.messages import ApplyEffect, DeleteEffect, Effect

OWNER = primary()
GONE = refused(409, "Conflict", "uid mismatch")
ANOTHER = refused(422, "Invalid", "", [{"field": "metadata.uid", "reason": "FieldValueInvalid", "message": ""}])
TAKEN = refused(409, "Conflict", "", [{"field": ".data.k", "reason": "FieldManagerConflict", "message": ""}])


def apply(**document: object) -> ApplyEffect:
    """A child as an author writes it."""
    child = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}, **document}
    return ApplyEffect(object=msgspec.Raw(msgspec.json.encode(child)))


def plan(*effects: Effect) -> list[Step]:
    """The steps of these effects, of the object `hello`."""
    return plan_children(effects, OWNER, REF, [CONFIGMAP])


def desired(**document: object) -> DesiredChild:
    """One child that is wanted."""
    (step,) = plan(apply(**document))
    assert isinstance(step, DesiredChild)
    return step


def live(child: DesiredChild, *, rv: int = 9, fields: object = None, **changes: object) -> dict[str, object]:
    """The child as the API server has it after our apply."""
    meta = dict(child.document["metadata"])  # type: ignore[call-overload]
    held = {
        "f:data": {"f:k": {}},
        "f:metadata": {
            "f:labels": {f"f:{key}": {} for key in meta["labels"]},
            "f:annotations": {f"f:{key}": {} for key in meta["annotations"]},
            "f:ownerReferences": {f'k:{{"uid":"{OWNER.uid}"}}': {}},
        },
    }
    entry = {"manager": REF.manager, "operation": "Apply", "fieldsV1": held if fields is None else fields}
    meta |= {"uid": "uid-a", "resourceVersion": str(rv), "managedFields": [entry], **changes}
    return {**child.document, "metadata": meta}


def as_entry(document: dict[str, object]) -> Entry:
    """As the cache holds it."""
    return Entry.parse(CONFIGMAP, msgspec.json.encode(document))


def children(script: Script, *entries: Entry) -> Children:
    """With these in the cache."""
    return Children(account=account(script), ref=REF, kinds={CONFIGMAP: watched(CONFIGMAP, *entries)})


async def converge(script: Script, *entries: Entry, steps: list[Step] | None = None, prune: bool = True) -> Journal:
    """Brings the children of `hello` to `steps` (one ConfigMap a, where not given)."""
    journal = Journal()
    made = children(script, *entries)
    await made.converge(OWNER, [desired()] if steps is None else steps, journal, prune=prune)
    assert script.answers == [], "every answer of the script was asked for"
    return journal


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────
def test_a_child_gets_what_makes_it_ours() -> None:
    """Owner reference, label, annotations: set by the host, beside the author's own."""
    child = desired(metadata={"name": "a", "labels": {"app": "x"}})
    assert child.document["metadata"] == {
        "name": "a",
        "namespace": "team-a",
        "labels": {"app": "x", "chakrator.example.com/reconciler": REF.id},
        "annotations": {
            "chakrator.example.com/reconciler-ref": "team-a/greeter",
            "chakrator.example.com/applied-sha256": child.sha256,
        },
        "ownerReferences": [
            {
                "apiVersion": "example.com/v1",
                "kind": "MyResource",
                "name": "hello",
                "uid": OWNER.uid,
                "controller": True,
            }
        ],
    }


def test_the_hash_is_salted_with_the_owner() -> None:
    """The same bytes under another owner are another child."""
    (other,) = plan_children([apply()], primary("other"), REF, [CONFIGMAP])
    assert isinstance(other, DesiredChild)
    assert other.sha256 != desired().sha256
    assert desired().sha256 == desired().sha256


@pytest.mark.parametrize(
    ("effect", "says"),
    [
        (apply(kind="Secret"), "not one of the kinds in spec.owns"),
        (apply(apiVersion="v2"), "not one of the kinds in spec.owns"),
        (apply(metadata=None), "without metadata"),
        (apply(metadata={}), "not a valid object name"),
        (apply(metadata={"name": "../secrets/x"}), "not a valid object name"),
        (apply(metadata={"name": "a" * 254}), "not a valid object name"),
        (apply(metadata={"name": "a", "namespace": "kube-system"}), "its namespace must be team-a"),
        (apply(metadata={"name": "a", "ownerReferences": []}), "metadata.ownerReferences is not for the author"),
        (apply(metadata={"name": "a", "finalizers": ["x/y"]}), "metadata.finalizers is not for the author"),
        (apply(metadata={"name": "a", "uid": "x"}), "metadata.uid is not for the author"),
        (apply(metadata={"name": "a", "generateName": "a-"}), "metadata.generateName is not for the author"),
        (apply(metadata={"name": "a", "labels": {"chakrator.example.com/reconciler": "x"}}), "may not hold"),
        (apply(metadata={"name": "a", "annotations": {"chakrator.example.com/z": "x"}}), "may not hold"),
        (apply(metadata={"name": "a", "labels": {"n": 1}}), "must map texts to texts"),
        (apply(status={}), "status of a child"),
        (apply(data={"k": "x" * MAX_CHILD_BYTES}), "over the limit"),
        (ApplyEffect(object=msgspec.Raw(b"[]")), "must be a dict"),
        (ApplyEffect(object=apply().object, adopt=True), "adopt"),
        (DeleteEffect(kind="Secret", name="a"), "not one of the kinds in spec.owns"),
        (DeleteEffect(kind="ConfigMap", name="a/b"), "not a valid object name"),
    ],
)
def test_a_plan_that_breaks_a_rule(effect: Effect, says: str) -> None:
    """A forged frame does no more than this Reconciler may do anyway; the sentence names the rule."""
    with pytest.raises(PlanInvalid, match=says):
        plan(effect)


@pytest.mark.parametrize("second", [apply(data={"k": "w"}), DeleteEffect(kind="v1/ConfigMap", name="a")])
def test_a_child_is_in_a_plan_once(second: Effect) -> None:
    """Which of two wishes holds would depend on nothing the author can see."""
    with pytest.raises(PlanInvalid, match="in the plan twice"):
        plan(apply(), second)


# ── still covered ────────────────────────────────────────────────────────────────────────────────
def test_a_settled_child_costs_no_request() -> None:
    """The same hash, and every path still ours."""
    assert is_settled(as_entry(live(desired())), desired(), REF.manager)


@pytest.mark.parametrize(
    "fields",
    [{"f:data": {}}, {"f:data": {"f:other": {}}, "f:metadata": {}}, {}],
)
def test_a_path_that_somebody_took_unsettles(fields: object) -> None:
    """A foreign change takes the path out of our entry, whatever the hash says."""
    held = as_entry(live(desired(), fields=fields))
    assert not is_settled(held, desired(), REF.manager)


def test_other_bytes_unsettle() -> None:
    """The hash is of what is wanted now."""
    assert not is_settled(as_entry(live(desired())), desired(data={"k": "new"}), REF.manager)


# ── applying ─────────────────────────────────────────────────────────────────────────────────────
async def test_nothing_to_do_sends_nothing() -> None:
    """Promise 7."""
    script = Script()
    journal = await converge(script, as_entry(live(desired())))
    assert (script.sent, journal.writes) == ([], [])


async def test_an_unknown_child_is_applied_create_only() -> None:
    """resourceVersion 1 makes a missing object and refuses an existing one."""
    script = Script([answer(201, live(desired()))])
    journal = await converge(script)
    assert script.sent[0].body["metadata"]["resourceVersion"] == "1"
    assert script.sent[0].query == {"fieldManager": REF.manager, "force": "false"}
    assert journal.summary == ["create ConfigMap a"]
    assert [write.rv for write in journal.writes] == [9]


async def test_a_foreign_child_is_refused_and_named() -> None:
    """Two requests, no write: the condition will say whose it is."""
    foreign = {**live(desired()), "metadata": {**metadata("a"), "managedFields": [{"manager": "kubectl"}]}}
    script = Script([GONE, answer(200, foreign)])
    with pytest.raises(NotTaken, match=r"ConfigMap a exists and is not ours \(field managers: kubectl\)"):
        await converge(script)
    assert [sent.method for sent in script.sent] == ["PATCH", "GET"]


async def test_a_child_that_the_cache_does_not_know_yet_is_found_ours() -> None:
    """Create-only is refused, the live object is ours and as wanted: done."""
    script = Script([GONE, answer(200, live(desired()))])
    journal = await converge(script)
    assert journal.writes == []


async def test_a_known_child_carries_its_uid() -> None:
    """An update goes to the very object we know."""
    script = Script([answer(200, live(desired(data={"k": "new"})))])
    journal = await converge(script, as_entry(live(desired())), steps=[desired(data={"k": "new"})])
    assert script.sent[0].body["metadata"]["uid"] == "uid-a"
    assert "resourceVersion" not in script.sent[0].body["metadata"]
    assert journal.summary == ["apply ConfigMap a"]


@pytest.mark.parametrize("first", [GONE, ANOTHER])
async def test_a_known_child_that_is_gone_is_made_again(first: object) -> None:
    """409: gone. 422 about metadata.uid: another object now. Both: read live, and create-only."""
    wanted = desired(data={"k": "new"})
    script = Script([first, refused(404, "NotFound"), answer(201, live(wanted))])  # type: ignore[list-item]
    await converge(script, as_entry(live(desired())), steps=[wanted])
    assert [sent.method for sent in script.sent] == ["PATCH", "GET", "PATCH"]
    assert script.sent[2].body["metadata"]["resourceVersion"] == "1"


async def test_a_field_that_somebody_took_is_taken_back_and_counted() -> None:
    """First without force, so that the takeover is seen; then with it."""
    wanted = desired(data={"k": "new"})
    script = Script([TAKEN, answer(200, live(wanted))])
    made = children(script, as_entry(live(desired())))
    await made.converge(OWNER, [wanted], Journal(), prune=True)
    assert [sent.query["force"] for sent in script.sent] == ["false", "true"]
    assert made.takeovers == 1


async def test_an_invalid_child_is_the_plans_fault() -> None:
    """422 for any other cause: Failed."""
    invalid = refused(422, "Invalid", "data.k: too long", [{"field": "data.k", "reason": "x", "message": "too long"}])
    with pytest.raises(PlanInvalid, match="too long"):
        await converge(Script([invalid]))


async def test_a_dying_namespace_counts_as_satisfied() -> None:
    """Nothing can be made there any more, and finalize must not wait for it."""
    dying = refused(
        403, "Forbidden", "being terminated", [{"reason": "NamespaceTerminating", "field": "", "message": ""}]
    )
    journal = await converge(Script([dying]))
    assert journal.writes == []


async def test_a_child_without_owner_reference_is_ours_by_its_hash() -> None:
    """Somebody stripped the owner reference: the salted hash still proves that it was made for this owner."""
    stripped = as_entry(live(desired(), fields={"f:data": {"f:k": {}}}, ownerReferences=[]))
    script = Script([answer(200, live(desired()))])
    await converge(script, stripped)
    assert script.sent[0].body["metadata"]["uid"] == "uid-a"


# ── pruning ──────────────────────────────────────────────────────────────────────────────────────
async def test_pruning_has_uid_and_resource_version_as_preconditions() -> None:
    """What is deleted is what was looked at."""
    script = Script([answer(200, {"kind": "Status", "metadata": {}})])
    journal = await converge(script, as_entry(live(desired())), steps=[])
    assert script.sent[0].method == "DELETE"
    assert script.sent[0].body["preconditions"] == {"uid": "uid-a", "resourceVersion": "9"}
    assert journal.summary == ["prune ConfigMap a"]


@pytest.mark.parametrize(
    "entry",
    [
        live(desired(), labels={}),
        live(desired(), managedFields=[]),
        live(desired(), ownerReferences=[{"uid": "another", "controller": True}]),
        live(desired(), deletionTimestamp="2026-01-01T00:00:00Z"),
    ],
    ids=["no label", "no Apply entry", "another owner", "deleting"],
)
async def test_what_is_not_provably_ours_is_not_pruned(entry: dict[str, object]) -> None:
    """Label, owner uid and Apply entry must agree."""
    await converge(Script(), as_entry(entry), steps=[])


async def test_a_child_that_changed_before_its_pruning_is_judged_again() -> None:
    """409: read live; no longer ours, it stays."""
    changed = live(desired(), rv=10, ownerReferences=[])
    script = Script([refused(409, "Conflict"), answer(200, changed)])
    journal = await converge(script, as_entry(live(desired())), steps=[])
    assert journal.writes == []


DROP: list[Step] = [DropChild(CONFIGMAP, "a")]


async def test_an_own_child_is_deleted_on_demand() -> None:
    """`ctx.delete`, with the same preconditions as pruning."""
    script = Script([answer(200, {"kind": "Status", "metadata": {}})])
    journal = await converge(script, as_entry(live(desired())), steps=DROP)
    assert script.sent[0].body["preconditions"] == {"uid": "uid-a", "resourceVersion": "9"}
    assert journal.summary == ["delete ConfigMap a"]


@pytest.mark.parametrize(
    "entry",
    [
        live(desired(), labels={}),
        live(desired(), managedFields=[{"manager": "someone-else"}]),
        live(desired(), ownerReferences=[{"uid": "another", "controller": True}]),
    ],
    ids=["no label", "no Apply entry", "another owner"],
)
async def test_what_is_not_provably_ours_is_not_deleted(entry: dict[str, object]) -> None:
    """Another controller of the same primary owns its children as well: `ctx.delete` names it and does nothing."""
    script = Script()
    with pytest.raises(NotTaken, match="ConfigMap a exists and is not ours"):
        await converge(script, as_entry(entry), steps=DROP)
    assert script.sent == []


async def test_a_child_that_was_taken_over_before_its_deletion_stays() -> None:
    """409: read live; another controller's now, which is named."""
    taken = live(desired(), rv=10, labels={}, managedFields=[{"manager": "someone-else"}])
    script = Script([refused(409, "Conflict"), answer(200, taken)])
    with pytest.raises(NotTaken, match="someone-else"):
        await converge(script, as_entry(live(desired())), steps=DROP)
    assert [sent.method for sent in script.sent] == ["DELETE", "GET"]


async def test_finalize_does_not_prune() -> None:
    """Children go with their owner."""
    await converge(Script(), as_entry(live(desired())), steps=[], prune=False)


async def test_the_primary_is_never_its_own_child() -> None:
    """A plan that applies the object that it was made for would fight over every field."""
    itself = apply(apiVersion="example.com/v1", kind="MyResource", metadata={"name": "hello"})
    with pytest.raises(PlanInvalid, match="its own child"):
        plan_children([itself], OWNER, REF, [MYRESOURCE])
