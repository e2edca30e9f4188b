"""Which paths a field manager holds."""

from __future__ import annotations

import msgspec
import pytest

from controller.fields import Ownership, covers, within

# As the API server writes them for an apply of a Service's ports, labels and a set of finalizers.
FIELDS = {
    "f:metadata": {"f:labels": {"f:app": {}}, "f:finalizers": {'v:"a.example.com/x"': {}}},
    "f:spec": {
        "f:ports": {
            'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:targetPort": {}},
            'k:{"port":443,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:protocol": {}},
        },
        "f:atomic": {},
    },
}
DESIRED = {
    "metadata": {"labels": {"app": "x"}, "finalizers": ["a.example.com/x"]},
    "spec": {"ports": [{"port": 80, "targetPort": 8080}, {"port": 443, "protocol": "TCP"}], "atomic": {"a": [1]}},
}


def changed(path: str, value: object) -> dict[str, object]:
    """DESIRED with one member set or, for None, left out."""
    copy = msgspec.json.decode(msgspec.json.encode(DESIRED))
    *parents, last = path.split(".")
    target = copy
    for parent in parents:
        target = target[int(parent)] if parent.isdigit() else target[parent]
    target[last] = value
    return copy


def test_what_was_applied_is_covered_and_nothing_else_is_there() -> None:
    """Keyed lists, sets and atomic values; a key part that the author left out is the API server's default."""
    assert covers(DESIRED, FIELDS)
    ports = [
        {"port": 80, "protocol": "TCP", "targetPort": 1},
        {"port": 443, "protocol": "TCP"},
    ]
    assert within(FIELDS, changed("spec.ports", ports))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.labels.more", "y"),
        ("spec.ports.1.targetPort", 1),
        ("spec.ports", [{"port": 81}]),
        ("metadata.finalizers", ["b.example.com/y"]),
        ("spec.replicas", 1),
        ("metadata.labels", "text"),
        ("spec.ports.0.port", 8080),
    ],
)
def test_a_path_that_is_not_held_is_not_covered(path: str, value: object) -> None:
    """A new label, a field of an item, an item, a member of a set, a scalar where a structure is kept."""
    assert not covers(changed(path, value), FIELDS)


@pytest.mark.parametrize(
    "fields",
    [
        {"f:metadata": {"f:labels": {"f:app": {}, "f:old": {}}}},
        {"f:spec": {"f:ports": {'k:{"port":22,"protocol":"TCP"}': {"f:port": {}}}}},
        {"f:metadata": {"f:finalizers": {'v:"gone"': {}}}},
        {"f:data": {}},
    ],
)
def test_a_path_that_is_held_and_not_desired_is_seen(fields: dict[str, object]) -> None:
    """What we applied once and do not want any more must be given back."""
    assert not within(fields, DESIRED)


def test_nulls_and_empty_containers_ask_for_nothing() -> None:
    """The API server keeps no path for them."""
    assert covers({"data": {}, "list": [], "nothing": None}, {"f:other": {}})


def test_the_entry_of_one_manager_operation_and_subresource() -> None:
    """An Update entry of the same manager is not ours, nor is that of another subresource."""
    entries = [
        {"manager": "us", "operation": "Update", "fieldsV1": {"f:a": {}}},
        {"manager": "us", "operation": "Apply", "fieldsV1": {"f:b": {}}},
        {"manager": "us", "operation": "Apply", "subresource": "status", "fieldsV1": {"f:c": {}}},
        {"manager": "them", "operation": "Apply", "fieldsV1": {"f:d": {}}},
    ]
    ownership = Ownership(msgspec.json.encode({"metadata": {"managedFields": entries}}))
    assert ownership.applied("us") == {"f:b": {}}
    assert ownership.applied("us", "status") == {"f:c": {}}
    assert ownership.applied("nobody") is None
    assert ownership.managers() == ("us", "them")


def nested(levels: int, key: str, leaf: object) -> object:
    """`{key: {key: … leaf}}`."""
    for _ in range(levels):
        leaf = {key: leaf}
    return leaf


def managed(fields: bytes, spec: bytes) -> bytes:
    """An object with one Apply entry."""
    entry = b'{"manager":"m","operation":"Apply","fieldsV1":' + fields + b"}"
    return b'{"metadata":{"managedFields":[' + entry + b']},"spec":' + spec + b"}"


def test_an_object_too_deep_to_read_keeps_its_managers() -> None:
    """And their fields, as far as they are near the top."""
    deep = b"[" * 5000 + b"]" * 5000
    ownership = Ownership(managed(b'{"f:spec":{"f:a":{}}}', deep))
    assert ownership.managers() == ("m",)
    assert ownership.applied("m") == {"f:spec": {"f:a": {}}}


def test_what_was_cut_off_is_nobodys() -> None:
    """A field that could not be read is not the leaf that covers all below it."""
    fields = Ownership(managed(b'{"f:a":' * 5000 + b"{}" + b"}" * 5000, b"{}")).applied("m")
    assert fields is not None
    assert not covers(nested(40, "a", 1), fields)
    assert not within(fields, nested(40, "a", 1))


def test_what_is_nested_beyond_following_is_not_covered() -> None:
    """Nor an error: it is applied once more."""
    desired, fields = nested(2000, "a", 1), nested(2000, "f:a", {})
    assert isinstance(fields, dict)
    assert not covers(desired, fields)
    assert not within(fields, desired)
