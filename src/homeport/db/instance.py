"""The one row of settings of this installation, and the audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, RowMapping, String, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.rows import insert_rows, table_of
from homeport.db.types import Instant, Row, Stamped


class Instance(Row, Stamped):
    __tablename__ = "instance"
    is_api_enabled: Mapped[bool] = mapped_column(default=True)
    allowed_ips: Mapped[str] = mapped_column(Text, default="")
    fqdn: Mapped[str | None] = mapped_column(String(255))
    public_ipv4: Mapped[str | None] = mapped_column(String(64))
    public_ipv6: Mapped[str | None] = mapped_column(String(64))


class AuditEntry(Row):
    """One event; `context` never holds secrets. No foreign keys: entries outlive what they name."""

    __tablename__ = "audit_entries"
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    event: Mapped[str] = mapped_column(String(64), index=True)
    ip: Mapped[str | None] = mapped_column(String(64))
    ua: Mapped[str | None] = mapped_column(String(200))
    user_id: Mapped[int | None] = mapped_column()
    user_email: Mapped[str | None] = mapped_column(String(255))
    team_id: Mapped[int | None] = mapped_column(index=True)
    token_id: Mapped[int | None] = mapped_column()
    token_name: Mapped[str | None] = mapped_column(String(255))
    method: Mapped[str | None] = mapped_column(String(8))
    path: Mapped[str | None] = mapped_column(Text)
    context: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


async def get_switch(session: AsyncSession) -> tuple[bool, str]:
    """Whether the API is enabled, and the list of addresses that may use it."""
    row = (await session.execute(select(Instance.is_api_enabled, Instance.allowed_ips).limit(1))).first()
    return (True, "") if row is None else (row[0], row[1])


async def add_entries(session: AsyncSession, entries: Sequence[dict[str, Any]]) -> None:
    await insert_rows(session, AuditEntry, entries)


async def list_entries(session: AsyncSession, event: str | None = None) -> Sequence[RowMapping]:
    """Audit entries, oldest first, of one event or of all."""
    table = table_of(AuditEntry)
    statement = select(table).order_by(table.c.id)
    if event is not None:
        statement = statement.where(table.c.event == event)
    return (await session.execute(statement)).mappings().all()


async def forget_entries(session: AsyncSession, before: datetime) -> None:
    """Drop audit entries older than `before`."""
    await session.execute(delete(AuditEntry).where(AuditEntry.at < before))
