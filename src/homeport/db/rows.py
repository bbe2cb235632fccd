"""Writing many rows at once without the cost of entities."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from homeport.db.types import Row


def table_of(kind: type[Row]) -> Table:
    return cast("Table", kind.__table__)


def values_of(row: Row) -> dict[str, Any]:
    """The columns of an entity as a mapping."""
    return {column.name: getattr(row, column.name) for column in table_of(type(row)).columns}


async def insert_rows(session: AsyncSession, kind: type[Row], rows: Sequence[Mapping[str, Any]]) -> None:
    """One INSERT for all rows; nothing when there are none."""
    if rows:
        connection = await session.connection()
        await connection.execute(insert(table_of(kind)), [dict(row) for row in rows])


async def insert_returning_ids(
    session: AsyncSession, kind: type[Row], rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    """One INSERT for all rows; their new ids in the same order."""
    if not rows:
        return []
    table = table_of(kind)
    connection = await session.connection()
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    result = await connection.execute(statement, [dict(row) for row in rows])
    return list(result.scalars())


async def add_unique(session: AsyncSession, row: Row, **changes: Any) -> bool:
    """Store a new row, or changes to one; False, and the transaction unharmed, when a unique index refuses it."""
    try:
        async with session.begin_nested():
            # Here and not before: what is pending gets written before the savepoint.
            for name, value in changes.items():
                setattr(row, name, value)
            session.add(row)
    except IntegrityError:
        return False
    return True


async def delete_unused(session: AsyncSession, row: Row) -> bool:
    """Delete a row; False, and the transaction unharmed, when others still refer to it."""
    try:
        async with session.begin_nested():
            await session.delete(row)
    except IntegrityError:
        return False
    return True
