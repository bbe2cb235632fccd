"""Which domains a request may have: nobody else's, and no two components' at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping

from homeport.actions.context import Context
from homeport.core.compose.model import Component, Domain
from homeport.core.domains import claims_of, conflict_entry, instance_conflict_entry, parse_domain
from homeport.db import claims
from homeport.db.locks import hold_team
from homeport.errors import DomainConflict, DomainsRejected

Chosen = Mapping[str, tuple[Domain, ...]]
LONGEST_PATH = 1024


async def refuse_taken(ctx: Context, chosen: Chosen, *, server_id: int, but: Collection[int] = ()) -> None:
    """Raise DomainConflict when somebody has a domain that the request chose for a component.

    `but` are the components that give up their present domains in the same request.
    The team is held from here on, so that two requests cannot both find a domain free.
    """
    if not ctx.is_dry_run:
        await hold_team(ctx.session, ctx.actor.team_id)
    wanted = [domain for domains in chosen.values() for domain in domains]
    conflicts = await find_conflicts(ctx, wanted, server_id=server_id, but=but)
    if conflicts:
        raise DomainConflict(conflicts)


def refuse_clashes(chosen: Chosen) -> None:
    """Raise DomainsRejected for two components of one request on one host and path, as the whole-URL comparison
    of `read_urls` misses twins that differ in scheme or port."""
    owners: dict[tuple[str, str], str] = {}
    clashes: dict[str, None] = {}
    for component, domains in chosen.items():
        for domain in domains:
            for claim in claims_of([domain]):
                if owners.setdefault(claim, component) != component:
                    clashes[domain.url] = None
    if clashes:
        sentence = f"The current request contains conflicting URLs across containers: {', '.join(clashes)}."
        raise DomainsRejected([f"{sentence} Use force_domain_override=true to proceed."])


def refuse_long(chosen: Chosen) -> None:
    """Raise DomainsRejected for a path longer than the database holds."""
    long = [
        domain.url for domains in chosen.values() for domain in domains if len(domain.path) > LONGEST_PATH
    ]
    if long:
        raise DomainsRejected([f"Invalid URL: {url}" for url in long])


async def find_conflicts(
    ctx: Context, wanted: Sequence[Domain], *, server_id: int, but: Collection[int] = ()
) -> list[dict[str, Any]]:
    """Who has which of the domains: claims on the server by any team and anywhere in the own team, then this
    installation itself. Another team's name is not told."""
    if not wanted:
        return []
    team_id = ctx.actor.team_id
    pairs = set(claims_of(wanted))
    taken = await claims.list_taken(ctx.session, pairs, team_id=team_id, server_id=server_id, but=but)
    own_fqdn = await claims.find_own_fqdn(ctx.session)
    own_claims = claims_of([parse_domain(own_fqdn)]) if own_fqdn else ()
    conflicts: list[dict[str, Any]] = []
    for domain in wanted:
        claim = claims_of([domain])[0]
        shown = domain.url.removesuffix("/")
        conflicts += [_entry(shown, row, team_id) for row in taken if (row["host"], row["path"]) == claim]
        if claim in own_claims:
            conflicts.append(instance_conflict_entry(shown))
    return conflicts


def _entry(domain: str, row: RowMapping, team_id: int) -> dict[str, Any]:
    if row["team_id"] == team_id:
        return conflict_entry(domain, service_name=row["service_name"], component_uuid=row["component_uuid"])
    return conflict_entry(domain, service_name=None, component_uuid="") | {"resource_uuid": None}


async def write_claims(
    ctx: Context,
    components: Iterable[Component],
    ids: Mapping[str, int],
    *,
    service_id: int,
    server_id: int,
    is_forced: bool,
    is_new: bool = False,
    can_clash: bool = True,
) -> None:
    """Make the claims of a service those of its components' domains.

    Raises DomainConflict when another request took one since `refuse_taken`. A claim that stays keeps whether
    it was forced. A host that two siblings were given by generation belongs to the first.
    """
    components = tuple(components)
    known = {} if is_new else await _known(ctx, service_id)
    rows: dict[tuple[int, str, str], dict[str, Any]] = {}
    unforced: set[tuple[str, str]] = set()
    for component in components:
        for host, path in claims_of(component.domains):
            key = (ids[component.name], host, path)
            forced = known.get(key, is_forced) or (host, path) in unforced
            if not forced:
                unforced.add((host, path))
            rows[key] = {
                "server_id": server_id,
                "service_id": service_id,
                "component_id": key[0],
                "team_id": ctx.actor.team_id,
                "host": host,
                "path": path,
                "is_forced": forced,
            }
    if not is_new:
        if rows.keys() == known.keys():
            return
        await claims.delete_claims(ctx.session, service_id)
    if not await claims.insert_claims(ctx.session, list(rows.values()), can_clash=can_clash):
        wanted = [domain for component in components for domain in component.domains or ()]
        found = await find_conflicts(ctx, wanted, server_id=server_id, but=list(ids.values()))
        raise DomainConflict(found)


async def _known(ctx: Context, service_id: int) -> dict[tuple[int, str, str], bool]:
    rows = await claims.list_claims(ctx.session, service_id)
    return {(row["component_id"], row["host"], row["path"]): row["is_forced"] for row in rows}
