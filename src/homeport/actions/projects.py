"""What people do with projects and environments."""

from collections.abc import Collection

from homeport.actions.context import Context
from homeport.actions.names import clean_description, new_uuid, without_markup
from homeport.actions.policy import require_admin
from homeport.db.projects import (
    Environment,
    Project,
    environment_row,
    find_environment,
    find_project,
    has_environment_named,
    stored_name,
)
from homeport.db.rows import add_unique, delete_unused
from homeport.db.services import has_services
from homeport.errors import Conflict, NotFound, StateRefused

_TAKEN = "Environment with this name already exists."


async def create_project(ctx: Context, *, name: str, description: str | None) -> Project:
    """A project with the environment `production`."""
    require_admin(ctx.actor)
    stamps = {"created_at": ctx.now, "updated_at": ctx.now}
    project = Project(
        uuid=new_uuid(ctx),
        team_id=ctx.actor.team_id,
        name=without_markup(name) or name,
        description=None if description is None else clean_description(description),
        **stamps,
    )
    ctx.session.add(project)
    await ctx.session.flush()
    ctx.session.add(environment_row(project.id, "production", new_uuid(ctx), stamps))
    ctx.audit("api.project.created", project_uuid=project.uuid, project_name=project.name)
    return project


async def change_project(
    ctx: Context, uuid: str, *, given: Collection[str], name: str | None, description: str | None
) -> Project:
    """Raises NotFound. A null name changes nothing."""
    project = await get_project(ctx, uuid)
    require_admin(ctx.actor)
    if name is not None:
        project.name = without_markup(name) or name
    if "description" in given:
        project.description = clean_description(description)
    project.updated_at = ctx.now
    ctx.audit("api.project.updated", project_uuid=uuid, changed_fields=sorted(given))
    return project


async def delete_project(ctx: Context, uuid: str) -> None:
    """Raises NotFound, and StateRefused when services are in it."""
    project = await get_project(ctx, uuid)
    require_admin(ctx.actor)
    is_empty = not await has_services(ctx.session, project_id=project.id)
    if not is_empty or not await delete_unused(ctx.session, project):
        raise StateRefused("Project has resources, so it cannot be deleted.")
    ctx.audit("api.project.deleted", project_uuid=uuid)


async def get_project(ctx: Context, uuid: str) -> Project:
    """Raises NotFound."""
    project = await find_project(ctx.session, ctx.actor.team_id, uuid)
    if project is None:
        raise NotFound("Project not found.")
    return project


async def get_environment(ctx: Context, project: Project, key: str) -> Environment:
    """By name or uuid. Raises NotFound."""
    environment = await find_environment(ctx.session, project.id, key)
    if environment is None:
        raise NotFound("Environment not found.")
    return environment


async def create_environment(ctx: Context, project_uuid: str, *, name: str) -> Environment:
    """Raises NotFound, and Conflict for a name that the project has (upper and lower case are one)."""
    project = await get_project(ctx, project_uuid)
    require_admin(ctx.actor)
    stamps = {"created_at": ctx.now, "updated_at": ctx.now}
    row = environment_row(project.id, without_markup(name) or name, new_uuid(ctx), stamps)
    if await has_environment_named(ctx.session, project.id, row.name) or not await add_unique(
        ctx.session, row
    ):
        raise Conflict(_TAKEN)
    ctx.audit("api.project.environment_created", project_uuid=project_uuid, environment_uuid=row.uuid)
    return row


async def change_environment(
    ctx: Context,
    project_uuid: str,
    key: str,
    *,
    given: Collection[str],
    name: str | None,
    description: str | None,
) -> Environment:
    """Raises NotFound, Conflict. A null name changes nothing."""
    project = await get_project(ctx, project_uuid)
    environment = await get_environment(ctx, project, key)
    require_admin(ctx.actor)
    name = environment.name if name is None else stored_name(without_markup(name) or name)
    if "description" in given:
        environment.description = clean_description(description)
    environment.updated_at = ctx.now
    if await has_environment_named(ctx.session, project.id, name, but=environment.id):
        raise Conflict(_TAKEN)
    if not await add_unique(ctx.session, environment, name=name):
        raise Conflict(_TAKEN)
    ctx.audit(
        "api.project.environment_updated",
        project_uuid=project_uuid,
        environment_uuid=environment.uuid,
        changed_fields=sorted(given),
    )
    return environment


async def delete_environment(ctx: Context, project_uuid: str, key: str) -> None:
    """Raises NotFound, and StateRefused when services are in it."""
    project = await get_project(ctx, project_uuid)
    environment = await get_environment(ctx, project, key)
    require_admin(ctx.actor)
    is_empty = not await has_services(ctx.session, environment_id=environment.id)
    if not is_empty or not await delete_unused(ctx.session, environment):
        raise StateRefused("Environment has resources, so it cannot be deleted.")
    ctx.audit("api.project.environment_deleted", project_uuid=project_uuid, environment_uuid=environment.uuid)
