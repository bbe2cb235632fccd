"""The schema: what migrations make is what the tables say, however and by however many processes it is made."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from homeport.app import prepare_database
from homeport.core.secret import Secret
from homeport.db.engine import Database, open_database
from homeport.db.migrate import HEAD, alembic_config, current_revision, migrate
from homeport.db.tables import METADATA
from homeport.db.teams import User
from tests.support import factories
from tests.support.app import KEY

_TABLES = sorted(METADATA.tables)


def _open(url: str) -> Database:
    return open_database(url, (Secret(KEY),))


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[Database]:
    database = _open(empty_url)
    yield database
    await database.close()


def _inspect(database: Database) -> tuple[list[object], set[str]]:
    """How the database differs from the metadata, and its tables."""
    engine = sa.create_engine(database.sync_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables,
        }
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, METADATA)
        tables = set(sa.inspect(connection).get_table_names())
    engine.dispose()
    return list(differences), tables


async def test_migrations_make_what_the_tables_say(empty: Database) -> None:
    assert await current_revision(empty) is None
    assert await migrate(empty)
    differences, tables = await asyncio.to_thread(_inspect, empty)
    assert differences == []
    assert tables == {*_TABLES, "alembic_version"}
    assert await current_revision(empty) == HEAD


async def test_a_second_time_does_nothing_and_keeps_the_rows(empty: Database) -> None:
    await migrate(empty)
    user_id = await factories.add_user(empty)
    assert not await migrate(empty)
    async with empty.read() as session:
        assert await session.scalar(sa.select(User.id)) == user_id


async def test_two_processes_migrate_at_once(empty_url: str) -> None:
    databases = [_open(empty_url) for _ in range(3)]
    await asyncio.gather(*(migrate(each) for each in databases))
    differences, _ = await asyncio.to_thread(_inspect, databases[0])
    assert differences == []
    for database in databases:
        assert await current_revision(database) == HEAD
        await database.close()


async def test_two_processes_start_on_an_empty_database(empty_url: str) -> None:
    databases = [_open(empty_url) for _ in range(3)]
    await asyncio.gather(*(prepare_database(each) for each in databases))
    for database in databases:
        async with database.read() as session:
            assert await session.scalar(sa.select(sa.func.count()).select_from(User)) == 1
        await database.close()


async def test_a_newer_schema_is_left_alone(empty: Database) -> None:
    """After a downgrade of the program: it starts, and destroys nothing."""
    await migrate(empty)
    async with empty.write() as session:
        await session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    await migrate(empty)
    assert await current_revision(empty) == "9999"


async def test_a_failed_migration_leaves_nothing(empty: Database) -> None:
    async with empty.write() as session:
        await session.execute(sa.text("CREATE TABLE users (odd INTEGER)"))
    with pytest.raises(sa.exc.DatabaseError):
        await migrate(empty)
    _, tables = await asyncio.to_thread(_inspect, empty)
    assert tables == {"users"}


def test_head_is_the_newest_file() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert script.get_heads() == [HEAD]
    assert len(script.get_bases()) == 1


def test_names_of_constraints_fit_postgresql() -> None:
    """Longer ones are cut there, and a later migration would not find them."""
    dialect = sa.dialects.postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's own
    for table in METADATA.tables.values():
        names = [dialect.identifier_preparer.format_constraint(each) for each in table.constraints]
        names += [dialect.identifier_preparer.format_index(each) for each in table.indexes]
        assert [name for name in names if len(name or "") > 63] == []
