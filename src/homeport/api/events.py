"""A deployment as it goes on: its lines and states as server-sent events (WHATWG, event-stream)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from homeport.actions.context import Context
from homeport.api.deployments import get_deployment, poll_interval_s
from homeport.api.shapes.deployments import line_shape
from homeport.db.deployments import UNFINISHED, get_status, list_lines
from homeport.db.engine import Database
from homeport.http.deps import reads

router = APIRouter()

_BATCH: Final = 500
_KEEP_ALIVE_S: Final = 15.0
_SLOWEST_POLL_S: Final = 0.5


@router.get("/deployments/{uuid}/events")
async def stream(uuid: str, request: Request, ctx: Annotated[Context, reads("read")]) -> Response:
    """`event: line` for each line, with its id; `event: status` when the state or step changes; the stream ends with
    the deployment. A client that comes back sends the last id in the header Last-Event-ID."""
    deployment = await get_deployment(ctx, uuid)
    after = _line_id(request.headers.get("last-event-id") or request.query_params.get("after"))
    events = follow(request.app.state.database, deployment.id, after)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


async def follow(database: Database, deployment_id: int, after: int) -> AsyncIterator[bytes]:
    """The events of a deployment, those of the lines behind `after`, until it is over.

    The state is read before the lines, so that the last lines of a deployment that is over are sent.
    """
    loop = asyncio.get_running_loop()
    start = last_sent = loop.time()
    shown: tuple[Any, ...] | None = None
    while True:
        async with database.read() as session:
            status = await get_status(session, deployment_id)
            lines = await list_lines(session, deployment_id, after=after, limit=_BATCH)
        for line in lines:
            after = line["id"]
            yield _event("line", line_shape(line), after)
        if status is None:
            return
        state = (status.status, status.step)
        is_over = status.status not in UNFINISHED
        if state != shown and not (is_over and len(lines) == _BATCH):
            shown = state
            data = {"status": status.status, "step": status.step, "error": status.error}
            yield _event("status", data)
            if is_over:
                return
        if lines or state != shown:
            start = last_sent = loop.time()
        if loop.time() - last_sent > _KEEP_ALIVE_S:
            last_sent = loop.time()
            yield b": still there\n\n"
        if len(lines) < _BATCH:
            await asyncio.sleep(min(poll_interval_s(loop.time() - start), _SLOWEST_POLL_S))


def _event(name: str, data: dict[str, Any], id: int | None = None) -> bytes:
    """JSON has no line end in it, so one `data:` line is enough."""
    head = f"id: {id}\nevent: {name}\n" if id is not None else f"event: {name}\n"
    return head.encode() + b"data: " + orjson.dumps(data) + b"\n\n"


def _line_id(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
