"""From a request or a stored service to a render: the scope, and the compose document."""

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Literal, cast

from homeport.actions.context import Context
from homeport.actions.domains import LONGEST_PATH, Chosen, write_claims
from homeport.actions.grants import judge
from homeport.actions.names import new_uuid
from homeport.actions.templates import find_template
from homeport.core.compose.load import Document, load
from homeport.core.compose.model import Component, ComponentState, Dialect, Domain, Rendered, Scope
from homeport.core.compose.profiles import ALL, known_profiles
from homeport.core.compose.render import render
from homeport.core.domains import base_domain, claims_of
from homeport.db.rendered import Stamp, Stored, to_variable, update_rendered
from homeport.errors import ComposeRejected, FieldsRejected

LONGEST_NAME = 255


def decode_compose(encoded: str | None) -> str:
    """The text of `docker_compose_raw`: canonical base64 of UTF-8. Raises FieldsRejected."""
    try:
        raw = base64.b64decode(encoded or "", validate=True)
        if encoded and base64.b64encode(raw).decode() == encoded:
            return raw.decode()
    except (binascii.Error, ValueError):
        pass
    raise FieldsRejected({"docker_compose_raw": ["The docker_compose_raw should be base64 encoded."]})


def refuse_unknown_profiles(document: Document, profiles: Collection[str]) -> None:
    """Raise FieldsRejected for a profile that the document does not have."""
    known = known_profiles(document)
    unknown = [profile for profile in dict.fromkeys(profiles) if profile not in (*known, ALL)]
    if unknown:
        hint = f"Known are: {', '.join(known)}." if known else "This compose has none."
        raise FieldsRejected({"profiles": [f"There is no profile {profile}. {hint}" for profile in unknown]})


def rendered_of(document: Document, scope: Scope) -> Rendered:
    """Render. Raises ComposeRejected, also for names that are longer than the database holds."""
    rendered = render(document, scope)
    for volume in rendered.volumes:
        if len(volume.name) > LONGEST_NAME:
            raise ComposeRejected(
                "This volume name is too long.", place=f"services.{volume.component}.volumes"
            )
    for component in rendered.components:
        if any(len(path) > LONGEST_PATH for _, path in claims_of(component.domains)):
            place = f"services.{component.name}.environment"
            raise ComposeRejected("The path of this component's domain is too long.", place=place)
    return rendered


def service_folder(ctx: Context, uuid: str) -> str:
    return f"{ctx.site.server_root}/services/{uuid}"


def server_base(ctx: Context, *, kind: str, ip: str, wildcard_domain: str | None) -> Domain:
    """Under what hosts are generated; this machine has the default of the settings."""
    return base_domain(wildcard_domain, ip, ctx.site.default_domain if kind == "local" else None)


async def stored_scope(ctx: Context, stored: Stored) -> Scope:
    """Everything that the next render of a stored service may know."""
    service, server = stored.service, stored.server
    template = await find_template(ctx, service.service_type)
    return Scope(
        uuid=service.uuid,
        name=service.name,
        folder=service_folder(ctx, service.uuid),
        base=server_base(ctx, kind=server.kind, ip=server.ip, wildcard_domain=server.wildcard_domain),
        now=ctx.now,
        token=ctx.token,
        random_bytes=ctx.random_bytes,
        service_type=service.service_type,
        variables={row.key: to_variable(row) for row in stored.variables},
        components=stored.component_states(),
        edited_files=stored.edited_files(),
        shared=shared_of(server_uuid=server.uuid, server_name=server.name),
        catalog_port=template.port if template else None,
        profiles=tuple(service.profiles or ()),
        dialect=cast("Dialect", service.dialect),
        is_label_escape_enabled=service.is_container_label_escape_enabled,
        proxy=proxy_of(server.proxy_type),
        version=ctx.site.version,
    )


def shared_of(*, server_uuid: str, server_name: str) -> Mapping[str, Mapping[str, str]]:
    """What `{{server.NAME}}` stands for: what is predefined for every server."""
    return {"server": {"COOLIFY_SERVER_UUID": server_uuid, "COOLIFY_SERVER_NAME": server_name}}


def proxy_of(proxy_type: str) -> Literal["CADDY", "TRAEFIK", "NONE"]:
    if proxy_type == "CADDY":
        return "CADDY"
    return "TRAEFIK" if proxy_type == "TRAEFIK" else "NONE"


async def refresh(ctx: Context, stored: Stored) -> Rendered:
    """Render a stored service as it is now, and store what the render says."""
    rendered = rendered_of(load(stored.service.compose_raw), await stored_scope(ctx, stored))
    await store_render(ctx, stored, rendered)
    return rendered


async def refresh_to_deploy(ctx: Context, stored: Stored) -> Rendered:
    """As `refresh`, for what is going to run: what it asks of the server must be granted. Raises GrantsMissing."""
    rendered, approved = await render_granted(ctx, stored)
    stored.service.grants = list(approved) or None
    await store_render(ctx, stored, rendered)
    return rendered


async def render_granted(ctx: Context, stored: Stored) -> tuple[Rendered, Sequence[str]]:
    """A stored service as it is now, and what of it is granted to it alone. Raises GrantsMissing; stores nothing."""
    document = load(stored.service.compose_raw)
    scope = await stored_scope(ctx, stored)
    rendered = rendered_of(document, scope)
    judgement = await judge(
        ctx,
        document,
        scope,
        rendered,
        server_kind=stored.server.kind,
        approved=stored.service.grants or (),
    )
    return rendered, judgement.approved


async def store_render(
    ctx: Context,
    stored: Stored,
    rendered: Rendered,
    *,
    own_domains: Collection[str] = (),
    is_forced: bool = False,
) -> None:
    """Bring the rows of a stored service to what its render said. Raises DomainConflict.

    `own_domains` names the components whose domains a person chose just now.
    """
    stored.service.compose = rendered.compose
    stamp = Stamp(now=ctx.now, new_uuid=lambda: new_uuid(ctx))
    ids = await update_rendered(ctx.session, stored, rendered, stamp, own_domains=own_domains)
    await write_claims(
        ctx,
        rendered.components,
        ids,
        service_id=stored.service.id,
        server_id=stored.service.server_id,
        is_forced=is_forced,
    )


def with_domains(document: Document, scope: Scope, rendered: Rendered, chosen: Chosen) -> Rendered:
    """Render again, with the domains that a request chose in place of those of `rendered`."""
    states: dict[str, ComponentState] = dict(scope.components)
    for component in rendered.components:
        if component.name in chosen:
            state = states.get(component.name) or _state(component)
            states[component.name] = replace(state, domains=chosen[component.name])
    return rendered_of(document, replace(scope, components=states))


def _state(component: Component) -> ComponentState:
    """A component that was rendered for the first time just now."""
    return ComponentState(
        name=component.name,
        kind=component.kind,
        is_gzip_enabled=component.is_gzip_enabled,
        is_stripprefix_enabled=component.is_stripprefix_enabled,
        is_force_https_enabled=component.is_force_https_enabled,
        redirect=component.redirect,
        noindex_domains=component.noindex_domains,
    )


def applications_of(rendered: Rendered) -> list[str]:
    return [component.name for component in rendered.components if component.kind == "application"]


def domains_of(rendered: Rendered) -> list[str]:
    """What a create or change answers: one comma list of URLs for each application that has any."""
    lists = (",".join(d.url for d in c.domains or ()) for c in rendered.components if c.kind == "application")
    return sorted(text for text in lists if text)
