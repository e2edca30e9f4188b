"""Every migration goes up and down with data in it, makes what the code expects, and keeps a copy first."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from core.services.factory import OpenServices, open_services
from core.services.protocols import AuditFilter
from core.store import schema
from core.store.connect import writer_engine
from core.store.errors import StoreFailed
from core.store.models import metadata

from .conftest import ANN, GREETER, START, TickingClock, activation, run_row, saved

REVISIONS = [script.revision for script in ScriptDirectory.from_config(schema._config()).walk_revisions()][::-1]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A connection to an empty database, as migrations get it."""
    engine = writer_engine(tmp_path / "m.db", foreign_keys=False)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def contents(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with connection.begin():
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {
            name: sorted(tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}"))
            for name in tables.scalars().all()
            if name != "alembic_version"
        }


def seed(connection: Connection) -> None:
    """A row in every table, whatever columns it has at this revision."""
    with connection.begin():
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        for name in names:
            if name == "alembic_version":
                continue
            columns = connection.exec_driver_sql(f"PRAGMA table_info({name})").all()
            values = {"INTEGER": "1", "TEXT": "'1'", "BLOB": "x'01'"}
            row = ", ".join(values[column.type] for column in columns)
            connection.exec_driver_sql(f"INSERT INTO {name} VALUES ({row})")


def migrate(connection: Connection, target: str) -> None:
    """In a transaction of its own."""
    with connection.begin():
        schema.migrate(connection, target)


@pytest.mark.parametrize("number", range(len(REVISIONS)))
def test_up_and_down_with_data(connection: Connection, number: int) -> None:
    """To this revision, rows in; one further and back, rows still there; down to nothing, and up again."""
    migrate(connection, REVISIONS[number])
    seed(connection)
    before = contents(connection)
    assert all(before.values())
    if number + 1 < len(REVISIONS):
        migrate(connection, REVISIONS[number + 1])
        migrate(connection, REVISIONS[number])
        assert contents(connection) == before
    migrate(connection, "base")
    assert contents(connection) == {}
    migrate(connection, "head")
    with connection.begin():
        schema.check(connection)
        assert schema.current_revision(connection) == REVISIONS[-1]


def test_the_newest_schema_is_what_the_code_expects(connection: Connection) -> None:
    """Tables, columns, keys and indexes agree with core.store.models."""
    migrate(connection, "head")
    with connection.begin():
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_tables_are_strict(connection: Connection) -> None:
    """A column holds what it says, also when somebody else writes it."""
    migrate(connection, "head")
    with connection.begin():
        rows = connection.exec_driver_sql("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'").all()
    ours = {row.name: row.strict for row in rows if not row.name.startswith(("sqlite_", "alembic_"))}
    assert ours == dict.fromkeys(metadata.tables, 1)


def test_the_triggers_in_the_migration_are_those_that_are_checked(connection: Connection) -> None:
    """What a fresh database has is what `check` asks for."""
    migrate(connection, "head")
    with connection.begin():
        assert schema._triggers(connection) == schema.TRIGGERS


async def test_opening_again_changes_and_copies_nothing(opened: OpenServices, clock: TickingClock) -> None:
    """The newest schema needs no backup."""
    await saved(opened.services, 1)
    await opened.close()
    again = await open_services(url=f"sqlite:///{opened.database}", clock=clock)
    assert (await again.services.submissions.get(GREETER, 1)).source == "x = 1\n"
    await again.close()
    assert list(opened.database.parent.glob("backup-*")) == []


@pytest.fixture
def next_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A later version of the program: our migrations and one more, which recreates the audit table."""
    package = Path(schema._config().get_main_option("script_location") or "")
    copy = tmp_path / "migrations"
    shutil.copytree(package, copy)
    later = copy / "versions" / "r9999_later.py"
    later.write_text(
        f"""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "r9999", {REVISIONS[-1]!r}
def upgrade():
    op.execute("DROP TRIGGER audit_no_delete")
    op.execute("DROP TRIGGER audit_no_update")
    with op.batch_alter_table("audit", recreate="always") as batch:
        batch.add_column(sa.Column("extra", sa.Text(), server_default="x", nullable=False))
def downgrade():
    op.execute("DROP TRIGGER audit_no_delete")
    op.execute("DROP TRIGGER audit_no_update")
    with op.batch_alter_table("audit", recreate="always") as batch:
        batch.drop_column("extra")
"""
    )
    real = schema._config

    def config() -> object:
        made = real()
        made.set_main_option("script_location", str(copy))
        return made

    monkeypatch.setattr(schema, "_config", config)
    return later


async def test_an_upgrade_keeps_a_copy_and_the_triggers(
    opened: OpenServices, next_migration: Path, clock: TickingClock
) -> None:
    """A recreated table loses its triggers: they are back, every row is there, and so is the copy from before."""
    services = opened.services
    await saved(services, 2)
    await services.activations.activate(activation(1, None), ANN)
    services.runs.record(run_row(1))
    before = await services.audit.list(AuditFilter())
    await opened.close()

    backup = schema.upgrade(opened.database, START)

    assert backup is not None
    assert backup.stat().st_mode & 0o777 == 0o600
    copied, migrated = sqlite3.connect(backup), sqlite3.connect(opened.database)
    try:
        assert copied.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISIONS[-1],)]
        assert migrated.execute("SELECT version_num FROM alembic_version").fetchall() == [("r9999",)]
        assert copied.execute("SELECT count(*) FROM audit").fetchone() == (3,)
        assert migrated.execute("SELECT count(*), min(extra) FROM audit").fetchone() == (3, "x")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            migrated.execute("DELETE FROM audit")
    finally:
        copied.close()
        migrated.close()
    again = await open_services(url=f"sqlite:///{opened.database}", clock=clock)
    try:
        report = await again.services.audit.verify()
        assert (report.ok, report.head) == (True, before.items[0].hash)
    finally:
        await again.close()


def add_a_failing_step(migration: Path) -> None:
    """After the table was recreated."""
    text = migration.read_text()
    migration.write_text(text.replace("def downgrade", "    op.execute('SELECT * FROM nowhere')\ndef downgrade"))


async def test_a_failed_migration_leaves_all_as_it_was(opened: OpenServices, next_migration: Path) -> None:
    """One transaction for all steps: half a migration does not exist."""
    await saved(opened.services, 1)
    await opened.close()
    add_a_failing_step(next_migration)
    with pytest.raises(StoreFailed):
        schema.upgrade(opened.database, START)
    connection = sqlite3.connect(opened.database)
    try:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(audit)")]
        assert "extra" not in columns
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISIONS[-1],)]
        assert {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")} == set(
            schema.TRIGGERS
        )
    finally:
        connection.close()


async def test_copies_are_bounded(opened: OpenServices, next_migration: Path) -> None:
    """The newest three stay."""
    await opened.close()
    folder = opened.database.parent
    for year in range(2020, 2025):
        (folder / f"backup-{year}0101T000000000000Z-r0000.db").touch()
    backup = schema.upgrade(opened.database, START)
    assert backup is not None
    kept = sorted(path.name[:11] for path in folder.glob("backup-*.db"))
    assert kept == ["backup-2023", "backup-2024", "backup-2026"]


async def test_a_newer_database_is_refused(opened: OpenServices, clock: TickingClock) -> None:
    """A rolled-back program does not guess what a later one wrote."""
    await opened.close()
    connection = sqlite3.connect(opened.database)
    connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreFailed, match="newer version"):
        await open_services(url=f"sqlite:///{opened.database}", clock=clock)


@pytest.fixture
def nonsense(database: Path) -> Path:
    """A file that is no database, where ours should be."""
    database.parent.mkdir(mode=0o700)
    database.write_bytes(b"not a database, but long enough to look like one " * 100)
    database.chmod(0o600)
    return database


async def test_what_is_no_database_is_refused(nonsense: Path, clock: TickingClock) -> None:
    """A clear sentence, not a traceback of the driver's; and the folder is free again."""
    for _ in range(2):
        with pytest.raises(StoreFailed, match="not a database"):
            await open_services(url=f"sqlite:///{nonsense}", clock=clock)
