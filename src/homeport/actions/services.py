"""What people do with services: create, change, start, stop, restart, delete."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from homeport.actions.context import Context
from homeport.actions.deployments import Options, Target, deploy
from homeport.actions.domains import Chosen, refuse_clashes, refuse_long, refuse_taken
from homeport.actions.grants import Judgement, judge
from homeport.actions.names import without_markup
from homeport.actions.policy import require_admin
from homeport.actions.rendering import (
    applications_of,
    decode_compose,
    domains_of,
    refresh_to_deploy,
    refuse_unknown_profiles,
    rendered_of,
    store_render,
    stored_scope,
    with_domains,
)
from homeport.core.compose.load import Document, load
from homeport.core.compose.model import Domain, Rendered, Scope
from homeport.core.compose.profiles import ALL, known_profiles
from homeport.core.domains import read_urls
from homeport.core.revision import Action
from homeport.core.status import is_exited, is_running, service_status
from homeport.db.deployments import is_busy
from homeport.db.rendered import Stored, load_stored
from homeport.db.services import Service
from homeport.errors import NotFound, StateRefused

Urls = Sequence[tuple[str | None, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What creating, changing or acting on a service answers."""

    uuid: str
    domains: Sequence[str] = ()
    deployment_uuid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeService:
    """What to change. `given` names what was sent; `urls` None leaves the domains alone; `profiles` replace those
    that were chosen if they were sent; `grants` are those that an owner confirms."""

    given: Collection[str]
    name: str | None = None
    description: str | None = None
    docker_compose_raw: str | None = None
    connect_to_docker_network: bool | None = None
    is_container_label_escape_enabled: bool | None = None
    urls: Urls | None = None
    is_forced: bool = False
    instant_deploy: bool = False
    profiles: Sequence[str] = ()
    grants: Collection[str] = ()


async def get_stored(ctx: Context, uuid: str) -> Stored:
    """A service of the team that the actor may change. Raises NotFound, NotAllowed."""
    stored = await load_stored(ctx.session, ctx.actor.team_id, uuid=uuid, is_held=not ctx.is_dry_run)
    if stored is None:
        raise NotFound("Service not found.")
    require_admin(ctx.actor)
    return stored


def refuse_deleting(stored: Stored) -> None:
    """Raise StateRefused for a service whose delete was requested."""
    if stored.service.is_deleting:
        raise StateRefused("Service is being deleted.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyChange:
    """A change about which everything is decided and nothing is written. `columns` are the new values of the
    service's own."""

    change: ChangeService
    columns: Mapping[str, Any]
    scope: Scope
    document: Document
    rendered: Rendered
    chosen: Chosen
    judgement: Judgement


async def change_service(ctx: Context, stored: Stored, change: ChangeService) -> Done:
    """Change a service: all of it or nothing.

    Raises StateRefused, FieldsRejected, ComposeRejected, DomainsRejected, DomainConflict, GrantsMissing, NotAllowed.
    """
    return await store_change(ctx, stored, await prepare_change(ctx, stored, change))


async def prepare_change(ctx: Context, stored: Stored, change: ChangeService) -> ReadyChange:
    """Decide everything about a change; the rows stay as they are. Raises as `change_service`."""
    refuse_deleting(stored)
    service = stored.service
    columns = _columns(service, change)
    document = load(columns.get("compose_raw", service.compose_raw))
    columns.setdefault("profiles", _kept_profiles(document, service.profiles or ()))
    scope = _changed_scope(await stored_scope(ctx, stored), columns)
    refuse_unknown_profiles(document, change.profiles)
    rendered = rendered_of(document, scope)
    chosen: Chosen = {}
    if change.urls:
        chosen = await choose_domains(
            ctx,
            change.urls,
            rendered,
            server_id=service.server_id,
            is_forced=change.is_forced,
            ids={component.name: component.id for component in stored.components},
        )
        rendered = with_domains(document, scope, rendered, chosen)
    judgement = await judge(
        ctx,
        document,
        scope,
        rendered,
        server_kind=stored.server.kind,
        confirmed=change.grants,
        approved=service.grants or (),
    )
    return ReadyChange(
        change=change,
        columns=columns,
        scope=scope,
        document=document,
        rendered=rendered,
        chosen=chosen,
        judgement=judgement,
    )


def _columns(service: Service, change: ChangeService) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if "docker_compose_raw" in change.given:
        columns["compose_raw"] = decode_compose(change.docker_compose_raw)
        if columns["compose_raw"] != service.compose_raw:
            columns["dialect"] = "compose"
    if "profiles" in change.given:
        columns["profiles"] = list(change.profiles) or None
    if change.name is not None:
        columns["name"] = without_markup(change.name) or service.name
    if "description" in change.given:
        columns["description"] = without_markup(change.description or "")
    for flag in ("connect_to_docker_network", "is_container_label_escape_enabled"):
        if getattr(change, flag) is not None:
            columns[flag] = getattr(change, flag)
    return columns


def _kept_profiles(document: Document, chosen: Collection[str]) -> list[str] | None:
    """Without those that the compose no longer has: one that gets such a profile later does not find it chosen."""
    known = (ALL, *known_profiles(document))
    return [profile for profile in chosen if profile in known] or None


def _changed_scope(scope: Scope, columns: Mapping[str, Any]) -> Scope:
    return replace(
        scope,
        name=columns.get("name", scope.name),
        profiles=tuple(columns.get("profiles", scope.profiles) or ()),
        dialect=columns.get("dialect", scope.dialect),
        is_label_escape_enabled=columns.get(
            "is_container_label_escape_enabled", scope.is_label_escape_enabled
        ),
    )


async def store_change(ctx: Context, stored: Stored, ready: ReadyChange) -> Done:
    """Write a change, and its deployment when one was asked for. Raises DomainConflict."""
    change, service, rendered = ready.change, stored.service, ready.rendered
    for column, value in ready.columns.items():
        setattr(service, column, value)
    service.updated_at = ctx.now
    service.grants = list(ready.judgement.approved) or None
    await store_render(ctx, stored, rendered, own_domains=ready.chosen, is_forced=change.is_forced)
    changed = sorted(set(change.given))
    ctx.audit("api.service.updated", service_uuid=service.uuid, changed_fields=changed)
    deployment_uuid = None
    if change.instant_deploy:
        deployment = await deploy(ctx, Target.of(stored), rendered, "start")
        deployment_uuid = deployment.uuid
    return Done(uuid=service.uuid, domains=domains_of(rendered), deployment_uuid=deployment_uuid)


async def choose_domains(
    ctx: Context,
    urls: Urls,
    rendered: Rendered,
    *,
    server_id: int,
    is_forced: bool,
    ids: Mapping[str, int],
) -> dict[str, tuple[Domain, ...]]:
    """The domains that `urls` give to the applications of a render, if nobody else has them.

    Raises DomainsRejected, DomainConflict. Components that get other domains in the same request give
    up the ones they have, so that two of them can swap.
    """
    chosen = read_urls(urls, applications_of(rendered), is_forced=is_forced)
    refuse_long(chosen)
    if not is_forced:
        refuse_clashes(chosen)
        but = [ids[name] for name in chosen if name in ids]
        await refuse_taken(ctx, chosen, server_id=server_id, but=but)
    return chosen


async def start_service(ctx: Context, uuid: str) -> Done:
    """Raises StateRefused for a service that runs."""
    stored = await get_stored(ctx, uuid)
    refuse_deleting(stored)
    if is_running(await _status(ctx, stored)):
        raise StateRefused("Service is already running.")
    return await _act(ctx, stored, "start", "api.service.deployed")


async def stop_service(ctx: Context, uuid: str, options: Options) -> Done:
    """Raises StateRefused for a service that does not run."""
    stored = await get_stored(ctx, uuid)
    refuse_deleting(stored)
    if is_exited(await _status(ctx, stored)):
        raise StateRefused("Service is already stopped.")
    return await _act(ctx, stored, "stop", "api.service.stopped", options)


async def restart_service(ctx: Context, uuid: str, options: Options) -> Done:
    stored = await get_stored(ctx, uuid)
    refuse_deleting(stored)
    return await _act(ctx, stored, "restart", "api.service.restarted", options)


async def delete_service(ctx: Context, uuid: str, options: Options) -> Done:
    """Ask for a service and all that it left on its server to be removed; the row goes last.

    Asking again changes nothing, unless the removal failed: then it is tried again.
    """
    stored = await get_stored(ctx, uuid)
    if stored.service.is_deleting and await is_busy(ctx.session, stored.service.id, ["delete"]):
        return Done(uuid=uuid)
    stored.service.is_deleting = True
    return await _act(ctx, stored, "delete", "api.service.deleted", options)


async def _act(
    ctx: Context, stored: Stored, action: Action, event: str, options: Options | None = None
) -> Done:
    rendered = None
    if action in ("start", "restart"):
        rendered = await refresh_to_deploy(ctx, stored)
    deployment = await deploy(ctx, Target.of(stored), rendered, action, options)
    details: dict[str, Any] = {"service_uuid": stored.service.uuid, "service_name": stored.service.name}
    ctx.audit(event, **details, deployment_uuid=deployment.uuid)
    return Done(uuid=stored.service.uuid, deployment_uuid=deployment.uuid)


async def _status(ctx: Context, stored: Stored) -> str:
    is_deploying = await is_busy(ctx.session, stored.service.id, ["start", "restart"])
    components = [(component.status, component.exclude_from_status) for component in stored.components]
    return service_status(components, is_deploying=is_deploying)
