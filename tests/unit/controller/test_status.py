"""Status: what an author may set, what is written, and when nothing is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from controller_script import MYRESOURCE, REF, ManualClock, Script, account, answer, primary, refused, watched

from controller.account import Journal, NotTaken, PlanInvalid
from controller.cache import Entry
from controller.status import AuthorStatus, StatusWriter, Verdict, compose, is_current, plan_status
from core.domain.conditions import for_object
from core.domain.outcome import Outcome
from core.kube.schema import ConditionsShape, StatusSchema
from sandbox.wire.messages import ConditionEffect

ITEM = frozenset({"type", "status", "reason", "message", "lastTransitionTime", "observedGeneration"})
FULL = StatusSchema(frozenset({"phase", "observedGeneration", "conditions"}), False, ConditionsShape.MAP, ITEM)
ATOMIC = StatusSchema(FULL.fields, False, ConditionsShape.ATOMIC, ITEM)
BARE = StatusSchema(frozenset({"phase"}), False, ConditionsShape.ABSENT, frozenset())
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
READY = for_object(Outcome.SUCCEEDED)
NOTHING = AuthorStatus({}, ())


def author(**fields: object) -> AuthorStatus:
    """What a run set."""
    return plan_status(msgspec.json.encode(fields), [], has_status=True, kind="MyResource")


@pytest.mark.parametrize(
    ("effect", "says"),
    [
        (ConditionEffect("Ready", "True", "Mine"), "Ready is the host's"),
        (ConditionEffect("Stalled", "True", "Mine"), "Stalled is the host's"),
        (ConditionEffect("Bad type", "True", "R"), "not a condition type"),
        (ConditionEffect("Fine", "Maybe", "R"), "True, False or Unknown"),
        (ConditionEffect("Fine", "True", "no reason"), "not a reason"),
        (ConditionEffect("Fine", "True", ""), "not a reason"),
    ],
)
def test_conditions_of_an_author(effect: ConditionEffect, says: str) -> None:
    """The host's three are not for the author, and the rest must be what every reader accepts."""
    with pytest.raises(PlanInvalid, match=says):
        plan_status(b"{}", [effect], has_status=True, kind="MyResource")


def test_a_kind_without_status_keeps_none() -> None:
    """ctx.status there is Failed, not silently lost; without it all is well."""
    with pytest.raises(PlanInvalid, match="no status subresource"):
        plan_status(b'{"a": 1}', [], has_status=False, kind="ConfigMap")
    assert plan_status(b"{}", [], has_status=False, kind="ConfigMap") == NOTHING


def test_the_list_of_conditions_is_not_set_directly() -> None:
    """It would fight with the host's."""
    with pytest.raises(PlanInvalid, match=r"ctx\.condition"):
        author(conditions=[])


def test_host_fields_are_written_where_the_schema_has_them() -> None:
    """A schema without conditions and observedGeneration gets the author's fields alone."""
    assert compose(BARE, {}, author(phase="x"), READY, (3, NOW)) == {"phase": "x"}
    full = compose(FULL, {}, author(phase="x"), READY, (3, NOW))
    assert (full["phase"], full["observedGeneration"]) == ("x", 3)
    assert full["conditions"] == [
        {
            "type": "Ready",
            "status": "True",
            "reason": "Succeeded",
            "message": "",
            "lastTransitionTime": "2026-01-02T03:04:05Z",
            "observedGeneration": 3,
        }
    ]


def test_condition_members_are_written_where_the_schema_has_them() -> None:
    """A bare condition type keeps type and status."""
    small = StatusSchema(FULL.fields, False, ConditionsShape.MAP, frozenset({"type", "status"}))
    assert compose(small, {}, None, READY, (3, NOW))["conditions"] == [{"type": "Ready", "status": "True"}]


def test_an_authors_condition_needs_a_schema_that_has_conditions() -> None:
    """Named like the API server's own refusal."""
    wants = plan_status(b"{}", [ConditionEffect("Fine", "True", "Because")], has_status=True, kind="MyResource")
    with pytest.raises(PlanInvalid, match=r"\.status\.conditions: field not declared in schema"):
        compose(BARE, {}, wants, READY, (3, NOW))


def test_a_transition_time_moves_with_the_status_alone() -> None:
    """A new reason or message is no transition."""
    before = {"conditions": [{"type": "Ready", "status": "True", "reason": "Old", "lastTransitionTime": "then"}]}
    kept = compose(FULL, before, None, READY, (4, NOW))["conditions"]
    assert kept[0]["lastTransitionTime"] == "then"  # type: ignore[index]
    moved = compose(FULL, before, None, for_object(Outcome.RETRY, "x"), (4, NOW))["conditions"]
    assert moved[0]["lastTransitionTime"] == "2026-01-02T03:04:05Z"  # type: ignore[index]


def test_an_atomic_list_keeps_what_others_wrote() -> None:
    """Merged by type: theirs stay, ours are replaced, an old Stalled of ours goes."""
    before = {
        "conditions": [
            {"type": "Theirs", "status": "True"},
            {"type": "Stalled", "status": "True", "reason": "Failed"},
            {"type": "Ready", "status": "False"},
        ]
    }
    merged = compose(ATOMIC, before, NOTHING, READY, (4, NOW))["conditions"]
    assert [(item["type"], item["status"]) for item in merged] == [("Theirs", "True"), ("Ready", "True")]  # type: ignore


def held(document: dict[str, object]) -> dict[str, object]:
    """The managedFields of our apply of this status."""
    fields: dict[str, object] = {}
    for key, value in document.items():
        if key == "conditions":
            assert isinstance(value, list)
            fields["f:conditions"] = {
                msgspec.json.encode({"type": item["type"]}).decode().join(("k:", "")): {
                    f"f:{name}": {} for name in item
                }
                for item in value
            }
        else:
            fields[f"f:{key}"] = {}
    return {"f:status": fields}


def test_an_equal_status_that_we_hold_is_current() -> None:
    """Foreign fields beside ours do not matter: a whole-status compare would write at every run."""
    document = compose(FULL, {}, author(phase="x"), READY, (3, NOW))
    there = {**document, "theirs": 1, "conditions": [*document["conditions"], {"type": "Theirs"}]}  # type: ignore[misc]
    assert is_current(document, there, held(document))


@pytest.mark.parametrize("lost", ["value", "path", "extra path", "entry", "condition"])
def test_what_is_not_current(lost: str) -> None:
    """Another value, a path that is not ours any more, a path that we should give back, no entry at all."""
    document = compose(FULL, {}, author(phase="x"), READY, (3, NOW))
    there: dict[str, object] = dict(document)
    fields: dict[str, object] | None = held(document)
    if lost == "value":
        there["phase"] = "y"
    elif lost == "path":
        del fields["f:status"]["f:phase"]  # type: ignore
    elif lost == "extra path":
        fields["f:status"]["f:old"] = {}  # type: ignore
    elif lost == "entry":
        fields = None
    else:
        there["conditions"] = []
    assert not is_current(document, there, fields)


def test_nothing_wanted_and_nothing_held_is_current() -> None:
    """A kind without host fields and a run without words: no write."""
    assert is_current({}, {"theirs": 1}, None)
    assert not is_current({}, {}, {"f:status": {"f:phase": {}}})


def writer(script: Script, *entries: Entry) -> StatusWriter:
    """With these in the cache."""
    return StatusWriter(account=account(script), ref=REF, primary=watched(MYRESOURCE, *entries), clock=ManualClock())


SUCCEEDED = Verdict(Outcome.SUCCEEDED, "", AuthorStatus({"phase": "x"}, ()), 3)
FAILED = Verdict(Outcome.FAILED, "bad", None, 3)


async def test_a_success_is_one_guarded_apply() -> None:
    """Author and host fields together, under the resourceVersion they were computed from."""
    script = Script([answer(200, {"metadata": {"resourceVersion": "6"}})])
    await writer(script).write(primary(), SUCCEEDED, FULL, Journal())
    (sent,) = script.sent
    assert sent.path == "/apis/example.com/v1/namespaces/team-a/myresources/hello/status"
    assert sent.query == {"fieldManager": REF.manager, "force": "true"}
    assert sent.body["metadata"] == {"name": "hello", "namespace": "team-a", "resourceVersion": "5"}
    assert sent.body["status"]["phase"] == "x"


async def test_other_outcomes_write_host_fields_under_the_host_manager() -> None:
    """So the author's last words stay."""
    script = Script([answer(200, {"metadata": {"resourceVersion": "6"}})])
    await writer(script).write(primary(), FAILED, FULL, Journal())
    (sent,) = script.sent
    assert sent.query["fieldManager"] == REF.host_manager
    assert set(sent.body["status"]) == {"observedGeneration", "conditions"}
    assert [item["type"] for item in sent.body["status"]["conditions"]] == ["Ready", "Stalled"]


async def test_the_first_success_after_a_failure_takes_the_hosts_words_back() -> None:
    """One empty apply by the host's manager, under the resourceVersion that the first one made."""
    entry = {"manager": REF.host_manager, "operation": "Apply", "subresource": "status", "fieldsV1": {"f:status": {}}}
    script = Script([answer(200, {"metadata": {"resourceVersion": "6"}}), answer(200, {"metadata": {}})])
    await writer(script).write(primary(managedFields=[entry]), SUCCEEDED, FULL, Journal())
    last = script.sent[1]
    assert last.query["fieldManager"] == REF.host_manager
    assert "status" not in last.body
    assert last.body["metadata"]["resourceVersion"] == "6"


async def test_a_stale_write_is_made_again_from_live_state() -> None:
    """409: read, compute, write again; no new run."""
    fresh = primary(rv=8).raw
    script = Script([refused(409, "Conflict"), answer(200, msgspec.json.decode(fresh)), answer(200, {"metadata": {}})])
    await writer(script).write(primary(), SUCCEEDED, FULL, Journal())
    assert [sent.method for sent in script.sent] == ["PATCH", "GET", "PATCH"]
    assert script.sent[2].body["metadata"]["resourceVersion"] == "8"


async def test_another_object_of_the_name_gets_no_word_of_its_predecessor() -> None:
    """409, and the object is another one now: nothing more is written."""
    other = msgspec.json.decode(primary(rv=8).raw)
    other["metadata"]["uid"] = "another"
    script = Script([refused(409, "Conflict"), answer(200, other)])
    await writer(script).write(primary(), SUCCEEDED, FULL, Journal())
    assert [sent.method for sent in script.sent] == ["PATCH", "GET"]


async def test_an_object_that_is_gone_needs_no_status() -> None:
    """404 is an end like any other."""
    await writer(Script([refused(404, "NotFound")])).write(primary(), FAILED, FULL, Journal())


async def test_an_object_that_never_rests_is_tried_later() -> None:
    """Five conflicts in a row are a Retry, not a loop."""
    answers = []
    for rv in range(6, 11):
        answers += [refused(409, "Conflict"), answer(200, msgspec.json.decode(primary(rv=rv).raw))]
    with pytest.raises(NotTaken):
        await writer(Script(answers)).write(primary(), FAILED, FULL, Journal())  # type: ignore[arg-type]


async def test_an_undeclared_field_is_the_plans_fault() -> None:
    """HTTP 500 of server-side apply, with the path."""
    message = "failed to create typed patch object (x): .status.colour: field not declared in schema"
    with pytest.raises(PlanInvalid, match=r"\.status\.colour"):
        await writer(Script([refused(500, "", message)])).write(primary(), SUCCEEDED, FULL, Journal())


async def test_an_object_too_deep_to_read_is_tried_later() -> None:
    """Its status may be shallower by then; nothing is written blindly."""
    deep = replace(primary(), raw=primary().raw[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}")
    with pytest.raises(NotTaken):
        await writer(Script()).write(deep, FAILED, FULL, Journal())
