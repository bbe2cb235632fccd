"""The environment variables of a service."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.actions.policy import require_admin
from homeport.actions.rendering import server_base
from homeport.actions.services import get_stored
from homeport.actions.variables import (
    FLAGS,
    NewVariable,
    create_variable,
    delete_variable,
    update_variable,
    upsert_variables,
)
from homeport.api.shapes.variables import variable_shape
from homeport.core.domains import derive, split_fqdn
from homeport.db.rendered import Stored, to_source
from homeport.db.rows import values_of
from homeport.db.services import EnvVariable
from homeport.db.variables import list_variable_values
from homeport.db.views import find_service_view
from homeport.errors import FieldsRejected, NotFound, StateRefused
from homeport.http.answers import json_answer, message_answer
from homeport.http.deps import reads, writes
from homeport.http.fields import Body, Bool, Int, Str
from homeport.http.input import all_input, validate

router = APIRouter()

_MOST_ITEMS: Final = 2000
_KEY: Final = Str(
    max=255,
    pattern=r"[A-Za-z_][A-Za-z0-9_.]*",
    texts={
        "regex": (
            "The key must start with a letter or underscore and may only contain letters, numbers, "
            "underscores, and dots."
        ),
        "max": "The key may not be greater than 255 characters.",
    },
)


class VariableBody(Body):
    key: Annotated[str, _KEY]
    value: Annotated[str | None, Str(nullable=True)] = None
    comment: Annotated[str | None, Str(nullable=True, max=256)] = None
    is_literal: Annotated[bool | None, Bool()] = None
    is_multiline: Annotated[bool | None, Bool()] = None
    is_shown_once: Annotated[bool | None, Bool()] = None


class BulkItem(VariableBody):
    """What a bulk takes beside the fields of a single variable."""

    is_runtime: Annotated[bool | None, Bool()] = None
    is_buildtime: Annotated[bool | None, Bool()] = None
    is_required: Annotated[bool | None, Bool()] = None
    order: Annotated[int | None, Int(nullable=True, min=0, max=2**31 - 1)] = None


@router.get("/services/{uuid}/envs")
async def list_envs(uuid: str, ctx: Annotated[Context, reads("read")]) -> Response:
    is_sensitive = ctx.actor.can_read_sensitive
    view = await find_service_view(ctx.session, ctx.actor.team_id, uuid, with_texts=False)
    if view is None:
        raise NotFound("Service not found.")
    require_admin(ctx.actor)
    rows = await list_variable_values(ctx.session, view.service["id"])
    filled = _with_domains(ctx, rows, view.components, view.server, uuid)
    return json_answer([variable_shape(row, is_sensitive=is_sensitive) for row in filled])


@router.post("/services/{uuid}/envs")
async def create_env(uuid: str, request: Request, ctx: Annotated[Context, writes("write")]) -> Response:
    data = await all_input(request)
    stored = await get_stored(ctx, uuid)
    body = validate(VariableBody, data, custom=True, forbids_extra=False)
    row = await create_variable(ctx, stored, _new(body))
    return json_answer(_shapes(ctx, stored, [row], is_new=True)[0], 201)


@router.patch("/services/{uuid}/envs")
async def update_env(uuid: str, request: Request, ctx: Annotated[Context, writes("write")]) -> Response:
    """Addressed by `key`. The value is overwritten always: one that is not sent becomes null."""
    data = await all_input(request)
    stored = await get_stored(ctx, uuid)
    body = validate(VariableBody, data, custom=True, forbids_extra=False)
    row = await update_variable(ctx, stored, _new(body))
    return json_answer(_shapes(ctx, stored, [row])[0], 201)


@router.patch("/services/{uuid}/envs/bulk")
async def upsert_envs(uuid: str, request: Request, ctx: Annotated[Context, writes("write")]) -> Response:
    data = await all_input(request)
    stored = await get_stored(ctx, uuid)
    items = data.get("data")
    if not items:
        raise StateRefused("Bulk data is required.")
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise FieldsRejected({"data": ["The data field must be an array."]})
    if len(items) > _MOST_ITEMS:
        raise FieldsRejected({"data": [f"The data field must not have more than {_MOST_ITEMS} items."]})
    bodies = [validate(BulkItem, item, custom=True, forbids_extra=False) for item in items]
    rows = await upsert_variables(ctx, stored, [_new(body) for body in bodies])
    return json_answer(_shapes(ctx, stored, rows), 201)


@router.delete("/services/{uuid}/envs/{env_uuid}")
async def delete_env(uuid: str, env_uuid: str, ctx: Annotated[Context, writes("write")]) -> Response:
    await delete_variable(ctx, await get_stored(ctx, uuid), env_uuid)
    return message_answer("Environment variable deleted.")


def _new(body: VariableBody) -> NewVariable:
    sent = {name: getattr(body, name, None) for name in FLAGS}
    return NewVariable(
        key=body.key,
        value=body.value,
        comment=body.comment,
        order=body.order if isinstance(body, BulkItem) else None,
        flags={name: value for name, value in sent.items() if value is not None},
        given=body.given,
    )


def _shapes(
    ctx: Context, stored: Stored, rows: Sequence[EnvVariable], *, is_new: bool = False
) -> list[dict[str, Any]]:
    is_sensitive = ctx.actor.can_read_sensitive
    components = [values_of(component) for component in stored.components]
    values = _with_domains(
        ctx, [values_of(row) for row in rows], components, values_of(stored.server), stored.service.uuid
    )
    return [variable_shape(row, is_sensitive=is_sensitive, is_new=is_new) for row in values]


def _with_domains(
    ctx: Context,
    rows: Sequence[Mapping[str, Any]],
    components: Sequence[Mapping[str, Any]],
    server: Mapping[str, Any],
    uuid: str,
) -> list[Mapping[str, Any]]:
    """The variables with the values that follow from the domains of the components."""
    base = server_base(ctx, kind=server["kind"], ip=server["ip"], wildcard_domain=server["wildcard_domain"])
    domains = {
        component["name"]: split_fqdn(component["fqdn"])
        for component in components
        if component["has_own_domains"] or component["fqdn"]
    }
    filled: list[Mapping[str, Any]] = []
    for row in rows:
        source = to_source(row["source"]) if row["origin"] == "domain" else None
        if source is None:
            filled.append(row)
        else:
            value = derive(source, domains.get(source.component or ""), uuid=uuid, base=base)
            filled.append({**row, "value": value})
    return filled
