"""The output of a service's containers."""

import re
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.core.commands import Host
from homeport.db.services import find_server_of
from homeport.errors import NotFound, StateRefused
from homeport.http.answers import json_answer
from homeport.http.deps import reads
from homeport.http.input import all_input, query_bool

router = APIRouter()

_DEFAULT_LINES: Final = 100
_MOST_LINES: Final = 10_000
# ECMA-48: control sequences, operating system commands up to their end, two-character escapes.
_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^_`-~])")


@router.get("/services/{uuid}/logs")
async def get_logs(uuid: str, request: Request, ctx: Annotated[Context, reads("read")]) -> Response:
    """The session is given back before the engine is asked: it may take its time."""
    data = await all_input(request)
    component = data.get("sub_service_name")
    if not isinstance(component, str):
        raise StateRefused("Sub service name is required.")
    server = await find_server_of(ctx.session, ctx.actor.team_id, uuid)
    if server is None:
        raise NotFound("Service not found.")
    await ctx.session.close()
    host: Host = await request.app.state.hosts.open(server)
    name = f"{component}-{uuid}"
    container = await host.engine.find_container(name)
    if container is None:
        raise NotFound("Container not found.")
    if not container.get("State", {}).get("Running"):
        raise StateRefused("Container is not running.")
    text = await host.engine.logs(
        name,
        lines=_lines(data.get("lines")),
        timestamps=query_bool(data.get("show_timestamps"), False),
    )
    return json_answer({"logs": _ANSI.sub("", text)})


def _lines(value: object) -> int:
    """A positive number of lines, at most 10,000; 100 for whatever is none."""
    try:
        lines = int(str(value))
    except ValueError:
        return _DEFAULT_LINES
    return min(lines, _MOST_LINES) if lines > 0 else _DEFAULT_LINES
