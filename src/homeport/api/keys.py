"""The private keys that open servers."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.api.shapes.servers import key_shape
from homeport.db.servers import find_private_key, list_private_keys
from homeport.errors import NotFound
from homeport.http.answers import json_answer
from homeport.http.deps import reads

router = APIRouter()


@router.get("/security/keys")
async def list_all(ctx: Annotated[Context, reads("read")]) -> Response:
    with_private = ctx.actor.can_read_sensitive
    keys = await list_private_keys(ctx.session, ctx.actor.team_id, with_private=with_private)
    return json_answer([key_shape(key) for key in keys])


@router.get("/security/keys/{uuid}")
async def get(uuid: str, ctx: Annotated[Context, reads("read")]) -> Response:
    with_private = ctx.actor.can_read_sensitive
    key = await find_private_key(ctx.session, ctx.actor.team_id, uuid, with_private=with_private)
    if key is None:
        raise NotFound("Private Key not found.")
    return json_answer(key_shape(key))
