"""Key rotation: afterwards the old key may go, whatever was in the way."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    Table,
    Text,
    cast,
    func,
    insert,
    select,
    type_coerce,
    update,
)

from homeport.actions.setup import first_start
from homeport.core.secret import Secret
from homeport.db import rotation
from homeport.db.engine import Database, open_database
from homeport.db.migrate import migrate
from homeport.db.rotation import count_by_key, encrypted_columns, rotate_keys
from homeport.db.tables import METADATA
from homeport.db.types import Encrypted, Instant
from homeport.errors import SecretUnreadable
from homeport.http.deps import random_text

OLD = Secret("an old key of 32 characters, or more")
NEW = Secret("a new key of 32 characters, or more!")
NOW = datetime(2026, 1, 31, tzinfo=UTC)
COLUMNS = [f"{sealed.table.name}.{sealed.column.name}" for sealed in encrypted_columns()]
ROWS = 3
_OTHERS: dict[type, Any] = {Integer: 1, Boolean: False, JSON: {}}


@pytest.fixture
async def database(empty_url: str) -> AsyncIterator[Database]:
    """A database of the old key, with the new one in front of it."""
    before = open_database(empty_url, (OLD,))
    await migrate(before)
    await first_start(before, now=NOW, token=random_text)
    await _fill(before)
    await before.close()
    after = open_database(empty_url, (NEW, OLD))
    yield after
    await after.close()


async def _fill(database: Database) -> None:
    """Rows in every table that has an encrypted column, and in those that they need; the row 0 among them."""
    needed = {sealed.table.name for sealed in encrypted_columns()}
    while True:
        more = {key.column.table.name for name in needed for key in METADATA.tables[name].foreign_keys}
        if more <= needed:
            break
        needed |= more
    async with database.write() as session:
        connection = await session.connection()
        for table in METADATA.sorted_tables:
            if table.name in needed:
                have = set((await connection.execute(select(table.c.id))).scalars())
                rows = [_row(table, number) for number in range(ROWS) if number not in have]
                await connection.execute(insert(table), rows)


def _row(table: Table, number: int) -> dict[str, Any]:
    return {column.name: _value(column, number) for column in table.columns if _is_needed(column)}


def _is_needed(column: Column[Any]) -> bool:
    return isinstance(column.type, Encrypted) or column.primary_key or not column.nullable


def _value(column: Column[Any], number: int) -> Any:
    if column.primary_key or any(isinstance(key, ForeignKey) for key in column.foreign_keys):
        return number
    if isinstance(column.type, Encrypted):
        return _plain(f"{column.table.name}.{column.name}", number)
    if isinstance(column.type, Instant):
        return NOW
    return _OTHERS.get(type(column.type), f"t{number}")


def _plain(name: str, number: int) -> str:
    return f"{name} of row {number}: \u00e9\n"


def _column(name: str) -> Column[Any]:
    table, _, column = name.partition(".")
    return METADATA.tables[table].c[column]


async def _stored(database: Database, name: str) -> list[str]:
    column = _column(name)
    async with database.read() as session:
        return list(
            (await session.scalars(select(type_coerce(column, Text)).order_by(column.table.c.id))).all()
        )


async def _plains(database: Database, name: str) -> list[str]:
    column = _column(name)
    async with database.read() as session:
        return list((await session.scalars(select(column).order_by(column.table.c.id))).all())


async def test_every_column_of_every_row_is_encrypted_anew(database: Database) -> None:
    before = {name: await _plains(database, name) for name in COLUMNS}
    assert all(len(values) == ROWS for values in before.values())
    assert await rotate_keys(database) == len(COLUMNS) * ROWS
    for name in COLUMNS:
        stored = await _stored(database, name)
        assert all(database.keys.is_current(text) for text in stored), name
        assert await _plains(database, name) == before[name]
    assert before["variables.value"][0] == _plain("variables.value", 0)


async def test_afterwards_the_old_key_may_go(database: Database, empty_url: str) -> None:
    before = {name: await _plains(database, name) for name in COLUMNS}
    await rotate_keys(database)
    await database.close()
    alone = open_database(empty_url, (NEW,))
    assert {name: await _plains(alone, name) for name in COLUMNS} == before
    assert await count_by_key(alone) == (len(COLUMNS) * ROWS, 0)
    await alone.close()


async def test_before_it_the_old_key_is_needed(database: Database, empty_url: str) -> None:
    await database.close()
    alone = open_database(empty_url, (NEW,))
    with pytest.raises(SecretUnreadable):
        await count_by_key(alone)
    with pytest.raises(SecretUnreadable):
        await rotate_keys(alone)
    await alone.close()


async def test_counts_by_key(database: Database) -> None:
    total = len(COLUMNS) * ROWS
    assert await count_by_key(database) == (0, total)
    column = _column("variables.value")
    async with database.write() as session:
        await session.execute(update(column.table).where(column.table.c.id == 1).values(value="new"))
        await session.execute(update(column.table).where(column.table.c.id == 2).values(value=None))
    assert await count_by_key(database) == (1, total - 2)
    await rotate_keys(database)
    assert await count_by_key(database) == (total - 1, 0)


async def test_a_second_time_changes_nothing(database: Database) -> None:
    await rotate_keys(database)
    before = [await _stored(database, name) for name in COLUMNS]
    assert await rotate_keys(database) == 0
    assert [await _stored(database, name) for name in COLUMNS] == before


async def test_batches_end_where_the_rows_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (1, ROWS):
        monkeypatch.setattr(rotation, "BATCH", size)
        await rotate_keys(database)
        assert (await count_by_key(database))[1] == 0


async def test_an_unreadable_value_stops_it_and_it_goes_on_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 1)
    column = _column("variables.value")
    table = column.table
    stored = (await _stored(database, "variables.value"))[1]
    await _spoil(database, column, "v1:00000000:AAAA")
    with pytest.raises(SecretUnreadable, match=r"variables\.value") as raised:
        await rotate_keys(database)
    assert "row 1" not in raised.value.message
    with pytest.raises(SecretUnreadable):
        await count_by_key(database)
    kept = await _stored(database, "variables.value")
    assert [database.keys.is_current(text) for text in kept] == [True, False, False]
    await _spoil(database, column, stored)
    assert await rotate_keys(database) == 2
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(table)) == ROWS
    assert (await count_by_key(database))[1] == 0


async def _spoil(database: Database, column: Column[Any], text: str) -> None:
    """Store this text itself in row 1."""
    async with database.write() as session:
        statement = update(column.table).where(column.table.c.id == 1)
        await session.execute(statement.values({column: cast(type_coerce(text, Text), Text)}))
