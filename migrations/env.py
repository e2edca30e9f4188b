"""How Alembic runs our migrations: on the connection that the store hands over, all in one transaction.

There is no alembic.ini and no way to run this from Alembic's own command line: the store takes the lock
on the data folder and makes the backup first (core/store/schema.py).
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from core.errors import Bug
from core.store.models import metadata


def _run() -> None:
    connection = context.config.attributes.get("connection")
    if not isinstance(connection, Connection):
        raise Bug("migrations run through core.store.schema, which hands over its connection")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


_run()
