"""Answers to what a run asks while it is going on: `ctx.get` and `ctx.list`, from the cache alone.

Only kinds that the Reconciler declares, only its own namespace, and only from caches that were filled
as its ServiceAccount: a forged frame learns nothing that the ServiceAccount may not read.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from controller.account import Watched
from controller.cache import Entry
from controller.spec import resolve_kind
from core.domain.keys import Gvk
from sandbox.pool.errors import CallRefused
from sandbox.wire.messages import Call

MAX_LIST_BYTES = 6 * 2**20  # under the frame limit towards a worker


def for_author(raw: bytes) -> bytes:
    """The object's JSON as authors see it: without managedFields, which are bookkeeping and bulky."""
    document = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    metadata = msgspec.json.decode(document["metadata"], type=dict[str, msgspec.Raw])
    if "managedFields" not in metadata:
        return raw
    del metadata["managedFields"]
    document["metadata"] = msgspec.Raw(msgspec.json.encode(metadata))
    return msgspec.json.encode(document)


class HostCallAnswers:
    """One Reconciler's answers; `refused` counts what was asked and not answered."""

    def __init__(self, *, namespace: str, kinds: Mapping[Gvk, Watched]) -> None:
        self._namespace = namespace
        self._kinds = kinds
        self.refused = 0

    async def __call__(self, call: Call) -> bytes:
        """The JSON answer. Raises CallRefused with a sentence for the author."""
        try:
            return self._answer(call)
        except CallRefused:
            self.refused += 1
            raise

    def _answer(self, call: Call) -> bytes:
        gvk = resolve_kind(call.kind, tuple(self._kinds))
        if gvk is None:
            raise CallRefused(f"{call.kind[:80]!r} is not declared in spec.watch or spec.owns, or not unambiguous")
        if call.namespace not in ("", self._namespace):
            raise CallRefused(f"only objects in namespace {self._namespace} can be read")
        cache = self._kinds[gvk].cache
        if call.verb == "get":
            entry = cache.get(self._namespace, call.name)
            return b"null" if entry is None else for_author(entry.raw)
        if call.verb == "list":
            return _joined(cache.list(self._namespace, call.labels or None))
        raise CallRefused(f"there is no host call {call.verb[:40]!r}")


def _joined(entries: list[Entry]) -> bytes:
    parts: list[bytes] = []
    size = 2
    for entry in sorted(entries, key=lambda entry: entry.name):
        part = for_author(entry.raw)
        size += len(part) + 1
        if size > MAX_LIST_BYTES:
            raise CallRefused(f"the list is over {MAX_LIST_BYTES} bytes; narrow it by labels")
        parts.append(part)
    return b"[" + b",".join(parts) + b"]"
