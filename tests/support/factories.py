"""Rows that tests need, made with as few words as they deserve."""

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from homeport.db.engine import Database
from homeport.db.projects import Environment, Project
from homeport.db.rows import insert_returning_ids, insert_rows
from homeport.db.teams import Member, Team, Token, User
from homeport.db.types import Row
from homeport.http.auth import digest_of, new_plain
from homeport.http.deps import random_text

_numbers = itertools.count(1)
_UUID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_uuid() -> str:
    return random_text(_UUID_ALPHABET, 24)


async def add(database: Database, kind: type[Row], **values: Any) -> int:
    """One row with its stamps (and a uuid, if the table has one); its id."""
    columns = kind.__table__.columns
    now = datetime.now(UTC)
    for name, value in (("created_at", now), ("updated_at", now), ("uuid", new_uuid())):
        if name in columns:
            values.setdefault(name, value)
    async with database.write() as session:
        return (await insert_returning_ids(session, kind, [values]))[0]


async def add_token(
    database: Database,
    abilities: Iterable[str],
    *,
    user_id: int = 0,
    team_id: int = 0,
    name: str = "test",
    expires_at: datetime | None = None,
) -> str:
    """A token as its owner has it: `<id>|<plain>`."""
    plain = new_plain(random_text)
    token_id = await add(
        database,
        Token,
        user_id=user_id,
        team_id=team_id,
        name=name,
        digest=digest_of(plain),
        abilities=list(abilities),
        expires_at=expires_at,
    )
    return f"{token_id}|{plain}"


async def add_user(database: Database, team_id: int | None = None, role: str = "member") -> int:
    """A user, as a member of the team if that is given."""
    number = next(_numbers)
    user_id = await add(database, User, name=f"User {number}", email=f"user{number}-{new_uuid()}@test")
    if team_id is not None:
        async with database.write() as session:
            await insert_rows(session, Member, [{"team_id": team_id, "user_id": user_id, "role": role}])
    return user_id


async def add_team(database: Database, name: str = "Other") -> tuple[int, int]:
    """A team with an owner: (team id, user id)."""
    team_id = await add(database, Team, name=name)
    return team_id, await add_user(database, team_id, "owner")


async def add_project(database: Database, team_id: int = 0, name: str = "Project") -> str:
    """A project with the environment `production`; its uuid."""
    uuid = new_uuid()
    project_id = await add(database, Project, uuid=uuid, team_id=team_id, name=name)
    await add(database, Environment, project_id=project_id, name="production")
    return uuid
