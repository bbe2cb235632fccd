"""One-click types that a team made of its own services."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.scope import of_team, text_key
from homeport.db.types import Encrypted, Row, Stamped


class TeamTemplate(Row, Stamped):
    """A template as `catalog.Template` has it. `dialect` is that of the service it was made from."""

    __tablename__ = "team_templates"
    __table_args__ = (UniqueConstraint("team_id", "key"),)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(100))
    compose: Mapped[str] = mapped_column(Encrypted("team_templates.compose"))
    dialect: Mapped[str] = mapped_column(String(16))
    slogan: Mapped[str | None] = mapped_column(Text)
    documentation: Mapped[str | None] = mapped_column(Text)
    category: Mapped[list[Any]] = mapped_column(JSON, default=list)
    tags: Mapped[list[Any]] = mapped_column(JSON, default=list)
    port: Mapped[int | None] = mapped_column()
    service_uuid: Mapped[str | None] = mapped_column(String(36))


async def list_team_templates(session: AsyncSession, team_id: int) -> Sequence[TeamTemplate]:
    """By key."""
    statement = select(TeamTemplate).where(of_team(TeamTemplate, team_id)).order_by(TeamTemplate.key)
    return (await session.scalars(statement)).all()


async def find_team_template(session: AsyncSession, team_id: int, key: str) -> TeamTemplate | None:
    of_key = TeamTemplate.key == text_key(key)
    return await session.scalar(select(TeamTemplate).where(of_team(TeamTemplate, team_id), of_key))


async def list_team_keys(session: AsyncSession, team_id: int) -> Sequence[str]:
    statement = select(TeamTemplate.key).where(of_team(TeamTemplate, team_id))
    return (await session.scalars(statement)).all()
