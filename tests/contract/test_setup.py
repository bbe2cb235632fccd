"""The first start: what a request finds there, made once."""

import asyncio
import base64
import hashlib
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from sqlalchemy import func, select

from homeport.actions.setup import first_start, new_key_pair
from homeport.core.secret import Secret
from homeport.db.engine import Database, open_database
from homeport.db.instance import Instance
from homeport.db.migrate import migrate
from homeport.db.servers import PrivateKey
from homeport.db.tables import METADATA
from homeport.db.teams import Member, Team, User
from homeport.http.deps import random_text
from tests.support.app import KEY, RunningApp

_UUID = re.compile(r"[a-z0-9]{24}")
_MADE = {
    **dict.fromkeys(("instance", "teams", "users", "members", "private_keys"), 1),
    **dict.fromkeys(("servers", "destinations", "projects", "environments"), 1),
}


async def _counts(database: Database) -> dict[str, int]:
    """The rows of every table that has some."""
    async with database.read() as session:
        counts = {
            name: int(await session.scalar(select(func.count()).select_from(table)) or 0)
            for name, table in METADATA.tables.items()
        }
    return {name: count for name, count in counts.items() if count}


async def _start(database: Database) -> bool:
    return await first_start(database, now=datetime.now(UTC), token=random_text)


async def test_what_a_first_start_makes(homeport: RunningApp) -> None:
    counts = await _counts(homeport.database)
    assert counts.pop("tokens") == 1  # that of the test
    assert counts == _MADE
    async with homeport.database.read() as session:
        assert await session.scalar(select(Instance.is_api_enabled).where(Instance.id == 0)) is True
        assert await session.scalar(select(Team.name).where(Team.id == 0)) == "Root Team"
        assert await session.scalar(select(User.email).where(User.id == 0)) == "root@localhost"
        member = (await session.scalars(select(Member))).one()
        assert (member.team_id, member.user_id, member.role) == (0, 0, "owner")


async def test_clients_find_a_server_a_project_and_a_key(homeport: RunningApp) -> None:
    async def only(path: str) -> dict[str, Any]:
        (found,) = (await homeport.root.get(f"/api/v1/{path}")).json()
        assert _UUID.fullmatch(found["uuid"])
        return dict(found)

    server = await only("servers")
    assert (server["name"], server["is_reachable"], server["is_usable"]) == ("localhost", True, True)
    assert (await only(f"servers/{server['uuid']}/destinations"))["network"] == "homeport"
    project = await only("projects")
    assert project["name"] == "Default"
    whole = (await homeport.root.get(f"/api/v1/projects/{project['uuid']}")).json()
    assert [environment["name"] for environment in whole["environments"]] == ["production"]
    key = await only("security/keys")
    assert key["private_key"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")


async def test_a_second_start_changes_nothing(homeport: RunningApp) -> None:
    before = (await homeport.root.get("/api/v1/security/keys")).json()
    assert await _start(homeport.database) is False
    assert (await homeport.root.get("/api/v1/security/keys")).json() == before
    assert (await _counts(homeport.database))["servers"] == 1


async def test_two_first_starts_at_once_make_it_once(empty_url: str) -> None:
    databases = [open_database(empty_url, (Secret(KEY),)) for _ in range(3)]
    await migrate(databases[0])
    assert sorted(await asyncio.gather(*(_start(each) for each in databases))) == [False, False, True]
    assert await _counts(databases[0]) == _MADE
    for database in databases:
        await database.close()


async def test_new_rows_get_ids_beside_those_that_were_fixed(homeport: RunningApp) -> None:
    """The fixed id 0 is none that a sequence gives, so it is never given twice."""
    for number in range(2):
        answer = await homeport.root.post("/api/v1/projects", json={"name": f"another {number}"})
        assert answer.status_code == 201
    ids = [project["id"] for project in (await homeport.root.get("/api/v1/projects")).json()]
    assert min(ids) == 0
    assert len(set(ids)) == 3


async def test_the_private_key_is_not_stored_in_the_clear(homeport: RunningApp) -> None:
    table = METADATA.tables["private_keys"]
    async with homeport.database.read() as session:
        stored = str(await session.scalar(select(table.c.private_key.cast(table.c.name.type))))
        plain = await session.scalar(select(PrivateKey.private_key))
    assert stored.startswith("v1:")
    assert "PRIVATE KEY" not in stored
    assert plain is not None
    assert plain.startswith("-----BEGIN")


@pytest.mark.parametrize("comment", ["homeport", "a b"])
def test_a_key_pair_is_one(comment: str) -> None:
    pair = new_key_pair(comment)
    private = serialization.load_ssh_private_key(pair.private_key.encode(), None)
    public = private.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    assert pair.public_key == f"{public.decode()} {comment}"
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    assert base64.b64decode(f"{pair.fingerprint}=") == digest
