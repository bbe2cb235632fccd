"""Projects and their environments."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ForeignKey, RowMapping, String, Text, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.scope import of_team, owned, text_key
from homeport.db.types import Row, Stamped


class Project(Row, Stamped):
    __tablename__ = "projects"
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)


class Environment(Row, Stamped):
    """`name` is stored lower-case and trimmed, with "-" for "/"."""

    __tablename__ = "environments"
    __table_args__ = (UniqueConstraint("project_id", "name"),)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)


async def list_projects(session: AsyncSession, team_id: int) -> Sequence[RowMapping]:
    """`id, uuid, name, description` of each project of the team."""
    columns = (Project.id, Project.uuid, Project.name, Project.description)
    statement = select(*columns).where(of_team(Project, team_id)).order_by(Project.id)
    return (await session.execute(statement)).mappings().all()


async def find_project(session: AsyncSession, team_id: int, uuid: str) -> Project | None:
    return await session.scalar(select(Project).where(owned(Project, team_id, uuid)))


async def list_environments(session: AsyncSession, project_id: int) -> Sequence[Environment]:
    statement = select(Environment).where(Environment.project_id == project_id).order_by(Environment.id)
    return (await session.scalars(statement)).all()


async def find_environment(session: AsyncSession, project_id: int, key: str) -> Environment | None:
    """By name first (upper and lower case are one), then by uuid."""
    key = text_key(key)
    of_project = select(Environment).where(Environment.project_id == project_id)
    named = await session.scalar(of_project.where(Environment.name == stored_name(key)))
    return named or await session.scalar(of_project.where(Environment.uuid == key))


def stored_name(name: str) -> str:
    """An environment's name as it is stored: lower-case, trimmed, with "-" for "/"."""
    return name.strip().lower().replace("/", "-")


async def has_environment_named(session: AsyncSession, project_id: int, name: str, *, but: int = -1) -> bool:
    """Whether an environment other than `but` has this name."""
    statement = select(Environment.id).where(
        Environment.project_id == project_id,
        Environment.name == text_key(stored_name(name)),
        Environment.id != but,
    )
    return await session.scalar(statement.limit(1)) is not None


def environment_row(project_id: int, name: str, uuid: str, stamps: dict[str, Any]) -> Environment:
    """A new environment; the caller adds it to its session."""
    return Environment(uuid=uuid, project_id=project_id, name=stored_name(name), description=None, **stamps)
