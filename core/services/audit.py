"""The audit trail as a service: entries of its own, pages of it, and the walk along its chain."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from core.clock import Clock
from core.domain.actor import Actor
from core.domain.audit import AuditTag
from core.errors import ChakratorError, Unavailable
from core.services.idempotency import store_answer
from core.services.protocols import AuditEntry, AuditFilter, ChainReport, Keep, Page, TrailBroken
from core.services.signins import SigninFolder
from core.store import audit
from core.store.engine import Connection, Store, read_offline
from core.store.errors import StoreFailed
from core.store.text import cursor_for, moment, page_size, position_of, stamp
from core.telemetry.metrics import Metrics

CHUNK = 1000
TAIL = 1000
BACKGROUND_PAUSE = 0.05

T = TypeVar("T")
log = structlog.get_logger(__name__)


class AuditTrail:
    """Adds entries inside a transaction of somebody else's: the change and its entry are stored together.

    Once its chain is known to be broken, nothing is changed any more; what is merely told (who signed in, who was
    denied) is still written down, after the break.
    """

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self.broken: ChainReport | None = None

    def must_hold(self) -> None:
        """Raises TrailBroken once a broken entry was found."""
        if self.broken is not None:
            raise TrailBroken(self.broken)

    def take(self, report: ChainReport) -> ChainReport:
        """Remembers the first report that says so; only a start after a repair forgets it."""
        if not report.ok:
            self._metrics.audit_chain_broken.set(1)
            log.error("the audit trail is broken; changes are refused", seq=report.broken_seq, why=report.why)
            self.broken = self.broken or report
        return report

    def write(self, connection: Connection, entry: audit.Entry, keep: Keep[int] | None = None) -> int:
        """Adds an entry; its seq. Called on the writer's thread."""
        now = self._clock.now()
        seq = audit.append(connection, stamp(now), entry)
        store_answer(connection, keep, seq, now)
        # Set before the commit: seq is the size as long as nothing is sealed away, and a refused commit
        # is corrected by the next entry.
        self._metrics.audit_entries.set(seq)
        return seq


class StoredAudit:
    """`protocols.Audit` over the store."""

    def __init__(self, store: Store, trail: AuditTrail, metrics: Metrics) -> None:
        self._store = store
        self._trail = trail
        self._metrics = metrics
        self._folder = SigninFolder()
        self._timer: asyncio.TimerHandle | None = None
        self._background: asyncio.Task[None] | None = None

    async def append(
        self,
        actor: Actor,
        action: AuditTag,
        *,
        namespace: str = "",
        subject: str = "",
        payload: Mapping[str, object] | None = None,
        keep: Keep[int] | None = None,
    ) -> int:
        """See the Protocol."""
        entry = audit.Entry(actor, AuditTag(action), namespace, subject, payload or {})
        if entry.action is AuditTag.SIGNIN_REFUSED:
            self._arm()
            if not self._folder.first(actor.source):
                return 0
        return await self._store.write(lambda connection: self._trail.write(connection, entry, keep))

    async def list(self, where: AuditFilter, *, cursor: str | None = None, limit: int = 100) -> Page[AuditEntry]:
        """See the Protocol."""
        before, size = position_of(cursor), page_size(limit)
        narrow = audit.Where(
            namespaces=where.namespaces,
            subject=where.subject,
            actor=where.actor,
            action=where.action,
            since=stamp(moment(where.since)) if where.since else None,
            until=stamp(moment(where.until)) if where.until else None,
        )

        def job(connection: Connection) -> tuple[Sequence[audit.Row], set[int]]:
            rows = audit.page(connection, audit.Where() if where.chain else narrow, before, size + 1)
            every = {row.seq for row in rows}
            return rows, audit.matching(connection, narrow, every) if where.chain else every

        rows, seen = await self._store.read(job)
        items = tuple(_entry(row, row.seq in seen) for row in rows[:size])
        return Page(items, cursor_for(items[-1].seq) if len(rows) > size else None)

    def broken(self) -> ChainReport | None:
        """See the Protocol."""
        return self._trail.broken

    async def verify(self, *, pause: float = 0.0) -> ChainReport:
        """See the Protocol. `pause`: seconds between chunks, for who is in no hurry."""
        walk = _Walk(audit.Link())
        while not walk.done:
            await self._step(walk)
            await asyncio.sleep(pause)
        return self._trail.take(walk.report)

    async def verify_tail(self) -> ChainReport:
        """Checks the newest entries only: what a start has time for."""
        walk = _Walk(await self._store.read(lambda connection: audit.link_before_tail(connection, TAIL)))
        while not walk.done:
            await self._step(walk)
        self._metrics.audit_entries.set(walk.link.seq)
        return self._trail.take(walk.report)

    def verify_in_background(self) -> None:
        """Checks what `verify_tail` had no time for, beside everything else."""
        self._background = asyncio.create_task(self._verify_quietly(), name="audit-verify")

    async def _verify_quietly(self) -> None:
        try:
            await self.verify(pause=BACKGROUND_PAUSE)
        except Unavailable as error:
            log.warning("the audit trail could not be verified to its end", error=error.message)

    async def close(self) -> None:
        """Writes the counts of folded sign-ins that are still to be written."""
        if self._background is not None:
            self._background.cancel()
            await asyncio.wait([self._background])
            self._background = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for future in self._write_folded():
            await asyncio.wait([asyncio.wrap_future(future)])

    async def _step(self, walk: _Walk) -> None:
        link, limit = walk.link, walk.limit
        try:
            walk.take(await self._store.read(lambda connection: audit.walk(connection, link, limit)))
        except StoreFailed:
            walk.unreadable()

    def _arm(self) -> None:
        """One timer a minute, and only while there is something to fold."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SigninFolder.WINDOW_SECONDS, self._minute_over)

    def _minute_over(self) -> None:
        self._timer = None
        self._write_folded()

    def _write_folded(self) -> Sequence[Future[int]]:
        futures = []
        for source, count in self._folder.drain():
            actor = Actor(name="system:anonymous", via="token", source=source)
            entry = audit.Entry(actor, AuditTag.SIGNIN_REFUSED, payload={"count": count})
            try:
                futures.append(self._store.submit(partial(self._trail.write, entry=entry)))
            except ChakratorError:
                log.error("a count of refused sign-ins could not be stored", source=source, count=count)
        return futures


class _Walk:
    """Where a verification is. After a chunk that cannot be read it goes on entry by entry, to name the one."""

    def __init__(self, start: audit.Link) -> None:
        self.link = start
        self.limit = CHUNK
        self.done = False
        self.report = ChainReport(ok=True, entries=start.seq, head=start.hash)

    def take(self, step: tuple[audit.Link, audit.Break | None, bool]) -> None:
        """One chunk was checked."""
        self.link, wrong, end = step
        self.done = end or wrong is not None
        self.report = ChainReport(
            ok=wrong is None,
            entries=self.link.seq,
            head=self.link.hash,
            broken_seq=wrong.seq if wrong else None,
            why=wrong.why if wrong else "",
        )

    def unreadable(self) -> None:
        """One chunk could not be read."""
        if self.limit > 1:
            self.limit = 1
            return
        self.take((self.link, audit.Break(self.link.seq + 1, "the entry cannot be read"), False))


def verify_file(database: Path) -> ChainReport:
    """Walks the chain of a database file, whether or not a process has it open. Raises StoreFailed without one."""
    walk = _Walk(audit.Link())
    read_offline(database, audit.size)
    while not walk.done:
        link, limit = walk.link, walk.limit
        try:
            walk.take(read_offline(database, _walk_from(link, limit)))
        except StoreFailed:
            walk.unreadable()
    return walk.report


def _walk_from(link: audit.Link, limit: int) -> Callable[[Connection], tuple[audit.Link, audit.Break | None, bool]]:
    return lambda connection: audit.walk(connection, link, limit)


def _entry(row: audit.Row, visible: bool) -> AuditEntry:
    if not visible:
        return AuditEntry(row.seq, row.ts, row.payload_sha, row.prev, row.hash)
    return AuditEntry(
        seq=row.seq,
        ts=row.ts,
        payload_sha=row.payload_sha,
        prev=row.prev,
        hash=row.hash,
        salt=row.salt,
        actor=row.actor,
        action=row.action,
        namespace=row.namespace,
        subject=row.subject,
        payload=json.loads(row.payload),
    )
