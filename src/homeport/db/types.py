"""Column types and the declarative base that both databases share."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Integer, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from homeport.db.crypto import KeyRing
from homeport.errors import SecretUnreadable


class Row(DeclarativeBase):
    """The base of all tables; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite hands naive values back; this makes them aware again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _Keys:
    ring: KeyRing | None = None


def use_keys(ring: KeyRing) -> None:
    """Give the process its keys, once, before the first query (`db.engine.open_database` does it)."""
    _Keys.ring = ring


class Encrypted(TypeDecorator[str]):
    """A text that is stored encrypted. `context` names the column and is authenticated."""

    impl = Text
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    @property
    def _ring(self) -> KeyRing:
        if _Keys.ring is None:
            raise SecretUnreadable("No key was given to this process.")
        return _Keys.ring

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else self._ring.encrypt(value, self.context)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self._ring.decrypt(value, self.context)


class Stamped:
    """Mixin: when the row was made and last changed. The application sets both (time is an argument)."""

    created_at: Mapped[datetime] = mapped_column(Instant, sort_order=900)
    updated_at: Mapped[datetime] = mapped_column(Instant, sort_order=901)
