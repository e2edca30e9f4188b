"""What the API server's refusals mean for a run."""

from __future__ import annotations

import pytest
from controller_script import ManualClock, Script, account, answer, refused

from controller.account import Call, Gate, Journal, NotTaken, Outage, PlanInvalid, missing_right, refusal
from core.domain.keys import Gvk
from core.kube.client import Response
from core.kube.discovery import Resource
from core.kube.errors import Failure, Missing, Unreachable, to_error

RBAC = (
    'configmaps is forbidden: User "system:serviceaccount:team-a:greeter" cannot create resource "configmaps" '
    'in API group "" in the namespace "team-a"'
)
UNDECLARED = (
    "failed to create typed patch object (team-a/hello; example.com/v1, Kind=MyResource): "
    ".status.colour: field not declared in schema"
)


@pytest.mark.parametrize(
    ("status", "message", "meaning"),
    [
        (403, RBAC, NotTaken),
        (403, 'admission webhook "x" denied the request: no', NotTaken),
        (404, "the server could not find the requested resource", NotTaken),
        (409, "conflict", NotTaken),
        (400, "bad", PlanInvalid),
        (413, "Request entity too large", PlanInvalid),
        (422, "data.k: Invalid value", PlanInvalid),
        (500, UNDECLARED, PlanInvalid),
        (500, "etcdserver: request is too large", PlanInvalid),
        (500, 'Internal error occurred: failed calling webhook "x": context deadline exceeded', NotTaken),
        (500, "something broke", Outage),
        (401, "Unauthorized", Outage),
        (429, "too many requests", Outage),
        (503, "apiserver not ready", Outage),
        (504, "timeout", Outage),
    ],
)
def test_refusals(status: int, message: str, meaning: type[Exception]) -> None:
    """The effect half of the outcome table, status by status."""
    error = to_error(Failure(status=status, reason="", message=message))
    assert type(refusal(error, "apply ConfigMap a", "team-a")) is meaning


def test_a_missing_right_is_named() -> None:
    """Verb, resource and namespace, out of the API server's sentence."""
    error = refusal(to_error(Failure(status=403, reason="Forbidden", message=RBAC)), "apply", "team-a")
    assert isinstance(error, NotTaken)
    assert error.missing_right == "the ServiceAccount may not create configmaps in namespace team-a"
    group = RBAC.replace('resource "configmaps" in API group ""', 'resource "myresources/status" in API group "e.com"')
    assert missing_right(group, "team-a") == (
        "the ServiceAccount may not create myresources/status.e.com in namespace team-a"
    )
    ours = RBAC.replace('create resource "configmaps"', 'impersonate resource "serviceaccounts"')
    assert missing_right(ours, "team-a") == "the controller may not impersonate serviceaccounts in namespace team-a"
    assert missing_right("exceeded quota", "team-a") == ""


def test_an_undeclared_field_is_named() -> None:
    """The sentence is the path, not the API server's whole story."""
    error = refusal(to_error(Failure(status=500, reason="", message=UNDECLARED)), "status", "team-a")
    assert str(error) == "status: .status.colour: field not declared in schema"


async def test_everything_is_asked_as_the_service_account() -> None:
    """One name on every request."""
    script = Script([answer(200, {})])
    await account(script).send(Call("x", "PATCH", "/api/v1/x"))
    assert script.sent[0].impersonate == "system:serviceaccount:team-a:greeter"


async def test_only_what_a_call_expects_comes_back_raw() -> None:
    """Everything else is translated."""
    script = Script([refused(404, "NotFound"), refused(404, "NotFound")])
    who = account(script)
    with pytest.raises(Missing):
        await who.send(Call("x", "GET", "/x", expect=(Missing,)))
    with pytest.raises(NotTaken):
        await who.send(Call("x", "GET", "/x"))


async def test_connection_failures_shut_the_gate_for_everybody() -> None:
    """No answer at all: nobody needs to ask for a moment."""
    gate, clock = Gate(), ManualClock()
    script = Script([Unreachable("cannot connect")])
    with pytest.raises(Outage):
        await account(script, clock, gate).send(Call("x", "GET", "/x"))
    assert gate.remaining(clock.at) > 0
    assert gate.remaining(clock.at + 5.0) == 0


async def test_overload_shuts_the_gate_of_one_account_for_as_long_as_asked() -> None:
    """Retry-After is obeyed, and is about this ServiceAccount alone."""
    gate, clock = Gate(), ManualClock()
    busy = refused(429, "TooManyRequests")
    script = Script([type(busy)(status=429, headers={"Retry-After": "3"}, body=busy.body)])
    who = account(script, clock, gate)
    with pytest.raises(Outage):
        await who.send(Call("x", "GET", "/x"))
    assert gate.remaining(clock.at) == 0
    assert who.held_back() >= 3.0


def test_runs_on_their_way_do_not_lengthen_the_wait() -> None:
    """Sixteen failures at one moment are one outage; later ones wait longer, up to the bound."""
    gate = Gate()
    for _ in range(16):
        gate.shut(0.0)
    assert gate.remaining(0.0) <= 0.2
    now = 0.0
    for _ in range(12):
        now += 10.0
        gate.shut(now)
    assert 2.5 <= gate.remaining(now) <= 5.0
    gate.passed()
    gate.shut(now + 10.0)
    assert gate.remaining(now + 10.0) <= 0.2


def test_the_journal_keeps_what_was_answered() -> None:
    """A deletion's Status carries no resourceVersion: 0."""
    journal = Journal()
    gvk = Gvk("v1", "ConfigMap")
    made = answer(201, {"metadata": {"name": "a", "uid": "u", "resourceVersion": "7"}})
    assert journal.wrote(gvk, made, "create ConfigMap a") == 7
    assert journal.wrote(gvk, answer(200, {"kind": "Status", "metadata": {}}), "prune ConfigMap b") == 0
    assert [(write.name, write.rv) for write in journal.writes] == [("a", 7), ("", 0)]
    assert journal.summary == ["create ConfigMap a", "prune ConfigMap b"]


async def test_an_object_that_cannot_be_read_is_not_taken() -> None:
    """It is the object's trouble, with a sentence, and no bug of a run."""
    resource = Resource(gvk=Gvk("v1", "ConfigMap"), plural="configmaps", namespaced=True, has_status=False)
    deep = b'{"apiVersion":"v1","kind":"ConfigMap","data":' + b"[" * 5000 + b"]" * 5000 + b"}"
    with pytest.raises(NotTaken, match="get ConfigMap a"):
        await account(Script([Response(200, {}, deep)])).live(resource, "a")


@pytest.mark.parametrize(("tail", "rv"), [(b"", 9), (b',"x":' + b"[" * 5000 + b"]" * 5000, 9), (b",", None)])
def test_a_write_whose_answer_is_no_object_is_not_taken(tail: bytes, rv: int | None) -> None:
    """One that is only nested too deeply tells its resourceVersion all the same."""
    body = b'{"metadata":{"name":"a","uid":"u","resourceVersion":"9"}' + tail + b"}"
    if rv is None:
        with pytest.raises(NotTaken):
            Journal().wrote(Gvk("v1", "ConfigMap"), Response(200, {}, body), "apply ConfigMap a")
    else:
        assert Journal().wrote(Gvk("v1", "ConfigMap"), Response(200, {}, body), "apply ConfigMap a") == rv
