"""Tags of a team, and the services that carry them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from homeport.db.locks import hold_team
from homeport.db.rows import insert_rows
from homeport.db.scope import of_team, text_key
from homeport.db.services import Service, ServiceTag, Tag

_COLUMNS = (Tag.id, Tag.uuid, Tag.name, Tag.created_at, Tag.updated_at)


async def list_tags(session: AsyncSession, team_id: int) -> Sequence[Mapping[str, Any]]:
    statement = select(*_COLUMNS).where(of_team(Tag, team_id)).order_by(Tag.name)
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def list_service_tags(session: AsyncSession, service_id: int) -> Sequence[Mapping[str, Any]]:
    statement = (
        select(*_COLUMNS)
        .join(ServiceTag, ServiceTag.tag_id == Tag.id)
        .where(ServiceTag.service_id == service_id)
        .order_by(ServiceTag.id)
    )
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def attach_tags(
    session: AsyncSession,
    *,
    team_id: int,
    service_id: int,
    names: Sequence[str],
    now: datetime,
    new_uuid: Callable[[], str],
) -> None:
    """Put the tags of these names on a service, making those that the team does not have yet."""
    if not names:
        return
    await hold_team(session, team_id)
    known = await _ids(session, team_id, names)
    fresh = [name for name in names if name not in known]
    stamps = {"created_at": now, "updated_at": now}
    await insert_rows(
        session, Tag, [{"uuid": new_uuid(), "team_id": team_id, "name": name, **stamps} for name in fresh]
    )
    if fresh:
        known |= await _ids(session, team_id, fresh)
    await insert_rows(
        session, ServiceTag, [{"service_id": service_id, "tag_id": known[name]} for name in names]
    )


async def _ids(session: AsyncSession, team_id: int, names: Sequence[str]) -> dict[str, int]:
    statement = select(Tag.name, Tag.id).where(of_team(Tag, team_id), Tag.name.in_(names))
    return {row.name: row.id for row in await session.execute(statement)}


async def list_named(
    session: AsyncSession, team_id: int, *, uuids: Sequence[str] = (), tag: str | None = None
) -> list[tuple[int, str]]:
    """(id, name) of the team's services with one of the uuids, or with the tag, that are not being deleted."""
    statement = select(Service.id, Service.name).where(
        of_team(Service, team_id), Service.is_deleting.is_(False)
    )
    if tag is None:
        statement = statement.where(Service.uuid.in_([text_key(uuid) for uuid in uuids]))
    else:
        statement = (
            statement.join(ServiceTag, ServiceTag.service_id == Service.id)
            .join(Tag, Tag.id == ServiceTag.tag_id)
            .where(Tag.name == text_key(tag))
        )
    return [(row.id, row.name) for row in await session.execute(statement.order_by(Service.id))]
