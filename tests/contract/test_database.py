"""Sessions: nothing is lost between writers, readers cannot write, and whoever is cancelled leaves nothing."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from homeport.db.engine import Database, open_database
from homeport.db.projects import Project
from homeport.db.teams import Team
from tests.support import factories
from tests.support.app import settings_for


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = open_database(database_url, settings_for(database_url, tmp_path).secret_keys)
    yield database
    await database.close()


async def count_projects(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(Project)) or 0


async def test_a_failure_takes_everything_back(database: Database) -> None:
    async def change(team_id: int, rows: int) -> None:
        async with database.write() as session:
            await session.execute(update(Project).values(name="changed"))
            await session.execute(update(Project).values(team_id=team_id, description=str(1 // rows)))

    with pytest.raises(ZeroDivisionError):
        await change(team_id=0, rows=0)
    with pytest.raises(IntegrityError):
        await change(team_id=77, rows=1)
    async with database.read() as session:
        assert await session.scalar(select(Project.name)) == "Default"
    await factories.add_project(database)
    assert await count_projects(database) == 2


async def test_a_reader_cannot_write_and_goes_on_reading(database: Database) -> None:
    for _ in range(3):
        async with database.read() as session:
            with pytest.raises(DBAPIError):
                await session.execute(text("UPDATE teams SET name = 'changed'"))
    async with database.read() as session:
        assert await session.scalar(select(Team.name)) == "Root Team"


async def test_a_reader_sees_each_commit_and_nothing_before_it(database: Database) -> None:
    async with database.read() as reader:
        assert await reader.scalar(select(Project.name)) == "Default"
        async with database.write() as session:
            await session.execute(update(Project).values(name="changed"))
            assert await reader.scalar(select(Project.name)) == "Default"
        assert await reader.scalar(select(Project.name)) == "changed"


async def test_many_readers_at_once(database: Database) -> None:
    """More than the pool keeps: those that wait for a deployment hold their session."""
    all_read = asyncio.Event()
    reading = 0

    async def read() -> None:
        nonlocal reading
        async with database.read() as session:
            await session.scalar(select(Team.name))
            reading += 1
            if reading == 20:
                all_read.set()
            await asyncio.wait_for(all_read.wait(), 20)

    await asyncio.gather(*(read() for _ in range(20)))


async def test_a_cancelled_writer_leaves_nothing_and_the_next_one_writes(database: Database) -> None:
    for steps in range(12):
        writer = asyncio.create_task(factories.add_project(database, name="cancelled"))
        for _ in range(steps):
            await asyncio.sleep(0)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        await asyncio.wait_for(factories.add_project(database, name="kept"), 20)
    async with database.read() as session:
        kept = select(func.count()).select_from(Project).where(Project.name == "kept")
        assert await session.scalar(kept) == 12


class TestSqlite:
    @pytest.fixture
    def backend(self) -> str:
        return "sqlite"

    async def test_no_update_is_lost(self, database: Database) -> None:
        """Read, then write what was read plus one: with the driver's defaults most of these are lost."""

        async def increment() -> None:
            for _ in range(25):
                async with database.write() as session:
                    port = await session.scalar(text("SELECT port FROM servers"))
                    await asyncio.sleep(0)
                    await session.execute(text("UPDATE servers SET port = :port"), {"port": port + 1})

        async with database.write() as session:
            await session.execute(text("UPDATE servers SET port = 0"))
        await asyncio.gather(*(increment() for _ in range(8)))
        async with database.read() as session:
            assert await session.scalar(text("SELECT port FROM servers")) == 200

    async def test_waiting_for_another_program_does_not_hold_the_loop(self, database: Database) -> None:
        other = sqlite3.connect(str(database.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writer = asyncio.create_task(factories.add_project(database))
        for _ in range(50):
            assert await count_projects(database) == 1
            await asyncio.sleep(0.002)
        assert not writer.done()
        other.execute("ROLLBACK")
        other.close()
        await asyncio.wait_for(writer, 20)
        assert await count_projects(database) == 2

    async def test_cancelled_while_it_waits_for_another_program(self, database: Database) -> None:
        """BEGIN goes on in its thread after the cancel; the lock that it gets must not be kept."""
        other = sqlite3.connect(str(database.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writer = asyncio.create_task(factories.add_project(database))
        await asyncio.sleep(0.05)
        writer.cancel()
        waiting = asyncio.gather(writer, return_exceptions=True)
        await asyncio.sleep(0.05)
        other.execute("ROLLBACK")
        await asyncio.wait_for(waiting, 20)
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        other.close()
        await asyncio.wait_for(factories.add_project(database), 20)
        assert await count_projects(database) == 2

    async def test_the_pragmas_hold_on_every_connection(self, database: Database) -> None:
        for opened in (database.read(), database.write()):
            async with opened as session:
                values = [
                    await session.scalar(text(f"PRAGMA {name}"))
                    for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
                ]
                assert values == ["wal", 1, 1, 30000]
