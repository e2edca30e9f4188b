"""Bringing a database to the newest schema, with a copy of it kept aside first.

The caller holds the lock on the data folder. All steps from one schema to the newest are one
transaction: a migration that fails leaves the database as it was. Recreating a table (SQLite can alter
little in place) loses its triggers, so they are put back, and then looked at, before anything is committed.
"""

from __future__ import annotations

import importlib.util
import os
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from core.errors import Bug, ChakratorError
from core.store.connect import writer_engine
from core.store.errors import StoreFailed, translated

KEPT_BACKUPS = 3

TRIGGERS = {
    "audit_no_update": (
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
    ),
    "audit_no_delete": (
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
    ),
}


def upgrade(database: Path, now: datetime) -> Path | None:
    """To the newest schema; the path of the backup, where one was needed. Raises StoreFailed."""
    engine = writer_engine(database, foreign_keys=False)
    try:
        with engine.connect() as connection:
            with connection.begin():
                current = current_revision(connection)
            backup = None
            if current != head_revision():
                _refuse_unknown(current)
                if current is not None:
                    backup = _back_up(database, current, now)
                with connection.begin():
                    migrate(connection, "head")
                    _restore_triggers(connection)
            with connection.begin():
                check(connection)
    except ChakratorError:
        raise
    except Exception as error:
        raise (translated(error) or StoreFailed("the database cannot be brought to the newest schema")) from error
    finally:
        engine.dispose()
    return backup


def migrate(connection: Connection, target: str) -> None:
    """Runs the migrations up (or, for an older revision or `base`, down) to `target` in the open transaction."""
    config = _config()
    config.attributes["connection"] = connection
    known = ScriptDirectory.from_config(config)
    current = current_revision(connection)
    down = target == "base" or (
        current is not None
        and target != "head"
        and target in {script.revision for script in known.iterate_revisions(current, "base")}
    )
    (command.downgrade if down else command.upgrade)(config, target)


def current_revision(connection: Connection) -> str | None:
    """The schema the database has; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    """The newest schema that this code knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise Bug("there are no migrations")
    return head


def check(connection: Connection) -> None:
    """Raises StoreFailed unless the audit trail's guards are there as shipped and every reference holds."""
    found = _triggers(connection)
    for name, statement in TRIGGERS.items():
        if found.get(name) != statement:
            raise StoreFailed(f"the database lacks the trigger {name} that keeps the audit trail append-only")
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise StoreFailed("the database has a row that refers to one that is not there")


def _restore_triggers(connection: Connection) -> None:
    found = _triggers(connection)
    for name, statement in TRIGGERS.items():
        if name not in found:
            connection.exec_driver_sql(statement)


def _triggers(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {str(name): str(statement) for name, statement in rows}


def _refuse_unknown(current: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        raise StoreFailed(f"the database was written by a newer version (schema {current}): upgrade Chakrator")


def _back_up(database: Path, revision: str, now: datetime) -> Path:
    """A consistent copy beside the database, readable by us alone; the oldest ones go."""
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    target = database.parent / f"backup-{moment}-{revision}.db"
    # VACUUM INTO takes an empty file as it is, and so keeps the mode that we give it.
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    engine = writer_engine(database)
    try:
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("VACUUM INTO ?", (str(target),))
        finally:
            raw.close()
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        engine.dispose()
    for old in sorted(database.parent.glob("backup-*.db"))[:-KEPT_BACKUPS]:
        old.unlink(missing_ok=True)
    return target


def _config() -> Config:
    """Alembic's settings without an ini file; the migrations are a package beside ours, found by name."""
    spec = importlib.util.find_spec("migrations")
    if spec is None or not spec.submodule_search_locations:
        raise Bug("the package `migrations` is not installed")
    config = Config()
    config.set_main_option("script_location", str(spec.submodule_search_locations[0]).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
