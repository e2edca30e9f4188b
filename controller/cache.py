"""The objects of one watched kind, as bytes, with the little that is asked of them often.

Bytes, because a decoded object of 1.5 KB costs 9.8 KB, and decoding one costs 10 µs: nothing beside
the run it is decoded for. Nothing here blocks or knows the time; the informer writes, everybody reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from core.domain.keys import Gvk
from core.kube.objects import Head, parse_object

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """One object. `raw` is its JSON with managedFields; `owner_uid` that of its controller owner reference."""

    gvk: Gvk
    namespace: str
    name: str
    uid: str
    rv: int
    generation: int | None
    deleting: bool
    owner_uid: str | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    finalizers: tuple[str, ...]
    raw: bytes

    @classmethod
    def parse(cls, gvk: Gvk, raw: bytes) -> Entry:
        """From an object's JSON. Raises core.kube.objects.Damaged."""
        head, rv = parse_object(raw)
        return cls.of(gvk, head, rv, raw)

    @classmethod
    def of(cls, gvk: Gvk, head: Head, rv: int, raw: bytes) -> Entry:
        """From what the watch has parsed already."""
        metadata = head.metadata
        return cls(
            gvk=gvk,
            namespace=metadata.namespace,
            name=metadata.name,
            uid=metadata.uid,
            rv=rv,
            generation=metadata.generation,
            deleting=metadata.deletion_timestamp is not None,
            owner_uid=metadata.controller_uid,
            labels=metadata.labels or _NONE,
            annotations=metadata.annotations or _NONE,
            finalizers=tuple(metadata.finalizers or ()),
            raw=raw,
        )


class ChangeType(StrEnum):
    """What happened to an object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Change:
    """One step in an object's life. A DELETED has its last known state in `old`, as a tombstone."""

    type: ChangeType
    old: Entry | None
    new: Entry | None

    @property
    def entry(self) -> Entry:
        """The newest state there is of it."""
        entry = self.new or self.old
        assert entry is not None  # every constructor in this module gives one of them
        return entry


Changes = list[Change]
Entries = list[Entry]


class Cache:
    """Keyed by namespace and name; an object that was deleted and made again is two objects, told apart by uid.

    `newest_rv` is how far the watch has come, bookmarks included, and not the newest entry: a deletion
    never brings an entry up to date. `synced` is false until the first list is complete, and while the
    right to read is missing: then the content must not be used.
    """

    def __init__(self, gvk: Gvk) -> None:
        self.gvk = gvk
        self.newest_rv = 0
        self.synced = False
        self.older_dropped = 0
        self._objects: dict[str, dict[str, Entry]] = {}
        self._by_owner: dict[str, dict[tuple[str, str], Entry]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def get(self, namespace: str, name: str) -> Entry | None:
        """One object; `namespace` is empty for cluster-scoped kinds."""
        return self._objects.get(namespace, {}).get(name)

    def list(self, namespace: str | None, labels: Mapping[str, str] | None = None) -> Entries:
        """All that carry these labels, by namespace and name; `namespace` None is every one."""
        namespaces = sorted(self._objects) if namespace is None else [namespace]
        wanted = (labels or _NONE).items()
        return [
            entry
            for place in namespaces
            for _, entry in sorted(self._objects.get(place, {}).items())
            if wanted <= entry.labels.items()
        ]

    def by_owner(self, uid: str) -> Entries:
        """All whose controller owner reference has this uid, by namespace and name."""
        return [entry for _, entry in sorted(self._by_owner.get(uid, {}).items())]

    def put(self, entry: Entry) -> Changes:
        """Stores a state that the watch told. Nothing when it is known or older; two changes for another uid.

        The guard on older states is what kills time travel: a lagging API server after a reconnect
        may tell what was true before.
        """
        old = self.get(entry.namespace, entry.name)
        if old is None:
            self._store(entry)
            return [Change(ChangeType.ADDED, None, entry)]
        if entry.rv < old.rv:
            self.older_dropped += 1
            return []
        if entry.uid != old.uid:
            self._drop(old)
            self._store(entry)
            return [Change(ChangeType.DELETED, old, None), Change(ChangeType.ADDED, None, entry)]
        if entry.rv == old.rv:
            return []
        self._store(entry)
        return [Change(ChangeType.MODIFIED, old, entry)]

    def remove(self, gone: Entry) -> Changes:
        """Takes out an object that the watch says is gone; nothing when unknown, or when another uid has its name."""
        old = self.get(gone.namespace, gone.name)
        if old is None or old.uid != gone.uid or gone.rv < old.rv:
            return []
        self._drop(old)
        return [Change(ChangeType.DELETED, gone, None)]

    def retain(self, seen: Set[tuple[str, str]]) -> Changes:
        """The end of a relist: tombstones for all (namespace, name) that it did not tell."""
        missing = [entry for entry in self if (entry.namespace, entry.name) not in seen]
        for entry in missing:
            self._drop(entry)
        return [Change(ChangeType.DELETED, entry, None) for entry in missing]

    def reset(self) -> Changes:
        """Forgets everything, how far the watch came included: the API server is another one, or was restored."""
        self.newest_rv = 0
        return self.retain(frozenset())

    def advance(self, rv: int) -> None:
        """The watch has told everything up to `rv`."""
        self.newest_rv = max(self.newest_rv, rv)

    def __iter__(self) -> Iterator[Entry]:
        for objects in self._objects.values():
            yield from objects.values()

    def _store(self, entry: Entry) -> None:
        objects = self._objects.setdefault(entry.namespace, {})
        old = objects.get(entry.name)
        self._size += old is None
        if old is not None and old.owner_uid != entry.owner_uid:
            self._disown(old)
        objects[entry.name] = entry
        if entry.owner_uid is not None:
            self._by_owner.setdefault(entry.owner_uid, {})[(entry.namespace, entry.name)] = entry

    def _drop(self, entry: Entry) -> None:
        objects = self._objects[entry.namespace]
        del objects[entry.name]
        self._size -= 1
        if not objects:
            del self._objects[entry.namespace]
        self._disown(entry)

    def _disown(self, entry: Entry) -> None:
        if entry.owner_uid is None:
            return
        owned = self._by_owner[entry.owner_uid]
        del owned[(entry.namespace, entry.name)]
        if not owned:
            del self._by_owner[entry.owner_uid]
