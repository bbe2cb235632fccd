"""The one row of settings of this installation, and the audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

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
