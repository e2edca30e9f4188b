"""The release finalizer with the kinds it stands for, and stripping them."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest
from controller_script import MYRESOURCE, REF, Script, account, answer, metadata, primary, refused

from controller.account import NotTaken
from controller.cache import Entry
from controller.manager.release import ANNOTATION_FINALIZER_KINDS, Hold, Stripper, finalizer_kinds
from controller.manager.tools import RECONCILER
from core.domain.keys import FINALIZER_RELEASE, Gvk
from core.errors import Unavailable
from core.kube.client import Response
from core.kube.discovery import Resource

WIDGET = Gvk("example.com/v1", "Widget")
RECONCILERS = Resource(gvk=RECONCILER, plural="reconcilers", namespaced=True, has_status=True)


def reconciler(*kinds: Gvk, rv: int = 5) -> Entry:
    """The Reconciler, with the finalizer where there are kinds."""
    meta = metadata("greeter", rv, annotations={"theirs": "x"})
    if kinds:
        noted = msgspec.json.encode([str(kind) for kind in kinds]).decode()
        meta |= {"finalizers": [FINALIZER_RELEASE], "annotations": {"theirs": "x", ANNOTATION_FINALIZER_KINDS: noted}}
    return Entry.parse(RECONCILER, msgspec.json.encode({"metadata": meta}))


def hold(entry: Entry, *answers: Response) -> tuple[Hold, Script]:
    """Over this cached state."""
    script = Script(list(answers))
    return Hold(transport=script, resource=RECONCILERS, entry=lambda: entry), script  # type: ignore[arg-type]


def taken(entry: Entry) -> Response:
    """The API server's answer to a write that led there."""
    return Response(status=200, headers={}, body=entry.raw)


async def test_the_kind_is_noted_in_the_write_that_puts_the_finalizer_on() -> None:
    """So that no later spec makes us forget whose objects may carry ours; asked once a kind."""
    held, script = hold(reconciler(), taken(reconciler(WIDGET, rv=6)))
    await held.on(WIDGET)
    await held.on(WIDGET)
    (sent,) = script.sent
    wanted = {step["path"]: step["value"] for step in sent.body}
    assert wanted["/metadata/finalizers"] == [FINALIZER_RELEASE]
    assert wanted["/metadata/annotations"] == {"theirs": "x", ANNOTATION_FINALIZER_KINDS: '["example.com/v1/Widget"]'}


async def test_a_second_kind_is_added_and_the_last_one_forgotten_takes_the_finalizer_off() -> None:
    """One after the other."""
    held, script = hold(reconciler(WIDGET), taken(reconciler(WIDGET, MYRESOURCE)))
    await held.on(MYRESOURCE)
    assert script.sent[0].body[-1]["value"][ANNOTATION_FINALIZER_KINDS] == (
        '["example.com/v1/MyResource","example.com/v1/Widget"]'
    )
    held, script = hold(reconciler(WIDGET), taken(reconciler()))
    await held.forget(WIDGET)
    wanted = {step["path"]: step["value"] for step in script.sent[0].body}
    assert (wanted["/metadata/finalizers"], wanted["/metadata/annotations"]) == ([], {"theirs": "x"})


@pytest.mark.parametrize("text", ["{", '["Widget", "/x"]', "[1]", '{"a": 1}'])
def test_what_others_wrote_into_the_annotation_is_no_kind(text: str) -> None:
    """Nor an error."""
    meta = metadata("greeter", annotations={ANNOTATION_FINALIZER_KINDS: text})
    assert finalizer_kinds(Entry.parse(RECONCILER, msgspec.json.encode({"metadata": meta}))) == frozenset()


def served(*versions: str) -> list[Response]:
    """Discovery in two answers: MyResource in these versions."""
    kind = {"resource": "myresources", "scope": "Namespaced", "verbs": ["list"]}
    docs = [
        {
            "version": version,
            "resources": [{**kind, "responseKind": {"group": "example.com", "version": version, "kind": "MyResource"}}],
        }
        for version in versions
    ]
    groups = {"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": "example.com"}, "versions": docs}]}
    return [answer(200, groups), answer(200, {"kind": "APIGroupDiscoveryList", "items": []})]


def page(*entries: Entry) -> Response:
    """A list."""
    return answer(200, {"metadata": {}, "items": [msgspec.Raw(entry.raw) for entry in entries]})


class Told:
    """An audit that is busy as often as told."""

    def __init__(self, busy: int = 0) -> None:
        self.busy = busy
        self.counts: list[object] = []

    async def append(self, *_given: object, payload: dict[str, object], **_more: object) -> int:
        """The audit's."""
        if self.busy:
            self.busy -= 1
            raise Unavailable("the store is busy")
        self.counts.append(payload["objects"])
        return 1


def stripper(script: Script, told: Told) -> Stripper:
    """Of the scripted Reconciler."""
    tools = SimpleNamespace(transport=script, services=SimpleNamespace(audit=told))
    return Stripper(tools, REF)  # type: ignore[arg-type]


CARRIES = primary(finalizers=[REF.finalizer])


async def test_objects_of_a_version_that_is_gone_are_reached_through_another() -> None:
    """They are not gone with it."""
    script, told = Script([*served("v2"), page(CARRIES), taken(primary(rv=6))]), Told()
    await stripper(script, told).strip(account(script), MYRESOURCE)
    assert [sent.path.split("/")[3] for sent in script.sent[2:]] == ["v2", "v2"]
    assert told.counts == [1]


async def test_an_object_too_deep_to_read_holds_up_nobody() -> None:
    """The API server takes what no decoder here would follow; the finalizers are near the top."""
    deep = (
        b'{"metadata":{},"items":[{"metadata":{"name":"deep","uid":"u","resourceVersion":"5"},"spec":'
        + b"[" * 5000
        + b"]" * 5000
        + b"},"
    )
    page_of_two = Response(200, {}, deep + CARRIES.raw + b"]}")
    script, told = Script([*served("v1"), page_of_two, taken(primary(rv=6))]), Told()
    await stripper(script, told).strip(account(script), MYRESOURCE)
    assert told.counts == [1]


async def test_a_kind_in_no_version_is_gone() -> None:
    """As live discovery says, not as a cache remembers."""
    script, told = Script(served()), Told()
    await stripper(script, told).strip(account(script), MYRESOURCE)
    assert (len(script.sent), told.counts) == (2, [])


async def test_the_audit_is_told_of_every_object_also_after_a_busy_store() -> None:
    """The count is kept until it is in the trail."""
    script = Script([*served("v1"), page(CARRIES), taken(primary(rv=6)), *served("v1"), page()])
    told = Told(busy=1)
    strips = stripper(script, told)
    with pytest.raises(Unavailable):
        await strips.strip(account(script), MYRESOURCE)
    await strips.strip(account(script), MYRESOURCE)
    assert told.counts == [1]


async def test_a_revoked_account_leaves_the_controllers_own_rights() -> None:
    """No request is made in its name; where the platform gave the controller none, it is told."""
    script, told = Script([*served("v1"), page(CARRIES), taken(primary(rv=6))]), Told()
    gone = account(script)
    gone.revoked = True
    await stripper(script, told).strip(gone, MYRESOURCE)
    assert [sent.impersonate for sent in script.sent] == [None] * 4
    script.answers = [*served("v1"), refused(403, "Forbidden")]
    with pytest.raises(NotTaken):
        await stripper(script, told).strip(gone, MYRESOURCE)
