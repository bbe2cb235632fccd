"""Revisions, and the deployments that bring servers to them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, func, select, update
from sqlalchemy import Row as Result
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from homeport.core.revision import Snapshot
from homeport.db.rows import insert_rows
from homeport.db.scope import of_team, owned
from homeport.db.servers import Destination, Server
from homeport.db.services import Service
from homeport.db.types import Encrypted, Instant, Row


class Revision(Row):
    """An immutable snapshot: `body` is the JSON of `core.revision.Snapshot` (compose, variables, files, claims)."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("service_id", "number"),)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column()
    body: Mapped[str] = mapped_column(Encrypted("revisions.body"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class Deployment(Row):
    """One run. `action` is start, restart, stop or delete; `status` goes queued, in_progress, then
    finished, failed, cancelled or superseded. `options` is a small JSON text (pull, docker_cleanup, delete_volumes…).

    `service_id` has no foreign key: the record of a delete outlives its service.
    """

    __tablename__ = "deployments"
    __table_args__ = (Index("ix_deployments_service_status", "service_id", "status"),)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    team_id: Mapped[int] = mapped_column(index=True)
    service_id: Mapped[int] = mapped_column()
    service_uuid: Mapped[str] = mapped_column(String(36), index=True)
    server_id: Mapped[int] = mapped_column()
    revision_id: Mapped[int | None] = mapped_column()
    action: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    step: Mapped[str | None] = mapped_column(String(64))
    options: Mapped[str] = mapped_column(Text, default="{}")
    plan: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Encrypted("deployments.error"))
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class DeploymentLine(Row):
    """One line of output. `stream` is out, err or step."""

    __tablename__ = "deployment_lines"
    __table_args__ = (Index("ix_deployment_lines_deployment_id", "deployment_id", "id"),)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployments.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(Instant)
    step: Mapped[str] = mapped_column(String(64))
    stream: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Encrypted("deployment_lines.text"))


UNFINISHED = ("queued", "in_progress")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line to store. Values of variables are redacted by whoever makes it."""

    at: datetime
    step: str
    stream: Literal["out", "err", "step"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the worker knows about a deployment. `service_id` may name a row that is gone (then
    `service_name` is "" and `network` None)."""

    id: int
    uuid: str
    action: str
    status: str
    step: str | None
    options: dict[str, Any]
    revision_id: int | None
    is_cancel_requested: bool
    created_at: datetime
    service_id: int
    service_uuid: str
    service_name: str
    team_id: int
    server: Server
    network: str | None
    connect_to_docker_network: bool


async def get_work(session: AsyncSession, deployment_id: int) -> Work | None:
    """For the worker, which acts for no team. None when there is no such deployment, or its server is gone."""
    statement = (
        select(Deployment, Server, Service.name, Destination.network, Service.connect_to_docker_network)
        .join(Server, Server.id == Deployment.server_id)
        .outerjoin(Service, Service.id == Deployment.service_id)
        .outerjoin(Destination, Destination.id == Service.destination_id)
        .where(Deployment.id == deployment_id)
    )
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        return None
    deployment, server, name, network, is_connected = found
    return Work(
        id=deployment.id,
        uuid=deployment.uuid,
        action=deployment.action,
        status=deployment.status,
        step=deployment.step,
        options=json.loads(deployment.options),
        revision_id=deployment.revision_id,
        is_cancel_requested=deployment.cancel_requested,
        created_at=deployment.created_at,
        service_id=deployment.service_id,
        service_uuid=deployment.service_uuid,
        service_name=name or "",
        team_id=deployment.team_id,
        server=server,
        network=network,
        connect_to_docker_network=bool(is_connected),
    )


async def set_status(
    session: AsyncSession,
    deployment_id: int,
    status: str | None = None,
    *,
    now: datetime,
    step: str | None = None,
    plan: str | None = None,
    error_code: str | None = None,
    error: str | None = None,
) -> None:
    """Change what is given. `in_progress` notes the start once, any final status the end."""
    values: dict[str, Any] = {
        key: value
        for key, value in (("status", status), ("step", step), ("plan", plan), ("error_code", error_code))
        if value is not None
    }
    if error is not None:
        values["error"] = error
    if status == "in_progress":
        values["started_at"] = func.coalesce(Deployment.started_at, now)
    elif status is not None and status not in UNFINISHED:
        values["finished_at"] = now
    if values:
        await session.execute(update(Deployment).where(Deployment.id == deployment_id).values(**values))


async def add_lines(session: AsyncSession, deployment_id: int, lines: Sequence[NewLine]) -> None:
    rows = [
        {"deployment_id": deployment_id, "at": x.at, "step": x.step, "stream": x.stream, "text": x.text}
        for x in lines
    ]
    await insert_rows(session, DeploymentLine, rows)


async def list_lines(
    session: AsyncSession, deployment_id: int, *, after: int = 0, limit: int | None = None
) -> Sequence[Mapping[str, Any]]:
    """`id, at, step, stream, text` of the lines whose id is greater than `after`, oldest first."""
    columns = (
        DeploymentLine.id,
        DeploymentLine.at,
        DeploymentLine.step,
        DeploymentLine.stream,
        DeploymentLine.text,
    )
    statement = (
        select(*columns)
        .where(DeploymentLine.deployment_id == deployment_id, DeploymentLine.id > after)
        .order_by(DeploymentLine.id)
        .limit(limit)
    )
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def list_last_lines(
    session: AsyncSession, deployment_id: int, limit: int
) -> Sequence[Mapping[str, Any]]:
    """The newest lines, oldest first, as `list_lines` gives them."""
    newest = (
        select(DeploymentLine.id)
        .where(DeploymentLine.deployment_id == deployment_id)
        .order_by(DeploymentLine.id.desc())
        .offset(limit)
        .limit(1)
    )
    return await list_lines(session, deployment_id, after=await session.scalar(newest) or 0)


async def get_status(session: AsyncSession, deployment_id: int) -> Result[str, str | None, str | None] | None:
    """(status, step, error) of a deployment that somebody waits for; None when it is gone."""
    columns = (Deployment.status, Deployment.step, Deployment.error)
    return (await session.execute(select(*columns).where(Deployment.id == deployment_id))).one_or_none()


async def find_snapshot(session: AsyncSession, revision_id: int | None) -> Snapshot | None:
    body = await session.scalar(select(Revision.body).where(Revision.id == revision_id))
    return None if body is None else Snapshot.from_json(body)


async def is_cancel_requested(session: AsyncSession, deployment_id: int) -> bool:
    statement = select(Deployment.cancel_requested).where(Deployment.id == deployment_id)
    return bool(await session.scalar(statement))


async def find_deployment(session: AsyncSession, team_id: int, uuid: str) -> Deployment | None:
    return await session.scalar(select(Deployment).where(owned(Deployment, team_id, uuid)))


async def list_unfinished(session: AsyncSession, team_id: int) -> Sequence[Deployment]:
    statement = select(Deployment).where(of_team(Deployment, team_id), Deployment.status.in_(UNFINISHED))
    return (await session.scalars(statement.order_by(Deployment.id))).all()


async def last_finished(session: AsyncSession, service_id: int) -> Deployment | None:
    """The newest start, restart or stop of the service that reached its goal."""
    return await session.scalar(
        select(Deployment)
        .where(
            Deployment.service_id == service_id,
            Deployment.status == "finished",
            Deployment.action.in_(("start", "restart", "stop")),
        )
        .order_by(Deployment.id.desc())
        .limit(1)
    )


async def last_good_snapshot(session: AsyncSession, service_id: int) -> Snapshot | None:
    """What the newest start or restart that reached its goal brought up: where a failed one goes back to."""
    revision_id = await session.scalar(
        select(Deployment.revision_id)
        .where(
            Deployment.service_id == service_id,
            Deployment.status == "finished",
            Deployment.action.in_(("start", "restart")),
        )
        .order_by(Deployment.id.desc())
        .limit(1)
    )
    return await find_snapshot(session, revision_id)


async def list_routes(session: AsyncSession, server_id: int) -> list[Snapshot]:
    """What runs on a server, for its proxy: of each service whose newest finished deployment
    is not a stop, the revision which that deployment brought up."""
    newest = (
        select(func.max(Deployment.id))
        .join(Service, Service.id == Deployment.service_id)
        .where(
            Deployment.server_id == server_id,
            Deployment.status == "finished",
            Deployment.action.in_(("start", "restart", "stop")),
        )
        .group_by(Deployment.service_id)
    )
    statement = (
        select(Revision.body)
        .join(Deployment, Deployment.revision_id == Revision.id)
        .where(Deployment.id.in_(newest), Deployment.action != "stop")
        .order_by(Revision.service_id)
    )
    return [Snapshot.from_json(body) for body in await session.scalars(statement)]


async def find_newest_revision(session: AsyncSession, service_id: int) -> tuple[int, Snapshot] | None:
    """(id, snapshot) of the service's newest revision, deployed or not."""
    found = (
        await session.execute(
            select(Revision.id, Revision.body)
            .where(Revision.service_id == service_id)
            .order_by(Revision.number.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if found is None else (found.id, Snapshot.from_json(found.body))


async def is_busy(session: AsyncSession, service_id: int, actions: Sequence[str]) -> bool:
    """Whether one of these actions is queued or runs for the service."""
    statement = select(Deployment.id).where(
        Deployment.service_id == service_id,
        Deployment.status.in_(UNFINISHED),
        Deployment.action.in_(actions),
    )
    return await session.scalar(statement.limit(1)) is not None


async def request_cancel(session: AsyncSession, service_id: int) -> None:
    """Ask the service's running deployment to stop where it is; the worker looks for it."""
    await session.execute(
        update(Deployment)
        .where(Deployment.service_id == service_id, Deployment.status == "in_progress")
        .values(cancel_requested=True)
    )


async def supersede_queued(session: AsyncSession, service_id: int, now: datetime) -> None:
    """A newer request takes the place of those that have not begun."""
    await session.execute(
        update(Deployment)
        .where(Deployment.service_id == service_id, Deployment.status == "queued")
        .values(status="superseded", finished_at=now)
    )
