"""Everything of the team at once. Homeport has services only; clients look for the other kinds too."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.api.shapes.services import ServiceItems
from homeport.db.views import list_service_views
from homeport.errors import NotFound
from homeport.http.answers import json_answer
from homeport.http.deps import reads

router = APIRouter()


@router.get("/resources")
async def list_all(ctx: Annotated[Context, reads("read")]) -> Response:
    is_sensitive = ctx.actor.can_read_sensitive
    items = ServiceItems(is_sensitive=is_sensitive)
    views = await list_service_views(ctx.session, ctx.actor.team_id, with_texts=is_sensitive)
    answers = [{"id": view.service["id"], **items.shape(view), "type": "service"} for view in views]
    return json_answer(answers)


@router.get("/applications", dependencies=[reads("read")])
async def list_applications() -> Response:
    return json_answer([])


@router.get("/databases", dependencies=[reads("read")])
async def list_databases() -> Response:
    return json_answer([])


@router.get("/applications/{uuid}", dependencies=[reads("read")])
async def get_application() -> Response:
    raise NotFound("Application not found.")


@router.get("/databases/{uuid}", dependencies=[reads("read")])
async def get_database() -> Response:
    raise NotFound("Database not found.")


@router.get("/deployments/applications/{uuid}", dependencies=[reads("read")])
async def list_application_deployments() -> Response:
    raise NotFound("Application not found")
