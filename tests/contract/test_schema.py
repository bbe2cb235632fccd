"""Migrations where something is in the way, and names that both databases can hold."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from homeport.db.engine import Database, open_database
from homeport.db.migrate import current_revision, migrate
from homeport.db.tables import METADATA
from tests.support.app import settings_for


def _tables(database: Database) -> set[str]:
    engine = sa.create_engine(database.sync_url, poolclass=sa.NullPool)
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


async def test_a_failed_migration_leaves_nothing(empty_url: str, tmp_path: Path) -> None:
    database = open_database(empty_url, settings_for(empty_url, tmp_path).secret_keys)
    async with database.write() as session:
        await session.execute(sa.text("CREATE TABLE users (odd INTEGER)"))
    with pytest.raises(sa.exc.DatabaseError):
        await migrate(database)
    assert await asyncio.to_thread(_tables, database) == {"users"}
    async with database.write() as session:
        await session.execute(sa.text("DROP TABLE users"))
    assert await migrate(database)
    assert await current_revision(database) is not None
    await database.close()


def test_names_of_constraints_fit_postgresql() -> None:
    """Longer ones are cut there, and a later migration would not find them."""
    dialect = sa.dialects.postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's own
    for table in METADATA.tables.values():
        names = [dialect.identifier_preparer.format_constraint(each) for each in table.constraints]
        names += [dialect.identifier_preparer.format_index(each) for each in table.indexes]
        assert [name for name in names if len(name or "") > 63] == []
