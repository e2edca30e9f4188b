"""Answers to what a run asks while it is going on: `ctx.get` and `ctx.list`, from the cache alone.

Only kinds that the Reconciler declares, only its own namespace, and only from caches that were filled
as its ServiceAccount: a forged frame learns nothing that the ServiceAccount may not read. What would be
over the run's budget is refused before any of it is encoded; the pool counts refused calls like others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from controller.account import NotTaken, Watched
from controller.cache import Entry
from controller.spec import resolve_kind
from core.domain.keys import Gvk
from sandbox.pool.errors import CallRefused
from sandbox.wire.limits import MAX_REPLY_BYTES
from sandbox.wire.messages import Call

RUNS_REMEMBERED = 256  # more than a Reconciler has in flight
SLICE = 128 * 1024  # encoded without giving way to others


def for_author(raw: bytes) -> bytes:
    """The object's JSON as authors see it: without managedFields, which are bookkeeping and bulky.

    Raises NotTaken for what the cache could just decode, but a caller with a deeper stack cannot.
    """
    try:
        document = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        metadata = msgspec.json.decode(document["metadata"], type=dict[str, msgspec.Raw])
    except RecursionError as error:
        raise NotTaken("the object is nested too deeply to be read") from error
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
        self._spent: dict[str, int] = {}  # bytes answered, by run, the oldest run first
        self.refused = 0

    async def __call__(self, call: Call) -> bytes:
        """The JSON answer. Raises CallRefused with a sentence for the author."""
        if call.n == 1:
            self._spent.pop(call.id, None)
        spent = self._spent.get(call.id, 0)
        try:
            answer = await self._answer(call, MAX_REPLY_BYTES - spent)
        except NotTaken as error:
            self.refused += 1
            raise CallRefused(str(error)) from error
        except CallRefused:
            self.refused += 1
            raise
        self._spent[call.id] = spent + len(answer)
        if len(self._spent) > RUNS_REMEMBERED:
            del self._spent[next(iter(self._spent))]
        return answer

    async def _answer(self, call: Call, left: int) -> bytes:
        gvk = resolve_kind(call.kind, tuple(self._kinds))
        if gvk is None:
            raise CallRefused(f"{call.kind[:80]!r} is not declared in spec.watch or spec.owns, or not unambiguous")
        if call.namespace not in ("", self._namespace):
            raise CallRefused(f"only objects in namespace {self._namespace} can be read")
        cache = self._kinds[gvk].cache
        if call.verb == "get":
            entry = cache.get(self._namespace, call.name)
            if entry is None:
                return b"null"
            _afford([entry], left)
            return for_author(entry.raw)
        if call.verb == "list":
            entries = cache.list(self._namespace, call.labels or None)
            _afford(entries, left)
            return await _joined(entries)
        raise CallRefused(f"there is no host call {call.verb[:40]!r}")


def _afford(entries: list[Entry], left: int) -> None:
    """By the bytes as stored, which are never fewer than those of the answer."""
    size = 2 + sum(len(entry.raw) + 1 for entry in entries)
    if size > left:
        raise CallRefused(
            f"{size} bytes are over the {left} that are left of {MAX_REPLY_BYTES} in one run; narrow a list by labels"
        )


async def _joined(entries: list[Entry]) -> bytes:
    parts: list[bytes] = []
    encoded = 0
    for entry in entries:
        parts.append(for_author(entry.raw))
        encoded += len(entry.raw)
        if encoded >= SLICE:
            encoded = 0
            await asyncio.sleep(0)
    return b"[" + b",".join(parts) + b"]"
