"""Deploying several services at once, named by uuid or by tag."""

from collections.abc import Sequence
from dataclasses import dataclass

from homeport.actions.context import Context
from homeport.actions.deployments import request_deployment
from homeport.actions.policy import require_admin
from homeport.db.tags import list_named
from homeport.errors import NotFound, VariablesMissing

PATIENCE = "Service {} started. It could take a while, be patient."


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """A service that gets deployed."""

    message: str
    resource_uuid: str
    deployment_uuid: str


async def deploy_by_uuid(ctx: Context, uuids: Sequence[str], *, is_pull_wanted: bool) -> list[Triggered]:
    """Those that are not the team's are passed over; raises NotFound when none is left."""
    require_admin(ctx.actor)
    services = await list_named(ctx.session, ctx.actor.team_id, uuids=uuids)
    triggered = await _deploy(ctx, services, is_pull_wanted=is_pull_wanted)
    if not triggered:
        raise NotFound("No resources found.")
    return triggered


async def deploy_by_tag(
    ctx: Context, tags: Sequence[str], *, is_pull_wanted: bool
) -> tuple[list[Triggered], list[str]]:
    """What gets deployed, and the tags that nothing carries. Raises NotFound when nothing carries any."""
    require_admin(ctx.actor)
    triggered: list[Triggered] = []
    unused: list[str] = []
    for tag in dict.fromkeys(tags):
        services = await list_named(ctx.session, ctx.actor.team_id, tag=tag)
        if services:
            triggered += await _deploy(ctx, services, is_pull_wanted=is_pull_wanted)
        else:
            unused.append(tag)
    if not triggered:
        raise NotFound("No resources found with this tag.")
    return triggered, unused


async def _deploy(
    ctx: Context, services: Sequence[tuple[int, str]], *, is_pull_wanted: bool
) -> list[Triggered]:
    triggered = []
    for service_id, name in services:
        try:
            deployment = await request_deployment(ctx, service_id, "start", {"pull": is_pull_wanted})
        except VariablesMissing as error:
            raise _named(error, name) from error
        ctx.audit("api.deployment.triggered", service_uuid=deployment.service_uuid)
        triggered.append(
            Triggered(
                message=PATIENCE.format(name),
                resource_uuid=deployment.service_uuid,
                deployment_uuid=deployment.uuid,
            )
        )
    return triggered


def _named(error: VariablesMissing, name: str) -> VariablesMissing:
    """One of several services cannot be deployed, so none is: the sentences say which one it is."""
    fields = {key: [f"{name}: {text}" for text in texts] for key, texts in error.fields.items()}
    return VariablesMissing(fields)
