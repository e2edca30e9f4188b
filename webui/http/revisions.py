"""Code as it is written: validated, saved, read, compared."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as PathParam
from fastapi.responses import Response

from core.domain.audit import AuditTag
from core.domain.revision import RevisionInfo, Severity, source_sha256
from core.services.protocols import Submission
from webui.access import Action
from webui.context import Caller, Found, Web, subject
from webui.deps import API, ONE, Cursor, Here, Limit, OnceOnly, There, Who, guarded
from webui.errors import Problem, too_many
from webui.schemas import (
    DiagnosticOut,
    DiffOut,
    Listing,
    RevisionOut,
    RevisionWithSource,
    Save,
    Validate,
    ValidateAnswer,
)
from webui.validation.gate import Report

CHECKS_AT_ONCE = 2  # of one person; further ones are told to come back
MAX_DIFF_LINES = 2000  # beyond it the comparison is quadratic in the worst case: the middle is shown as replaced
Number = Annotated[int, PathParam(ge=1, le=2**53)]

router = APIRouter(prefix=API, tags=["revisions"])


@router.post(f"{ONE}/validate", **guarded(Action.VALIDATE))
async def validate(body: Validate, web: Here, who: Who) -> ValidateAnswer:
    """What ruff, the types and the policy say of a source. Stores nothing."""
    return answer_of(await gate(web, who, body.source, web.deps.config.live_gate_seconds))


@router.get(f"{ONE}/revisions", **guarded(Action.SEE))
async def list_revisions(web: Here, there: There, cursor: Cursor = None, limit: Limit = 50) -> Listing[RevisionOut]:
    """Newest first, without their source."""
    page = await web.deps.services.submissions.list(there.identity, cursor=cursor, limit=limit)
    return Listing(items=[RevisionOut.of(info) for info in page.items], cursor=page.cursor)


UNCHANGED: dict[int, dict[str, Any]] = {
    200: {"model": RevisionOut, "description": "The newest revision has this source already: nothing was stored."}
}


@router.post(f"{ONE}/revisions", status_code=201, response_model=RevisionOut, **guarded(Action.SAVE, answers=UNCHANGED))
async def save(body: Save, web: Here, who: Who, there: There, once: OnceOnly) -> Response:
    """Stores a new revision when the gate finds no error; 200 when it is the newest one again."""

    async def produce() -> tuple[int, RevisionOut]:
        report = await gate(web, who, body.source, web.deps.config.gate_seconds)
        if not report.ok:
            await refuse(web, who, there, AuditTag.REVISION_SAVE_REFUSED, summary(report, body.source))
            raise rejected(report)
        submission = Submission(
            reconciler=there.identity,
            source=body.source,
            message=body.message,
            base=body.base,
            report=report.diagnostics,
            policy_version=report.policy_version,
        )
        return saved(await web.deps.services.submissions.save(submission, who.actor, keep=once.keep(saved)))

    return await once(produce)


def saved(made: tuple[RevisionInfo, bool]) -> tuple[int, RevisionOut]:
    """The answer to a save."""
    info, created = made
    return (201 if created else 200), RevisionOut.of(info)


@router.get(f"{ONE}/revisions/{{number}}", **guarded(Action.SEE))
async def read(number: Number, web: Here, there: There) -> RevisionWithSource:
    """One revision with its source."""
    return RevisionWithSource.whole(await web.deps.services.submissions.get(there.identity, number))


@router.get(f"{ONE}/revisions/{{a}}/diff/{{b}}", **guarded(Action.SEE))
async def diff(a: Number, b: Number, web: Here, there: There) -> DiffOut:
    """What changed from one revision to another, as a unified diff."""
    submissions = web.deps.services.submissions
    old = await submissions.get(there.identity, a)
    new = await submissions.get(there.identity, b)
    text = await asyncio.to_thread(unified, old.source, new.source, f"revision {a}", f"revision {b}")
    return DiffOut(a=a, b=b, diff=text)


def unified(old: str, new: str, old_name: str, new_name: str) -> str:
    """A unified diff, bounded in time: what is the same at both ends is set aside before the costly comparison."""
    left, right = old.splitlines(keepends=True), new.splitlines(keepends=True)
    if max(len(left), len(right)) > MAX_DIFF_LINES:
        return _coarse(left, right, old_name, new_name)
    return "".join(_ended(line) for line in difflib.unified_diff(left, right, old_name, new_name))


def _coarse(left: list[str], right: list[str], old_name: str, new_name: str) -> str:
    """One hunk from the first line that differs to the last."""
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    if start == len(left) == len(right):
        return ""
    end = 0
    while end < min(len(left), len(right)) - start and left[-1 - end] == right[-1 - end]:
        end += 1
    gone, come = left[start : len(left) - end], right[start : len(right) - end]
    head = [f"--- {old_name}\n", f"+++ {new_name}\n"]
    old_at, new_at = start + bool(gone), start + bool(come)
    hunk = f"@@ -{old_at},{len(gone)} +{new_at},{len(come)} @@\n"
    lines = [*head, hunk, *("-" + line for line in gone), *("+" + line for line in come)]
    return "".join(_ended(line) for line in lines)


def _ended(line: str) -> str:
    return line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"


# ── the gate, as activations use it too ──────────────────────────────────────────────────────────
async def gate(web: Web, who: Caller, source: str, seconds: float) -> Report:
    """The gate's report; at most two at once for one person. Raises Problem 429."""
    async with _a_turn(web, who.user.username):
        return await web.deps.gate.validate(source, timeout=seconds)


@asynccontextmanager
async def _a_turn(web: Web, user: str) -> AsyncIterator[None]:
    if web.validating.get(user, 0) >= CHECKS_AT_ONCE:
        raise too_many("two of your checks are running: wait for one of them", 1)
    web.validating[user] = web.validating.get(user, 0) + 1
    try:
        yield
    finally:
        web.validating[user] -= 1
        if not web.validating[user]:
            del web.validating[user]


def answer_of(report: Report) -> ValidateAnswer:
    """The report as it goes out."""
    return ValidateAnswer(
        ok=report.ok,
        diagnostics=[DiagnosticOut.of(found) for found in report.diagnostics],
        policy_version=report.policy_version,
        took_ms=report.took_ms,
    )


def rejected(report: Report) -> Problem:
    """The 422 of the gate; its details are the whole report."""
    errors = [found for found in report.diagnostics if found.severity is Severity.ERROR]
    first = errors[0]
    text = f"{len(errors)} finding(s) of severity error; line {first.start.line}: {first.message}"
    return Problem(422, "rejected", text, details=answer_of(report).model_dump(mode="json"))


def summary(report: Report, source: str) -> dict[str, object]:
    """What the audit trail keeps of a refusal: the hash, and the first findings without the code around them."""
    errors = [found for found in report.diagnostics if found.severity is Severity.ERROR]
    return {
        "sha256": source_sha256(source),
        "errors": len(errors),
        "first": [f"{found.tool} {found.code} line {found.start.line}" for found in errors[:10]],
    }


async def refuse(web: Web, who: Caller, there: Found, tag: AuditTag, payload: Mapping[str, object]) -> None:
    """Writes a refusal to the audit trail."""
    await web.deps.services.audit.append(
        who.actor,
        tag,
        namespace=there.ref.namespace,
        subject=subject(there.ref),
        payload={"uid": there.terms.uid, **payload},
    )
