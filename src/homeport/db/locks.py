"""Making requests of one team wait for each other where no unique index can settle their race.

SQLite has one writer anyway and ignores the lock.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from homeport.db.teams import Team


async def hold_team(session: AsyncSession, team_id: int) -> None:
    """Wait until every other transaction that holds the team is over, and hold it until this one is.

    For two that choose one domain on two servers, or that make one tag. Rows that only refer to the team
    (key share) may still be written by others.
    """
    await session.execute(select(Team.id).where(Team.id == team_id).with_for_update(key_share=True))
