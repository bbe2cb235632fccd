"""Everything of the team at once. Homeport has services only; clients look for the other kinds too."""

from collections.abc import Awaitable, Callable
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


def _never(message: str) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        raise NotFound(message)

    return answer


# Clients take a bare "Not found." for an API that lacks the route.
for _path, _message in (
    ("/applications/{uuid}", "Application not found."),
    ("/databases/{uuid}", "Database not found."),
    ("/deployments/applications/{uuid}", "Application not found"),
):
    router.add_api_route(_path, _never(_message), methods=["GET"], dependencies=[reads("read")])
