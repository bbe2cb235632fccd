"""The real application in this process, on a database of its own, with hosts that only record."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from homeport.app import create_app
from homeport.catalog import Catalog
from homeport.core.secret import Secret
from homeport.db.engine import Database
from homeport.remote.recording import RecordingHost
from homeport.settings import Settings
from tests.support import factories

KEY = "a key for tests of 32 characters or more"


def settings_for(database_url: str, folder: Path, **changes: Any) -> Settings:
    """Settings with a fixed key and without a rate limit."""
    settings = Settings(
        data_dir=folder, database_url=database_url, secret_keys=(Secret(KEY),), api_rate_limit=0
    )
    return replace(settings, **changes)


@dataclass(slots=True)
class RecordingHosts:
    """Opens the same recording host for every server."""

    host: RecordingHost = field(default_factory=RecordingHost)

    async def open(self, _server: Any) -> RecordingHost:
        return self.host

    async def close(self) -> None:
        await self.host.close()


@dataclass(slots=True, kw_only=True)
class RunningApp:
    """`client` sends no token; `root` one of the root team that may do all."""

    app: FastAPI
    client: httpx.AsyncClient
    root: httpx.AsyncClient
    root_token: str
    hosts: RecordingHosts
    settings: Settings

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    @property
    def host(self) -> RecordingHost:
        return self.hosts.host

    async def token(self, *abilities: str, **more: Any) -> str:
        """A new token of the root team's owner (or of `user_id`, `team_id`)."""
        return await factories.add_token(self.database, abilities, **more)

    def as_token(self, token: str, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
        """A client that sends this token."""
        return _client(self.app, {"Authorization": f"Bearer {token}", **(headers or {})})

    async def acting(self, *abilities: str, **more: Any) -> httpx.AsyncClient:
        """A client with a new token."""
        return self.as_token(await self.token(*abilities, **more))


@asynccontextmanager
async def running(
    settings: Settings, *, catalog: Catalog | None = None, with_worker: bool = False
) -> AsyncIterator[RunningApp]:
    """Start the application as a server would (its lifespan included) and stop it at the end."""
    hosts = RecordingHosts()
    app = create_app(settings, hosts=hosts, catalog=catalog, with_worker=with_worker)
    async with app.router.lifespan_context(app):
        root_token = await factories.add_token(app.state.database, ["root"])
        headers = {"Authorization": f"Bearer {root_token}"}
        async with _client(app) as client, _client(app, headers) as root:
            yield RunningApp(
                app=app, client=client, root=root, root_token=root_token, hosts=hosts, settings=settings
            )


def _client(app: FastAPI, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://homeport.test", headers=headers)
