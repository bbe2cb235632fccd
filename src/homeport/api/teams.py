"""The team of the token, and its members."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.api.shapes.projects import team_shape, user_shape
from homeport.db.members import get_team, list_members
from homeport.db.rows import values_of
from homeport.errors import NotFound
from homeport.http.answers import json_answer
from homeport.http.deps import reads

router = APIRouter()


@router.get("/teams")
async def list_all(ctx: Annotated[Context, reads("read")]) -> Response:
    """A token sees its own team only."""
    return json_answer([await _team(ctx)])


@router.get("/team")
@router.get("/teams/current")
async def get_own(ctx: Annotated[Context, reads("read")]) -> Response:
    return json_answer(await _team(ctx))


@router.get("/team/members")
@router.get("/teams/current/members")
async def list_own_members(ctx: Annotated[Context, reads("read")]) -> Response:
    return json_answer(await _members(ctx))


@router.get("/teams/{team_id}")
async def get(team_id: str, ctx: Annotated[Context, reads("read")]) -> Response:
    _refuse_other(ctx, team_id)
    return json_answer(await _team(ctx))


@router.get("/teams/{team_id}/members")
async def list_team_members(team_id: str, ctx: Annotated[Context, reads("read")]) -> Response:
    _refuse_other(ctx, team_id)
    return json_answer(await _members(ctx))


def _refuse_other(ctx: Context, team_id: str) -> None:
    if team_id != str(ctx.actor.team_id):
        raise NotFound("Team not found.")


async def _team(ctx: Context) -> dict[str, Any]:
    return team_shape(values_of(await get_team(ctx.session, ctx.actor.team_id)))


async def _members(ctx: Context) -> list[dict[str, Any]]:
    members = await list_members(ctx.session, ctx.actor.team_id)
    return [user_shape(values_of(user)) for user in members]
