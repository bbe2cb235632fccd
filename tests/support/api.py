"""Words for tests of the API: where a service goes, what it is made of, and what is left in the database."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import func, select

from homeport.db.engine import Database
from homeport.db.rows import insert_returning_ids, insert_rows
from homeport.db.servers import Destination, Server
from homeport.db.tables import METADATA
from tests.support import factories
from tests.support.app import RunningApp

API = "/api/v1"

WIKI = """# a wiki and its database
services:
  web:
    image: nginx:1.27 # the page
    environment:
      - SERVICE_URL_WEB_80
      - DB_PASSWORD=$SERVICE_PASSWORD_DB
      - TITLE=${WIKI_TITLE:-My wiki}
    volumes:
      - pages:/pages
  db:
    image: postgres:17
    environment:
      POSTGRES_PASSWORD: $SERVICE_PASSWORD_DB
"""


@dataclass(frozen=True, slots=True)
class Place:
    """The uuids of what a first start made."""

    project: str
    server: str
    destination: str

    def body(self, **more: Any) -> dict[str, Any]:
        """A request that creates the wiki; `more` replaces fields, and drops those that are `...`."""
        body = {
            "docker_compose_raw": encode(WIKI),
            "project_uuid": self.project,
            "environment_name": "production",
            "server_uuid": self.server,
            **more,
        }
        return {key: value for key, value in body.items() if value is not ...}


async def place_of(app: RunningApp) -> Place:
    project = (await app.root.get(f"{API}/projects")).json()[0]["uuid"]
    server = (await app.root.get(f"{API}/servers")).json()[0]["uuid"]
    destination = (await app.root.get(f"{API}/destinations")).json()[0]["uuid"]
    return Place(project, server, destination)


async def add_server(
    database: Database, team_id: int = 0, destinations: tuple[str, ...] = ("homeport",), **values: Any
) -> str:
    """A reachable server; its uuid."""
    uuid, now = factories.new_uuid(), datetime.now(UTC)
    stamps = {"created_at": now, "updated_at": now}
    row = {"name": "server", "kind": "ssh", "ip": "192.0.2.7", "is_reachable": True, "is_usable": True}
    async with database.write() as session:
        row |= {"uuid": uuid, "team_id": team_id, **values, **stamps}
        (server_id,) = await insert_returning_ids(session, Server, [row])
        rows = [
            {"uuid": factories.new_uuid(), "server_id": server_id, "name": name, "network": name, **stamps}
            for name in destinations
        ]
        await insert_rows(session, Destination, rows)
    return uuid


def encode(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode()
    return base64.b64encode(raw).decode()


async def create(app: RunningApp, **more: Any) -> str:
    """Create a wiki as root; its uuid."""
    place = await place_of(app)
    answer = await app.root.post(f"{API}/services", json=place.body(**more))
    assert answer.status_code == 201, answer.text
    uuid: str = answer.json()["uuid"]
    return uuid


def url(component: str, text: str | None) -> dict[str, str | None]:
    return {"name": component, "url": text}


async def row_counts(database: Database) -> dict[str, int]:
    """How many rows each table has, but for the audit log of refusals."""
    async with database.read() as session:
        counts = {}
        for table in METADATA.sorted_tables:
            if table.name != "audit_entries":
                counts[table.name] = await session.scalar(select(func.count()).select_from(table)) or 0
        return counts


def refusal(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()


def invalid(**errors: Any) -> tuple[int, Any]:
    """What `refusal` gives for a failed validation."""
    return 422, {"message": "Validation failed.", "errors": errors}
