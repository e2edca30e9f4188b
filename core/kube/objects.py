"""The few fields of an object that a cache is keyed and judged by; the rest stays bytes.

One decoder for all kinds: what it does not name is skipped without being built.
"""

from __future__ import annotations

import re

import msgspec

SHALLOW = 16  # levels that hold all of a line which is read here, owner references included
_RESOURCE_VERSION = re.compile(r"[0-9]{1,19}")  # one flipped bit made "601$6" of one: HTTP 500 at every resume


class OwnerReference(msgspec.Struct, frozen=True):
    """Who an object belongs to."""

    uid: str = ""
    controller: bool | None = None


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """The part of metadata that we read."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    finalizers: list[str] | None = None
    owner_references: list[OwnerReference] | None = None

    @property
    def controller_uid(self) -> str | None:
        """The uid of the owner that controls this object."""
        for owner in self.owner_references or ():
            if owner.controller:
                return owner.uid
        return None


class Head(msgspec.Struct, frozen=True, rename="camel"):
    """An object seen from outside."""

    api_version: str = ""
    kind: str = ""
    metadata: Metadata = msgspec.field(default_factory=Metadata)


class Damaged(ValueError):
    """Bytes that cannot be an object of the API server: what carried them is not to be trusted."""


class TooDeep(Damaged):
    """An object that is valid, but nested deeper than it can be decoded; the API server takes such."""


_decoder = msgspec.json.Decoder(Head)
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)


def shallow(raw: bytes, levels: int = SHALLOW) -> bytes:
    """The same JSON with null for every list and object below so many levels. Never recurses."""
    kept: list[bytes] = []
    level = since = 0
    for token in _TOKEN.finditer(raw):
        first = raw[token.start()]
        if first in b"[{":
            if level == levels:
                kept += (raw[since : token.start()], b"null")
            level += 1
        elif first in b"]}":
            level -= 1
            if level == levels:
                since = token.end()
    kept.append(raw[since:])
    return b"".join(kept)


def parse_rv(text: str) -> int:
    """A resourceVersion as a number; those of one resource type compare as numbers (KEP-5504). Raises Damaged."""
    if not _RESOURCE_VERSION.fullmatch(text):
        raise Damaged(f"a resourceVersion is {text[:40]!r}")
    return int(text)


def parse_head(raw: bytes | msgspec.Raw) -> Head:
    """Raises Damaged when it is not JSON of this shape, TooDeep when it cannot be told."""
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Damaged("an object is not valid JSON") from error
    except RecursionError as error:
        raise TooDeep("an object is nested too deeply to be read") from error


def parse_object(raw: bytes | msgspec.Raw) -> tuple[Head, int]:
    """An object with its resourceVersion; name, uid and resourceVersion must be there. Raises Damaged."""
    head = parse_head(raw)
    if not head.metadata.name or not head.metadata.uid:
        raise Damaged("an object has no name or no uid")
    return head, parse_rv(head.metadata.resource_version)
