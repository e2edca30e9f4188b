"""Deciding which revision runs: compare-and-swap, its audit entry in the same transaction, then a signal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from core.clock import Clock
from core.domain.actor import Actor
from core.domain.audit import AuditTag
from core.domain.keys import Uid
from core.domain.revision import Activation, ActivationKind, Identity
from core.errors import Conflict, Invalid, NotFound, UserError
from core.services.audit import AuditTrail
from core.services.idempotency import store_answer
from core.services.protocols import ActivationRequest, Keep
from core.store import activations, revisions
from core.store.audit import Entry
from core.store.engine import Connection, Store

MAX_REASON_CHARS = 1000

TAGS: dict[ActivationKind, tuple[AuditTag, AuditTag]] = {
    ActivationKind.ACTIVATE: (AuditTag.ACTIVATE, AuditTag.ACTIVATE_REFUSED),
    ActivationKind.ROLLBACK: (AuditTag.ROLLBACK, AuditTag.ROLLBACK_REFUSED),
    ActivationKind.FALLBACK: (AuditTag.FALLBACK, AuditTag.FALLBACK_REFUSED),
}


class StoredActivations:
    """`protocols.Activations` over the store. `newest` is the seq of the newest row when it was opened."""

    def __init__(self, store: Store, trail: AuditTrail, clock: Clock, newest: int) -> None:
        self._store = store
        self._trail = trail
        self._clock = clock
        self._newest = newest
        self._waiting: set[asyncio.Future[None]] = set()

    async def activate(
        self, request: ActivationRequest, actor: Actor, *, keep: Keep[Activation] | None = None
    ) -> Activation:
        """See the Protocol."""
        self._trail.must_hold()

        def job(connection: Connection) -> Activation | UserError:
            active = activations.current(connection, request.reconciler)
            try:
                made = self._made(connection, request, actor, active)
            except UserError as refusal:
                self._trail.write(connection, _refused(request, actor, refusal))
                return refusal
            self._trail.write(connection, _activated(made, actor, active))
            store_answer(connection, keep, made, made.at)
            return made

        answer = await self._store.write(job, after=self._tell)
        if isinstance(answer, UserError):
            raise answer
        return answer

    async def current(self, reconciler: Identity) -> Activation | None:
        """See the Protocol."""
        return await self._store.read(lambda connection: activations.current(connection, reconciler))

    async def last_good(self, reconciler: Identity) -> int | None:
        """See the Protocol."""
        return await self._store.read(lambda connection: activations.last_good(connection, reconciler))

    async def fallback(self, reconciler: Identity, sa: str, sa_uid: Uid) -> int | None:
        """See the Protocol."""
        return await self._store.read(lambda connection: activations.fallback(connection, reconciler, sa, sa_uid))

    async def was_active(self, reconciler: Identity, revision: int, sa: str, sa_uid: Uid) -> bool:
        """See the Protocol."""
        return await self._store.read(
            lambda connection: activations.was_active(connection, reconciler, revision, sa, sa_uid)
        )

    async def since(self, seq: int) -> Sequence[Activation]:
        """See the Protocol."""
        return await self._store.read(lambda connection: activations.since(connection, seq))

    async def wait_beyond(self, seq: int) -> None:
        """See the Protocol."""
        while self._newest <= seq:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            try:
                await waiter
            finally:
                self._waiting.discard(waiter)

    def _tell(self, answer: Activation | UserError) -> None:
        if isinstance(answer, Activation):
            self._newest = max(self._newest, answer.seq)
            for waiter in self._waiting:
                if not waiter.done():
                    waiter.set_result(None)

    def _made(
        self, connection: Connection, request: ActivationRequest, actor: Actor, active: Activation | None
    ) -> Activation:
        """Checks everything, then writes the row. Raises before anything is written."""
        if not request.reason.strip():
            raise Invalid("a reason is needed: it is what others will read")
        if len(request.reason) > MAX_REASON_CHARS:
            raise Invalid(f"the reason has more than {MAX_REASON_CHARS} characters")
        revision = revisions.get(connection, request.reconciler, request.revision)
        if revision is None:
            raise NotFound(f"{request.reconciler.ref} has no revision {request.revision}")
        running = active.revision if active else None
        if running != request.expected:
            raise Conflict(
                f"revision {running} is the active one" if running else "no revision is active",
                details={"active": running, "expected": request.expected},
            )
        account, uid = request.service_account, request.service_account_uid
        if request.kind is ActivationKind.FALLBACK and not activations.was_active(
            connection, request.reconciler, request.revision, account, uid
        ):
            raise Conflict(f"nobody activated revision {request.revision} for ServiceAccount {account} of this uid")
        row = Activation(
            seq=0,
            reconciler=request.reconciler,
            revision=request.revision,
            sha256=revision.info.sha256,
            kind=request.kind,
            actor=actor.name,
            reason=request.reason,
            service_account=request.service_account,
            service_account_uid=request.service_account_uid,
            at=self._clock.now(),
        )
        return activations.add(connection, row)


def _activated(made: Activation, actor: Actor, before: Activation | None) -> Entry:
    return Entry(
        actor=actor,
        action=TAGS[made.kind][0],
        namespace=made.reconciler.ref.namespace,
        subject=str(made.reconciler.ref),
        payload={
            "uid": made.reconciler.uid,
            "revision": made.revision,
            "sha256": made.sha256,
            "before": before.revision if before else None,
            "reason": made.reason,
            "serviceAccount": made.service_account,
            "serviceAccountUid": made.service_account_uid,
        },
    )


def _refused(request: ActivationRequest, actor: Actor, refusal: UserError) -> Entry:
    return Entry(
        actor=actor,
        action=TAGS[request.kind][1],
        namespace=request.reconciler.ref.namespace,
        subject=str(request.reconciler.ref),
        payload={
            "uid": request.reconciler.uid,
            "revision": request.revision,
            "expected": request.expected,
            "reason": request.reason[:MAX_REASON_CHARS],
            "code": refusal.code,
            "why": refusal.message,
        },
    )
