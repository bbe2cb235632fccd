"""Services and what belongs to one: components, claims, variables, files, volumes, tags."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.projects import Environment
from homeport.db.scope import owned
from homeport.db.servers import Server
from homeport.db.types import Encrypted, Instant, Row, Stamped


class Service(Row, Stamped):
    """`compose_raw` is the text as it was sent; `compose` what the last render made of it.

    `team_id` repeats the project's team so that every query can be scoped without joins.
    `is_deleting` is set with the request to delete; the row goes when nothing is left.
    `dialect` says how `compose_raw` is read ("template" or "compose", ADR 0007), `profiles` which of its
    profiles were chosen, `grants` which host powers were granted to this service alone (ADR 0008).
    """

    __tablename__ = "services"
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    environment_id: Mapped[int] = mapped_column(ForeignKey("environments.id"), index=True)
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id"), index=True)
    destination_id: Mapped[int] = mapped_column(ForeignKey("destinations.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    service_type: Mapped[str | None] = mapped_column(String(255))
    compose_raw: Mapped[str] = mapped_column(Encrypted("services.compose_raw"))
    compose: Mapped[str] = mapped_column(Encrypted("services.compose"))
    connect_to_docker_network: Mapped[bool] = mapped_column(default=False)
    is_container_label_escape_enabled: Mapped[bool] = mapped_column(default=True)
    config_hash: Mapped[str | None] = mapped_column(String(64))
    is_deleting: Mapped[bool] = mapped_column(default=False)
    profiles: Mapped[list[Any] | None] = mapped_column(JSON)
    dialect: Mapped[str] = mapped_column(String(16), default="template", server_default="template")
    grants: Mapped[list[Any] | None] = mapped_column(JSON)


class Component(Row, Stamped):
    """One entry of `services:`. `fqdn` is the comma list of URLs, as on the wire;
    `has_own_domains` says that a person chose it, also when the choice was "none"."""

    __tablename__ = "components"
    __table_args__ = (UniqueConstraint("service_id", "name"),)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))
    human_name: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    image: Mapped[str | None] = mapped_column(Text)
    ports: Mapped[str | None] = mapped_column(Text)
    port: Mapped[int | None] = mapped_column()
    fqdn: Mapped[str | None] = mapped_column(Text)
    has_own_domains: Mapped[bool] = mapped_column(default=False)
    noindex_domains: Mapped[list[Any] | None] = mapped_column(JSON)
    redirect: Mapped[str] = mapped_column(String(8), default="both")
    status: Mapped[str] = mapped_column(String(64), default="exited")
    exclude_from_status: Mapped[bool] = mapped_column(default=False)
    is_log_drain_enabled: Mapped[bool] = mapped_column(default=False)
    is_include_timestamps: Mapped[bool] = mapped_column(default=False)
    is_gzip_enabled: Mapped[bool] = mapped_column(default=True)
    is_stripprefix_enabled: Mapped[bool] = mapped_column(default=True)
    is_force_https_enabled: Mapped[bool] = mapped_column(default=True)
    is_migrated: Mapped[bool] = mapped_column(default=False)
    is_public: Mapped[bool] = mapped_column(default=False)
    public_port: Mapped[int | None] = mapped_column()
    public_port_timeout: Mapped[int | None] = mapped_column(default=3600)
    custom_type: Mapped[str | None] = mapped_column(String(64))
    last_online_at: Mapped[datetime | None] = mapped_column(Instant)


class Claim(Row):
    """A (host, path) of a component on a server. Rewritten whenever the component's `fqdn` is.

    The partial unique index is what makes two racing requests for one domain end with one winner.
    `host` is lower-case; `path` is "" or "/a" without a trailing slash.
    """

    __tablename__ = "claims"
    __table_args__ = (
        Index(
            "uq_claims_server_host_path",
            "server_id",
            "host",
            "path",
            unique=True,
            sqlite_where=text("is_forced = 0"),
            postgresql_where=text("is_forced = false"),
        ),
        Index("ix_claims_host_path", "host", "path"),
    )
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id"))
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"), index=True)
    component_id: Mapped[int] = mapped_column(ForeignKey("components.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    host: Mapped[str] = mapped_column(String(255))
    path: Mapped[str] = mapped_column(String(1024))
    is_forced: Mapped[bool] = mapped_column(default=False)


class EnvVariable(Row, Stamped):
    """A stored variable. For origin "domain" `value` is null and `source` says how it is derived."""

    __tablename__ = "variables"
    __table_args__ = (UniqueConstraint("service_id", "key"),)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(255))
    value: Mapped[str | None] = mapped_column(Encrypted("variables.value"))
    origin: Mapped[str] = mapped_column(String(16), default="user")
    source: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    comment: Mapped[str | None] = mapped_column(String(256))
    is_literal: Mapped[bool] = mapped_column(default=False)
    is_multiline: Mapped[bool] = mapped_column(default=False)
    is_shown_once: Mapped[bool] = mapped_column(default=False)
    is_required: Mapped[bool] = mapped_column(default=False)
    is_runtime: Mapped[bool] = mapped_column(default=True)
    is_buildtime: Mapped[bool] = mapped_column(default=True)
    order: Mapped[int | None] = mapped_column()


class StoredFile(Row, Stamped):
    """A file or folder mounted into a component. `is_edited`: a person saved the content through the API,
    so that it wins over the compose's."""

    __tablename__ = "files"
    __table_args__ = (UniqueConstraint("component_id", "target"),)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"), index=True)
    component_id: Mapped[int] = mapped_column(ForeignKey("components.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    content: Mapped[str | None] = mapped_column(Encrypted("files.content"))
    is_directory: Mapped[bool] = mapped_column(default=False)
    is_managed: Mapped[bool] = mapped_column(default=True)
    is_edited: Mapped[bool] = mapped_column(default=False)


class StoredVolume(Row, Stamped):
    __tablename__ = "volumes"
    __table_args__ = (UniqueConstraint("component_id", "target"),)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"), index=True)
    component_id: Mapped[int] = mapped_column(ForeignKey("components.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    target: Mapped[str] = mapped_column(Text)
    is_external: Mapped[bool] = mapped_column(default=False)


class Tag(Row, Stamped):
    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("team_id", "name"),)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    name: Mapped[str] = mapped_column(String(255))


class ServiceTag(Row):
    __tablename__ = "service_tags"
    __table_args__ = (UniqueConstraint("service_id", "tag_id"),)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"), index=True)


async def find_service_id(session: AsyncSession, team_id: int, uuid: str) -> int | None:
    return await session.scalar(select(Service.id).where(owned(Service, team_id, uuid)))


async def find_server_of(session: AsyncSession, team_id: int, uuid: str) -> Server | None:
    """The server of a service of the team."""
    joined = select(Server).join(Service, Service.server_id == Server.id)
    return await session.scalar(joined.where(owned(Service, team_id, uuid)))


async def has_services(
    session: AsyncSession, *, project_id: int | None = None, environment_id: int | None = None
) -> bool:
    """Whether a project, or an environment, has any service."""
    statement = select(Service.id).join(Environment, Environment.id == Service.environment_id)
    if project_id is not None:
        statement = statement.where(Environment.project_id == project_id)
    if environment_id is not None:
        statement = statement.where(Environment.id == environment_id)
    return await session.scalar(statement.limit(1)) is not None


async def set_component_statuses(
    session: AsyncSession, service_id: int, statuses: Mapping[str, str], now: datetime
) -> None:
    """Note what was observed of components, by name. For the worker, which acts for no team."""
    for name, status in statuses.items():
        values: dict[str, Any] = {"status": status}
        if "running" in status:
            values["last_online_at"] = now
        await session.execute(
            update(Component)
            .where(Component.service_id == service_id, Component.name == name)
            .values(**values)
        )


async def delete_service(session: AsyncSession, service_id: int) -> None:
    """Remove a service and, through the foreign keys, all that belongs to it. For the worker."""
    await session.execute(delete(Service).where(Service.id == service_id))
