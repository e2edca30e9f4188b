"""The first schema: revisions, activations, the audit trail with its triggers, runs, idempotency.

Revision ID: r0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

AUDIT_TRIGGERS = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    """Makes every table, then the triggers."""
    op.create_table(
        "reconcilers",
        sa.Column("id", BIG, nullable=False),
        _text("namespace"),
        _text("name"),
        _text("uid"),
        _text("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_reconcilers"),
        sa.UniqueConstraint("namespace", "name", "uid", name="uq_reconcilers_namespace"),
        sqlite_strict=True,
    )
    op.create_table(
        "blobs",
        _text("sha256"),
        _text("source"),
        sa.PrimaryKeyConstraint("sha256", name="pk_blobs"),
        sqlite_strict=True,
    )
    op.create_table(
        "revisions",
        sa.Column("reconciler_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        _text("sha256"),
        _text("message"),
        _text("author"),
        _text("created_at"),
        _text("policy_version"),
        _text("report"),
        sa.ForeignKeyConstraint(["reconciler_id"], ["reconcilers.id"], name="fk_revisions_reconciler_id_reconcilers"),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name="fk_revisions_sha256_blobs"),
        sa.PrimaryKeyConstraint("reconciler_id", "number", name="pk_revisions"),
        sqlite_strict=True,
    )
    op.create_table(
        "activations",
        sa.Column("seq", BIG, nullable=False),
        sa.Column("reconciler_id", BIG, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        _text("kind"),
        _text("actor"),
        _text("reason"),
        _text("service_account"),
        _text("service_account_uid"),
        _text("at"),
        sa.ForeignKeyConstraint(
            ["reconciler_id", "revision"],
            ["revisions.reconciler_id", "revisions.number"],
            name="fk_activations_reconciler_id_revisions",
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_activations"),
        sa.UniqueConstraint("reconciler_id", "turn", name="uq_activations_reconciler_id"),
        sqlite_strict=True,
    )
    op.create_table(
        "audit",
        sa.Column("seq", BIG, nullable=False),
        *(_text(name) for name in ("ts", "actor", "action", "namespace", "subject", "payload", "salt")),
        *(_text(name) for name in ("payload_sha", "prev", "hash")),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
        sqlite_strict=True,
    )
    op.create_index("ix_audit_namespace_seq", "audit", ["namespace", "seq"])
    op.create_table(
        "runs",
        sa.Column("seq", BIG, nullable=False),
        *(_text(name) for name in ("id", "namespace", "name", "uid", "target", "target_uid")),
        sa.Column("revision", sa.Integer(), nullable=False),
        _text("outcome"),
        sa.Column("layer", sa.Text()),
        _text("message"),
        sa.Column("line", sa.Integer()),
        _text("reason"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        _text("started_at"),
        sa.Column("duration_us", BIG, nullable=False),
        sa.Column("cpu_us", BIG, nullable=False),
        sa.Column("peak_memory_bytes", BIG, nullable=False),
        _text("effects"),
        _text("logs"),
        sa.PrimaryKeyConstraint("seq", name="pk_runs"),
        sa.UniqueConstraint("id", name="uq_runs_id"),
        sqlite_strict=True,
    )
    op.create_index("ix_runs_namespace_name_seq", "runs", ["namespace", "name", "seq"])
    op.create_table(
        "idempotency",
        _text("actor"),
        _text("key"),
        _text("request_sha"),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _text("created_at"),
        sa.PrimaryKeyConstraint("actor", "key", name="pk_idempotency"),
        sqlite_strict=True,
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])
    for trigger in AUDIT_TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Back to nothing; dropping a table takes its triggers and indexes along."""
    for table in ("idempotency", "runs", "audit", "activations", "revisions", "blobs", "reconcilers"):
        op.drop_table(table)
