"""What the worker asks beside what `deployments` and `services` answer; it acts for no team."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from homeport.db.deployments import UNFINISHED, Deployment, DeploymentLine
from homeport.db.servers import Server
from homeport.db.services import Component, EnvVariable, Service

_DERIVED = "domain"


async def list_secret_values(session: AsyncSession, service_id: int) -> list[str]:
    """The values of the service's variables that are stored, for taking them out of what is shown."""
    statement = select(EnvVariable.value).where(
        EnvVariable.service_id == service_id, EnvVariable.origin != _DERIVED, EnvVariable.value.is_not(None)
    )
    return [value for value in await session.scalars(statement) if value]


async def list_unfinished_ids(session: AsyncSession) -> Sequence[int]:
    """The deployments that are queued or going on, oldest first."""
    statement = select(Deployment.id).where(Deployment.status.in_(UNFINISHED)).order_by(Deployment.id)
    return (await session.scalars(statement)).all()


async def list_withdrawn(session: AsyncSession, server_id: int) -> set[str]:
    """The uuids of the services on a server that are just being stopped or deleted."""
    statement = select(Deployment.service_uuid).where(
        Deployment.server_id == server_id,
        Deployment.status == "in_progress",
        Deployment.action.in_(("stop", "delete")),
    )
    return set(await session.scalars(statement))


async def fail_unfinished(
    session: AsyncSession, ids: Collection[int], *, code: str, message: str, now: datetime
) -> None:
    """End those of the deployments that are still unfinished."""
    for deployment_id in ids:
        await session.execute(
            update(Deployment)
            .where(Deployment.id == deployment_id, Deployment.status.in_(UNFINISHED))
            .values(status="failed", error_code=code, error=message, finished_at=now)
        )


async def delete_old_lines(session: AsyncSession, before: datetime) -> None:
    """Forget what deployments printed that ended before this time."""
    old = select(Deployment.id).where(Deployment.finished_at < before)
    await session.execute(delete(DeploymentLine).where(DeploymentLine.deployment_id.in_(old)))


async def list_watched_servers(session: AsyncSession) -> Sequence[Server]:
    """The servers that have a service."""
    used = select(Service.server_id).distinct()
    return (await session.scalars(select(Server).where(Server.id.in_(used)).order_by(Server.id))).all()


async def list_component_statuses(
    session: AsyncSession, server_id: int
) -> list[tuple[int, str, str, str, bool]]:
    """(service id, service uuid, component, status, is excluded) of what is on a server."""
    statement = (
        select(Service.id, Service.uuid, Component.name, Component.status, Component.exclude_from_status)
        .join(Service, Service.id == Component.service_id)
        .where(Service.server_id == server_id)
        .order_by(Component.id)
    )
    return [(a, b, c, d, e) for a, b, c, d, e in await session.execute(statement)]


async def set_server_seen(
    session: AsyncSession, server_id: int, *, is_reachable: bool, now: datetime, **seen: str
) -> None:
    """Note whether a server answered, and what else was seen of it: `docker_version`, `proxy_status`."""
    values = {"is_reachable": is_reachable, "checked_at": now, **seen}
    await session.execute(update(Server).where(Server.id == server_id).values(values))


async def set_proxy_status(session: AsyncSession, server_id: int, status: str) -> None:
    await session.execute(update(Server).where(Server.id == server_id).values(proxy_status=status))
