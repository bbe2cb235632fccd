"""The first start."""

import asyncio
import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_ssh_private_key
from sqlalchemy import func, select, text

from homeport.actions.setup import first_start, new_key_pair
from homeport.db.engine import open_database
from homeport.db.instance import Instance
from homeport.db.migrate import migrate
from homeport.db.projects import Environment, Project
from homeport.db.servers import Destination, PrivateKey, Server
from homeport.db.teams import Member, Team, User
from homeport.http.deps import random_text
from tests.support.app import RunningApp, settings_for


async def test_makes_what_a_first_request_needs(homeport: RunningApp) -> None:
    async with homeport.database.read() as session:
        team = (await session.scalars(select(Team))).one()
        assert (team.id, team.name) == (0, "Root Team")
        user = (await session.scalars(select(User))).one()
        member = (await session.scalars(select(Member))).one()
        assert (user.id, member.user_id, member.team_id, member.role) == (0, 0, 0, "owner")
        server = (await session.scalars(select(Server))).one()
        assert (server.name, server.kind, server.wildcard_domain) == ("localhost", "local", None)
        assert server.is_reachable
        assert server.is_usable
        destination = (await session.scalars(select(Destination))).one()
        assert (destination.name, destination.network, destination.server_id) == (
            "homeport",
            "homeport",
            server.id,
        )
        project = (await session.scalars(select(Project))).one()
        environment = (await session.scalars(select(Environment))).one()
        assert (project.name, environment.name, environment.project_id) == (
            "Default",
            "production",
            project.id,
        )
        assert (await session.scalars(select(Instance))).one().is_api_enabled
        for uuid in (server.uuid, destination.uuid, project.uuid, environment.uuid):
            assert len(uuid) == 24
            assert set(uuid) <= set("abcdefghijklmnopqrstuvwxyz0123456789")


async def test_the_private_key_is_encrypted_and_opens(homeport: RunningApp) -> None:
    async with homeport.database.read() as session:
        key = (await session.scalars(select(PrivateKey))).one()
        stored = await session.scalar(text("SELECT private_key FROM private_keys"))
    assert stored.startswith("v1:")
    assert "PRIVATE" not in stored
    opened = load_ssh_private_key(key.private_key.encode(), None)
    assert isinstance(opened, Ed25519PrivateKey)
    blob = base64.b64decode(key.public_key.split()[1])
    assert base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=") == key.fingerprint


def test_every_key_is_another() -> None:
    assert new_key_pair("a").private_key != new_key_pair("a").private_key


async def test_first_starts_at_once_make_one(empty_url: str, tmp_path: Path) -> None:
    keys = settings_for(empty_url, tmp_path).secret_keys
    databases = [open_database(empty_url, keys) for _ in range(4)]
    await migrate(databases[0])
    made = await asyncio.gather(
        *(first_start(each, now=datetime.now(UTC), token=random_text) for each in databases)
    )
    assert sorted(made) == [False, False, False, True]
    async with databases[0].read() as session:
        for kind in (Team, User, Member, Server, Project, Instance):
            assert await session.scalar(select(func.count()).select_from(kind)) == 1
    for each in databases:
        await each.close()


async def test_rows_made_later_get_ids_of_their_own(homeport: RunningApp) -> None:
    """On PostgreSQL the sequences know nothing of the rows with the id 0."""
    made = await homeport.root.post("/api/v1/projects", json={"name": "Second"})
    assert made.status_code == 201
