"""Whether a WatchEvent is worth a run, and why, in words that a person reads. Pure.

`trigger: Spec`, the default where the kind has a generation: generation, labels, annotations,
finalizers and the deletionTimestamp count, status does not. A kind without a generation (ConfigMap)
has no such line to draw: every change counts.

Reasons hold names of fields, labels and kinds, which come from outside: they are cut, and characters
that could forge a line of a log or of a table are replaced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from controller.cache import Change, ChangeType, Entry
from core.domain.keys import ANNOTATION_RUN_REQUESTED, GROUP

MAX_NAMES = 3
MAX_NAME = 80

REASON_ADDED = "object seen"
REASON_DELETING = "deletion requested"
REASON_RUN_NOW = "run now"


def should_run(old: Entry | None, new: Entry, own_rvs: Collection[int]) -> str | None:
    """The reason to run the primary `new`, or None. `own_rvs`: resourceVersions that our own writes made.

    A write of ours only takes the blame for what we write: status, finalizers and annotations of ours.
    After a relist `new` may carry somebody's change too, whose own resourceVersion nobody was told.
    """
    if old is None:
        return REASON_ADDED
    if old.uid != new.uid:
        return "object created again"
    if new.rv == old.rv:
        return None
    own = new.rv in own_rvs
    if new.deleting and not old.deleting:
        return REASON_DELETING
    requested = new.annotations.get(ANNOTATION_RUN_REQUESTED)
    if requested is not None and requested != old.annotations.get(ANNOTATION_RUN_REQUESTED):
        return REASON_RUN_NOW
    if new.generation is None or old.generation != new.generation:
        changed = _changed_fields(old, new)
        if changed:
            return f"{_named(changed)} changed"
        if new.generation is not None:
            return "spec changed"
    changed_metadata = _changed_metadata(old, new, own=own)
    return changed_metadata or (None if own or new.generation is not None else "object changed")


def child_reason(change: Change, own_rv: int) -> str | None:
    """The reason to run a child's owner, or None. `own_rv`: that of our last write to this child, 0 for none.

    A deletion always counts: nothing else says that the child must be made again.
    """
    entry = change.entry
    what = f"child {_clean(entry.gvk.kind)} {_clean(entry.name)}"
    if change.type is ChangeType.DELETED:
        return f"{what} deleted"
    if entry.rv <= own_rv:
        return None
    return f"{what} {'appeared' if change.type is ChangeType.ADDED else 'changed'}"


def _changed_metadata(old: Entry, new: Entry, *, own: bool) -> str | None:
    for word, before, after in (
        ("label", old.labels, new.labels),
        ("annotation", _foreign(old.annotations), _foreign(new.annotations)),
    ):
        names = _difference(before, after)
        if names:
            return f"{_named(f'{word} {_clean(name)}' for name in names)} changed"
    if {name for name in set(old.finalizers) ^ set(new.finalizers) if not own or name.partition("/")[0] != GROUP}:
        return "finalizers changed"
    return None


def _foreign(annotations: Mapping[str, str]) -> dict[str, str]:
    """Without our own, whose changes are no news to us."""
    return {key: value for key, value in annotations.items() if key.partition("/")[0] != GROUP}


_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _changed_fields(old: Entry, new: Entry) -> list[str]:
    """Paths of two levels (`spec.message`, `data.a`) that differ, status and metadata left out."""
    before, after = _split(old.raw), _split(new.raw)
    paths: list[str] = []
    for field in _difference(before, after):
        if field in ("metadata", "status", "apiVersion", "kind"):
            continue
        inner = _difference(_split(before.get(field)), _split(after.get(field)))
        paths += [f"{_clean(field)}.{_clean(name)}" for name in inner] or [_clean(field)]
    return paths


def _split(raw: bytes | msgspec.Raw | None) -> dict[str, bytes]:
    """The fields of a JSON object as their bytes; nothing for what is none."""
    if raw is None:
        return {}
    try:
        return {key: bytes(value) for key, value in _decoder.decode(raw).items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _difference(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - MAX_NAMES
    return ", ".join(listed[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


def _clean(text: str) -> str:
    kept = "".join(char if char.isprintable() else "�" for char in text[:MAX_NAME])
    return kept + "…" if len(text) > MAX_NAME else kept
