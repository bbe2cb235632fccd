"""Creating a service: the checks in the order that clients know, then all rows at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from homeport.actions.context import Context
from homeport.actions.deployments import Target, deploy
from homeport.actions.domains import Chosen, write_claims
from homeport.actions.grants import Judgement, judge
from homeport.actions.names import ID_ALPHABET, new_uuid, without_markup
from homeport.actions.policy import require_admin
from homeport.actions.rendering import (
    decode_compose,
    domains_of,
    proxy_of,
    refuse_unknown_profiles,
    rendered_of,
    server_base,
    service_folder,
    shared_of,
    with_domains,
)
from homeport.actions.services import Done, Urls, choose_domains
from homeport.actions.templates import find_template, list_types, variables_of
from homeport.catalog import Template
from homeport.core.compose.load import Document, load
from homeport.core.compose.model import Rendered, Scope
from homeport.db.places import Place, Spot, find_place
from homeport.db.rendered import Stamp, insert_rendered
from homeport.db.rows import insert_returning_ids
from homeport.db.services import Service
from homeport.db.tags import attach_tags
from homeport.errors import FieldsRejected, InputRejected, NotFound, StateRefused, UnknownType

JOINS_DESTINATION = frozenset({"pgadmin", "databasus", "redis-insight"})
"""Types that look after databases of other projects, so they join their destination's network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewService:
    """A service to create; `given` names what was sent. `tags` are cleaned, `grants` are those that an owner
    confirms."""

    given: Collection[str]
    type: str | None
    docker_compose_raw: str | None
    project_uuid: str
    environment_name: str | None
    environment_uuid: str | None
    server_uuid: str
    destination_uuid: str | None
    name: str | None = None
    description: str | None = None
    urls: Urls | None = None
    tags: Sequence[str] = ()
    is_forced: bool = False
    is_container_label_escape_enabled: bool = True
    instant_deploy: bool = False
    profiles: Sequence[str] = ()
    grants: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyService:
    """A service about which everything is decided and nothing is written."""

    new: NewService
    place: Place
    spot: Spot
    text: str
    scope: Scope
    document: Document
    rendered: Rendered
    chosen: Chosen
    judgement: Judgement


async def create_service(ctx: Context, new: NewService) -> Done:
    """Create a service from a one-click type or a compose file, in one transaction.

    Raises InputRejected and its kinds, NotFound, UnknownType, StateRefused, DomainConflict, NotAllowed; what was
    asked for is judged before anything is written.
    """
    return await store_service(ctx, await prepare_service(ctx, new))


async def prepare_service(ctx: Context, new: NewService) -> ReadyService:
    """Decide everything about a service, in the order of checks that clients know. Raises as `create_service`."""
    require_admin(ctx.actor)
    _refuse_contradiction(new)
    place = await _find_place(ctx, new)
    spot = _choose_destination(place, new)
    template, text = await _source(ctx, new)
    document = load(text)
    uuid = new_uuid(ctx)
    name = without_markup(new.name or "") or _default_name(ctx, template, uuid)
    scope = _scope(ctx, new, place, template, uuid=uuid, name=name)
    refuse_unknown_profiles(document, new.profiles)
    rendered = rendered_of(document, scope)
    chosen: Chosen = {}
    if new.urls:
        server_id = place.server_id or 0
        chosen = await choose_domains(
            ctx, new.urls, rendered, server_id=server_id, is_forced=new.is_forced, ids={}
        )
        rendered = with_domains(document, scope, rendered, chosen)
    judgement = await judge(
        ctx, document, scope, rendered, server_kind=place.server_kind, is_new=True, confirmed=new.grants
    )
    return ReadyService(
        new=new,
        place=place,
        spot=spot,
        text=text,
        scope=scope,
        document=document,
        rendered=rendered,
        chosen=chosen,
        judgement=judgement,
    )


async def store_service(ctx: Context, ready: ReadyService) -> Done:
    """Write a service with all its parts, and its deployment when one was asked for. Raises DomainConflict."""
    scope = ready.scope
    target = await _insert_service(ctx, ready)
    await _insert_parts(ctx, ready, target)
    kind = scope.service_type or "docker_compose"
    ctx.audit("api.service.created", service_uuid=scope.uuid, service_name=scope.name, service_type=kind)
    deployment = await deploy(ctx, target, ready.rendered, "start") if ready.new.instant_deploy else None
    return Done(
        uuid=scope.uuid,
        domains=domains_of(ready.rendered),
        deployment_uuid=deployment.uuid if deployment else None,
    )


def _refuse_contradiction(new: NewService) -> None:
    if new.type and new.docker_compose_raw:
        raise InputRejected(
            "You cannot provide both service type and docker_compose_raw. Use one or the other."
        )
    if not new.environment_name and not new.environment_uuid:
        raise InputRejected("You need to provide at least one of environment_name or environment_uuid.")


async def _find_place(ctx: Context, new: NewService) -> Place:
    place = await find_place(
        ctx.session,
        ctx.actor.team_id,
        project_uuid=new.project_uuid,
        environment_name=new.environment_name,
        environment_uuid=new.environment_uuid,
        server_uuid=new.server_uuid,
    )
    if place.project_id is None:
        raise NotFound("Project not found.")
    if place.environment_id is None:
        raise NotFound("Environment not found.")
    if place.server_id is None:
        raise NotFound("Server not found.")
    if place.is_build_server:
        raise FieldsRejected(
            {
                "server_uuid": [
                    "The specified server is configured as a build server and cannot host resources."
                ]
            }
        )
    return place


def _choose_destination(place: Place, new: NewService) -> Spot:
    spots = place.destinations
    if not spots:
        raise StateRefused("Server has no destinations.")
    if len(spots) > 1 and "destination_uuid" not in new.given:
        raise StateRefused("Server has multiple destinations and you do not set destination_uuid.")
    if len(spots) == 1 and new.destination_uuid is None:
        return spots[0]
    found = next((spot for spot in spots if spot.uuid == new.destination_uuid), None)
    if found is None:
        raise FieldsRejected(
            {"destination_uuid": ["Provided destination_uuid does not belong to the specified server."]}
        )
    return found


async def _source(ctx: Context, new: NewService) -> tuple[Template | None, str]:
    """The template, if it is a one-click type, and the compose text."""
    template = await find_template(ctx, new.type)
    if template is not None:
        return template, template.compose
    if not new.docker_compose_raw:
        raise UnknownType("Invalid service type.", await list_types(ctx))
    if "destination_uuid" in new.given and new.destination_uuid is None:
        raise FieldsRejected({"destination_uuid": ["The destination uuid field must be a string."]})
    return None, decode_compose(new.docker_compose_raw)


def _default_name(ctx: Context, template: Template | None, uuid: str) -> str:
    if template is not None:
        return f"{template.key}-{uuid}"
    return f"service-{ctx.token(ID_ALPHABET, 10)}"


def _scope(
    ctx: Context, new: NewService, place: Place, template: Template | None, *, uuid: str, name: str
) -> Scope:
    return Scope(
        uuid=uuid,
        name=name,
        folder=service_folder(ctx, uuid),
        base=server_base(
            ctx, kind=place.server_kind, ip=place.server_ip, wildcard_domain=place.wildcard_domain
        ),
        now=ctx.now,
        token=ctx.token,
        random_bytes=ctx.random_bytes,
        service_type=template.key if template else None,
        variables=variables_of(ctx, template) if template else {},
        shared=shared_of(server_uuid=new.server_uuid, server_name=place.server_name),
        catalog_port=template.port if template else None,
        profiles=tuple(new.profiles),
        dialect=template.dialect if template else "compose",
        is_label_escape_enabled=new.is_container_label_escape_enabled,
        proxy=proxy_of(place.proxy_type),
        version=ctx.site.version,
    )


async def _insert_service(ctx: Context, ready: ReadyService) -> Target:
    new, place, spot, scope = ready.new, ready.place, ready.spot, ready.scope
    is_connected = scope.service_type in JOINS_DESTINATION
    description = without_markup(new.description or "") if "description" in new.given else None
    row = {
        "uuid": scope.uuid,
        "team_id": ctx.actor.team_id,
        "environment_id": place.environment_id,
        "server_id": place.server_id,
        "destination_id": spot.id,
        "name": scope.name,
        "description": description,
        "service_type": scope.service_type,
        "compose_raw": ready.text,
        "compose": ready.rendered.compose,
        "dialect": scope.dialect,
        "profiles": list(scope.profiles) or None,
        "grants": list(ready.judgement.approved) or None,
        "connect_to_docker_network": is_connected,
        "is_container_label_escape_enabled": new.is_container_label_escape_enabled,
        "created_at": ctx.now,
        "updated_at": ctx.now,
    }
    (service_id,) = await insert_returning_ids(ctx.session, Service, [row])
    return Target(
        service_id=service_id,
        uuid=scope.uuid,
        name=scope.name,
        server_id=place.server_id or 0,
        network=spot.network if is_connected else None,
    )


async def _insert_parts(ctx: Context, ready: ReadyService, target: Target) -> None:
    new = ready.new
    stamp = Stamp(now=ctx.now, new_uuid=lambda: new_uuid(ctx))
    ids = await insert_rendered(
        ctx.session, target.service_id, ready.rendered, stamp, own_domains=ready.chosen
    )
    await write_claims(
        ctx,
        ready.rendered.components,
        ids,
        service_id=target.service_id,
        server_id=target.server_id,
        is_forced=new.is_forced,
        is_new=True,
        can_clash=bool(ready.chosen),
    )
    await attach_tags(
        ctx.session,
        team_id=ctx.actor.team_id,
        service_id=target.service_id,
        names=new.tags,
        now=ctx.now,
        new_uuid=stamp.new_uuid,
    )
