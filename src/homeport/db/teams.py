"""Users, teams, memberships and API tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.rows import table_of
from homeport.db.scope import of_team
from homeport.db.types import Instant, Row, Stamped


class User(Row, Stamped):
    __tablename__ = "users"
    name: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(255), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))


class Team(Row, Stamped):
    __tablename__ = "teams"
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    personal_team: Mapped[bool] = mapped_column(default=False)
    show_boarding: Mapped[bool] = mapped_column(default=False)


class Member(Row):
    __tablename__ = "members"
    __table_args__ = (UniqueConstraint("team_id", "user_id"),)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(16))


class Token(Row, Stamped):
    """An API token `<id>|<plain>`; `digest` is sha256(plain) in hex."""

    __tablename__ = "tokens"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    abilities: Mapped[list[Any]] = mapped_column(JSON)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownToken:
    """A token, its user, and the user's role in the token's team (None: no longer a member)."""

    token_id: int
    name: str
    abilities: frozenset[str]
    expires_at: datetime | None
    user_id: int
    user_email: str
    team_id: int
    role: str | None


async def find_token(session: AsyncSession, digest: str) -> KnownToken | None:
    """The token with this digest, in one query; None when it does not exist or its user does not."""
    row = (await session.execute(_TOKEN, {"digest": digest})).first()
    if row is None:
        return None
    token_id, name, abilities, expires_at, user_id, user_email, team_id, role = row
    return KnownToken(
        token_id=token_id,
        name=name,
        abilities=frozenset(str(ability) for ability in abilities),
        expires_at=expires_at,
        user_id=user_id,
        user_email=user_email,
        team_id=team_id,
        role=role,
    )


_TOKEN = (
    select(
        Token.id,
        Token.name,
        Token.abilities,
        Token.expires_at,
        User.id,
        User.email,
        Token.team_id,
        Member.role,
    )
    .join(User, User.id == Token.user_id)
    .outerjoin(Member, (Member.user_id == Token.user_id) & (Member.team_id == Token.team_id))
    .where(Token.digest == bindparam("digest"))
)


async def touch_tokens(session: AsyncSession, used: Mapping[int, datetime]) -> None:
    """Note when tokens were last used; those that are gone are passed over."""
    table = table_of(Token)
    statement = (
        update(table).where(table.c.id == bindparam("token_id")).values(last_used_at=bindparam("used_at"))
    )
    connection = await session.connection()
    await connection.execute(statement, [{"token_id": key, "used_at": at} for key, at in used.items()])


async def find_owner(session: AsyncSession, team_id: int) -> int | None:
    """The user that owns the team: the first one, if there are several."""
    statement = (
        select(Member.user_id)
        .where(of_team(Member, team_id), Member.role == "owner")
        .order_by(Member.id)
        .limit(1)
    )
    return await session.scalar(statement)


async def list_tokens(session: AsyncSession) -> Sequence[Token]:
    return (await session.scalars(select(Token).order_by(Token.id))).all()
