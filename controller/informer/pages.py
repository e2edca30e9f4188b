"""The list in pages, for API servers that refuse WatchList."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

import msgspec

from controller.cache import Entry
from controller.informer.states import InformerKey
from core.kube.client import Response
from core.kube.errors import MalformedAnswer, check
from core.kube.objects import Damaged, Head, TooDeep, parse_head, parse_object, parse_rv, shallow

PAGE = 500
PAGE_TIMEOUT = 60.0

Pages = AsyncGenerator[list[Entry] | Head | int, None]


class Requests(Protocol):
    """What a list needs of the transport."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        impersonate: str | None = None,
        timeout: float = ...,
    ) -> Response: ...


class _ListMeta(msgspec.Struct):
    resource_version: str = msgspec.field(default="", name="resourceVersion")
    token: str = msgspec.field(default="", name="continue")


class _List(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


_decoder = msgspec.json.Decoder(_List)


async def list_pages(transport: Requests, key: InformerKey, *, page: int = PAGE) -> Pages:
    """The entries of each page, then the resourceVersion to watch from. Raises what a request raises.

    An object that is nested too deeply to be decoded makes its whole page so: smaller pages single it out,
    and its head comes in place of its entry.

    A continue token that expires (410) ends it. The token "for an inconsistent list" that such an answer
    offers is not taken: objects of the earlier pages may have changed before the resourceVersion it leads to.
    """
    token, size = "", page
    while True:
        query = {"limit": str(size)} | ({"continue": token} if token else {})
        answer = await transport.request(
            "GET", key.path, query=query, impersonate=key.impersonate, timeout=PAGE_TIMEOUT
        )
        try:
            body = check(answer).body
            try:
                listed = _decoder.decode(body)
                entries = [_entry(key, item) for item in listed.items or ()]
            except (RecursionError, TooDeep):
                if size > 1:
                    size = max(1, size // 8)
                    continue
                listed = _decoder.decode(shallow(body))
                for item in listed.items or ():
                    yield parse_head(item)
            else:
                yield entries
            size = min(page, size * 8)
            token = listed.metadata.token
            if not token:
                yield parse_rv(listed.metadata.resource_version)
                return
        except (msgspec.DecodeError, UnicodeDecodeError, Damaged) as error:
            raise MalformedAnswer(f"the list of {key.thing} is damaged") from error


def _entry(key: InformerKey, item: msgspec.Raw) -> Entry:
    """Items of built-in kinds come without apiVersion and kind; everywhere else objects carry them."""
    raw = bytes(item)
    head, rv = parse_object(raw)
    if not head.kind:
        gvk = key.resource.gvk
        inner = raw.lstrip()[1:]
        prefix = msgspec.json.encode({"apiVersion": gvk.api_version, "kind": gvk.kind})
        raw = prefix[:-1] + b"," + inner
    return Entry.of(key.resource.gvk, head, rv, raw)
