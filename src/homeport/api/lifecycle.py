"""Starting, stopping and restarting services."""

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.actions.services import restart_service, start_service, stop_service
from homeport.api.services import deployment_of
from homeport.http.answers import json_answer
from homeport.http.deps import reads, writes
from homeport.http.input import all_input, query_bool

router = APIRouter()


@router.post("/services/{uuid}/start")
async def start(uuid: str, ctx: Annotated[Context, writes("deploy")]) -> Response:
    done = await start_service(ctx, uuid)
    return json_answer({"message": "Service starting request queued.", **deployment_of(done)})


@router.post("/services/{uuid}/stop")
async def stop(uuid: str, request: Request, ctx: Annotated[Context, writes("deploy")]) -> Response:
    data = await all_input(request)
    options = {"docker_cleanup": query_bool(data.get("docker_cleanup"), True)}
    done = await stop_service(ctx, uuid, options)
    return json_answer({"message": "Service stopping request queued.", **deployment_of(done)})


@router.post("/services/{uuid}/restart")
async def restart(uuid: str, request: Request, ctx: Annotated[Context, writes("deploy")]) -> Response:
    """`latest` pulls the images first."""
    data = await all_input(request)
    done = await restart_service(ctx, uuid, {"pull": query_bool(data.get("latest"), False)})
    return json_answer({"message": "Service restarting request queued.", **deployment_of(done)})


async def moved_to_post() -> Response:
    """What once was a GET says so, to those who may do it."""
    return json_answer({"message": "This endpoint has changed to a POST request."}, 405, {"Allow": "POST"})


for _path, _ability in (
    ("/services/{uuid}/start", "deploy"),
    ("/services/{uuid}/stop", "deploy"),
    ("/services/{uuid}/restart", "deploy"),
    ("/deploy", "deploy"),
    ("/servers/{uuid}/validate", "write"),
):
    router.add_api_route(_path, moved_to_post, methods=["GET"], dependencies=[reads(_ability)])
