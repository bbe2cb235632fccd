"""The team of the token, and its members."""

from collections.abc import Collection
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.actions.grants import give_grants
from homeport.api.shapes.projects import team_shape, user_shape
from homeport.core.policy import GRANTS
from homeport.db.grants import list_grants
from homeport.db.members import get_team, list_members
from homeport.db.rows import values_of
from homeport.errors import NotFound
from homeport.http.answers import json_answer
from homeport.http.deps import reads, writes
from homeport.http.fields import Body, List, Str
from homeport.http.input import json_object, validate

router = APIRouter()


class GrantsBody(Body):
    grants: Annotated[list[Annotated[str, Str()]] | None, List(nullable=True)]


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


@router.get("/teams/current/grants")
async def list_own_grants(ctx: Annotated[Context, reads("read")]) -> Response:
    """Every power over a server that there is, and which of them the team has."""
    return json_answer(_grants(await list_grants(ctx.session, ctx.actor.team_id)))


@router.put("/teams/current/grants")
async def give_own_grants(request: Request, ctx: Annotated[Context, writes("root")]) -> Response:
    """Make these the grants of the team; an owner's token with the ability root may."""
    body = validate(GrantsBody, await json_object(request))
    grants = frozenset(body.grants or ())
    await give_grants(ctx, grants)
    return json_answer(_grants(grants))


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


def _grants(given: Collection[str]) -> list[dict[str, Any]]:
    return [
        {"grant": grant, "description": sentence, "is_granted": grant in given}
        for grant, sentence in GRANTS.items()
    ]


async def _team(ctx: Context) -> dict[str, Any]:
    return team_shape(values_of(await get_team(ctx.session, ctx.actor.team_id)))


async def _members(ctx: Context) -> list[dict[str, Any]]:
    members = await list_members(ctx.session, ctx.actor.team_id)
    return [user_shape(values_of(user)) for user in members]
