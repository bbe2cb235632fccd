"""Queries on the variables of a service."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from homeport.db.scope import text_key
from homeport.db.services import EnvVariable


async def list_variables(session: AsyncSession, service_id: int) -> Sequence[EnvVariable]:
    statement = select(EnvVariable).where(EnvVariable.service_id == service_id).order_by(EnvVariable.id)
    return (await session.scalars(statement)).all()


async def find_variable(session: AsyncSession, service_id: int, uuid: str) -> EnvVariable | None:
    return await session.scalar(
        select(EnvVariable).where(EnvVariable.service_id == service_id, EnvVariable.uuid == text_key(uuid))
    )
