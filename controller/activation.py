"""Which revision is to run: the tail of the activation log, and code that is known to start in the cage."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import structlog

from controller.reconcile import PoolLike
from controller.spec import ActiveCode, ReconcilerSpec
from core.domain.actor import SYSTEM
from core.domain.revision import Activation, ActivationKind, Identity
from core.errors import ChakratorError, Conflict, NotFound
from core.services.protocols import ActivationRequest, Activations, Submissions
from sandbox.pool.config import Code, Verdict

PAUSE_AFTER_ERROR = 1.0

log = structlog.get_logger("chakrator.activation")


class ActivationTail:
    """Follows the activation log by its sequence and keeps the newest activation of each Reconciler."""

    def __init__(self, *, activations: Activations, on_activation: Callable[[Activation], None]) -> None:
        self._activations = activations
        self._on_activation = on_activation
        self._newest: dict[Identity, Activation] = {}
        self._seq = 0
        self.caught_up = asyncio.Event()  # the log has been read to its end at least once
        self.trouble = ""

    def newest(self, identity: Identity) -> Activation | None:
        """What was activated last for this Reconciler of this uid."""
        return self._newest.get(identity)

    def forget(self, identity: Identity) -> None:
        """The Reconciler is gone for good: another of its name has another uid."""
        self._newest.pop(identity, None)

    async def run(self) -> None:
        """Until cancelled; a store that does not answer is asked again."""
        while True:
            try:
                batch = await self._activations.since(self._seq)
                for activation in batch:
                    self._newest[activation.reconciler] = activation
                    self._seq = activation.seq
                    self._on_activation(activation)
                self.trouble = ""
                if not batch:
                    self.caught_up.set()
                    await self._activations.wait_beyond(self._seq)
            except ChakratorError as error:
                self.trouble = error.message
                log.warning("the activation log cannot be read", error=error.message)
                await asyncio.sleep(PAUSE_AFTER_ERROR)


@dataclass(frozen=True, slots=True)
class StartFailure:
    """Why code does not start. Not `final`: the start was killed, which may be the machine's fault."""

    message: str
    final: bool = True


class _ActiveRevision(msgspec.Struct):
    number: int = 0
    sha256: str = ""


class _Status(msgspec.Struct, rename="camel"):
    active_revision: _ActiveRevision | None = None


class _Reconciler(msgspec.Struct):
    status: _Status = msgspec.field(default_factory=_Status)


_reconcilers = msgspec.json.Decoder(_Reconciler)


def started_before(raw: bytes, activation: Activation) -> bool:
    """Whether the Reconciler's status names this revision as the one that runs: a new process finds it there."""
    try:
        known = _reconcilers.decode(raw).status.active_revision
    except msgspec.DecodeError:
        return False
    return known is not None and (known.number, known.sha256) == (activation.revision, activation.sha256)


class CodeLoader:
    """Gets a revision from the store and starts it in the cage before anything depends on it."""

    def __init__(self, *, submissions: Submissions, activations: Activations, pool: PoolLike) -> None:
        self._submissions = submissions
        self._activations = activations
        self._pool = pool

    async def load(self, spec: ReconcilerSpec, activation: Activation) -> ActiveCode | StartFailure:
        """Raises ChakratorError when the store, and CageUnavailable or PoolClosed when the pool cannot answer."""
        try:
            revision = await self._submissions.get(spec.identity, activation.revision)
        except NotFound as error:
            return StartFailure(error.message)
        code = Code(
            id=code_id(spec, activation),
            source=revision.source,
            limits=spec.limits,
            owns=tuple(str(gvk) for gvk in spec.owns),
            revision=activation.revision,
            isolation=spec.isolation,
            reconciler=spec.identity.uid,
            namespace=spec.ref.namespace,
            workers=spec.workers,
        )
        result = await self._pool.warm(code)
        if result.ok:
            return ActiveCode(code, result.finalize)
        findings = "; ".join(f"line {finding.line}: {finding.message}" for finding in result.findings[:3])
        return StartFailure(
            f"{result.verdict}: {findings or result.message}"[:700],
            final=result.verdict in (Verdict.REJECTED, Verdict.FAILED),
        )

    async def fall_back(self, failed: Activation, why: str) -> None:
        """Writes an activation of the last good revision that somebody activated under the same ServiceAccount,
        if there is one, unless somebody was quicker."""
        if failed.kind is ActivationKind.FALLBACK:
            return
        last_good = await self._activations.fallback(
            failed.reconciler, failed.service_account, failed.service_account_uid
        )
        if last_good is None or last_good == failed.revision:
            return
        request = ActivationRequest(
            reconciler=failed.reconciler,
            revision=last_good,
            reason=f"revision {failed.revision} does not start: {why}"[:1000],
            expected=failed.revision,
            kind=ActivationKind.FALLBACK,
            service_account=failed.service_account,
            service_account_uid=failed.service_account_uid,
        )
        try:
            await self._activations.activate(request, SYSTEM)
        except (Conflict, NotFound) as error:
            log.info("no fallback", reconciler=str(failed.reconciler.ref), error=error.message)


def code_id(spec: ReconcilerSpec, activation: Activation) -> str:
    """Unique per Reconciler uid, revision and what a worker is bound to for life."""
    bound = hashlib.sha256(f"{spec.limits}|{spec.owns}|{spec.isolation}|{spec.workers}".encode()).hexdigest()[:8]
    return f"{spec.identity.uid}:{activation.revision}:{activation.sha256[:12]}:{bound}"
