"""Whose is it: the one place that compares a row's team, so that no query can forget or vary it.

A lint rejects `team_id ==` anywhere else. What belongs to a team only through its parent
(environments, destinations, variables…) is reached through a join on a table that is scoped here.
"""

from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, and_, bindparam

from homeport.db.rows import table_of
from homeport.db.types import Row

TEAM: BindParameter[int] = bindparam("team_id")
UUID: BindParameter[str] = bindparam("uuid")
"""Stand for the values in statements that are built once, because building them costs more than running them.
Give the uuid as `text_key(uuid)`."""


def of_team(kind: type[Row], team_id: int | BindParameter[int]) -> ColumnElement[bool]:
    """The rows of the table that the team owns."""
    column: Column[Any] = table_of(kind).c.team_id
    return column == team_id


def owned(
    kind: type[Row], team_id: int | BindParameter[int], uuid: str | BindParameter[str]
) -> ColumnElement[bool]:
    """The row of the table with this uuid, if the team owns it."""
    column: Column[Any] = table_of(kind).c.uuid
    return and_(of_team(kind, team_id), column == (text_key(uuid) if isinstance(uuid, str) else uuid))


def text_key(text: str) -> str:
    """A text as a value to compare with. PostgreSQL refuses NUL in a text; no stored text holds one."""
    return text.replace("\0", "\ufffd")
