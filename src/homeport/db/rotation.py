"""Key rotation: every encrypted column of every table, encrypted again with the first key of the ring.

Works in batches of rows, each in a transaction of its own, and passes over what the first key has
encrypted already: it can be interrupted and started again, and Homeport may run meanwhile.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, ColumnElement, Table, Text, bindparam, select, type_coerce, update

from homeport.db.engine import Database
from homeport.db.tables import METADATA
from homeport.db.types import Encrypted

BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted column. `stored` selects its text as it stands in the database."""

    table: Table
    column: Column[str]
    type: Encrypted

    @property
    def stored(self) -> ColumnElement[str]:
        return type_coerce(self.column, Text)


def encrypted_columns() -> list[Sealed]:
    """Found in the tables' metadata, so that a new column cannot be forgotten."""
    tables = sorted(METADATA.tables.values(), key=lambda table: table.name)
    return [
        Sealed(table, column, column.type)
        for table in tables
        for column in table.columns
        if isinstance(column.type, Encrypted)
    ]


async def rotate_keys(database: Database) -> int:
    """Encrypt every stored secret with the first key; how many values were changed.

    Raises SecretUnreadable at a value that no key of the ring decrypts; what was done until then stays.
    """
    changed = 0
    for sealed in encrypted_columns():
        after = -1  # The first start makes rows with the id 0.
        while True:
            seen, done, after = await _rotate_batch(database, sealed, after)
            changed += done
            if seen < BATCH:
                break
    return changed


async def _rotate_batch(database: Database, sealed: Sealed, after: int) -> tuple[int, int, int]:
    """How many rows were seen, how many changed, and the id of the last one."""
    ids = sealed.table.c.id
    statement = (
        select(ids, sealed.stored)
        .where(ids > after, sealed.column.is_not(None))
        .order_by(ids)
        .limit(BATCH)
        .with_for_update()
    )
    keys = database.keys
    async with database.write() as session:
        rows = (await session.execute(statement)).all()
        values = [
            {"row": row_id, "plain": keys.decrypt(text, sealed.type.context)}
            for row_id, text in rows
            if not keys.is_current(text)
        ]
        if values:
            # The parameter has the column's type, which encrypts with the first key.
            plain = bindparam("plain", type_=sealed.type)
            change = update(sealed.table).where(ids == bindparam("row")).values({sealed.column: plain})
            await (await session.connection()).execute(change, values)
    return len(rows), len(values), rows[-1][0] if rows else after


async def count_by_key(database: Database) -> tuple[int, int]:
    """How many stored values the first key has encrypted, and how many an older one.

    Raises SecretUnreadable at a value that no key of the ring decrypts.
    """
    keys = database.keys
    current = older = 0
    async with database.read() as session:
        for sealed in encrypted_columns():
            texts = await session.scalars(select(sealed.stored).where(sealed.column.is_not(None)))
            for text in texts.all():
                keys.decrypt(text, sealed.type.context)
                is_current = keys.is_current(text)
                current, older = current + is_current, older + (not is_current)
    return current, older
