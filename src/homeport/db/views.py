"""Services as answers show them: read with few queries, as columns instead of entities."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from homeport.db.deployments import UNFINISHED, Deployment
from homeport.db.projects import Environment, Project
from homeport.db.rows import table_of
from homeport.db.scope import TEAM, UUID, of_team, owned, text_key
from homeport.db.servers import Destination, Server
from homeport.db.services import Component, Service
from homeport.db.teams import Team
from homeport.db.types import Row

Values = dict[str, Any]
_TEXTS = frozenset({"compose_raw", "compose"})


@dataclass(slots=True, kw_only=True)
class ServiceView:
    """A service and what its answer nests; each part maps the columns of a table to their values.

    `project`, `team` and all of `environment` but its project's id are there for a single service only.
    """

    service: Values
    server: Values
    environment: Values
    destination: Values
    is_deploying: bool
    project: Values = field(default_factory=dict)
    team: Values = field(default_factory=dict)
    components: list[Values] = field(default_factory=list)


def _columns(kind: type[Row], leave_out: frozenset[str] = frozenset()) -> list[ColumnElement[Any]]:
    return [column for column in table_of(kind).columns if column.name not in leave_out]


def _names(columns: Sequence[ColumnElement[Any]]) -> list[str]:
    return [column.key or "" for column in columns]


_SERVICE = (_columns(Service, _TEXTS), _columns(Service))
"""Without and with the two texts, which are decrypted when they are read."""
_COMPONENT = _columns(Component)
_SERVER = _columns(Server)
_DESTINATION = _columns(Destination)
_ENVIRONMENT = _columns(Environment)
_PROJECT = _columns(Project)
_TEAM = _columns(Team)
_IS_DEPLOYING = (
    exists()
    .where(
        Deployment.service_id == Service.id,
        Deployment.status.in_(UNFINISHED),
        Deployment.action.in_(("start", "restart")),
    )
    .correlate(Service)
)


def _one(with_texts: bool) -> tuple[Select[*tuple[Any, ...]], list[list[str]]]:
    """The statement for one service, and the names of the columns of each table in it."""
    tables = (_SERVICE[with_texts], _SERVER, _DESTINATION, _ENVIRONMENT, _PROJECT, _TEAM)
    statement = (
        select(_IS_DEPLOYING, *(column for columns in tables for column in columns))
        .select_from(table_of(Service))
        .join(table_of(Server), Server.id == Service.server_id)
        .join(table_of(Destination), Destination.id == Service.destination_id)
        .join(table_of(Environment), Environment.id == Service.environment_id)
        .join(table_of(Project), Project.id == Environment.project_id)
        .join(table_of(Team), Team.id == Project.team_id)
        .where(owned(Service, TEAM, UUID))
    )
    return statement, [_names(columns) for columns in tables]


_ONE = (_one(with_texts=False), _one(with_texts=True))
_COMPONENTS_OF_ONE = (
    select(*_COMPONENT)
    .where(table_of(Component).c.service_id == bindparam("service_id"))
    .order_by(table_of(Component).c.id)
)


async def find_service_view(
    session: AsyncSession, team_id: int, uuid: str, *, with_texts: bool
) -> ServiceView | None:
    """A service of the team, with two queries; its compose texts only `with_texts`."""
    connection = await session.connection()
    statement, names = _ONE[with_texts]
    values = {"team_id": team_id, "uuid": text_key(uuid)}
    row = (await connection.execute(statement, values)).one_or_none()
    if row is None:
        return None
    parts, start = [], 1
    for columns in names:
        parts.append(dict(zip(columns, row[start : start + len(columns)], strict=True)))
        start += len(columns)
    service, server, destination, environment, project, team = parts
    components = await connection.execute(_COMPONENTS_OF_ONE, {"service_id": service["id"]})
    component_names = _names(_COMPONENT)
    return ServiceView(
        service=service,
        server=server,
        destination=destination,
        environment=environment,
        project=project,
        team=team,
        components=[dict(zip(component_names, each, strict=True)) for each in components],
        is_deploying=bool(row[0]),
    )


async def list_service_views(
    session: AsyncSession,
    team_id: int,
    *,
    with_texts: bool,
    server_id: int | None = None,
    environment_id: int | None = None,
) -> list[ServiceView]:
    """The services of the team, oldest first, with four queries however many there are."""
    where = of_team(Service, team_id)
    if server_id is not None:
        where &= Service.server_id == server_id
    if environment_id is not None:
        where &= Service.environment_id == environment_id
    columns = _SERVICE[with_texts]
    statement = (
        select(_IS_DEPLOYING, Environment.project_id, *columns)
        .join(Environment, Environment.id == Service.environment_id)
        .where(where)
        .order_by(Service.id)
    )
    rows = (await session.execute(statement)).all()
    if not rows:
        return []
    servers = await _by_id(session, select(*_SERVER).where(of_team(Server, team_id)))
    destinations = await _by_id(
        session,
        select(*_DESTINATION)
        .join(Server, Server.id == Destination.server_id)
        .where(of_team(Server, team_id)),
    )
    components: dict[int, list[Values]] = {}
    of_these = _components().join(Service, Service.id == Component.service_id).where(where)
    for component in await _list_values(session, of_these):
        components.setdefault(component["service_id"], []).append(component)
    names, views = _names(columns), []
    for row in rows:
        service = dict(zip(names, row[2:], strict=True))
        views.append(
            ServiceView(
                service=service,
                server=servers[service["server_id"]],
                destination=destinations[service["destination_id"]],
                environment={"project_id": row[1]},
                components=components.get(service["id"], []),
                is_deploying=bool(row[0]),
            )
        )
    return views


def _components() -> Select[*tuple[Any, ...]]:
    return select(*_COMPONENT).order_by(Component.id)


async def _list_values(session: AsyncSession, statement: Select[*tuple[Any, ...]]) -> list[Values]:
    result = await session.execute(statement)
    names = list(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result.all()]


async def _by_id(session: AsyncSession, statement: Select[*tuple[Any, ...]]) -> dict[int, Values]:
    return {values["id"]: values for values in await _list_values(session, statement)}
