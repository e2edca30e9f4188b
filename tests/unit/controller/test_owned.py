"""Pruning children of a kind that the spec owns no more."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest
from controller_script import CONFIGMAP, REF, RESOURCES, Script, account, answer, metadata, primary, refused
from test_activation import spec

from controller.account import NotTaken
from controller.cache import Entry
from controller.manager.owned import MAX_KINDS, Owned
from core.domain.keys import LABEL_RECONCILER, Gvk
from core.errors import Unavailable
from core.kube.client import Response
from core.kube.discovery import Resource

OURS = [{"manager": REF.manager, "operation": "Apply", "fieldsV1": {"f:data": {}}}]


def child(name: str, owner: str = "uid-hello", **meta: object) -> dict[str, object]:
    """A ConfigMap that a run made."""
    owners = [{"apiVersion": "example.com/v1", "kind": "MyResource", "name": "x", "uid": owner, "controller": True}]
    given = {"labels": {LABEL_RECONCILER: REF.id}, "managedFields": OURS, "ownerReferences": owners, **meta}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(name, **given)}  # type: ignore[arg-type]


def page(*items: object, token: str = "") -> Response:
    """Of a list."""
    return answer(200, {"metadata": {"continue": token}, "items": items})


GONE = answer(200, {"kind": "Status", "metadata": {}})


class Bench:
    """The owned kinds over a discovery that serves ConfigMaps, or nothing."""

    def __init__(self, *answers: Response, served: tuple[Gvk, ...] = (CONFIGMAP,)) -> None:
        self.script = Script(list(answers))
        self.served = served
        self.kept: list[frozenset[Gvk]] = []
        self.refuses: Exception | None = None
        self.owned = Owned(SimpleNamespace(discovery=self), REF, keep=self.keep)  # type: ignore[arg-type]

    async def served_versions(self, _group: str, _kind: str, *, fresh: bool) -> list[Gvk]:
        """The discovery's."""
        assert fresh
        return list(self.served)

    async def resource(self, gvk: Gvk) -> Resource:
        """The discovery's."""
        return RESOURCES[gvk]

    async def keep(self, kinds: frozenset[Gvk]) -> None:
        """The reporter's."""
        self.kept.append(kinds)
        if self.refuses is not None:
            raise self.refuses

    async def prune(self, *primaries: Entry) -> list[str]:
        """The names that were deleted."""
        await self.owned._prune(account(self.script), CONFIGMAP, {entry.uid: entry for entry in primaries})
        return [sent.path.rpartition("/")[2] for sent in self.script.sent if sent.method == "DELETE"]


async def test_ours_go_page_by_page_as_the_service_account() -> None:
    """By label, and under the uid and version that were looked at."""
    bench = Bench(page(child("a"), token="next"), GONE, page(child("b")), GONE)
    assert await bench.prune(primary()) == ["a", "b"]
    first, delete, second, _ = bench.script.sent
    assert first.query["labelSelector"] == f"{LABEL_RECONCILER}={REF.id}"
    assert (first.impersonate, delete.impersonate) == ("system:serviceaccount:team-a:greeter",) * 2
    assert second.query["continue"] == "next"
    assert delete.body["preconditions"] == {"uid": "uid-a", "resourceVersion": "5"}


@pytest.mark.parametrize(
    "other",
    [
        child("a", owner="uid-somebody"),
        child("a", labels={LABEL_RECONCILER: "another"}),
        child("a", managedFields=[]),
        child("a", ownerReferences=[]),
        child("a", deletionTimestamp="2026-01-01T00:00:00Z"),
    ],
    ids=["owner", "label", "manager", "no owner", "going"],
)
async def test_nothing_else_goes(other: object) -> None:
    """What belongs to no object that is reconciled, or does not prove to be ours."""
    assert await Bench(page(other)).prune(primary()) == []


async def test_children_go_with_an_object_that_goes() -> None:
    """Its finalize may still need them."""
    dying = primary(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=[REF.finalizer])
    assert await Bench(page(child("a"))).prune(dying) == []


async def test_a_kind_that_is_not_served_has_no_children() -> None:
    """So the API server says itself."""
    bench = Bench(served=())
    assert await bench.prune(primary()) == []
    assert bench.script.sent == []


async def test_a_right_that_is_missing_is_named() -> None:
    """And the controller's own rights are not used instead."""
    text = 'User "x" cannot list resource "configmaps" in API group "" in the namespace "team-a"'
    bench = Bench(refused(403, "Forbidden", text))
    with pytest.raises(NotTaken, match="may not list configmaps in namespace team-a"):
        await bench.prune(primary())
    assert len(bench.script.sent) == 1


@pytest.mark.parametrize("error", [None, Unavailable("busy"), RuntimeError("a bug")])
async def test_a_status_that_cannot_be_written_holds_no_object_up(error: Exception | None) -> None:
    """It is tried once before the first child; then it is the reporter's. A kind that was pruned is told again."""
    bench = Bench()
    bench.refuses = error
    for _ in range(2):
        await bench.owned.keep(frozenset({CONFIGMAP}))
    assert bench.kept == [frozenset({CONFIGMAP})]
    bench.owned.kinds = {CONFIGMAP}
    session = SimpleNamespace(spec=spec(), synced=True, account=account(bench.script), primaries=dict)
    bench.script.answers = [page()]
    assert await bench.owned.prune(spec(), session) == []  # type: ignore[arg-type]
    await bench.owned.keep(frozenset({CONFIGMAP}))
    assert len(bench.kept) == 2


async def test_the_kinds_that_are_remembered_are_bounded() -> None:
    """The schema takes no more; no child is made of a kind that would be forgotten."""
    bench = Bench()
    bench.owned.kinds |= {Gvk("v1", f"Kind{number}") for number in range(MAX_KINDS + 1)}
    assert len(bench.owned.shown) == MAX_KINDS
    with pytest.raises(NotTaken):
        await bench.owned.keep(frozenset({CONFIGMAP}))
    assert bench.kept == []


async def test_a_list_with_a_damaged_object_is_no_list() -> None:
    """It is tried again, and is no bug of the supervisor's."""
    with pytest.raises(NotTaken, match="list ConfigMap"):
        await Bench(page(msgspec.Raw(b'{"metadata":{}}'))).prune(primary())
