"""Opening the store and everything that is offered on top of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog

from core.clock import Clock
from core.domain.actor import SYSTEM
from core.domain.audit import AuditTag
from core.services.activations import StoredActivations
from core.services.audit import AuditTrail, StoredAudit
from core.services.idempotency import StoredIdempotency
from core.services.protocols import ChainReport, Services
from core.services.runs import StoredRuns
from core.services.submissions import StoredSubmissions
from core.store import activations
from core.store.audit import Entry
from core.store.connect import database_path
from core.store.engine import Store, open_store
from core.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OpenServices:
    """The services and their end. `tail` is what a look at the newest audit entries said at the start."""

    services: Services
    database: Path
    tail: ChainReport
    _store: Store
    _audit: StoredAudit
    _runs: StoredRuns

    async def close(self) -> None:
        """Writes what is buffered, then gives the data folder to the next process."""
        try:
            await self._runs.close()
            await self._audit.close()
        finally:
            await self._store.close()


async def open_services(
    *, url: str, clock: Clock, host_version: str = "", metrics: Metrics | None = None
) -> OpenServices:
    """Takes the data folder, migrates, starts the writer. Raises Invalid (unfit place) or Unavailable.

    Without `metrics` the figures are kept where nobody reads them (a one-off command has no /metrics).
    """
    figures = metrics or Metrics()
    trail = AuditTrail(clock, figures)
    full = Entry(SYSTEM, AuditTag.STORE_WRITE_REFUSED, payload={"code": "storage_full", "host": host_version})
    store = await asyncio.to_thread(
        open_store,
        database_path(url),
        clock=clock,
        metrics=figures,
        record_full=lambda connection: trail.write(connection, full),
    )
    try:
        audit = StoredAudit(store, trail, figures)
        runs = StoredRuns(store, figures)
        tail = await audit.verify_tail()
        newest = await store.read(activations.newest_seq)
        services = Services(
            submissions=StoredSubmissions(store, trail, clock),
            activations=StoredActivations(store, trail, clock, newest),
            runs=runs,
            audit=audit,
            idempotency=StoredIdempotency(store, clock),
        )
    except BaseException:
        await store.close()
        raise
    audit.verify_in_background()
    log.info("the store is open", host_version=host_version, audit_entries=tail.entries, audit_head=tail.head)
    return OpenServices(services, store.path, tail, store, audit, runs)
