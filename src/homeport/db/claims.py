"""Claims: which component answers on which (host, path) of a server."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, delete, or_, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from homeport.db.instance import Instance
from homeport.db.rows import insert_rows
from homeport.db.scope import of_team
from homeport.db.services import Claim, Component, Service

HostPath = tuple[str, str]
_CHUNK = 400
"""SQLite takes a limited number of values in one statement."""


async def list_taken(
    session: AsyncSession,
    wanted: Collection[HostPath],
    *,
    team_id: int,
    server_id: int,
    but: Collection[int] = (),
) -> list[RowMapping]:
    """The claims on `wanted` on the server by anyone, or anywhere by the team, except those of the
    components in `but`, by the component's name: `host, path, team_id, component_uuid,
    component_name, service_name`."""
    taken: list[RowMapping] = []
    for pairs in _chunks(sorted(wanted)):
        statement = (
            select(
                Claim.host,
                Claim.path,
                Claim.team_id,
                Component.uuid.label("component_uuid"),
                Component.name.label("component_name"),
                Service.name.label("service_name"),
            )
            .join(Component, Component.id == Claim.component_id)
            .join(Service, Service.id == Claim.service_id)
            .where(tuple_(Claim.host, Claim.path).in_(pairs))
            .where(or_(Claim.server_id == server_id, of_team(Claim, team_id)))
            .where(Claim.component_id.not_in(but))
        )
        taken += (await session.execute(statement)).mappings().all()
    return sorted(taken, key=lambda row: (row["component_name"], row["component_uuid"]))


def _chunks(pairs: Sequence[HostPath]) -> Iterator[Sequence[HostPath]]:
    return (pairs[start : start + _CHUNK] for start in range(0, len(pairs), _CHUNK))


async def find_own_fqdn(session: AsyncSession) -> str | None:
    """The URL of this installation itself."""
    return await session.scalar(select(Instance.fqdn).limit(1))


async def list_claims(session: AsyncSession, service_id: int) -> Sequence[RowMapping]:
    """`component_id, host, path, is_forced` of each claim of a service."""
    columns = (Claim.component_id, Claim.host, Claim.path, Claim.is_forced)
    return (await session.execute(select(*columns).where(Claim.service_id == service_id))).mappings().all()


async def delete_claims(session: AsyncSession, service_id: int) -> None:
    await session.execute(delete(Claim).where(Claim.service_id == service_id))


async def insert_claims(
    session: AsyncSession, rows: Sequence[Mapping[str, Any]], *, can_clash: bool = True
) -> bool:
    """Store claims; False, and nothing stored, when somebody else's commit took one meanwhile.

    Sorted, so that two requests that want the same domains wait for each other in one order.
    With `can_clash` false (all hosts hold a new uuid) no savepoint is paid for.
    """
    rows = sorted(rows, key=lambda row: (row["server_id"], row["host"], row["path"]))
    if not rows:
        return True
    if not can_clash:
        await insert_rows(session, Claim, rows)
        return True
    try:
        async with session.begin_nested():
            await insert_rows(session, Claim, rows)
    except IntegrityError:
        return False
    return True


async def list_fqdns(session: AsyncSession, server_id: int) -> Sequence[str]:
    """The comma lists of URLs of the components on a server, by service and component."""
    statement = (
        select(Component.fqdn)
        .join(Service, Service.id == Component.service_id)
        .where(Service.server_id == server_id, Component.fqdn.is_not(None))
        .order_by(Service.id, Component.id)
    )
    return [fqdn for fqdn in await session.scalars(statement) if fqdn]


async def list_public_ips(session: AsyncSession) -> list[str]:
    """Under which addresses this machine is known outside."""
    row = (await session.execute(select(Instance.public_ipv4, Instance.public_ipv6).limit(1))).one_or_none()
    return [ip for ip in row or () if ip]
