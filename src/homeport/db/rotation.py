"""Key rotation: every encrypted column of every table, encrypted again with the first key of the ring.

Works in batches of rows, each in a transaction of its own, and passes over what the first key has
encrypted already: it can be interrupted and started again, and Homeport may run meanwhile.
"""

from typing import Final

from sqlalchemy import Column, Table, Text, bindparam, select, type_coerce, update

from homeport.db.engine import Database
from homeport.db.tables import METADATA
from homeport.db.types import Encrypted

BATCH: Final = 200


def encrypted_columns() -> list[Column[str]]:
    """Found in the tables' metadata, so that a new column cannot be forgotten."""
    tables = sorted(METADATA.tables.values(), key=lambda table: table.name)
    return [column for table in tables for column in table.columns if isinstance(column.type, Encrypted)]


async def rotate_keys(database: Database) -> int:
    """Encrypt every stored secret with the first key; how many values were changed.

    Raises SecretUnreadable at a value that no key of the ring decrypts; what was done until then stays.
    """
    changed = 0
    for column in encrypted_columns():
        after = -1  # The first start makes rows with the id 0.
        while True:
            seen, done, after = await _rotate_batch(database, column, after)
            changed += done
            if seen < BATCH:
                break
    return changed


async def _rotate_batch(database: Database, column: Column[str], after: int) -> tuple[int, int, int]:
    """How many rows were seen, how many changed, and the id of the last one."""
    table = column.table
    assert isinstance(table, Table)  # noqa: S101 - a column of the metadata always has one
    stored = type_coerce(column, Text)
    context = column.type.context if isinstance(column.type, Encrypted) else ""
    statement = (
        select(table.c.id, stored)
        .where(table.c.id > after, column.is_not(None))
        .order_by(table.c.id)
        .limit(BATCH)
        .with_for_update()
    )
    async with database.write() as session:
        rows = (await session.execute(statement)).all()
        keys = database.keys
        # Decrypted and encrypted again by the column itself, when the statement is sent.
        values = [
            {"row": row_id, "plain": keys.decrypt(text, context)}
            for row_id, text in rows
            if not keys.is_current(text)
        ]
        if values:
            connection = await session.connection()
            change = update(table).where(table.c.id == bindparam("row"))
            await connection.execute(change.values({column: bindparam("plain", type_=column.type)}), values)
    return len(rows), len(values), rows[-1][0] if rows else after


async def count_by_key(database: Database) -> tuple[int, int]:
    """How many stored values the first key has encrypted, and how many an older one.

    Raises SecretUnreadable at a value that no key of the ring decrypts.
    """
    current = older = 0
    async with database.read() as session:
        for column in encrypted_columns():
            context = column.type.context if isinstance(column.type, Encrypted) else ""
            stored = select(type_coerce(column, Text)).where(column.is_not(None))
            for text in (await session.scalars(stored)).all():
                database.keys.decrypt(text, context)
                is_current = database.keys.is_current(text)
                current, older = current + is_current, older + (not is_current)
    return current, older
