"""Users, teams, memberships and API tokens."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

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
