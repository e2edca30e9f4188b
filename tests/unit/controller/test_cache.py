"""The cache: what changes, what is silent, and what is found."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.cache import Cache, Change, ChangeType, Entry
from core.domain.keys import Gvk
from core.kube.objects import Damaged

CONFIGMAP = Gvk("v1", "ConfigMap")


def entry(name: str = "a", rv: int = 1, uid: str = "", **metadata: object) -> Entry:
    """An object of namespace `ns`, unless told otherwise."""
    meta = {"name": name, "namespace": "ns", "uid": uid or f"uid-{name}", "resourceVersion": str(rv), **metadata}
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}
    return Entry.parse(CONFIGMAP, msgspec.json.encode(document))


def owned(uid: str, *, controller: bool = True) -> list[dict[str, object]]:
    """Owner references with one owner."""
    return [{"uid": "another"}, {"uid": uid, "controller": controller}]


def told(changes: list[Change]) -> list[tuple[str, str]]:
    """Types and uids, in order."""
    return [(change.type.value, change.entry.uid) for change in changes]


def test_entry_reads_what_it_needs() -> None:
    """Every field of an entry comes from the object's metadata, and the bytes stay whole."""
    found = entry(
        rv=7,
        generation=3,
        deletionTimestamp="2026-01-01T00:00:00Z",
        labels={"l": "1"},
        annotations={"n": "2"},
        finalizers=["f/x"],
        ownerReferences=owned("o"),
    )
    assert (found.gvk, found.namespace, found.name, found.uid, found.rv) == (CONFIGMAP, "ns", "a", "uid-a", 7)
    assert (found.generation, found.deleting, found.owner_uid) == (3, True, "o")
    assert (found.labels, found.annotations, found.finalizers) == ({"l": "1"}, {"n": "2"}, ("f/x",))
    assert msgspec.json.decode(found.raw)["metadata"]["generation"] == 3


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"metadata":{"name":"a","uid":"u","resourceVersion":"x"}}'])
def test_damaged_objects_are_no_entries(raw: bytes) -> None:
    """What lacks its identity cannot be cached."""
    with pytest.raises(Damaged):
        Entry.parse(CONFIGMAP, raw)


def test_life_of_an_object() -> None:
    """Added, modified, deleted; the deletion carries the last state as a tombstone."""
    cache = Cache(CONFIGMAP)
    first, second, last = entry(rv=1), entry(rv=2), entry(rv=3)
    assert cache.put(first) == [Change(ChangeType.ADDED, None, first)]
    assert cache.put(second) == [Change(ChangeType.MODIFIED, first, second)]
    assert cache.remove(last) == [Change(ChangeType.DELETED, last, None)]
    assert (cache.get("ns", "a"), len(cache)) == (None, 0)
    assert cache.remove(last) == []


def test_what_is_known_is_silent() -> None:
    """The same uid and resourceVersion again is no change: a relist of what is there makes no runs."""
    cache = Cache(CONFIGMAP)
    cache.put(entry(rv=5))
    assert cache.put(entry(rv=5)) == []
    assert cache.older_dropped == 0


def test_no_time_travel() -> None:
    """An older state is never delivered, and neither is a deletion that is older than what is cached."""
    cache = Cache(CONFIGMAP)
    cache.put(entry(rv=5))
    assert cache.put(entry(rv=4)) == []
    assert cache.put(entry(rv=4, uid="predecessor")) == []
    assert cache.remove(entry(rv=4)) == []
    kept = cache.get("ns", "a")
    assert kept is not None
    assert (kept.rv, cache.older_dropped) == (5, 2)


def test_created_again_is_two_changes() -> None:
    """Another uid under the same name: the old object is gone, a new one is there."""
    cache = Cache(CONFIGMAP)
    cache.put(entry(rv=5, uid="old"))
    assert told(cache.put(entry(rv=9, uid="new"))) == [("DELETED", "old"), ("ADDED", "new")]
    assert cache.remove(entry(rv=10, uid="old")) == []
    assert cache.get("ns", "a") is not None


def test_relist_takes_out_what_it_did_not_tell() -> None:
    """Missing objects get tombstones with their last known state."""
    cache = Cache(CONFIGMAP)
    for name in ("a", "b", "c"):
        cache.put(entry(name))
    assert told(cache.retain({("ns", "b")})) == [("DELETED", "uid-a"), ("DELETED", "uid-c")]
    assert [found.name for found in cache.list(None)] == ["b"]


def test_reset_begins_anew() -> None:
    """After a restore of etcd, lower resourceVersions are the truth."""
    cache = Cache(CONFIGMAP)
    cache.put(entry(rv=900))
    cache.advance(900)
    assert told(cache.reset()) == [("DELETED", "uid-a")]
    assert cache.newest_rv == 0
    assert told(cache.put(entry(rv=3))) == [("ADDED", "uid-a")]


def test_newest_rv_only_grows() -> None:
    """It is how far the watch came, whatever it told."""
    cache = Cache(CONFIGMAP)
    cache.advance(7)
    cache.advance(3)
    assert cache.newest_rv == 7


def test_lists() -> None:
    """By namespace, by labels, in order of their names."""
    cache = Cache(CONFIGMAP)
    cache.put(entry("b", labels={"x": "1", "y": "2"}))
    cache.put(entry("a", labels={"x": "1"}))
    cache.put(entry("a", namespace="other", uid="o"))
    assert [found.name for found in cache.list("ns")] == ["a", "b"]
    assert [found.namespace for found in cache.list(None)] == ["ns", "ns", "other"]
    assert [found.name for found in cache.list("ns", {"x": "1", "y": "2"})] == ["b"]
    assert cache.list("ns", {"x": "2"}) == []
    assert cache.list("nowhere") == []


def test_owners() -> None:
    """Only the controlling owner counts, and the index follows a change of owner."""
    cache = Cache(CONFIGMAP)
    cache.put(entry("a", 1, ownerReferences=owned("o1")))
    cache.put(entry("b", 1, ownerReferences=owned("o1", controller=False)))
    assert [found.name for found in cache.by_owner("o1")] == ["a"]
    cache.put(entry("a", 2, ownerReferences=owned("o2")))
    assert cache.by_owner("o1") == []
    assert [found.rv for found in cache.by_owner("o2")] == [2]
    cache.remove(entry("a", 3))
    assert cache.by_owner("o2") == []


EVENT = st.tuples(
    st.sampled_from("pr"), st.sampled_from("abc"), st.sampled_from("uv"), st.integers(1, 30), st.sampled_from("xyz")
)


@given(st.lists(EVENT, max_size=40))
def test_changes_tell_the_whole_story(events: list[tuple[str, str, str, int, str]]) -> None:
    """Whoever replays the changes has what the cache has, and every index agrees with it."""
    cache, story = Cache(CONFIGMAP), {}
    for what, name, uid, rv, owner in events:
        told_entry = entry(name, rv, f"{name}-{uid}", ownerReferences=owned(owner))
        for change in cache.put(told_entry) if what == "p" else cache.remove(told_entry):
            if change.type is ChangeType.ADDED:
                assert change.entry.name not in story
            else:
                assert change.old is not None
                assert story[change.old.name].uid == change.old.uid
            if change.new is None:
                del story[change.entry.name]
            else:
                story[change.entry.name] = change.new
    assert sorted(story) == [found.name for found in cache.list(None)]
    assert len(cache) == len(story)
    by_owner = [found for owner in "xyz" for found in cache.by_owner(owner)]
    assert sorted(found.name for found in by_owner) == sorted(story)
    assert all(story[found.name] is found for found in by_owner)
