"""One-click types as a team sees them: those of the catalogue, and those it made of its own services."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from homeport.actions.context import Context
from homeport.actions.names import new_uuid
from homeport.actions.policy import require_admin
from homeport.catalog import Template
from homeport.catalog.variables import scope_variables
from homeport.core.compose.magic import Source
from homeport.core.compose.model import Dialect, Variable
from homeport.db.rendered import load_stored
from homeport.db.rows import add_unique
from homeport.db.templates import TeamTemplate, find_team_template, list_team_keys, list_team_templates
from homeport.errors import Conflict, NotFound

TEAM: Final = "team"
"""The source of a team's own types."""

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


async def find_template(ctx: Context, key: str | None) -> Template | None:
    """The type that the key means for the team: the catalogue's, else its own."""
    found = ctx.catalog.get(key or "")
    return found or await find_own_template(ctx, key)


async def find_own_template(ctx: Context, key: str | None) -> Template | None:
    """The team's own type, also when the catalogue has one of the same key."""
    if not key:
        return None
    row = await find_team_template(ctx.session, ctx.actor.team_id, key)
    return _template(row) if row is not None else None


async def list_own_templates(ctx: Context) -> list[Template]:
    return [_template(row) for row in await list_team_templates(ctx.session, ctx.actor.team_id)]


async def list_types(ctx: Context) -> list[str]:
    """The keys of all types that the team can make a service of, sorted."""
    return sorted({*ctx.catalog, *await list_team_keys(ctx.session, ctx.actor.team_id)})


def variables_of(ctx: Context, template: Template) -> dict[str, Variable]:
    """The variables that a new service of the type begins with."""
    return scope_variables(template, Source(ctx.token, ctx.random_bytes, ctx.now))


async def save_template(ctx: Context, service_uuid: str, new: NewTemplate) -> Template:
    """Make a type of a service of the team: of its compose text, not of the values of its variables.

    Raises NotFound, NotAllowed, and Conflict for a key that the catalogue or the team has.
    """
    stored = await load_stored(ctx.session, ctx.actor.team_id, uuid=service_uuid, is_held=False)
    if stored is None:
        raise NotFound("Service not found.")
    require_admin(ctx.actor)
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
    return _template(row)


async def delete_template(ctx: Context, key: str) -> None:
    """Services made of it stay as they are. Raises NotFound for every type that is not the team's own, NotAllowed."""
    row = await find_team_template(ctx.session, ctx.actor.team_id, key)
    if row is None:
        raise NotFound("Service type not found.")
    require_admin(ctx.actor)
    await ctx.session.delete(row)
    ctx.audit("api.template.deleted", template_key=key)


def _template(row: TeamTemplate) -> Template:
    return Template(
        key=row.key,
        compose=row.compose,
        documentation=row.documentation,
        slogan=row.slogan,
        category=tuple(row.category),
        tags=tuple(row.tags),
        port=row.port,
        source=TEAM,
        dialect=cast("Dialect", row.dialect),
        updated_at=row.updated_at,
    )
