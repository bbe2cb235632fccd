"""Contract tests talk to the real application; each runs on SQLite and on PostgreSQL, on a database of its own.

A database is a copy of a template that went through migrations and a first start once.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from homeport.app import prepare_database
from homeport.db.engine import Database, open_database
from homeport.remote.recording import RecordingHost
from homeport.settings import Settings
from homeport.worker.context import Context
from homeport.worker.run import worker
from tests.support.app import RecordingHosts, RunningApp, running, settings_for
from tests.support.postgres import ensure_cluster, new_name


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "homeport.db"
    asyncio.run(_prepare(f"sqlite+aiosqlite:///{path}", path.parent))
    return path


@pytest.fixture(scope="session")
def postgres_template(tmp_path_factory: pytest.TempPathFactory) -> str:
    name = new_name("template")
    asyncio.run(_prepare(ensure_cluster().create(name), tmp_path_factory.mktemp("template")))
    return name


async def _prepare(url: str, folder: Path) -> None:
    database = open_database(url, settings_for(url, folder).secret_keys)
    await prepare_database(database)
    await database.close()


@pytest.fixture
def empty_url(backend: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without anything in it."""
    if backend == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/homeport.db"
        return
    name = new_name()
    yield ensure_cluster().create(name)
    ensure_cluster().drop(name)


@pytest.fixture
def database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database as a first start leaves it."""
    if backend == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path / "homeport.db"
        shutil.copyfile(template, path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    name = new_name()
    yield ensure_cluster().create(name, request.getfixturevalue("postgres_template"))
    ensure_cluster().drop(name)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Override in a test module to change a setting."""
    return settings_for(database_url, tmp_path)


@pytest.fixture
async def homeport(settings: Settings) -> AsyncIterator[RunningApp]:
    """The application after its first start, without a worker."""
    async with running(settings) as app:
        yield app


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = open_database(settings.database_url, settings.secret_keys)
    yield database
    await database.close()


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


@pytest.fixture
async def context(database: Database, settings: Settings, host: RecordingHost) -> AsyncIterator[Context]:
    async with worker(database, settings, RecordingHosts(host), is_observing=False) as running:
        yield running
