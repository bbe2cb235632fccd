"""Servers, their destinations, and the private keys that open them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Select, String, Text, UniqueConstraint, case, select
from sqlalchemy import Row as Result
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.rows import table_of
from homeport.db.scope import of_team, owned, text_key
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


_STANDALONE_FIRST = case((Destination.type == "standalone", 0), else_=1)


async def list_servers(session: AsyncSession, team_id: int) -> Sequence[Server]:
    return (await session.scalars(select(Server).where(of_team(Server, team_id)).order_by(Server.id))).all()


async def find_server(session: AsyncSession, team_id: int, uuid: str) -> Server | None:
    return await session.scalar(select(Server).where(owned(Server, team_id, uuid)))


async def list_destinations(
    session: AsyncSession, team_id: int, *, server_id: int | None = None
) -> Sequence[Result[Destination, str]]:
    """(destination, its server's uuid) of the team, standalone ones first."""
    statement = _destinations(team_id)
    if server_id is not None:
        statement = statement.where(Destination.server_id == server_id)
    return (await session.execute(statement.order_by(_STANDALONE_FIRST, Destination.id))).all()


async def find_destination(session: AsyncSession, team_id: int, uuid: str) -> Result[Destination, str] | None:
    statement = _destinations(team_id).where(Destination.uuid == text_key(uuid))
    return (await session.execute(statement)).one_or_none()


def _destinations(team_id: int) -> Select[Destination, str]:
    joined = select(Destination, Server.uuid).join(Server, Destination.server_id == Server.id)
    return joined.where(of_team(Server, team_id))


async def list_private_keys(
    session: AsyncSession, team_id: int, *, with_private: bool
) -> Sequence[Mapping[str, Any]]:
    """The columns of each key of the team; the private part is read (and decrypted) only `with_private`."""
    result = await session.execute(_private_keys(team_id, with_private=with_private))
    return [dict(row) for row in result.mappings()]


async def find_private_key(
    session: AsyncSession, team_id: int, uuid: str, *, with_private: bool
) -> Mapping[str, Any] | None:
    statement = _private_keys(team_id, with_private=with_private).where(owned(PrivateKey, team_id, uuid))
    row = (await session.execute(statement)).mappings().one_or_none()
    return None if row is None else dict(row)


def _private_keys(team_id: int, *, with_private: bool) -> Select[*tuple[Any, ...]]:
    hidden = () if with_private else ("private_key",)
    columns = [column for column in table_of(PrivateKey).columns if column.name not in hidden]
    return select(*columns).where(of_team(PrivateKey, team_id)).order_by(PrivateKey.id)
