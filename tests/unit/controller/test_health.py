"""What people see: a Reconciler's status, and why the controller is not ready."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from controller_script import CONFIGMAP, ManualClock, Script, answer, refused

from controller.cache import Entry
from controller.health import (
    COUNTERS_EVERY,
    MANAGER,
    AdmissionCheck,
    Picture,
    StatusReporter,
    contains,
    status_of,
    waived,
)
from controller.manager.tools import RECONCILER
from core.domain.conditions import Problem, Reason, ReconcilerHealth
from core.errors import Unavailable
from core.kube.discovery import Resource
from core.kube.errors import Forbidden, MalformedAnswer, Refused
from sandbox.pool.doctor import REQUIRED

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RESOURCE = Resource(gvk=RECONCILER, plural="reconcilers", namespaced=True, has_status=True)


def picture(**health: object) -> Picture:
    """A Reconciler at work."""
    given = {"active_revision": 1, "synced": True, **health}
    return Picture(generation=2, health=ReconcilerHealth(**given))  # type: ignore[arg-type]


def entry(rv: int = 5, status: object = None) -> Entry:
    """The Reconciler as the cache holds it."""
    meta = {"name": "greeter", "namespace": "team-a", "uid": "u", "resourceVersion": str(rv), "generation": 2}
    return Entry.parse(RECONCILER, msgspec.json.encode({"metadata": meta, "status": status or {}}))


def test_a_transition_time_moves_with_the_status_alone() -> None:
    """Counting objects is no transition."""
    first = status_of(picture(total=1), {}, NOW)
    later = NOW.replace(hour=9)
    second = status_of(picture(total=2), first, later)
    third = status_of(picture(total=2, failing=1), second, later)
    moments = [document["conditions"][0]["lastTransitionTime"] for document in (first, second, third)]  # type: ignore
    assert moments == ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", "2026-01-02T09:04:05Z"]


WHOLE = dict.fromkeys(REQUIRED, "on")


def test_a_layer_that_is_waived_is_named() -> None:
    """Also one of which the pool says nothing; extras do not count, and without a cage nothing runs."""
    assert waived({**WHOLE, "landlock": "on (ABI 7)", "namespaces": "off: denied"}) == ""
    assert waived({}) == ""
    told = waived({**WHOLE, "landlock": "off: Function not implemented"})
    assert told == "code runs without a layer of its cage: landlock (off: Function not implemented)"
    assert "seccomp (not reported)" in waived({layer: "on" for layer in REQUIRED if layer != "seccomp"})


class Bench:
    """A reporter with a clock, a script of answers and a picture that changes."""

    def __init__(self, *answers: object, live: Entry | None = None) -> None:
        self.clock = ManualClock()
        self.script = Script(list(answers))  # type: ignore[arg-type]
        self.picture = picture(total=1)
        self.live = live or entry()
        self.reporter = StatusReporter(
            transport=self.script,  # type: ignore[arg-type]
            resource=RESOURCE,
            clock=self.clock,
            entry=lambda: self.live,
            picture=lambda: self.picture,
        )


async def test_the_status_is_written_as_the_controller_under_its_version() -> None:
    """To /status, by server-side apply, never onto a Reconciler of another version."""
    bench = Bench(answer(200, {}))
    assert await bench.reporter.report() is None
    (sent,) = bench.script.sent
    assert sent.path.endswith("/namespaces/team-a/reconcilers/greeter/status")
    assert (sent.query["fieldManager"], sent.impersonate) == (MANAGER, None)
    assert sent.body["metadata"]["resourceVersion"] == "5"


async def test_nothing_new_writes_nothing() -> None:
    """Neither after a write, nor after a restart that finds its own status."""
    bench = Bench(answer(200, {}))
    await bench.reporter.report()
    await bench.reporter.report()
    assert len(bench.script.sent) == 1
    again = Bench(live=entry(status=bench.script.sent[0].body["status"]))
    again.clock.at += 5.0
    await again.reporter.report()
    assert again.script.sent == []


async def test_owned_kinds_are_kept_once_they_are_written() -> None:
    """At once, though only counters were written a moment ago; what is there costs no write."""
    bench = Bench(answer(200, {}), answer(200, {}))
    await bench.reporter.report()
    bench.picture = replace(bench.picture, owned=(CONFIGMAP,))
    await bench.reporter.keep(frozenset({CONFIGMAP}))
    await bench.reporter.keep(frozenset({CONFIGMAP}))
    assert len(bench.script.sent) == 2
    assert bench.script.sent[1].body["status"]["ownedKinds"] == [{"apiVersion": "v1", "kind": "ConfigMap"}]
    again = Bench(live=entry(status=bench.script.sent[1].body["status"]))
    again.picture = bench.picture
    await again.reporter.keep(frozenset({CONFIGMAP}))
    assert again.script.sent == []


async def test_what_is_not_written_is_not_kept() -> None:
    """Neither after a refused write, nor before there is a picture."""
    bench = Bench(refused(403, "Forbidden", "no"))
    bench.picture = replace(bench.picture, owned=(CONFIGMAP,))
    with pytest.raises(Forbidden):
        await bench.reporter.keep(frozenset({CONFIGMAP}))
    bench.reporter._picture = lambda: None
    with pytest.raises(Unavailable):
        await bench.reporter.keep(frozenset({CONFIGMAP}))


async def test_counters_wait_and_conditions_do_not() -> None:
    """A thousand runs are one write in ten seconds; a Stalled is told at once."""
    bench = Bench(answer(200, {}), answer(200, {}), answer(200, {}))
    await bench.reporter.report()
    bench.picture = picture(total=2)
    assert await bench.reporter.report() == COUNTERS_EVERY
    bench.picture = picture(total=2, problems=(Problem(Reason.FORBIDDEN, "may not"),))
    assert await bench.reporter.report() is None
    assert len(bench.script.sent) == 2
    bench.picture = picture(total=3, problems=(Problem(Reason.FORBIDDEN, "may not"),))
    bench.clock.at += COUNTERS_EVERY
    assert await bench.reporter.report() is None
    assert len(bench.script.sent) == 3


async def test_a_conflict_is_written_again_unless_it_is_another_reconciler() -> None:
    """409: read live; of another uid: nothing more."""
    again = msgspec.json.decode(entry(8).raw)
    bench = Bench(refused(409, "Conflict"), answer(200, again), answer(200, {}))
    await bench.reporter.report()
    assert bench.script.sent[2].body["metadata"]["resourceVersion"] == "8"
    again["metadata"]["uid"] = "another"
    bench = Bench(refused(409, "Conflict"), answer(200, again))
    await bench.reporter.report()
    assert len(bench.script.sent) == 2


async def test_a_status_that_was_never_taken_is_written_later() -> None:
    """A conflict at every try is an error, and the next report writes again."""
    conflict, again = refused(409, "Conflict"), answer(200, msgspec.json.decode(entry(8).raw))
    bench = Bench(conflict, again, conflict, again, conflict, answer(200, {}))
    with pytest.raises(Refused):
        await bench.reporter.report()
    await bench.reporter.report()
    assert [sent.method for sent in bench.script.sent] == ["PATCH", "GET", "PATCH", "GET", "PATCH", "PATCH"]


async def test_a_reconciler_that_cannot_be_read_is_an_error_of_the_api_server() -> None:
    """One that is handled, and tried again."""
    bench = Bench(refused(409, "Conflict"), answer(200, {"metadata": {}}))
    with pytest.raises(MalformedAnswer, match="cannot be read"):
        await bench.reporter.report()


# ── admission ────────────────────────────────────────────────────────────────────────────────────
POLICY: dict[str, object] = {
    "kind": "ValidatingAdmissionPolicy",
    "metadata": {"name": "p"},
    "spec": {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [{"operations": ["CREATE"], "resources": ["reconcilers"]}]},
        "validations": [{"expression": "may()"}],
    },
}
BINDING: dict[str, object] = {
    "kind": "ValidatingAdmissionPolicyBinding",
    "metadata": {"name": "p"},
    "spec": {"policyName": "p", "validationActions": ["Deny"]},
}


def served(manifest: dict[str, object], **spec: object) -> dict[str, object]:
    """As the API server has it, with its defaults, and with `spec` changed."""
    document = copy.deepcopy(manifest)
    if manifest is POLICY:
        document["spec"]["matchConstraints"] |= {"matchPolicy": "Equivalent", "namespaceSelector": {}}  # type: ignore
        document["spec"]["matchConstraints"]["resourceRules"][0]["scope"] = "*"  # type: ignore[index]
    document["spec"] |= spec  # type: ignore[operator]
    return document


async def look(*answers: object, manifests: list[dict[str, object]] | None = None) -> list[str]:
    """What is wrong."""
    script = Script(list(answers))  # type: ignore[arg-type]
    given = [POLICY, BINDING] if manifests is None else manifests
    return await AdmissionCheck(transport=script, manifests=given).look()  # type: ignore[arg-type]


async def test_as_shipped_is_ready() -> None:
    """The API server's defaults are no difference."""
    assert await look(answer(200, served(POLICY)), answer(200, served(BINDING))) == []


@pytest.mark.parametrize(
    ("manifest", "change"),
    [
        (POLICY, {"failurePolicy": "Ignore"}),
        (POLICY, {"validations": [{"expression": "true"}]}),
        (POLICY, {"validations": []}),
        (POLICY, {"matchConditions": [{"name": "never", "expression": "false"}]}),
        (BINDING, {"validationActions": ["Warn"]}),
        (BINDING, {"matchResources": {"namespaceSelector": {"matchLabels": {"a": "b"}}}}),
        (BINDING, {"policyName": "another"}),
    ],
)
async def test_a_weaker_policy_is_not_ready(manifest: dict[str, object], change: dict[str, object]) -> None:
    """What was taken away counts, and so does what was added: a condition opens the door as well."""
    answers = [answer(200, served(each, **(change if each is manifest else {}))) for each in (POLICY, BINDING)]
    (problem,) = await look(*answers)
    assert problem == f"{manifest['kind']} p is not as shipped"


async def test_a_missing_policy_is_not_ready() -> None:
    """Nor is one that cannot be read, nor an installation that does not know its own."""
    problems = await look(refused(404, "NotFound"), refused(403, "Forbidden", "no"))
    assert problems[0] == "ValidatingAdmissionPolicy p is missing"
    assert "cannot be read" in problems[1]
    assert await look(manifests=[]) != []


def test_lists_are_compared_in_full() -> None:
    """A rule more or less is another policy."""
    assert contains([1, {"a": 1}], [1, {"a": 1}])
    assert not contains([1, 2], [1])
    assert not contains({"a": 1, "b": 2}, {"a": 1})
    assert contains({"a": 1, "b": None}, {"a": 1})
