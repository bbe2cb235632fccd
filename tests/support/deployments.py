"""Services and deployments as rows, for tests of what the worker makes of them."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml
from sqlalchemy import select

from homeport.core.commands import Json
from homeport.core.compose.model import Component, Domain, File, Volume
from homeport.core.revision import Action, Snapshot
from homeport.db import services as tables
from homeport.db.deployments import UNFINISHED, Deployment, DeploymentLine, Revision
from homeport.db.engine import Database
from homeport.db.projects import Environment
from homeport.db.rows import insert_returning_ids, insert_rows
from homeport.db.servers import Destination
from homeport.queue import enqueue
from tests.support.factories import add, new_uuid

SECRET = "generated-secret-value"
_PATIENCE_S = 20.0


@dataclass(slots=True, kw_only=True)
class Placed:
    """A service on the first server, with its first revision."""

    id: int
    uuid: str
    revision_id: int
    snapshot: Snapshot

    def container(self, component: str) -> str:
        return f"{component}-{self.uuid}"


async def place(
    database: Database,
    *,
    components: Sequence[Component] = (),
    images: Sequence[str] = ("app:1",),
    volumes: Sequence[Volume] = (),
    destination_network: str | None = None,
    files: Sequence[File] = (),
    **more: Any,
) -> Placed:
    """A service with one component `web` at http://<uuid>.test (or with these), deployed never."""
    uuid = new_uuid()
    components = components or (
        Component(
            name="web",
            kind="application",
            image=images[0],
            port=8080,
            domains=(Domain("http", f"{uuid}.test"),),
        ),
    )
    folder = f"/data/homeport/services/{uuid}"
    snapshot = Snapshot(
        service_uuid=uuid,
        service_name="a service",
        number=1,
        folder=folder,
        compose=compose_of(uuid, components, **more),
        dotenv=f"PASSWORD={SECRET}\n",
        components=tuple(components),
        volumes=tuple(volumes),
        files=tuple(File(**{**_as_dict(file), "path": f"{folder}/{file.path}"}) for file in files),
        networks=(uuid,),
        destination_network=destination_network,
    )
    service_id = await _add_rows(database, uuid, snapshot)
    revision_id = await add_revision(database, service_id, snapshot)
    return Placed(id=service_id, uuid=uuid, revision_id=revision_id, snapshot=snapshot)


async def _add_rows(database: Database, uuid: str, snapshot: Snapshot) -> int:
    async with database.read() as session:
        environment_id = await session.scalar(select(Environment.id).limit(1))
        destination = (await session.scalars(select(Destination).limit(1))).one()
    service_id = await add(
        database,
        tables.Service,
        uuid=uuid,
        team_id=0,
        environment_id=environment_id,
        server_id=destination.server_id,
        destination_id=destination.id,
        name="a service",
        compose_raw=snapshot.compose,
        compose=snapshot.compose,
    )
    now = datetime.now(UTC)
    rows = [
        {
            "uuid": new_uuid(),
            "service_id": service_id,
            "name": component.name,
            "kind": component.kind,
            "exclude_from_status": component.is_excluded,
            "created_at": now,
            "updated_at": now,
        }
        for component in snapshot.components
    ]
    async with database.write() as session:
        await insert_rows(session, tables.Component, rows)
    await add(database, tables.EnvVariable, service_id=service_id, key="PASSWORD", value=SECRET)
    return service_id


async def add_revision(database: Database, service_id: int, snapshot: Snapshot) -> int:
    return await add(
        database, Revision, service_id=service_id, number=snapshot.number, body=snapshot.to_json()
    )


def _as_dict(file: File) -> dict[str, Any]:
    return {name: getattr(file, name) for name in File.__dataclass_fields__}


def compose_of(uuid: str, components: Sequence[Component], **more: Any) -> str:
    """The document that a render of these components makes, as far as the engine is concerned."""
    services: Json = {
        item.name: {
            "image": item.image,
            "container_name": f"{item.name}-{uuid}",
            "restart": "no" if item.is_excluded else "unless-stopped",
            "labels": {
                "homeport.managed": "true",
                "homeport.service": uuid,
                "homeport.component": item.name,
                "homeport.revision": "1",
            },
            "networks": {uuid: None},
            **({"healthcheck": {"test": ["CMD", "true"]}} if item.has_healthcheck else {}),
        }
        for item in components
    }
    return yaml.safe_dump({"services": services, "networks": {uuid: {"external": True}}, **more})


async def request(
    database: Database,
    service: Placed,
    action: Action = "start",
    *,
    revision_id: int | None = None,
    **options: Any,
) -> int:
    """A deployment and its job, as a request writes them; its id."""
    is_stop = action in ("stop", "delete")
    async with database.read() as session:
        server_id = await session.scalar(select(Destination.server_id).limit(1))
    row = {
        "uuid": new_uuid(),
        "team_id": 0,
        "service_id": service.id,
        "service_uuid": service.uuid,
        "server_id": server_id,
        "revision_id": None if is_stop else revision_id or service.revision_id,
        "action": action,
        "status": "queued",
        "options": json.dumps(options),
        "cancel_requested": False,
        "created_at": datetime.now(UTC),
    }
    async with database.write() as session:
        (deployment_id,) = await insert_returning_ids(session, Deployment, [row])
        job = "delete" if action == "delete" else "deploy"
        await enqueue(session, job, deployment_id, key=service.uuid, priority=deployment_id)
    return deployment_id


async def get_deployment(database: Database, deployment_id: int) -> Deployment:
    async with database.read() as session:
        found = await session.get(Deployment, deployment_id)
    assert found is not None
    return found


async def outcome(database: Database, deployment_id: int) -> Deployment:
    """The deployment when it is over."""
    async with asyncio.timeout(_PATIENCE_S):
        while (found := await get_deployment(database, deployment_id)).status in UNFINISHED:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def lines_of(database: Database, deployment_id: int) -> list[str]:
    statement = select(DeploymentLine.text).where(DeploymentLine.deployment_id == deployment_id)
    async with database.read() as session:
        return list(await session.scalars(statement.order_by(DeploymentLine.id)))


async def statuses_of(database: Database, service: Placed) -> dict[str, str]:
    statement = select(tables.Component.name, tables.Component.status)
    async with database.read() as session:
        rows = await session.execute(statement.where(tables.Component.service_id == service.id))
        return {str(name): str(status) for name, status in rows}
