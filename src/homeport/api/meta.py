"""Is it there, and which contract does it speak."""

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from homeport.http.deps import reads
from homeport.http.gates import Gates

UPSTREAM_VERSION: Final = "4.3.11"
"""The version of upstream whose contract this is; clients compare it with what they support."""

router = APIRouter()
health_router = APIRouter()


@health_router.get("/health")
async def health(request: Request) -> Response:
    """No token: load balancers ask."""
    gates: Gates = request.app.state.gates
    gates.admit_health(request)
    return HTMLResponse("OK")


@router.get("/version", dependencies=[reads("read")])
async def version() -> Response:
    return HTMLResponse(UPSTREAM_VERSION)
