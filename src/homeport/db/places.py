"""Where a new service goes: project, environment, server and destination, found with one query.

The order in which what is missing gets reported belongs to the action; the query takes it all at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping, and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from homeport.db.projects import Environment, Project, stored_name
from homeport.db.rows import table_of
from homeport.db.scope import TEAM, owned, text_key
from homeport.db.servers import Destination, Server
from homeport.db.teams import Team


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A destination of the server."""

    id: int
    uuid: str
    network: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What was found; an id is None where nothing answers to what was asked for.

    `destinations` has the standalone ones first.
    """

    project_id: int | None
    environment_id: int | None
    environment_name: str
    server_id: int | None
    server_kind: str
    server_name: str
    server_ip: str
    wildcard_domain: str | None
    proxy_type: str
    is_build_server: bool
    destinations: tuple[Spot, ...]


_STATEMENT = (
    select(
        Project.id.label("project_id"),
        Environment.id.label("environment_id"),
        Environment.name.label("environment_name"),
        Server.id.label("server_id"),
        Server.kind.label("server_kind"),
        Server.name.label("server_name"),
        Server.ip.label("server_ip"),
        Server.wildcard_domain.label("wildcard_domain"),
        Server.proxy_type.label("proxy_type"),
        Server.is_build_server.label("is_build_server"),
        Destination.id.label("destination_id"),
        Destination.uuid.label("destination_uuid"),
        Destination.network.label("network"),
        Destination.type.label("type"),
    )
    .select_from(table_of(Team))
    .outerjoin(table_of(Project), owned(Project, TEAM, bindparam("project_uuid")))
    .outerjoin(
        table_of(Environment),
        and_(
            Environment.project_id == Project.id,
            or_(
                Environment.name == bindparam("environment_name"),
                Environment.uuid == bindparam("environment_uuid"),
            ),
        ),
    )
    .outerjoin(table_of(Server), owned(Server, TEAM, bindparam("server_uuid")))
    .outerjoin(table_of(Destination), Destination.server_id == Server.id)
    .where(Team.id == TEAM)
)


async def find_place(
    session: AsyncSession,
    team_id: int,
    *,
    project_uuid: str,
    environment_name: str | None,
    environment_uuid: str | None,
    server_uuid: str,
) -> Place:
    """An environment found by its name wins over one found by its uuid."""
    name = stored_name(environment_name or "")
    texts = {
        "project_uuid": project_uuid,
        "environment_name": name,
        "environment_uuid": environment_uuid or "",
        "server_uuid": server_uuid,
    }
    connection = await session.connection()
    result = await connection.execute(
        _STATEMENT, {"team_id": team_id} | {key: text_key(text) for key, text in texts.items()}
    )
    return _place(result.mappings().all(), name)


def _place(rows: Sequence[RowMapping], environment_name: str) -> Place:
    """`rows` are the environments found, each with every destination of the server."""
    row = next((row for row in rows if row["environment_name"] == environment_name), rows[0])
    spots = {
        other["destination_id"]: Spot(
            id=other["destination_id"],
            uuid=other["destination_uuid"],
            network=other["network"],
            type=other["type"],
        )
        for other in rows
        if other["destination_id"] is not None
    }
    return Place(
        project_id=row["project_id"],
        environment_id=row["environment_id"],
        environment_name=row["environment_name"] or "",
        server_id=row["server_id"],
        server_kind=row["server_kind"] or "",
        server_name=row["server_name"] or "",
        server_ip=row["server_ip"] or "",
        wildcard_domain=row["wildcard_domain"],
        proxy_type=row["proxy_type"] or "NONE",
        is_build_server=bool(row["is_build_server"]),
        destinations=tuple(sorted(spots.values(), key=lambda spot: (spot.type != "standalone", spot.id))),
    )
