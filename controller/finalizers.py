"""Finalizers: put on before the first effect, taken off last, never in anybody else's way.

Every change is a JSON patch that tests uid and resourceVersion first, so that it is made to the very
object that was looked at, and another controller's finalizer is never lost to ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from controller.account import JSON_PATCH, Account, Call, Journal, NotTaken, Outage, PlanInvalid, Watched, refusal
from controller.cache import Entry
from core.domain.keys import ReconcilerRef
from core.kube.client import KubeTransport
from core.kube.errors import Forbidden, Missing, Refused, Unprocessable, Unreachable, check
from core.kube.objects import Damaged

MAX_TRIES = 5


def patch_of(entry: Entry, wanted: Sequence[str]) -> bytes:
    """The JSON patch that makes `wanted` the finalizers of exactly this version of this object."""
    return msgspec.json.encode(
        [
            {"op": "test", "path": "/metadata/uid", "value": entry.uid},
            {"op": "test", "path": "/metadata/resourceVersion", "value": str(entry.rv)},
            {"op": "add", "path": "/metadata/finalizers", "value": list(wanted)},
        ]
    )


class Finalizers:
    """One Reconciler's finalizer on its primaries, as its ServiceAccount."""

    def __init__(self, *, account: Account, ref: ReconcilerRef, primary: Watched) -> None:
        self._account = account
        self._name = ref.finalizer
        self._manager = ref.manager
        self._primary = primary

    def on(self, entry: Entry) -> bool:
        """Whether this version of the object carries it."""
        return self._name in entry.finalizers

    async def add(self, entry: Entry, journal: Journal) -> Entry | None:
        """The object with the finalizer on it, or None when it is gone, deleting or another one now."""
        return await self._change(entry, journal, present=True)

    async def remove(self, entry: Entry, journal: Journal) -> Entry | None:
        """The object without it, or None when it is gone. Raises EffectError."""
        return await self._change(entry, journal, present=False)

    async def _change(self, entry: Entry, journal: Journal, *, present: bool) -> Entry | None:
        verb = "add" if present else "remove"
        what = f"{verb} finalizer {self._name}"
        known: Entry | None = entry
        for _ in range(MAX_TRIES):
            if known is None or known.uid != entry.uid or (present and known.deleting):
                return None
            if self.on(known) is present:
                return known
            others = [name for name in known.finalizers if name != self._name]
            body = patch_of(known, [*others, self._name] if present else others)
            path = self._primary.resource.path(known.namespace, known.name)
            try:
                answer = await self._account.send(
                    Call(
                        what,
                        "PATCH",
                        path,
                        body=body,
                        query={"fieldManager": self._manager},
                        content_type=JSON_PATCH,
                        expect=(Missing, Refused, Unprocessable),
                    )
                )
            except Missing:
                return None
            except (Refused, Unprocessable) as error:
                # A failed test answers 422, and so does a rule of the object itself: a moved
                # resourceVersion tells the two apart.
                fresh = await self._account.live(self._primary.resource, known.name)
                if fresh is not None and fresh.rv == known.rv:
                    raise refusal(error, what, known.namespace) from error
                known = fresh
                continue
            try:
                journal.wrote(known.gvk, answer, what)
                return Entry.parse(known.gvk, answer.body)
            except Damaged as error:  # it was taken, and the next run finds it so
                raise NotTaken(f"{what}: the answer cannot be read: {error}") from error
        raise NotTaken(f"{what}: the object keeps changing under our hands")


class Release:
    """Takes a Reconciler's finalizer off objects that it will never see again (promise 9).

    As the ServiceAccount; where it may no longer, as the controller, whom the platform may have given
    the right by the ClusterRole `chakrator-finalizer-release`.
    """

    def __init__(
        self, *, finalizers: Finalizers, transport: KubeTransport, primary: Watched, ref: ReconcilerRef
    ) -> None:
        self._finalizers = finalizers
        self._transport = transport
        self._primary = primary
        self._ref = ref

    async def strip(self, entry: Entry) -> None:
        """Returns when the object does not carry it any more. Raises EffectError."""
        try:
            await self._finalizers.remove(entry, Journal())
        except (NotTaken, PlanInvalid) as first:
            if not await self._strip_as_controller(entry):
                raise first from None

    async def _strip_as_controller(self, entry: Entry) -> bool:
        wanted = [name for name in entry.finalizers if name != self._ref.finalizer]
        path = self._primary.resource.path(entry.namespace, entry.name)
        try:
            check(await self._transport.request("PATCH", path, body=patch_of(entry, wanted), content_type=JSON_PATCH))
        except Missing:
            return True
        except (Forbidden, Refused, Unprocessable):
            return False
        except Unreachable as error:
            raise Outage(error.message) from error
        return True
