"""The tables, as SQLAlchemy Core knows them. Portable types only, so that PostgreSQL can have the same schema.

Times are RFC 3339 text in UTC with microseconds: they sort, and a person can read them in the file.
Durations are whole microseconds. JSON is text, since the audit trail must keep the very bytes it hashed.
The migrations are frozen and import nothing from here; a test holds both together.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

# SQLite makes only a column of the exact type INTEGER its rowid.
BIG = BigInteger().with_variant(Integer(), "sqlite")

reconcilers = Table(
    "reconcilers",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("namespace", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    UniqueConstraint("namespace", "name", "uid"),
    sqlite_strict=True,
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("source", Text, nullable=False),
    sqlite_strict=True,
)

revisions = Table(
    "revisions",
    metadata,
    Column("reconciler_id", BIG, ForeignKey("reconcilers.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sha256", Text, ForeignKey("blobs.sha256"), nullable=False),
    Column("message", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("report", Text, nullable=False),
    sqlite_strict=True,
)

activations = Table(
    "activations",
    metadata,
    Column("seq", BIG, primary_key=True),
    Column("reconciler_id", BIG, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("service_account", Text, nullable=False),
    Column("service_account_uid", Text, nullable=False),
    Column("at", Text, nullable=False),
    # Two activations that saw the same predecessor take the same turn: at most one of them is stored.
    UniqueConstraint("reconciler_id", "turn"),
    ForeignKeyConstraint(["reconciler_id", "revision"], ["revisions.reconciler_id", "revisions.number"]),
    sqlite_strict=True,
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BIG, primary_key=True),
    Column("ts", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("salt", Text, nullable=False),
    Column("payload_sha", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_audit_namespace_seq", "namespace", "seq"),
    sqlite_strict=True,
)

runs = Table(
    "runs",
    metadata,
    Column("seq", BIG, primary_key=True),
    Column("id", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("target_uid", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("layer", Text),
    Column("message", Text, nullable=False),
    Column("line", Integer),
    Column("reason", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("duration_us", BIG, nullable=False),
    Column("cpu_us", BIG, nullable=False),
    Column("peak_memory_bytes", BIG, nullable=False),
    Column("effects", Text, nullable=False),
    Column("logs", Text, nullable=False),
    UniqueConstraint("id"),
    Index("ix_runs_namespace_name_seq", "namespace", "name", "seq"),
    sqlite_strict=True,
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("actor", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_sha", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
    Index("ix_idempotency_created_at", "created_at"),
    sqlite_strict=True,
)
