"""The people of a team."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from homeport.db.scope import of_team
from homeport.db.teams import Member, Team, User


async def get_team(session: AsyncSession, team_id: int) -> Team:
    return (await session.scalars(select(Team).where(Team.id == team_id))).one()


async def has_admins(session: AsyncSession, team_id: int) -> bool:
    """Whether somebody who is no owner may change what the team has."""
    statement = select(Member.id).where(of_team(Member, team_id), Member.role == "admin").limit(1)
    return await session.scalar(statement) is not None


async def list_members(session: AsyncSession, team_id: int) -> Sequence[User]:
    joined = select(User).join(Member, Member.user_id == User.id)
    return (await session.scalars(joined.where(of_team(Member, team_id)).order_by(User.id))).all()
