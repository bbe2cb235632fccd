"""Which powers over its servers a team was given by its owner, and which names on an engine are the team's own."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.rows import insert_rows
from homeport.db.scope import of_team
from homeport.db.servers import Destination, Server
from homeport.db.services import Service
from homeport.db.types import Instant, Row


class TeamGrant(Row):
    """One grant of a team; `user_id` gave it."""

    __tablename__ = "team_grants"
    __table_args__ = (UniqueConstraint("team_id", "grant"),)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    grant: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(Instant)


async def list_grants(session: AsyncSession, team_id: int) -> frozenset[str]:
    """The names of what the team was given."""
    return frozenset(await session.scalars(select(TeamGrant.grant).where(of_team(TeamGrant, team_id))))


async def replace_grants(
    session: AsyncSession, team_id: int, grants: Iterable[str], *, user_id: int, now: datetime
) -> None:
    """Make these the grants of the team, and no others; those that stay keep who gave them."""
    wanted = set(grants)
    known = await list_grants(session, team_id)
    if gone := known - wanted:
        await session.execute(delete(TeamGrant).where(of_team(TeamGrant, team_id), TeamGrant.grant.in_(gone)))
    rows = [
        {"team_id": team_id, "grant": grant, "user_id": user_id, "created_at": now}
        for grant in sorted(wanted - known)
    ]
    await insert_rows(session, TeamGrant, rows)


async def list_own_uuids(session: AsyncSession, team_id: int, uuids: Collection[str]) -> frozenset[str]:
    """Those of the uuids that are services of the team: their networks and volumes begin with them."""
    if not uuids:
        return frozenset()
    statement = select(Service.uuid).where(of_team(Service, team_id), Service.uuid.in_(uuids))
    return frozenset(await session.scalars(statement))


async def list_own_networks(session: AsyncSession, team_id: int) -> frozenset[str]:
    """The networks of the destinations on the team's servers."""
    statement = (
        select(Destination.network)
        .join(Server, Server.id == Destination.server_id)
        .where(of_team(Server, team_id))
    )
    return frozenset(await session.scalars(statement))


async def list_approved(session: AsyncSession, service_id: int) -> frozenset[str]:
    """What was granted to this service alone. For the worker, which acts for no team."""
    return frozenset(await session.scalar(select(Service.grants).where(Service.id == service_id)) or ())
