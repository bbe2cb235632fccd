"""The environments of a project."""

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.actions.projects import (
    change_environment,
    create_environment,
    delete_environment,
    get_environment,
    get_project,
)
from homeport.api.projects import Changes, name_problems
from homeport.api.shapes.projects import environment_shape
from homeport.api.shapes.services import ServiceItems
from homeport.db.projects import list_environments
from homeport.db.rows import values_of
from homeport.db.views import list_service_views
from homeport.http.answers import json_answer, message_answer
from homeport.http.deps import reads, writes
from homeport.http.fields import Body, Judged
from homeport.http.input import json_object, validate

router = APIRouter()

_NONE_YET: Final = ("applications", "postgresqls", "redis", "mongodbs", "mysqls", "mariadbs")
"""Kinds of resources that clients look for in an environment and that Homeport has none of."""


class NewEnvironment(Body):
    name: Annotated[str, Judged(judge=name_problems)]


@router.get("/projects/{uuid}/environments")
async def list_all(uuid: str, ctx: Annotated[Context, reads("read")]) -> Response:
    project = await get_project(ctx, uuid)
    rows = await list_environments(ctx.session, project.id)
    return json_answer([{"id": row.id, "uuid": row.uuid, "name": row.name} for row in rows])


@router.get("/projects/{uuid}/{environment}")
async def get(uuid: str, environment: str, ctx: Annotated[Context, reads("read")]) -> Response:
    is_sensitive = ctx.actor.can_read_sensitive
    found = await get_environment(ctx, await get_project(ctx, uuid), environment)
    items = ServiceItems(is_sensitive=is_sensitive)
    views = await list_service_views(
        ctx.session, ctx.actor.team_id, with_texts=is_sensitive, environment_id=found.id
    )
    shape = environment_shape(values_of(found)) | {kind: [] for kind in _NONE_YET}
    return json_answer({**shape, "services": [items.shape(view) for view in views]})


@router.post("/projects/{uuid}/environments")
async def create(uuid: str, request: Request, ctx: Annotated[Context, writes("write")]) -> Response:
    body = validate(NewEnvironment, await json_object(request))
    environment = await create_environment(ctx, uuid, name=body.name)
    return json_answer({"uuid": environment.uuid}, 201)


@router.patch("/projects/{uuid}/environments/{environment}")
async def change(
    uuid: str, environment: str, request: Request, ctx: Annotated[Context, writes("write")]
) -> Response:
    body = validate(Changes, await json_object(request))
    changed = await change_environment(
        ctx, uuid, environment, given=body.given, name=body.name, description=body.description
    )
    return json_answer({"uuid": changed.uuid, "name": changed.name, "description": changed.description})


@router.delete("/projects/{uuid}/environments/{environment}")
async def delete(uuid: str, environment: str, ctx: Annotated[Context, writes("write")]) -> Response:
    await delete_environment(ctx, uuid, environment)
    return message_answer("Environment deleted.")
