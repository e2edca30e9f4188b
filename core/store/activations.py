"""The log of activations. All functions run inside the caller's transaction."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, select

from core.domain.keys import ReconcilerRef, Uid
from core.domain.revision import Activation, ActivationKind, Identity
from core.store.models import activations, reconcilers, revisions
from core.store.revisions import reconciler_id
from core.store.text import encodable, moment, stamp

MAX_TAIL = 500


def add(connection: Connection, activation: Activation) -> Activation:
    """Stores a row after the newest one of its Reconciler, and gives it back with its seq."""
    owner = reconciler_id(connection, activation.reconciler)
    turn = connection.execute(
        select(func.coalesce(func.max(activations.c.turn), 0)).where(activations.c.reconciler_id == owner)
    ).scalar_one()
    made = connection.execute(
        insert(activations)
        .values(
            reconciler_id=owner,
            turn=turn + 1,
            revision=activation.revision,
            kind=activation.kind.value,
            actor=encodable(activation.actor),
            reason=encodable(activation.reason),
            service_account=activation.service_account,
            service_account_uid=activation.service_account_uid,
            at=stamp(activation.at),
        )
        .returning(activations.c.seq)
    )
    return replace(activation, seq=int(made.scalar_one()))


def current(connection: Connection, identity: Identity) -> Activation | None:
    """The newest row of a Reconciler."""
    row = connection.execute(_of(identity).order_by(activations.c.turn.desc()).limit(1)).first()
    return None if row is None else _activation(row)


def last_good(connection: Connection, identity: Identity) -> int | None:
    """The revision that ran most recently of those older than the active one.

    Older, so that rolling back twice goes back two steps instead of forth again; and one that did not
    start does not count: the fallback that followed it is the later row.
    """
    query = _good(connection, identity)
    row = connection.execute(query.limit(1)).first() if query is not None else None
    return None if row is None else int(row.revision)


def fallback(connection: Connection, identity: Identity, account: str, account_uid: Uid) -> int | None:
    """Like `last_good`, of those that somebody activated under this very ServiceAccount."""
    query = _good(connection, identity)
    if query is None:
        return None
    row = connection.execute(query.where(*_authorised(account, account_uid)).limit(1)).first()
    return None if row is None else int(row.revision)


def was_active(connection: Connection, identity: Identity, revision: int, account: str, account_uid: Uid) -> bool:
    """Whether somebody activated this revision before under this very ServiceAccount."""
    query = _of(identity).where(activations.c.revision == revision, *_authorised(account, account_uid))
    return connection.execute(query.limit(1)).first() is not None


def since(connection: Connection, seq: int) -> list[Activation]:
    """All later rows of all Reconcilers, oldest first, at most 500."""
    query = _rows().where(activations.c.seq > seq).order_by(activations.c.seq).limit(MAX_TAIL)
    return [_activation(row) for row in connection.execute(query)]


def newest_seq(connection: Connection) -> int:
    """The seq of the newest row of all; 0 when there is none."""
    return int(connection.execute(select(func.coalesce(func.max(activations.c.seq), 0))).scalar_one())


def _rows() -> Select[tuple[object, ...]]:
    return (
        select(activations, reconcilers.c.namespace, reconcilers.c.name, reconcilers.c.uid, revisions.c.sha256)
        .join(reconcilers, reconcilers.c.id == activations.c.reconciler_id)
        .join(
            revisions,
            (revisions.c.reconciler_id == activations.c.reconciler_id) & (revisions.c.number == activations.c.revision),
        )
    )


def _of(identity: Identity) -> Select[tuple[object, ...]]:
    return _rows().where(
        reconcilers.c.namespace == identity.ref.namespace,
        reconcilers.c.name == identity.ref.name,
        reconcilers.c.uid == identity.uid,
    )


def _good(connection: Connection, identity: Identity) -> Select[tuple[object, ...]] | None:
    active = current(connection, identity)
    if active is None:
        return None
    failed_turns = (
        select(activations.c.turn - 1)
        .where(activations.c.reconciler_id == reconciler_id(connection, identity))
        .where(activations.c.kind == ActivationKind.FALLBACK.value)
    )
    return (
        _of(identity)
        .where(activations.c.revision < active.revision, activations.c.turn.not_in(failed_turns))
        .order_by(activations.c.turn.desc())
    )


def _authorised(account: str, account_uid: Uid) -> tuple[ColumnElement[bool], ...]:
    """A fallback is the host's own row: it shows that code ran, never that anybody allowed it to."""
    return (
        activations.c.service_account == account,
        activations.c.service_account_uid == account_uid,
        activations.c.kind != ActivationKind.FALLBACK.value,
    )


def _activation(row: Row[tuple[object, ...]]) -> Activation:
    return Activation(
        seq=row.seq,
        reconciler=Identity(ReconcilerRef(row.namespace, row.name), Uid(row.uid)),
        revision=row.revision,
        sha256=row.sha256,
        kind=ActivationKind(row.kind),
        actor=row.actor,
        reason=row.reason,
        service_account=row.service_account,
        service_account_uid=Uid(row.service_account_uid),
        at=moment(row.at),
    )
