"""Tags of the team and of a service."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.api.shapes.projects import tag_shape
from homeport.db.services import find_service_id
from homeport.db.tags import list_service_tags, list_tags
from homeport.errors import NotFound
from homeport.http.answers import json_answer
from homeport.http.deps import reads

router = APIRouter()


@router.get("/tags")
async def list_all(ctx: Annotated[Context, reads("read")]) -> Response:
    return json_answer([tag_shape(tag) for tag in await list_tags(ctx.session, ctx.actor.team_id)])


@router.get("/services/{uuid}/tags")
async def list_of_service(uuid: str, ctx: Annotated[Context, reads("read")]) -> Response:
    service_id = await find_service_id(ctx.session, ctx.actor.team_id, uuid)
    if service_id is None:
        raise NotFound("Service not found.")
    return json_answer([tag_shape(tag) for tag in await list_service_tags(ctx.session, service_id)])
