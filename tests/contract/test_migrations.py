"""From nothing to the tables that the code knows, once, however many processes start."""

import asyncio
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from homeport.db.engine import Database, open_database
from homeport.db.migrate import HEAD, alembic_config, current_revision, migrate
from homeport.db.tables import METADATA
from tests.support.app import running, settings_for


def opened(url: str, folder: Path) -> Database:
    return open_database(url, settings_for(url, folder).secret_keys)


def differences(url: str) -> list[object]:
    """What Alembic would change in our tables."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            options = {
                "include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables,
                "compare_server_default": True,
            }
            return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))
    finally:
        engine.dispose()


def test_the_head_is_the_newest_file() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert script.get_heads() == [HEAD]


async def test_migrations_make_the_tables_that_the_code_knows(empty_url: str, tmp_path: Path) -> None:
    database = opened(empty_url, tmp_path)
    assert await current_revision(database) is None
    assert await migrate(database) is True
    assert await current_revision(database) == HEAD
    assert await migrate(database) is False
    assert await asyncio.to_thread(differences, database.sync_url) == []
    await database.close()


async def test_processes_that_start_at_once_migrate_once(empty_url: str, tmp_path: Path) -> None:
    databases = [opened(empty_url, tmp_path) for _ in range(4)]
    await asyncio.gather(*(migrate(each) for each in databases))
    assert await asyncio.to_thread(differences, databases[0].sync_url) == []
    for each in databases:
        assert await current_revision(each) == HEAD
        await each.close()


async def test_a_schema_of_a_newer_homeport_is_left_alone(empty_url: str, tmp_path: Path) -> None:
    database = opened(empty_url, tmp_path)
    await migrate(database)
    async with database.write() as session:
        await session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    await migrate(database)
    assert await current_revision(database) == "9999"
    await database.close()


async def test_the_application_comes_up_from_nothing(empty_url: str, tmp_path: Path) -> None:
    async with running(settings_for(empty_url, tmp_path)) as app:
        assert (await app.root.get("/api/v1/version")).text == "4.3.11"
    async with running(settings_for(empty_url, tmp_path)) as again:
        assert len((await again.root.get("/api/v1/projects")).json()) == 1
