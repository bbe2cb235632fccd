"""Plans: what a request would do, kept for a quarter of an hour so that exactly that can be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.scope import of_team, owned
from homeport.db.services import Component, Service
from homeport.db.types import Encrypted, Instant, Row


class StoredPlan(Row):
    """A request that was planned. `seed` is where its randomness came from, `digest` of what it would do.

    Applying it makes the request again with the same randomness and time: the same digest says that nothing
    it was based on has changed. `action` is "create" or "change"; `service_uuid` is also known for a create.
    """

    __tablename__ = "plans"
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column()
    action: Mapped[str] = mapped_column(String(16))
    service_uuid: Mapped[str] = mapped_column(String(36))
    request: Mapped[str] = mapped_column(Encrypted("plans.request"))
    seed: Mapped[str] = mapped_column(Encrypted("plans.seed"))
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    applied_at: Mapped[datetime | None] = mapped_column(Instant)


async def hold_plan(session: AsyncSession, team_id: int, uuid: str) -> StoredPlan | None:
    """A plan of the team, held until the transaction ends: of two that apply it at once, the second sees that the
    first did."""
    return await session.scalar(select(StoredPlan).where(owned(StoredPlan, team_id, uuid)).with_for_update())


async def make_room(session: AsyncSession, team_id: int, most: int) -> None:
    """Forget the team's oldest plans, so that one more makes no more than `most`."""
    oldest_kept = (
        select(StoredPlan.id)
        .where(of_team(StoredPlan, team_id))
        .order_by(StoredPlan.id.desc())
        .offset(most - 1)
        .limit(1)
        .scalar_subquery()
    )
    await session.execute(
        delete(StoredPlan).where(of_team(StoredPlan, team_id), StoredPlan.id <= oldest_kept)
    )


async def delete_old_plans(session: AsyncSession, before: datetime) -> None:
    """Forget the plans that had expired before this time. For the worker, which acts for no team."""
    await session.execute(delete(StoredPlan).where(StoredPlan.expires_at < before))


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """A service on a server. `ports` has (component, its ports as they are stored) of those that publish some."""

    uuid: str
    name: str
    team_id: int
    ports: Sequence[tuple[str, str]]


async def list_publishers(session: AsyncSession, server_id: int) -> list[Publisher]:
    """The services on a server, of every team: its ports are everybody's."""
    statement = (
        select(Service.uuid, Service.name, Service.team_id, Component.name, Component.ports)
        .join(Component, Component.service_id == Service.id)
        .where(Service.server_id == server_id, Component.ports.is_not(None))
        .order_by(Service.id, Component.id)
    )
    found: dict[str, Publisher] = {}
    ports: dict[str, list[tuple[str, str]]] = {}
    for uuid, name, team_id, component, text in await session.execute(statement):
        own = ports.setdefault(uuid, [])
        own.append((component, text or ""))
        found[uuid] = Publisher(uuid=uuid, name=name, team_id=team_id, ports=own)
    return list(found.values())
