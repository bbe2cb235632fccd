"""Deployments: what goes on, what became of one, giving one up."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.actions.deployments import cancel_deployment
from homeport.api.shapes.deployments import deployment_shape, line_shape
from homeport.db.deployments import (
    UNFINISHED,
    Deployment,
    find_deployment,
    get_status,
    list_last_lines,
    list_unfinished,
)
from homeport.db.engine import Database
from homeport.errors import NotFound
from homeport.http.answers import json_answer
from homeport.http.deps import reads, writes

router = APIRouter()

_LONGEST_WAIT_S: Final = 60.0
_MOST_LINES: Final = 1000


@router.get("/deployments")
async def list_all(ctx: Annotated[Context, reads("read")]) -> Response:
    """Those that wait or go on."""
    rows = await list_unfinished(ctx.session, ctx.actor.team_id)
    return json_answer([deployment_shape(row) for row in rows])


@router.get("/deployments/{uuid}")
async def get(uuid: str, request: Request, ctx: Annotated[Context, reads("read")]) -> Response:
    """With `wait`, the answer comes when the deployment is over, or after that many seconds."""
    deployment = await get_deployment(ctx, uuid)
    wait_s = _seconds(request.query_params.get("wait"))
    if wait_s and deployment.status in UNFINISHED:
        await ctx.session.close()
        await _await_end(request.app.state.database, deployment.id, wait_s)
        deployment = await get_deployment(ctx, uuid)
    lines = await list_last_lines(ctx.session, deployment.id, _MOST_LINES)
    return json_answer({**deployment_shape(deployment), "lines": [line_shape(line) for line in lines]})


@router.post("/deployments/{uuid}/cancel")
async def cancel(uuid: str, ctx: Annotated[Context, writes("deploy")]) -> Response:
    deployment = await cancel_deployment(ctx, uuid)
    return json_answer(
        {
            "message": "Deployment cancelled successfully.",
            "deployment_uuid": deployment.uuid,
            "status": "cancelled-by-user",
        }
    )


async def get_deployment(ctx: Context, uuid: str) -> Deployment:
    """Raises NotFound."""
    deployment = await find_deployment(ctx.session, ctx.actor.team_id, uuid)
    if deployment is None:
        raise NotFound("Deployment not found.")
    return deployment


def poll_interval_s(waited_s: float) -> float:
    """How long to wait before the next look: often at first, when most deployments end, then seldom."""
    return min(1.0, max(0.05, waited_s / 20))


async def _await_end(database: Database, deployment_id: int, wait_s: float) -> None:
    loop = asyncio.get_running_loop()
    start = loop.time()
    while (waited_s := loop.time() - start) < wait_s:
        await asyncio.sleep(min(poll_interval_s(waited_s), wait_s - waited_s))
        async with database.read() as session:
            status = await get_status(session, deployment_id)
        if status is None or status.status not in UNFINISHED:
            return


def _seconds(text: str | None) -> float:
    """A number of seconds, at most a minute; 0 for whatever is none."""
    try:
        seconds = float(text or 0)
    except ValueError:
        return 0.0
    return min(seconds, _LONGEST_WAIT_S) if seconds > 0 else 0.0
