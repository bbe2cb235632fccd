"""Servers: what there is, what runs on each, and which hosts it answers for."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.api.shapes.servers import server_item, server_shape
from homeport.api.shapes.services import status_of
from homeport.core.domains import split_fqdn
from homeport.db.claims import list_fqdns, list_public_ips
from homeport.db.rows import values_of
from homeport.db.servers import Server, find_server, list_servers
from homeport.db.views import ServiceView, list_service_views
from homeport.errors import NotFound
from homeport.http.answers import json_answer, wire_time
from homeport.http.deps import reads
from homeport.http.input import query_bool

router = APIRouter()

_LOCAL_IP = "host.docker.internal"


@router.get("/servers")
async def list_all(ctx: Annotated[Context, reads("read")]) -> Response:
    servers = await list_servers(ctx.session, ctx.actor.team_id)
    with_secrets = ctx.actor.can_read_sensitive
    return json_answer([server_item(values_of(server), with_secrets=with_secrets) for server in servers])


@router.get("/servers/{uuid}")
async def get(uuid: str, request: Request, ctx: Annotated[Context, reads("read")]) -> Response:
    server = await _get_server(ctx, uuid)
    shape = server_shape(values_of(server), with_secrets=ctx.actor.can_read_sensitive)
    if query_bool(request.query_params.get("resources")):
        shape["resources"] = await _resources(ctx, server)
    return json_answer(shape)


@router.get("/servers/{uuid}/resources")
async def list_resources(uuid: str, ctx: Annotated[Context, reads("read")]) -> Response:
    return json_answer(await _resources(ctx, await _get_server(ctx, uuid)))


@router.get("/servers/{uuid}/domains")
async def list_domains(uuid: str, request: Request, ctx: Annotated[Context, reads("read")]) -> Response:
    """The hosts of the server's services, once for each address under which the server is known."""
    server = await _get_server(ctx, uuid)
    if request.query_params.get("uuid"):
        raise NotFound("Application not found.")
    hosts = _hosts(await list_fqdns(ctx.session, server.id))
    if not hosts:
        return json_answer([])
    ips = [server.ip]
    if server.ip == _LOCAL_IP:
        ips = list(await list_public_ips(ctx.session)) or ips
    return json_answer([{"ip": ip, "domains": hosts} for ip in ips])


async def _get_server(ctx: Context, uuid: str) -> Server:
    server = await find_server(ctx.session, ctx.actor.team_id, uuid)
    if server is None:
        raise NotFound("Server not found.")
    return server


async def _resources(ctx: Context, server: Server) -> list[dict[str, Any]]:
    views = await list_service_views(ctx.session, ctx.actor.team_id, with_texts=False, server_id=server.id)
    return [_resource(view) for view in views]


def _resource(view: ServiceView) -> dict[str, Any]:
    service = view.service
    return {
        "id": service["id"],
        "uuid": service["uuid"],
        "name": service["name"],
        "type": "service",
        "created_at": wire_time(service["created_at"]),
        "updated_at": wire_time(service["updated_at"]),
        "status": status_of(view),
    }


def _hosts(fqdns: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(domain.host for fqdn in fqdns for domain in split_fqdn(fqdn)))
