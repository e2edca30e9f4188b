"""managedFields: which paths of an object a field manager's Apply entry holds. Pure.

The question behind promise 7: is what we would apply already there, and still ours? Values are
compared through the hash in an annotation (children) or directly (status); here only paths are.
A fieldsV1 set has `f:<name>` for a field, `k:<json>` for an item of a keyed list, `v:<json>` for
an item of a set, `i:<n>` for an index, and `.` for the container itself; a leaf is `{}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from core.kube.objects import shallow

Json = object
FieldSet = Mapping[str, object]


class _Managed(msgspec.Struct, rename="camel"):
    manager: str = ""
    operation: str = ""
    subresource: str = ""
    fields_v1: dict[str, object] = msgspec.field(default_factory=dict, name="fieldsV1")


class _Meta(msgspec.Struct, rename="camel"):
    managed_fields: list[_Managed] = msgspec.field(default_factory=list)


class _Object(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)


_decoder = msgspec.json.Decoder(_Object)


class Ownership:
    """The managedFields of one object; of one that is nested too deeply to be read, their upper levels: who
    manages it is told, and no path below counts as anybody's."""

    def __init__(self, raw: bytes) -> None:
        try:
            found = _decoder.decode(raw)
        except RecursionError:
            found = _decoder.decode(shallow(raw))
        self._entries = found.metadata.managed_fields

    def applied(self, manager: str, subresource: str = "") -> FieldSet | None:
        """The fields of this manager's Apply entry, or None when it has none."""
        for entry in self._entries:
            if entry.manager == manager and entry.operation == "Apply" and entry.subresource == subresource:
                return entry.fields_v1
        return None

    def managers(self) -> tuple[str, ...]:
        """Every manager once, for a sentence that says whose an object is."""
        return tuple(dict.fromkeys(entry.manager for entry in self._entries))


def covers(desired: Json, fields: FieldSet) -> bool:
    """Whether every path of `desired` is in `fields`. Nulls and empty containers ask for nothing; what is nested
    beyond following is not covered."""
    try:
        return _covers(desired, fields)
    except RecursionError:
        return False


def within(fields: FieldSet, desired: Json) -> bool:
    """Whether `fields` has no path that `desired` lacks; not where they are nested beyond following."""
    try:
        return _within(fields, desired)
    except RecursionError:
        return False


def _covers(desired: Json, fields: FieldSet | None) -> bool:
    if fields is None:
        return False
    if not fields:
        return True  # a leaf: a scalar, or a container that is replaced as a whole
    if isinstance(desired, Mapping):
        return all(
            value is None or _is_empty(value) or (f"f:{name}" in fields and _covers(value, _sub(fields, f"f:{name}")))
            for name, value in desired.items()
        )
    if isinstance(desired, Sequence) and not isinstance(desired, str | bytes):
        return all(
            any(_covers(item, _sub(fields, key)) for key in _keys_of(item, index, fields))
            for index, item in enumerate(desired)
        )
    return False  # a scalar where somebody now keeps a structure


def _within(fields: FieldSet | None, desired: Json) -> bool:
    if fields is None:
        return False
    for name in fields:
        if name == ".":
            continue
        if name.startswith("f:"):
            if not isinstance(desired, Mapping) or name[2:] not in desired:
                return False
            if not _within(_sub(fields, name), desired[name[2:]]):
                return False
        elif not isinstance(desired, Sequence) or not any(
            name in _keys_of(item, index, fields) and _within(_sub(fields, name), item)
            for index, item in enumerate(desired)
        ):
            return False
    return True


def _sub(fields: FieldSet, key: str) -> FieldSet | None:
    """None for what was cut off when managedFields were read: unknown, and not the `{}` of a leaf."""
    inner = fields.get(key)
    return inner if isinstance(inner, Mapping) else None


def _is_empty(value: Json) -> bool:
    return isinstance(value, Mapping | list) and not value


def _keys_of(item: Json, index: int, fields: FieldSet) -> list[str]:
    """The keys in `fields` that may stand for this list item; a key part that the item lacks is a default."""
    found = []
    for key in fields:
        if key.startswith("k:") and isinstance(item, Mapping):
            parts = msgspec.json.decode(key[2:])
            if isinstance(parts, dict) and all(item.get(part, value) == value for part, value in parts.items()):
                found.append(key)
        elif (key.startswith("v:") and msgspec.json.decode(key[2:]) == item) or key == f"i:{index}":
            found.append(key)
    return found
