"""One-click types as a team sees them: those of the catalogue, and those it made of its own services."""

from typing import Final, cast

from homeport.actions.context import Context
from homeport.catalog import Template
from homeport.catalog.variables import scope_variables
from homeport.core.compose.magic import Source
from homeport.core.compose.model import Dialect, Variable
from homeport.db.templates import TeamTemplate, find_team_template, list_team_keys, list_team_templates

TEAM: Final = "team"
"""The source of a team's own types."""


async def find_template(ctx: Context, key: str | None) -> Template | None:
    """The type that the key means for the team: the catalogue's, else its own."""
    found = ctx.catalog.get(key or "")
    return found or await find_own_template(ctx, key)


async def find_own_template(ctx: Context, key: str | None) -> Template | None:
    """The team's own type, also when the catalogue has one of the same key."""
    if not key:
        return None
    row = await find_team_template(ctx.session, ctx.actor.team_id, key)
    return template_of(row) if row is not None else None


async def list_own_templates(ctx: Context) -> list[Template]:
    return [template_of(row) for row in await list_team_templates(ctx.session, ctx.actor.team_id)]


async def list_types(ctx: Context) -> list[str]:
    """The keys of all types that the team can make a service of, sorted."""
    return sorted({*ctx.catalog, *await list_team_keys(ctx.session, ctx.actor.team_id)})


def variables_of(ctx: Context, template: Template) -> dict[str, Variable]:
    """The variables that a new service of the type begins with."""
    return scope_variables(template, Source(ctx.token, ctx.random_bytes, ctx.now))


def template_of(row: TeamTemplate) -> Template:
    """The type that a team's row is."""
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
