"""Destinations: the networks of a server that services are put on."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.api.shapes.servers import destination_shape
from homeport.db.rows import values_of
from homeport.db.servers import find_destination, find_server, list_destinations
from homeport.errors import NotFound
from homeport.http.answers import json_answer
from homeport.http.deps import reads

router = APIRouter()


@router.get("/destinations")
async def list_all(ctx: Annotated[Context, reads("read")]) -> Response:
    rows = await list_destinations(ctx.session, ctx.actor.team_id)
    return json_answer([destination_shape(values_of(row), server_uuid) for row, server_uuid in rows])


@router.get("/destinations/{uuid}")
async def get(uuid: str, ctx: Annotated[Context, reads("read")]) -> Response:
    found = await find_destination(ctx.session, ctx.actor.team_id, uuid)
    if found is None:
        raise NotFound("Destination not found.")
    destination, server_uuid = found
    return json_answer(destination_shape(values_of(destination), server_uuid))


@router.get("/servers/{uuid}/destinations")
async def list_of_server(uuid: str, ctx: Annotated[Context, reads("read")]) -> Response:
    server = await find_server(ctx.session, ctx.actor.team_id, uuid)
    if server is None:
        raise NotFound("Server not found.")
    rows = await list_destinations(ctx.session, ctx.actor.team_id, server_id=server.id)
    return json_answer([destination_shape(values_of(row), server_uuid) for row, server_uuid in rows])
