"""What Alembic runs: our tables only (the job queue keeps its own beside them), in the caller's transaction."""

from typing import Any

from alembic import context

from homeport.db.tables import METADATA


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "table" or name in METADATA.tables


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    include_name=is_ours,
    render_as_batch=True,
    # SQLite's DDL is transactional once the driver's own transaction handling is off.
    transactional_ddl=True,
)
context.run_migrations()
