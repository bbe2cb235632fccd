"""Types that a team makes of its own services, and gives up again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from homeport.actions.context import Context
from homeport.actions.names import new_uuid
from homeport.actions.policy import require_admin
from homeport.actions.rendering import render_granted
from homeport.actions.templates import template_of
from homeport.catalog import Template
from homeport.db.rendered import load_stored
from homeport.db.rows import add_unique
from homeport.db.templates import TeamTemplate, find_team_template
from homeport.errors import Conflict, NotFound

_TAKEN: Final = "A service type with this key already exists."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTemplate:
    """A type to make of a service."""

    key: str
    slogan: str | None = None
    documentation: str | None = None
    category: Sequence[str] = ()
    tags: Sequence[str] = ()
    port: int | None = None


async def save_template(ctx: Context, service_uuid: str, new: NewTemplate) -> Template:
    """Make a type of a service of the team: of its compose text, not of the values of its variables.

    Raises NotFound, NotAllowed, GrantsMissing for what nobody granted to the service, and Conflict for a key that
    the catalogue or the team has.
    """
    stored = await load_stored(ctx.session, ctx.actor.team_id, uuid=service_uuid, is_held=False)
    if stored is None:
        raise NotFound("Service not found.")
    require_admin(ctx.actor)
    await render_granted(ctx, stored)
    row = TeamTemplate(
        uuid=new_uuid(ctx),
        team_id=ctx.actor.team_id,
        key=new.key,
        compose=stored.service.compose_raw,
        dialect=stored.service.dialect,
        slogan=new.slogan,
        documentation=new.documentation,
        category=list(new.category),
        tags=list(new.tags),
        port=new.port,
        service_uuid=service_uuid,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    if new.key in ctx.catalog or not await add_unique(ctx.session, row):
        raise Conflict(_TAKEN)
    ctx.audit("api.template.created", template_key=new.key, service_uuid=service_uuid)
    return template_of(row)


async def delete_template(ctx: Context, key: str) -> None:
    """Services made of it stay as they are. Raises NotFound for every type that is not the team's own, NotAllowed."""
    row = await find_team_template(ctx.session, ctx.actor.team_id, key)
    if row is None:
        raise NotFound("Service type not found.")
    require_admin(ctx.actor)
    await ctx.session.delete(row)
    ctx.audit("api.template.deleted", template_key=key)
