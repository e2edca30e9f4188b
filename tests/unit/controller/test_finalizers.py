"""Finalizers: put on and taken off the very version that was looked at, with everybody else's kept."""

from __future__ import annotations

import msgspec
import pytest
from controller_script import MYRESOURCE, REF, Script, account, answer, primary, refused, watched

from controller.account import Journal, NotTaken, PlanInvalid
from controller.finalizers import Finalizers, Release
from core.kube.client import Response

OURS = REF.finalizer
DEEP = primary(rv=6).raw[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}"
RBAC = 'forbidden: User "x" cannot patch resource "myresources" in API group "example.com"'


def finalizers(script: Script) -> Finalizers:
    """Of the scripted Reconciler."""
    return Finalizers(account=account(script), ref=REF, primary=watched(MYRESOURCE))


def live(rv: int, *names: str, **meta: object) -> Response:
    """The object as the API server answers it."""
    return answer(200, msgspec.json.decode(primary(rv=rv, finalizers=list(names), **meta).raw))


async def test_adding_tests_uid_and_resource_version_first() -> None:
    """And keeps the finalizers of others."""
    script = Script([live(6, "theirs/x", OURS)])
    added = await finalizers(script).add(primary(finalizers=["theirs/x"]), Journal())
    assert added is not None
    assert (added.rv, added.finalizers) == (6, ("theirs/x", OURS))
    assert script.sent[0].body == [
        {"op": "test", "path": "/metadata/uid", "value": "uid-hello"},
        {"op": "test", "path": "/metadata/resourceVersion", "value": "5"},
        {"op": "add", "path": "/metadata/finalizers", "value": ["theirs/x", OURS]},
    ]


@pytest.mark.parametrize("body", [b"{", b'{"metadata":{"name":"hello"}}', DEEP], ids=["cut", "no uid", "deep"])
async def test_an_answer_that_cannot_be_read_is_a_retry(body: bytes) -> None:
    """The write was taken; the next run finds it so."""
    script = Script([Response(200, {}, body)])
    with pytest.raises(NotTaken, match="cannot be read"):
        await finalizers(script).add(primary(), Journal())


async def test_what_is_there_costs_no_request() -> None:
    """Both ways."""
    script = Script()
    with_it, without = primary(finalizers=[OURS]), primary()
    assert await finalizers(script).add(with_it, Journal()) is with_it
    assert await finalizers(script).remove(without, Journal()) is without
    assert script.sent == []


async def test_an_object_that_moved_is_read_and_patched_again() -> None:
    """A failed test answers 422."""
    script = Script([refused(422, "Invalid"), live(8, "theirs/x"), live(9, "theirs/x", OURS)])
    added = await finalizers(script).add(primary(), Journal())
    assert added is not None
    assert script.sent[2].body[1]["value"] == "8"
    assert script.sent[2].body[2]["value"] == ["theirs/x", OURS]


async def test_a_422_on_an_object_that_did_not_move_is_no_conflict() -> None:
    """A rule of the object's own forbids it: Failed, no loop."""
    with pytest.raises(PlanInvalid):
        await finalizers(Script([refused(422, "Invalid", "no"), live(5)])).add(primary(), Journal())


@pytest.mark.parametrize(
    "now",
    [refused(404, "NotFound"), live(8, uid="another"), live(8, deletionTimestamp="2026-01-01T00:00:00Z")],
    ids=["gone", "another object", "deleting"],
)
async def test_no_finalizer_is_put_on_what_is_going(now: Response) -> None:
    """Its own run follows."""
    assert await finalizers(Script([refused(422, "Invalid"), now])).add(primary(), Journal()) is None


async def test_an_object_that_is_gone_needs_no_removal() -> None:
    """404 while removing is done."""
    assert await finalizers(Script([refused(404, "NotFound")])).remove(primary(finalizers=[OURS]), Journal()) is None


async def test_release_falls_back_to_the_controllers_own_right() -> None:
    """A dying namespace loses its RoleBindings first."""
    script = Script([refused(403, "Forbidden", RBAC), live(6)])
    release = Release(
        finalizers=finalizers(script),
        transport=script,
        primary=watched(MYRESOURCE),
        ref=REF,  # type: ignore[arg-type]
    )
    await release.strip(primary(finalizers=["theirs/x", OURS]))
    assert [sent.impersonate for sent in script.sent] == ["system:serviceaccount:team-a:greeter", None]
    assert script.sent[1].body[2]["value"] == ["theirs/x"]


async def test_release_without_any_right_names_the_first_one() -> None:
    """What the ServiceAccount lacked is what a person can grant."""
    script = Script([refused(403, "Forbidden", RBAC), refused(403, "Forbidden", "no")])
    release = Release(
        finalizers=finalizers(script),
        transport=script,
        primary=watched(MYRESOURCE),
        ref=REF,  # type: ignore[arg-type]
    )
    with pytest.raises(NotTaken, match="may not patch myresources"):
        await release.strip(primary(finalizers=[OURS]))
