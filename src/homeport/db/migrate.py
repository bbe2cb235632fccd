"""Bring the database to the newest schema, safely when several processes start at once.

Alembic is imported only when there is something to do: a start with a current schema pays one query.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from homeport.db.engine import Database
from homeport.db.sqlite import prepare

if TYPE_CHECKING:
    from alembic.config import Config

HEAD: Final = "0002"
"""The newest revision; a test compares it with the files in migrations/versions."""

_FOLDER = Path(__file__).with_name("migrations")
_ADVISORY_LOCK = 0x686F6D65  # "home"


async def migrate(database: Database) -> bool:
    """Migrate to HEAD; True when something was done. A schema newer than this program is left alone."""
    if await current_revision(database) == HEAD:
        return False
    await asyncio.to_thread(_upgrade, database.sync_url)
    return True


async def current_revision(database: Database) -> str | None:
    """The schema's revision, None for a database that has none yet."""
    try:
        async with database.read() as session:
            revision: str | None = await session.scalar(sa.text("SELECT version_num FROM alembic_version"))
            return revision
    except SQLAlchemyError:
        # No such table, or no such file: whatever else is wrong, the migration will meet it and say so.
        return None


def alembic_config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - heavy, and rarely needed

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def _upgrade(sync_url: str) -> None:
    from alembic import command  # noqa: PLC0415 - heavy, and rarely needed
    from alembic.util import CommandError  # noqa: PLC0415

    engine = sa.create_engine(sync_url, poolclass=sa.NullPool)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare)
        sa.event.listen(engine, "begin", _begin_immediate)
    config = alembic_config()
    try:
        # One transaction around everything: a second process waits here, then finds nothing to do.
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        if "Can't locate revision" not in str(error):
            raise
    finally:
        engine.dispose()


def _prepare(raw: object, _record: object) -> None:
    import sqlite3  # noqa: PLC0415 - only here

    if isinstance(raw, sqlite3.Connection):
        raw.isolation_level = None
        prepare(raw)


def _begin_immediate(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
