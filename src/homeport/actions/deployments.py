"""Asking for deployments. The request writes the revision, the deployment and its job in one transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from homeport import queue
from homeport.actions.context import Context
from homeport.actions.names import new_uuid
from homeport.actions.policy import require_admin
from homeport.actions.rendering import refresh_to_deploy, service_folder
from homeport.core.compose.interpolate import substitute
from homeport.core.compose.labels import stamp
from homeport.core.compose.model import Component, Missing, Rendered
from homeport.core.policy import read_dotenv
from homeport.core.revision import Action, Snapshot
from homeport.db.deployments import (
    Deployment,
    Revision,
    find_deployment,
    find_newest_revision,
    request_cancel,
    supersede_queued,
)
from homeport.db.rendered import Stored, load_stored
from homeport.db.rows import insert_returning_ids
from homeport.errors import NotFound, StateRefused, VariablesMissing

Options = Mapping[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a deployment needs to know about its service. `network` is set when the service joins it."""

    service_id: int
    uuid: str
    name: str
    server_id: int
    network: str | None

    @classmethod
    def of(cls, stored: Stored) -> "Target":
        service = stored.service
        return cls(
            service_id=service.id,
            uuid=service.uuid,
            name=service.name,
            server_id=service.server_id,
            network=stored.destination.network if service.connect_to_docker_network else None,
        )


async def request_deployment(
    ctx: Context, service_id: int, action: Action, options: Options | None = None
) -> Deployment:
    """Ask for an action on a service of the team. Raises NotFound, and StateRefused while it is being deleted.

    A start or restart deploys what the service renders to now; the rows that the render is stored
    in are brought up to date with it.
    """
    stored = await load_stored(ctx.session, ctx.actor.team_id, service_id=service_id)
    if stored is None:
        raise NotFound("Service not found.")
    if stored.service.is_deleting and action != "delete":
        raise StateRefused("Service is being deleted.")
    rendered = await refresh_to_deploy(ctx, stored) if action in ("start", "restart") else None
    return await deploy(ctx, Target.of(stored), rendered, action, options)


async def deploy(
    ctx: Context, target: Target, rendered: Rendered | None, action: Action, options: Options | None = None
) -> Deployment:
    """Write a deployment and its job; those of the service that have not begun are superseded.

    A stop or delete also asks the one that runs to give up. Raises VariablesMissing for a render that Compose
    would refuse.
    """
    if rendered is not None:
        _refuse_missing(rendered)
    if action in ("stop", "delete"):
        await request_cancel(ctx.session, target.service_id)
    revision_id = None if rendered is None else await _revision_id(ctx, target, rendered)
    await supersede_queued(ctx.session, target.service_id, ctx.now)
    deployment = Deployment(
        uuid=new_uuid(ctx),
        team_id=ctx.actor.team_id,
        service_id=target.service_id,
        service_uuid=target.uuid,
        server_id=target.server_id,
        revision_id=revision_id,
        action=action,
        status="queued",
        options=json.dumps(dict(options or {})),
        cancel_requested=False,
        created_at=ctx.now,
    )
    ctx.session.add(deployment)
    await ctx.session.flush()
    job = "delete" if action == "delete" else "deploy"
    await queue.enqueue(ctx.session, job, deployment.id, key=target.uuid, priority=deployment.id)
    ctx.is_queue_dirty = True
    return deployment


def _refuse_missing(rendered: Rendered) -> None:
    if rendered.missing:
        raise VariablesMissing({one.key: [_sentence(one)] for one in rendered.missing})


def _sentence(missing: Missing) -> str:
    """As Compose says it."""
    message = f": {missing.message}" if missing.message else ""
    return f"required variable {missing.key} is missing a value{message}"


async def _revision_id(ctx: Context, target: Target, rendered: Rendered) -> int:
    """The revision of this render: the newest one if nothing changed since, else a new one."""
    newest = await find_newest_revision(ctx.session, target.service_id)
    if newest is not None:
        newest_id, before = newest
        if _snapshot(ctx, target, rendered, number=before.number, before=before) == before:
            return newest_id
        snapshot = _snapshot(ctx, target, rendered, number=before.number + 1, before=before)
    else:
        snapshot = _snapshot(ctx, target, rendered, number=1, before=None)
    row = {
        "service_id": target.service_id,
        "number": snapshot.number,
        "body": snapshot.to_json(),
        "created_at": ctx.now,
    }
    return (await insert_returning_ids(ctx.session, Revision, [row]))[0]


def _snapshot(
    ctx: Context, target: Target, rendered: Rendered, *, number: int, before: Snapshot | None
) -> Snapshot:
    compose, marks = stamp(rendered, before.marks if before else {}, number)
    return Snapshot(
        service_uuid=target.uuid,
        service_name=target.name,
        number=number,
        folder=service_folder(ctx, target.uuid),
        compose=compose,
        dotenv=rendered.dotenv,
        components=_with_images(rendered),
        files=rendered.files,
        volumes=rendered.volumes,
        networks=rendered.networks,
        destination_network=target.network,
        marks=marks,
    )


def _with_images(rendered: Rendered) -> tuple[Component, ...]:
    """The components with their images as Compose reads them: by that name the engine knows them."""
    if not any("$" in (component.image or "") for component in rendered.components):
        return rendered.components
    lookup = read_dotenv(rendered.dotenv).get
    return tuple(
        component
        if component.image is None
        else replace(component, image=substitute(component.image, lookup))
        for component in rendered.components
    )


async def cancel_deployment(ctx: Context, uuid: str) -> Deployment:
    """Give up a deployment: at once while it waits, else as soon as the worker sees it.

    Raises NotFound, and StateRefused when it is over.
    """
    deployment = await find_deployment(ctx.session, ctx.actor.team_id, uuid)
    if deployment is None:
        raise NotFound("Deployment not found.")
    require_admin(ctx.actor)
    if deployment.status not in ("queued", "in_progress"):
        raise StateRefused(f"Deployment cannot be cancelled. Current status: {deployment.status}")
    deployment.cancel_requested = True
    if deployment.status == "queued":
        deployment.status = "cancelled"
        deployment.finished_at = ctx.now
    ctx.is_queue_dirty = True  # The worker that runs it looks for cancelled ones when it is woken.
    ctx.audit("api.deployment.cancelled", deployment_uuid=deployment.uuid)
    return deployment
