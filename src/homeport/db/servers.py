"""Servers, their destinations, and the private keys that open them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.types import Encrypted, Instant, Row, Stamped


class PrivateKey(Row, Stamped):
    __tablename__ = "private_keys"
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    private_key: Mapped[str] = mapped_column(Encrypted("private_keys.private_key"))
    public_key: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    is_git_related: Mapped[bool] = mapped_column(default=False)


class Server(Row, Stamped):
    """A machine with an engine. `kind` says which Host reaches it: "local" or "ssh".

    `settings` holds those of upstream's server settings that differ from their defaults
    (`api/servers.py` has the defaults); the ones that decide something here are columns.
    """

    __tablename__ = "servers"
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(8), default="ssh")
    ip: Mapped[str] = mapped_column(String(255))
    user: Mapped[str] = mapped_column(String(255), default="root")
    port: Mapped[int] = mapped_column(default=22)
    private_key_id: Mapped[int | None] = mapped_column(ForeignKey("private_keys.id"))
    proxy_type: Mapped[str] = mapped_column(String(16), default="CADDY")
    proxy_status: Mapped[str] = mapped_column(String(16), default="exited")
    wildcard_domain: Mapped[str | None] = mapped_column(String(255))
    is_reachable: Mapped[bool] = mapped_column(default=False)
    is_usable: Mapped[bool] = mapped_column(default=False)
    is_build_server: Mapped[bool] = mapped_column(default=False)
    force_disabled: Mapped[bool] = mapped_column(default=False)
    is_tls_internal: Mapped[bool] = mapped_column(default=False)
    docker_version: Mapped[str | None] = mapped_column(String(64))
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Destination(Row, Stamped):
    __tablename__ = "destinations"
    __table_args__ = (UniqueConstraint("server_id", "network"),)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    network: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(16), default="standalone")
