"""What the served schema of a kind says about its status: server-side apply refuses the rest with HTTP 500.

Read from /openapi/v3, which the API server makes from what it really serves. One document holds a
whole group version, so it is decoded into the few members that matter here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec

from core.domain.keys import Gvk
from core.kube.client import Response
from core.kube.errors import KindUnknown, MalformedAnswer, check

RECHECK_AFTER = 30.0  # a CRD's schema may change at any time; the index with its hashes is small
MAX_DEPTH = 8


class ConditionsShape(StrEnum):
    """How `status.conditions` may be written: a map by type merges, an atomic list is replaced whole."""

    ABSENT = "absent"
    MAP = "map"
    ATOMIC = "atomic"


@dataclass(frozen=True, slots=True)
class StatusSchema:
    """The status of one kind. `open`: fields that are not declared are kept (preserveUnknownFields)."""

    fields: frozenset[str]
    open: bool
    conditions: ConditionsShape
    condition_fields: frozenset[str]

    def declares(self, field: str) -> bool:
        """Whether this top-level field of status can be written."""
        return self.open or field in self.fields

    @property
    def observed_generation(self) -> bool:
        """Whether the author of the schema provided for it; an open status is not asked for host fields."""
        return "observedGeneration" in self.fields


class Requests(Protocol):
    """What this module needs of the transport."""

    async def request(self, method: str, path: str, *, query: dict[str, str] | None = None) -> Response: ...


class _Schema(msgspec.Struct):
    ref: str | None = msgspec.field(default=None, name="$ref")
    all_of: list[_Schema] = msgspec.field(default_factory=list, name="allOf")
    properties: dict[str, _Schema] | None = None
    additional: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="additionalProperties")
    items: _Schema | None = None
    list_type: str | None = msgspec.field(default=None, name="x-kubernetes-list-type")
    list_keys: list[str] = msgspec.field(default_factory=list, name="x-kubernetes-list-map-keys")
    preserve: bool = msgspec.field(default=False, name="x-kubernetes-preserve-unknown-fields")
    gvks: list[dict[str, str]] = msgspec.field(default_factory=list, name="x-kubernetes-group-version-kind")


class _Components(msgspec.Struct):
    schemas: dict[str, _Schema] = {}


class _Document(msgspec.Struct):
    components: _Components = msgspec.field(default_factory=_Components)


class _Where(msgspec.Struct):
    url: str = msgspec.field(default="", name="serverRelativeURL")


class _Index(msgspec.Struct):
    paths: dict[str, _Where] = {}


_documents = msgspec.json.Decoder(_Document)
_indexes = msgspec.json.Decoder(_Index)


def parse_status_schema(body: bytes, gvk: Gvk) -> StatusSchema:
    """The status of a kind out of its group version's document. Raises KindUnknown, MalformedAnswer."""
    try:
        schemas = _documents.decode(body).components.schemas
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedAnswer(f"the OpenAPI document of {gvk.api_version} is not what was asked for") from error
    wanted = {"group": gvk.group, "version": gvk.version, "kind": gvk.kind}
    root = next((schema for schema in schemas.values() if wanted in schema.gvks), None)
    if root is None:
        raise KindUnknown(f"the API server's OpenAPI document does not hold {gvk}")
    top = _flat(root, schemas)
    if top.properties is None:
        # A CRD that keeps everything publishes no properties at all.
        return StatusSchema(frozenset(), True, ConditionsShape.ABSENT, frozenset())
    declared = top.properties.get("status")
    if declared is None:
        return StatusSchema(frozenset(), top.preserve, ConditionsShape.ABSENT, frozenset())
    status = _flat(declared, schemas)
    fields = status.properties or {}
    shape, condition_fields = _conditions(fields.get("conditions"), schemas)
    return StatusSchema(frozenset(fields), status.preserve or _is_map(status), shape, condition_fields)


def _conditions(declared: _Schema | None, schemas: dict[str, _Schema]) -> tuple[ConditionsShape, frozenset[str]]:
    if declared is None:
        return ConditionsShape.ABSENT, frozenset()
    conditions = _flat(declared, schemas)
    if conditions.items is None:
        return ConditionsShape.ABSENT, frozenset()
    fields = frozenset(_flat(conditions.items, schemas).properties or {})
    if not {"type", "status"} <= fields:
        return ConditionsShape.ABSENT, frozenset()  # a list of that name, but of something else
    by_type = conditions.list_type == "map" and conditions.list_keys == ["type"]
    return (ConditionsShape.MAP if by_type else ConditionsShape.ATOMIC), fields


def _flat(schema: _Schema, schemas: dict[str, _Schema], depth: int = 0) -> _Schema:
    """The schema behind a `$ref`, bare or (as the API server writes it) as the one member of `allOf`."""
    target = schema.ref or next((part.ref for part in schema.all_of if part.ref), None)
    if target is None or depth >= MAX_DEPTH:
        return schema
    found = schemas.get(target.rpartition("/")[2])
    return schema if found is None else _flat(found, schemas, depth + 1)


def _is_map(schema: _Schema) -> bool:
    return schema.properties is None and bytes(schema.additional) not in (b"", b"false")


@dataclass(frozen=True, slots=True)
class _Known:
    schema: StatusSchema
    url: str
    checked_at: float


class StatusSchemas:
    """The status schemas that were asked for, checked again when they are older than RECHECK_AFTER."""

    def __init__(self, transport: Requests, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._monotonic = monotonic
        self._known: dict[Gvk, _Known] = {}
        self._lock = asyncio.Lock()

    async def fields(self, gvk: Gvk) -> StatusSchema:
        """Raises KindUnknown while the kind is not served (a new CRD takes a moment), else what a request raises."""
        known = self._known.get(gvk)
        if known is not None and self._is_fresh(known):
            return known.schema
        async with self._lock:
            known = self._known.get(gvk)
            if known is None or not self._is_fresh(known):
                known = await self._read(gvk, known)
                self._known[gvk] = known
        return known.schema

    def forget(self, gvk: Gvk) -> None:
        """An apply was refused for its fields: read again before the next one."""
        self._known.pop(gvk, None)

    def _is_fresh(self, known: _Known) -> bool:
        return self._monotonic() - known.checked_at < RECHECK_AFTER

    async def _read(self, gvk: Gvk, before: _Known | None) -> _Known:
        now = self._monotonic()
        key = f"apis/{gvk.api_version}" if gvk.group else f"api/{gvk.version}"
        body = check(await self._transport.request("GET", "/openapi/v3")).body
        try:
            where = _indexes.decode(body).paths.get(key)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedAnswer("the OpenAPI index is not what was asked for") from error
        if where is None:
            raise KindUnknown(f"the API server does not serve {gvk.api_version}")
        if before is not None and before.url == where.url:
            return _Known(before.schema, where.url, now)
        # Asked without the hash of the index: with it, an API server that restarted answers a redirect.
        document = check(await self._transport.request("GET", f"/openapi/v3/{key}")).body
        return _Known(parse_status_schema(document, gvk), where.url, now)
