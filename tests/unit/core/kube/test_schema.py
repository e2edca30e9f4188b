"""What a kind's schema allows in its status."""

from __future__ import annotations

import msgspec
import pytest

from core.domain.keys import Gvk
from core.kube.client import Response
from core.kube.errors import KindUnknown, MalformedAnswer
from core.kube.schema import RECHECK_AFTER, ConditionsShape, StatusSchemas, parse_status_schema

WIDGET = Gvk("example.com/v1", "Widget")
TYPED = {"type": "object", "properties": {"type": {}, "status": {}, "reason": {}}}
BY_TYPE = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}


def document(schema: object, **others: object) -> bytes:
    """The OpenAPI document of a group version that serves a Widget."""
    widget = {
        **schema,
        "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Widget"}],
    }
    return msgspec.json.encode({"components": {"schemas": {"w": widget, **others}}})


def with_status(status: object) -> bytes:
    """A Widget whose status has this schema."""
    return document({"properties": {"spec": {}, "status": status}})


def test_declared_fields() -> None:
    """Only what is declared can be written; conditions by type can be merged."""
    conditions = {"type": "array", "items": TYPED, **BY_TYPE}
    schema = parse_status_schema(
        with_status({"properties": {"phase": {}, "observedGeneration": {}, "conditions": conditions}}), WIDGET
    )
    assert schema.fields == {"phase", "observedGeneration", "conditions"}
    assert schema.declares("phase")
    assert not schema.declares("nope")
    assert schema.observed_generation
    assert schema.conditions is ConditionsShape.MAP
    assert schema.condition_fields == {"type", "status", "reason"}


@pytest.mark.parametrize(
    ("conditions", "shape"),
    [
        ({"type": "array", "items": TYPED, **BY_TYPE}, ConditionsShape.MAP),
        ({"type": "array", "items": TYPED, "x-kubernetes-list-type": "atomic"}, ConditionsShape.ATOMIC),
        ({"type": "array", "items": TYPED}, ConditionsShape.ATOMIC),
        ({"type": "array", "items": {"type": "string"}}, ConditionsShape.ABSENT),
        ({"type": "string"}, ConditionsShape.ABSENT),
        (
            {"type": "array", "items": TYPED, **BY_TYPE, "x-kubernetes-list-map-keys": ["name"]},
            ConditionsShape.ATOMIC,
        ),
    ],
)
def test_conditions_shape(conditions: object, shape: ConditionsShape) -> None:
    """A list that is not a map by type is replaced whole; a list of something else is no conditions."""
    assert parse_status_schema(with_status({"properties": {"conditions": conditions}}), WIDGET).conditions is shape


def test_references_are_followed() -> None:
    """Built-in kinds write each part as a reference inside `allOf`."""
    ref = {"allOf": [{"$ref": "#/components/schemas/s"}], "default": {}}
    status = {"properties": {"conditions": {"items": {"$ref": "#/components/schemas/c"}, **BY_TYPE}}}
    schema = parse_status_schema(document({"properties": {"status": ref}}, s=status, c=TYPED), WIDGET)
    assert schema.conditions is ConditionsShape.MAP
    assert schema.condition_fields == {"type", "status", "reason"}


def test_a_reference_to_itself_ends() -> None:
    """A circle of references is no endless loop."""
    loop = {"$ref": "#/components/schemas/s"}
    assert parse_status_schema(document({"properties": {"status": loop}}, s=loop), WIDGET).fields == frozenset()


@pytest.mark.parametrize(
    "schema",
    [
        {"x-kubernetes-preserve-unknown-fields": True},
        {"properties": {"status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}},
        {"properties": {"status": {"type": "object", "additionalProperties": {"type": "string"}}}},
    ],
)
def test_open_status(schema: object) -> None:
    """Where unknown fields are kept, any can be written; host fields are still not asked for."""
    found = parse_status_schema(document(schema), WIDGET)
    assert found.open
    assert found.declares("anything")
    assert not found.observed_generation
    assert found.conditions is ConditionsShape.ABSENT


def test_no_status_at_all() -> None:
    """A kind like ConfigMap has nothing to write."""
    found = parse_status_schema(document({"properties": {"data": {}}}), WIDGET)
    assert (found.fields, found.open) == (frozenset(), False)
    assert not found.declares("phase")


def test_unknown_and_damaged() -> None:
    """A document without the kind, and one that is none."""
    with pytest.raises(KindUnknown):
        parse_status_schema(document({}), Gvk("example.com/v1", "Gadget"))
    with pytest.raises(MalformedAnswer):
        parse_status_schema(b"<html>", WIDGET)


class Served:
    """An index with one hash, and its document; both may change."""

    def __init__(self) -> None:
        self.hash = "1"
        self.document = with_status({"properties": {"phase": {}}})
        self.paths: list[str] = []

    async def request(self, method: str, path: str, *, query: dict[str, str] | None = None) -> Response:
        """Answers as the API server does."""
        self.paths.append(path)
        if path == "/openapi/v3":
            url = f"/openapi/v3/apis/example.com/v1?hash={self.hash}"
            return Response(
                200, {}, msgspec.json.encode({"paths": {"apis/example.com/v1": {"serverRelativeURL": url}}})
            )
        return Response(200, {}, self.document)


async def test_a_changed_crd_is_noticed() -> None:
    """A schema is read again when its hash changed, and only then."""
    served = Served()
    now = [0.0]
    schemas = StatusSchemas(served, monotonic=lambda: now[0])
    assert (await schemas.fields(WIDGET)).fields == {"phase"}
    await schemas.fields(WIDGET)
    assert len(served.paths) == 2
    now[0] += RECHECK_AFTER
    await schemas.fields(WIDGET)
    assert len(served.paths) == 3
    served.hash, served.document = "2", with_status({"properties": {"phase": {}, "size": {}}})
    now[0] += RECHECK_AFTER
    assert (await schemas.fields(WIDGET)).fields == {"phase", "size"}


async def test_a_forgotten_schema_is_read_again() -> None:
    """After an apply was refused for its fields, the document is read at once."""
    served = Served()
    schemas = StatusSchemas(served, monotonic=lambda: 0.0)
    await schemas.fields(WIDGET)
    served.document = with_status({"properties": {"size": {}}})
    schemas.forget(WIDGET)
    assert (await schemas.fields(WIDGET)).fields == {"size"}


async def test_a_group_that_is_not_served() -> None:
    """A CRD that is not there yet is unknown, not empty."""
    with pytest.raises(KindUnknown):
        await StatusSchemas(Served()).fields(Gvk("other.io/v1", "Thing"))
