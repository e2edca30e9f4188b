"""Saving revisions: one transaction for the revision and for what the audit trail says about it."""

from __future__ import annotations

from core.clock import Clock
from core.domain.actor import Actor
from core.domain.audit import AuditTag
from core.domain.revision import MAX_SOURCE_BYTES, Identity, Revision, RevisionInfo, source_sha256
from core.errors import Conflict, Invalid, NotFound, UserError
from core.services.audit import AuditTrail
from core.services.idempotency import store_answer
from core.services.protocols import Keep, Page, Submission
from core.store import revisions
from core.store.audit import Entry
from core.store.engine import Connection, Store
from core.store.text import cursor_for, page_size, position_of

MAX_MESSAGE_CHARS = 2000


class StoredSubmissions:
    """`protocols.Submissions` over the store."""

    def __init__(self, store: Store, trail: AuditTrail, clock: Clock) -> None:
        self._store = store
        self._trail = trail
        self._clock = clock

    async def save(
        self, submission: Submission, actor: Actor, *, keep: Keep[tuple[RevisionInfo, bool]] | None = None
    ) -> tuple[RevisionInfo, bool]:
        """See the Protocol."""
        self._trail.must_hold()

        def job(connection: Connection) -> tuple[RevisionInfo, bool] | UserError:
            newest = revisions.newest(connection, submission.reconciler)
            try:
                sha256 = _checked(submission)
                if newest is not None and newest.sha256 == sha256:
                    store_answer(connection, keep, (newest, False), self._clock.now())
                    return newest, False
                _compare(connection, submission, newest)
            except UserError as refusal:
                self._trail.write(connection, _refused(submission, actor, refusal))
                return refusal
            info = RevisionInfo(
                number=(newest.number if newest else 0) + 1,
                sha256=sha256,
                message=submission.message,
                author=actor.name,
                created_at=self._clock.now(),
                policy_version=submission.policy_version,
                report=submission.report,
            )
            revisions.add(connection, submission.reconciler, info, submission.source)
            self._trail.write(connection, _saved(submission, actor, info))
            store_answer(connection, keep, (info, True), info.created_at)
            return info, True

        answer = await self._store.write(job)
        if isinstance(answer, UserError):
            raise answer
        return answer

    async def list(self, reconciler: Identity, *, cursor: str | None = None, limit: int = 50) -> Page[RevisionInfo]:
        """See the Protocol."""
        before, size = position_of(cursor), page_size(limit)
        found = await self._store.read(lambda connection: revisions.page(connection, reconciler, before, size + 1))
        items = tuple(found[:size])
        return Page(items, cursor_for(items[-1].number) if len(found) > size else None)

    async def get(self, reconciler: Identity, number: int) -> Revision:
        """See the Protocol."""
        found = await self._store.read(lambda connection: revisions.get(connection, reconciler, number))
        if found is None:
            raise NotFound(f"{reconciler.ref} has no revision {number}")
        return found


def _checked(submission: Submission) -> str:
    """The hash of a source that may be stored."""
    try:
        size = len(submission.source.encode("utf-8"))
    except UnicodeEncodeError:
        raise Invalid("the source is not text that UTF-8 can hold") from None
    if size > MAX_SOURCE_BYTES:
        raise Invalid(f"the source has {size} bytes, more than {MAX_SOURCE_BYTES}")
    if len(submission.message) > MAX_MESSAGE_CHARS:
        raise Invalid(f"the message has more than {MAX_MESSAGE_CHARS} characters")
    return source_sha256(submission.source)


def _compare(connection: Connection, submission: Submission, newest: RevisionInfo | None) -> None:
    """Raises Conflict, with both sides, when the author's base is not the newest revision."""
    number = newest.number if newest else None
    if submission.base == number:
        return
    theirs = revisions.get(connection, submission.reconciler, number) if number is not None else None
    base = revisions.get(connection, submission.reconciler, submission.base) if submission.base is not None else None
    raise Conflict(
        "somebody saved in the meantime" if submission.base is not None or number else "there is no such base",
        details={
            "newest": number,
            "base": submission.base,
            "newest_source": theirs.source if theirs else None,
            "newest_author": theirs.info.author if theirs else None,
            "base_source": base.source if base else None,
        },
    )


def _saved(submission: Submission, actor: Actor, info: RevisionInfo) -> Entry:
    return Entry(
        actor=actor,
        action=AuditTag.REVISION_SAVE,
        namespace=submission.reconciler.ref.namespace,
        subject=str(submission.reconciler.ref),
        payload={
            "uid": submission.reconciler.uid,
            "revision": info.number,
            "sha256": info.sha256,
            "message": info.message,
            "base": submission.base,
            "warnings": len(info.report),
        },
    )


def _refused(submission: Submission, actor: Actor, refusal: UserError) -> Entry:
    return Entry(
        actor=actor,
        action=AuditTag.REVISION_SAVE_REFUSED,
        namespace=submission.reconciler.ref.namespace,
        subject=str(submission.reconciler.ref),
        payload={
            "uid": submission.reconciler.uid,
            "base": submission.base,
            "code": refusal.code,
            "why": refusal.message,
        },
    )
