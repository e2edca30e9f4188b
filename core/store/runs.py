"""Run rows: bounded per Reconciler and in all. All functions run inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select

from core.domain.keys import ReconcilerRef, Uid
from core.store.models import runs
from core.store.text import encodable, moment, stamp

KEPT_PER_RECONCILER = 500
KEPT_IN_ALL = 100_000
MAX_TEXT = 4 * 1024
MAX_EFFECTS = 100
MAX_LOGS_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One row, decoded. Times in ms."""

    seq: int
    id: str
    reconciler: ReconcilerRef
    reconciler_uid: Uid
    target: str
    target_uid: Uid
    revision: int
    outcome: str
    layer: str | None
    message: str
    line: int | None
    reason: str
    attempt: int
    started_at: datetime
    duration_ms: float
    cpu_ms: float
    peak_memory_bytes: int
    effects: tuple[str, ...] = ()
    logs: tuple[Mapping[str, object], ...] = ()


def add(connection: Connection, batch: Sequence[StoredRun]) -> None:
    """Stores a batch, then drops the oldest rows of each Reconciler it touched. A known id is left as it is."""
    for run in batch:
        connection.execute(insert(runs).prefix_with("OR IGNORE", dialect="sqlite").values(_values(run)))
    for ref in {run.reconciler for run in batch}:
        _trim(connection, ref)


def trim_all(connection: Connection) -> None:
    """Drops the oldest rows of all once there are too many: deleted Reconcilers leave theirs behind."""
    excess = int(connection.execute(select(func.count()).select_from(runs)).scalar_one()) - KEPT_IN_ALL
    if excess > 0:
        oldest = select(runs.c.seq).order_by(runs.c.seq).limit(excess)
        connection.execute(delete(runs).where(runs.c.seq.in_(oldest)))


@dataclass(frozen=True, slots=True)
class Where:
    """Rows of one Reconciler, narrowed."""

    reconciler: ReconcilerRef
    uid: Uid | None = None
    target: str | None = None
    outcome: str | None = None


def page(connection: Connection, where: Where, before: int | None, limit: int) -> list[StoredRun]:
    """Newest first."""
    query = select(runs).where(runs.c.namespace == where.reconciler.namespace, runs.c.name == where.reconciler.name)
    if where.uid is not None:
        query = query.where(runs.c.uid == where.uid)
    if where.target is not None:
        query = query.where(runs.c.target == where.target)
    if where.outcome is not None:
        query = query.where(runs.c.outcome == where.outcome)
    if before is not None:
        query = query.where(runs.c.seq < before)
    return [_run(row) for row in connection.execute(query.order_by(runs.c.seq.desc()).limit(limit))]


def get(connection: Connection, ref: ReconcilerRef, run_id: str) -> StoredRun | None:
    """One row of this Reconciler."""
    query = select(runs).where(runs.c.id == run_id, runs.c.namespace == ref.namespace, runs.c.name == ref.name)
    row = connection.execute(query).first()
    return None if row is None else _run(row)


def _trim(connection: Connection, ref: ReconcilerRef) -> None:
    mine = (runs.c.namespace == ref.namespace) & (runs.c.name == ref.name)
    newest_too_old = (
        select(runs.c.seq)
        .where(mine)
        .order_by(runs.c.seq.desc())
        .offset(KEPT_PER_RECONCILER)
        .limit(1)
        .scalar_subquery()
    )
    connection.execute(delete(runs).where(mine, runs.c.seq <= newest_too_old))


def _values(run: StoredRun) -> dict[str, object]:
    return {
        "id": run.id,
        "namespace": run.reconciler.namespace,
        "name": run.reconciler.name,
        "uid": run.reconciler_uid,
        "target": encodable(run.target),
        "target_uid": run.target_uid,
        "revision": run.revision,
        "outcome": run.outcome,
        "layer": run.layer,
        "message": encodable(run.message[:MAX_TEXT]),
        "line": run.line,
        "reason": encodable(run.reason[:MAX_TEXT]),
        "attempt": run.attempt,
        "started_at": stamp(run.started_at),
        "duration_us": round(run.duration_ms * 1000),
        "cpu_us": round(run.cpu_ms * 1000),
        "peak_memory_bytes": run.peak_memory_bytes,
        "effects": _json(text[:MAX_TEXT] for text in run.effects[:MAX_EFFECTS]),
        "logs": _tail(run.logs),
    }


def _tail(lines: Sequence[Mapping[str, object]]) -> str:
    """The last lines that fit, as a JSON list: what a run said last tells most about its end."""
    kept: list[str] = []
    size = 2
    for line in reversed(lines):
        text = _json(line)
        size += len(text) + 1
        if size > MAX_LOGS_BYTES:
            break
        kept.append(text)
    return f"[{','.join(reversed(kept))}]"


def _json(value: Mapping[str, object] | Iterable[str]) -> str:
    plain = value if isinstance(value, Mapping) else list(value)
    return encodable(msgspec.json.encode(plain).decode("utf-8", "replace"))


def _run(row: Row[tuple[object, ...]]) -> StoredRun:
    return StoredRun(
        seq=row.seq,
        id=row.id,
        reconciler=ReconcilerRef(row.namespace, row.name),
        reconciler_uid=Uid(row.uid),
        target=row.target,
        target_uid=Uid(row.target_uid),
        revision=row.revision,
        outcome=row.outcome,
        layer=row.layer,
        message=row.message,
        line=row.line,
        reason=row.reason,
        attempt=row.attempt,
        started_at=moment(row.started_at),
        duration_ms=row.duration_us / 1000,
        cpu_ms=row.cpu_us / 1000,
        peak_memory_bytes=row.peak_memory_bytes,
        effects=msgspec.json.decode(row.effects, type=tuple[str, ...]),
        logs=tuple(msgspec.json.decode(row.logs, type=list[dict[str, object]])),
    )
