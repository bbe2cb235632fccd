"""Services: create, list, show, change, delete."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.actions.creation import NewService, create_service
from homeport.actions.names import clean_tags
from homeport.actions.plans import apply_change, apply_creation, draft_change, draft_creation
from homeport.actions.services import ChangeService, Done, change_service, delete_service, get_stored
from homeport.api.plans import PLAN_ID, apply_body, plan_answer
from homeport.api.shapes.services import ServiceItems, service_shape
from homeport.db.views import find_service_view, list_service_views
from homeport.errors import NotFound
from homeport.http.answers import json_answer
from homeport.http.deps import DRY_RUN, reads, writes, writes_or_plans
from homeport.http.fields import Body, Bool, List, Str
from homeport.http.input import all_input, json_object, query_bool, validate

router = APIRouter()


class Url(Body):
    item_text: ClassVar[str | None] = (
        "An item in the urls array has invalid fields. Only name and url fields are supported."
    )
    name: Annotated[str, Str()]
    url: Annotated[str | None, Str(nullable=True)] = None


class NewServiceBody(Body):
    type: Annotated[str | None, Str(required_without="docker_compose_raw")] = None
    docker_compose_raw: Annotated[str | None, Str(required_without="type")] = None
    project_uuid: Annotated[str, Str()]
    environment_name: Annotated[str | None, Str(nullable=True)] = None
    environment_uuid: Annotated[str | None, Str(nullable=True)] = None
    server_uuid: Annotated[str, Str()]
    destination_uuid: Annotated[str | None, Str(nullable=True)] = None
    name: Annotated[str | None, Str(max=255)] = None
    description: Annotated[str | None, Str(nullable=True)] = None
    instant_deploy: Annotated[bool | None, Bool()] = None
    force_domain_override: Annotated[bool | None, Bool()] = None
    is_container_label_escape_enabled: Annotated[bool | None, Bool()] = None
    urls: Annotated[list[Url] | None, List(nullable=True)] = None
    tags: Annotated[list[Annotated[str, Str(min=2)]] | None, List(nullable=True)] = None
    profiles: Annotated[list[Annotated[str, Str()]] | None, List(nullable=True)] = None
    grants: Annotated[list[Annotated[str, Str()]] | None, List(nullable=True)] = None


class ChangeServiceBody(Body):
    name: Annotated[str | None, Str(max=255)] = None
    description: Annotated[str | None, Str(nullable=True)] = None
    docker_compose_raw: Annotated[str | None, Str(nullable=True)] = None
    instant_deploy: Annotated[bool | None, Bool()] = None
    connect_to_docker_network: Annotated[bool | None, Bool()] = None
    force_domain_override: Annotated[bool | None, Bool()] = None
    is_container_label_escape_enabled: Annotated[bool | None, Bool()] = None
    urls: Annotated[list[Url] | None, List(nullable=True)] = None
    profiles: Annotated[list[Annotated[str, Str()]] | None, List(nullable=True)] = None
    grants: Annotated[list[Annotated[str, Str()]] | None, List(nullable=True)] = None


@router.post("/services")
async def create(request: Request, ctx: Annotated[Context, writes_or_plans("write")]) -> Response:
    data = await json_object(request, ignores=(DRY_RUN,))
    if ctx.is_dry_run:
        draft = await draft_creation(ctx, _new_service(data), data)
        return json_answer(await plan_answer(request, ctx, draft))
    if PLAN_ID in data:
        applied = apply_body(data)
        done = await apply_creation(ctx, applied.plan_id, _new_service, applied.grants or ())
    else:
        done = await create_service(ctx, _new_service(data))
    return json_answer(_done(done), 201)


@router.get("/services")
async def list_services(ctx: Annotated[Context, reads("read")]) -> Response:
    is_sensitive = ctx.actor.can_read_sensitive
    items = ServiceItems(is_sensitive=is_sensitive)
    views = await list_service_views(ctx.session, ctx.actor.team_id, with_texts=is_sensitive)
    return json_answer([items.shape(view) for view in views])


@router.get("/services/{uuid}")
async def get_service(uuid: str, ctx: Annotated[Context, reads("read")]) -> Response:
    is_sensitive = ctx.actor.can_read_sensitive
    view = await find_service_view(ctx.session, ctx.actor.team_id, uuid, with_texts=is_sensitive)
    if view is None:
        raise NotFound("Service not found.")
    return json_answer(service_shape(view, is_sensitive=is_sensitive))


@router.patch("/services/{uuid}")
async def change(uuid: str, request: Request, ctx: Annotated[Context, writes_or_plans("write")]) -> Response:
    data = await json_object(request, ignores=(DRY_RUN,))
    stored = await get_stored(ctx, uuid)
    if ctx.is_dry_run:
        draft = await draft_change(ctx, stored, _change_service(data), data)
        return json_answer(await plan_answer(request, ctx, draft))
    if PLAN_ID in data:
        applied = apply_body(data)
        done = await apply_change(ctx, stored, applied.plan_id, _change_service, applied.grants or ())
    else:
        done = await change_service(ctx, stored, _change_service(data))
    return json_answer(_done(done))


@router.delete("/services/{uuid}")
async def delete(uuid: str, request: Request, ctx: Annotated[Context, writes("write")]) -> Response:
    """Volumes go only when the request says so; everything else goes unless it says not to."""
    data = await all_input(request)
    options = {
        "delete_configurations": query_bool(data.get("delete_configurations"), True),
        "delete_volumes": query_bool(data.get("delete_volumes"), False),
        "docker_cleanup": query_bool(data.get("docker_cleanup"), True),
        "delete_connected_networks": query_bool(data.get("delete_connected_networks"), True),
    }
    done = await delete_service(ctx, uuid, options)
    return json_answer({"message": "Service deletion request queued.", **deployment_of(done)})


def _new_service(data: Mapping[str, Any]) -> NewService:
    body = validate(NewServiceBody, data)
    return NewService(
        given=body.given,
        type=body.type,
        docker_compose_raw=body.docker_compose_raw,
        project_uuid=body.project_uuid,
        environment_name=body.environment_name,
        environment_uuid=body.environment_uuid,
        server_uuid=body.server_uuid,
        destination_uuid=body.destination_uuid,
        name=body.name,
        description=body.description,
        urls=_pairs(body.urls),
        tags=clean_tags(body.tags),
        is_forced=bool(body.force_domain_override),
        is_container_label_escape_enabled=body.is_container_label_escape_enabled is not False,
        instant_deploy=bool(body.instant_deploy),
        profiles=body.profiles or (),
        grants=body.grants or (),
    )


def _change_service(data: Mapping[str, Any]) -> ChangeService:
    body = validate(ChangeServiceBody, data)
    return ChangeService(
        given=body.given,
        name=body.name,
        description=body.description,
        docker_compose_raw=body.docker_compose_raw,
        connect_to_docker_network=body.connect_to_docker_network,
        is_container_label_escape_enabled=body.is_container_label_escape_enabled,
        urls=_pairs(body.urls),
        is_forced=bool(body.force_domain_override),
        instant_deploy=bool(body.instant_deploy),
        profiles=body.profiles or (),
        grants=body.grants or (),
    )


def _pairs(urls: Sequence[Url] | None) -> list[tuple[str | None, str | None]] | None:
    return None if urls is None else [(item.name, item.url) for item in urls]


def _done(done: Done) -> dict[str, Any]:
    return {"uuid": done.uuid, "domains": done.domains, **deployment_of(done)}


def deployment_of(done: Done) -> dict[str, str]:
    """The key that answers carry when a deployment was asked for."""
    return {"deployment_uuid": done.deployment_uuid} if done.deployment_uuid else {}
