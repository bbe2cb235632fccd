"""Queries on the variables of a service."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from homeport.db.rows import table_of
from homeport.db.services import EnvVariable


async def list_variable_values(session: AsyncSession, service_id: int) -> Sequence[Mapping[str, Any]]:
    """The columns of each variable of a service, oldest first."""
    table = table_of(EnvVariable)
    statement = select(table).where(table.c.service_id == service_id).order_by(table.c.id)
    return [dict(row) for row in (await session.execute(statement)).mappings()]
