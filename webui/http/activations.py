"""Making a revision the one that runs.

Before any row: the right on the Reconciler and the right to be its ServiceAccount, then the gate, then a start in the
cage with the Reconciler's own limits. Only then one transaction with the audit entry. A refusal leaves no trace but
its own audit entry.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from core.domain.audit import AuditTag
from core.domain.keys import Uid
from core.domain.revision import Activation, ActivationKind, Diagnostic, Position, Revision, Severity
from core.errors import NotFound
from core.services.protocols import ActivationRequest
from sandbox.pool.config import Code, LoadResult
from webui.access import Action, impersonation
from webui.context import Caller, Found, Web
from webui.deps import API, ONE, Here, Once, OnceOnly, There, Who, guarded
from webui.errors import Problem
from webui.http.revisions import gate, refuse, rejected, summary
from webui.schemas import Activate, ActivationOut, ActiveOut, DiagnosticOut, Rollback

METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
REFUSED = {
    ActivationKind.ACTIVATE: AuditTag.ACTIVATE_REFUSED,
    ActivationKind.ROLLBACK: AuditTag.ROLLBACK_REFUSED,
}

router = APIRouter(prefix=API, tags=["activations"])


@router.get(f"{ONE}/activations", **guarded(Action.SEE))
async def read(web: Here, there: There) -> ActiveOut:
    """What runs now, and what a rollback would go back to."""
    activations = web.deps.services.activations
    active = await activations.current(there.identity)
    return ActiveOut(
        active=ActivationOut.of(active) if active else None, last_good=await activations.last_good(there.identity)
    )


@router.post(f"{ONE}/activations", status_code=201, response_model=ActivationOut, **guarded(Action.ACTIVATE))
async def activate(body: Activate, web: Here, who: Who, there: There, once: OnceOnly) -> Response:
    """Makes a revision the one that runs, when nobody was quicker."""

    async def produce() -> tuple[int, ActivationOut]:
        wanted = await _wanted(web, there, body.revision, body.reason, body.expected, ActivationKind.ACTIVATE)
        await _may_be(web, who, there, wanted)
        await _prove_in_time(web, who, there, wanted, through_gate=True)
        return await _decide(web, who, wanted, once)

    return await once(produce)


@router.post(f"{ONE}/rollback", status_code=201, response_model=ActivationOut, **guarded(Action.ACTIVATE))
async def rollback(body: Rollback, web: Here, who: Who, there: There, once: OnceOnly) -> Response:
    """Makes an older revision the one that runs again.

    One that ran before as the very same ServiceAccount needs neither the right to be it nor new findings of linters:
    it is what the person on call goes back to. It still has to start in the cage.
    """

    async def produce() -> tuple[int, ActivationOut]:
        activations = web.deps.services.activations
        active = await activations.current(there.identity)
        number = body.to if body.to is not None else await activations.last_good(there.identity)
        if number is None or active is None:
            raise Problem(404, "not_found", "there is no earlier activation to go back to")
        if number >= active.revision:
            text = f"a rollback goes back, to a revision before the active one, which is {active.revision}"
            raise Problem(422, "invalid", text, details={"active": active.revision, "to": number})
        wanted = await _wanted(web, there, number, body.reason, active.revision, ActivationKind.ROLLBACK)
        ran_before = await activations.was_active(
            there.identity, number, wanted.service_account, wanted.service_account_uid
        )
        if not ran_before:
            await _may_be(web, who, there, wanted)
        await _prove_in_time(web, who, there, wanted, through_gate=not ran_before)
        return await _decide(web, who, wanted, once)

    return await once(produce)


async def _wanted(
    web: Web, there: Found, revision: int, reason: str, expected: int | None, kind: ActivationKind
) -> ActivationRequest:
    account = there.terms.service_account
    path = f"/api/v1/namespaces/{there.ref.namespace}/serviceaccounts/{account}"
    answer = await web.read_own(path, accept=METADATA)
    uid = ""
    if answer is not None:
        meta: Any = answer.object().get("metadata")
        uid = str(meta.get("uid", "")) if isinstance(meta, dict) else ""
    return ActivationRequest(
        reconciler=there.identity,
        revision=revision,
        reason=reason,
        expected=expected,
        kind=kind,
        service_account=account,
        service_account_uid=Uid(uid),
    )


async def _may_be(web: Web, who: Caller, there: Found, wanted: ActivationRequest) -> None:
    """Raises Problem 403, audited: whoever decides which code runs as a ServiceAccount must be allowed to be it."""
    right = impersonation(there.ref.namespace, wanted.service_account)
    if not await web.access.may(who.user, right, fresh=True):
        raise await web.deny(who, right, ref=there.ref, request=f"{wanted.kind} revision {wanted.revision}")


async def _decide(web: Web, who: Caller, wanted: ActivationRequest, once: Once) -> tuple[int, ActivationOut]:
    """The row; the service writes the audit entry, with it or with the refusal."""
    return activated(await web.deps.services.activations.activate(wanted, who.actor, keep=once.keep(activated)))


def activated(made: Activation) -> tuple[int, ActivationOut]:
    """The answer to an activation."""
    return 201, ActivationOut.of(made)


async def _prove_in_time(web: Web, who: Caller, there: Found, wanted: ActivationRequest, *, through_gate: bool) -> None:
    """The gate and the cage. Every refusal is in the audit trail before it is answered."""
    said: dict[str, object] = {"revision": wanted.revision, "reason": wanted.reason}
    try:
        async with asyncio.timeout(web.deps.config.activation_seconds):
            await _prove(web, who, there, wanted, said, through_gate=through_gate)
    except TimeoutError:
        text = f"gate and start in the cage took longer than {web.deps.config.activation_seconds:g} s"
        await refuse(web, who, there, REFUSED[wanted.kind], said | {"why": text})
        raise Problem(422, "rejected", text) from None
    except (Problem, NotFound) as error:
        await refuse(web, who, there, REFUSED[wanted.kind], said | {"why": error.message[:1000]})
        raise


async def _prove(
    web: Web, who: Caller, there: Found, wanted: ActivationRequest, said: dict[str, object], *, through_gate: bool
) -> None:
    """Raises NotFound or Problem 422 for a revision that must not run; `said` gets what the audit trail should know."""
    if not wanted.service_account_uid:
        raise Problem(422, "service_account_missing", f"there is no ServiceAccount {wanted.service_account}")
    revision = await web.deps.services.submissions.get(there.identity, wanted.revision)
    if through_gate:
        report = await gate(web, who, revision.source, web.deps.config.gate_seconds)
        if not report.ok:
            said |= summary(report, revision.source)
            raise rejected(report)
    loaded = await _start(web, there, revision)
    if not loaded.ok:
        raise _does_not_start(loaded)


async def _start(web: Web, there: Found, revision: Revision) -> LoadResult:
    """A worker of its own, gone afterwards: what runs now is not disturbed by what may run next."""
    number = revision.info.number
    code = Code(
        id=f"{there.terms.uid}/{number}/before-activation/{secrets.token_hex(8)}",
        source=revision.source,
        limits=there.terms.limits,
        owns=there.terms.owns,
        revision=number,
    )
    try:
        return await web.deps.pool.warm(code)
    finally:
        await asyncio.shield(web.deps.pool.retire(code.id))


def _does_not_start(loaded: LoadResult) -> Problem:
    diagnostics = [
        DiagnosticOut.of(
            Diagnostic(
                tool="policy",
                code=found.code,
                severity=Severity.ERROR,
                message=found.message,
                start=Position(found.line, found.column),
                end=Position(found.end_line, found.end_column),
                hint=found.hint,
            )
        ).model_dump(mode="json")
        for found in loaded.findings
    ]
    text = loaded.message or (loaded.findings[0].message if loaded.findings else "it does not start")
    details = {"outcome": loaded.verdict.value, "diagnostics": diagnostics}
    return Problem(422, "rejected", f"the revision does not start in the cage: {text}", details=details)
