"""Between rows and the values of the compose pipeline: what a render is given, and what it said."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal, TypeVar, cast

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from homeport.core import domains
from homeport.core.compose import model
from homeport.core.compose.model import ComponentState, DomainSource, Rendered, Variable
from homeport.db.projects import Environment, Project
from homeport.db.rows import insert_returning_ids, insert_rows
from homeport.db.scope import of_team, owned
from homeport.db.servers import Destination, Server
from homeport.db.services import Component, EnvVariable, Service, StoredFile, StoredVolume

Values = dict[str, Any]
Kind = TypeVar("Kind", Component, EnvVariable, StoredFile, StoredVolume)
Mount = TypeVar("Mount", model.File, model.Volume)
_SOURCE_FIELDS = frozenset(field.name for field in fields(DomainSource))


@dataclass(slots=True, kw_only=True)
class Stored:
    """A service and everything that its next render is made from."""

    service: Service
    server: Server
    destination: Destination
    environment: Environment
    project: Project
    components: list[Component]
    variables: list[EnvVariable]
    files: list[StoredFile]
    volumes: list[StoredVolume]

    def component_states(self) -> dict[str, ComponentState]:
        return {component.name: to_state(component) for component in self.components}

    def edited_files(self) -> dict[tuple[str, str], str]:
        names = {component.id: component.name for component in self.components}
        return {(names[x.component_id], x.target): x.content or "" for x in self.files if x.is_edited}


async def load_stored(
    session: AsyncSession,
    team_id: int,
    *,
    uuid: str | None = None,
    service_id: int | None = None,
    is_held: bool = True,
) -> Stored | None:
    """A service of the team by its uuid or its id. `is_held`: until the transaction ends, so that two changes of
    one service follow each other."""
    statement = (
        select(Service, Server, Destination, Environment, Project)
        .join(Server, Server.id == Service.server_id)
        .join(Destination, Destination.id == Service.destination_id)
        .join(Environment, Environment.id == Service.environment_id)
        .join(Project, Project.id == Environment.project_id)
    )
    if uuid is not None:
        statement = statement.where(owned(Service, team_id, uuid))
    else:
        statement = statement.where(of_team(Service, team_id), Service.id == service_id)
    if is_held:
        statement = statement.with_for_update(key_share=True, of=Service)
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        return None
    service, server, destination, environment, project = found
    return Stored(
        service=service,
        server=server,
        destination=destination,
        environment=environment,
        project=project,
        components=await _of_service(session, Component, service.id),
        variables=await _of_service(session, EnvVariable, service.id),
        files=await _of_service(session, StoredFile, service.id),
        volumes=await _of_service(session, StoredVolume, service.id),
    )


async def _of_service(session: AsyncSession, kind: type[Kind], service_id: int) -> list[Kind]:
    statement = select(kind).where(kind.service_id == service_id).order_by(kind.id)
    return list(await session.scalars(statement))


def to_state(component: Component) -> ComponentState:
    """What is stored about a component, as the next render sees it."""
    has_domains = component.has_own_domains or component.fqdn is not None
    return ComponentState(
        name=component.name,
        kind="database" if component.kind == "database" else "application",
        is_migrated=component.is_migrated,
        domains=domains.split_fqdn(component.fqdn) if has_domains else None,
        human_name=component.human_name,
        is_gzip_enabled=component.is_gzip_enabled,
        is_stripprefix_enabled=component.is_stripprefix_enabled,
        is_force_https_enabled=component.is_force_https_enabled,
        redirect=cast("Literal['both', 'www', 'non-www']", component.redirect),
        noindex_domains=tuple(component.noindex_domains or ()),
    )


def to_variable(row: EnvVariable) -> Variable:
    return Variable(
        key=row.key,
        value=row.value,
        origin=cast("model.VariableOrigin", row.origin),
        source=to_source(row.source),
        comment=row.comment,
        is_required=row.is_required,
        is_literal=row.is_literal,
        is_multiline=row.is_multiline,
        is_shown_once=row.is_shown_once,
    )


def to_source(stored: Mapping[str, Any] | None) -> DomainSource | None:
    """Unknown keys are ignored, so that an older process can read what a newer one wrote."""
    if stored is None:
        return None
    return DomainSource(**{key: value for key, value in stored.items() if key in _SOURCE_FIELDS})


def component_values(component: model.Component) -> Values:
    """The columns of a component that a render decides."""
    return {
        "kind": component.kind,
        "image": component.image,
        "ports": component.ports,
        "port": component.port,
        "fqdn": domains.join_fqdn(component.domains),
        "exclude_from_status": component.is_excluded,
    }


def variable_values(variable: Variable) -> Values:
    """The columns of a variable that a render decides. A domain's value is derived when it is needed."""
    return {
        "value": None if variable.origin == "domain" else variable.value,
        "origin": variable.origin,
        "source": None if variable.source is None else asdict(variable.source),
        "comment": variable.comment,
        "is_required": variable.is_required,
    }


def file_values(file: model.File) -> Values:
    return {
        "path": file.path,
        "content": file.content,
        "is_directory": file.is_directory,
        "is_managed": file.is_managed,
    }


def volume_values(volume: model.Volume) -> Values:
    return {"name": volume.name, "is_external": volume.is_external}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What every new row gets."""

    now: datetime
    new_uuid: Callable[[], str]

    def new(self) -> Values:
        return {"uuid": self.new_uuid(), "created_at": self.now, "updated_at": self.now}


async def insert_rendered(
    session: AsyncSession,
    service_id: int,
    rendered: Rendered,
    stamp: Stamp,
    *,
    own_domains: Collection[str] = (),
) -> dict[str, int]:
    """Store what the first render of a service said, with one INSERT per table; the ids of its components.

    `own_domains` names the components whose domains a person chose.
    """
    rows = [
        {
            "service_id": service_id,
            "name": component.name,
            **component_values(component),
            **_routing(component),
            "has_own_domains": component.name in own_domains,
            **stamp.new(),
        }
        for component in rendered.components
    ]
    ids = dict(
        zip(
            (component.name for component in rendered.components),
            await insert_returning_ids(session, Component, rows),
            strict=True,
        )
    )
    await insert_rows(
        session, EnvVariable, [_variable_row(service_id, variable, stamp) for variable in rendered.variables]
    )
    await insert_rows(session, StoredFile, _mounts(service_id, ids, rendered.files, file_values, stamp))
    await insert_rows(session, StoredVolume, _mounts(service_id, ids, rendered.volumes, volume_values, stamp))
    return ids


def _routing(component: model.Component) -> Values:
    return {
        "is_gzip_enabled": component.is_gzip_enabled,
        "is_stripprefix_enabled": component.is_stripprefix_enabled,
        "is_force_https_enabled": component.is_force_https_enabled,
        "redirect": component.redirect,
        "noindex_domains": list(component.noindex_domains) or None,
    }


def _variable_row(service_id: int, variable: Variable, stamp: Stamp) -> Values:
    return {
        "service_id": service_id,
        "key": variable.key,
        **variable_values(variable),
        "is_literal": variable.is_literal,
        "is_multiline": variable.is_multiline,
        "is_shown_once": variable.is_shown_once,
        **stamp.new(),
    }


def _mounts(
    service_id: int,
    ids: Mapping[str, int],
    mounts: Iterable[Mount],
    values: Callable[[Mount], Values],
    stamp: Stamp,
) -> list[Values]:
    """A component that mounts two things at one place keeps the last, as Compose does."""
    rows: dict[tuple[str, str], Values] = {
        (mount.component, mount.target): {
            "service_id": service_id,
            "component_id": ids[mount.component],
            "target": mount.target,
            **values(mount),
            **stamp.new(),
        }
        for mount in mounts
    }
    return list(rows.values())


async def update_rendered(
    session: AsyncSession,
    stored: Stored,
    rendered: Rendered,
    stamp: Stamp,
    *,
    own_domains: Collection[str] = (),
) -> dict[str, int]:
    """Bring the rows of a service to what its newest render said, leaving alone what did not change; the ids of
    its components. Components that left the compose are removed, with what hangs on them."""
    service_id = stored.service.id
    await _update_components(session, stored, rendered, stamp, own_domains)
    ids = {component.name: component.id for component in stored.components}
    await _update_variables(session, stored, rendered, stamp)
    await _update_mounts(
        session,
        stored.files,
        _mounts(service_id, ids, rendered.files, file_values, stamp),
        StoredFile,
        stamp.now,
    )
    await _update_mounts(
        session,
        stored.volumes,
        _mounts(service_id, ids, rendered.volumes, volume_values, stamp),
        StoredVolume,
        stamp.now,
    )
    return ids


async def _update_components(
    session: AsyncSession, stored: Stored, rendered: Rendered, stamp: Stamp, own_domains: Collection[str]
) -> None:
    known = {component.name: component for component in stored.components}
    kept = {component.name for component in rendered.components}
    gone = [component for name, component in known.items() if name not in kept]
    if gone:
        await session.execute(delete(Component).where(Component.id.in_([row.id for row in gone])))
        gone_ids = {row.id for row in gone}
        stored.files = [row for row in stored.files if row.component_id not in gone_ids]
        stored.volumes = [row for row in stored.volumes if row.component_id not in gone_ids]
    components = []
    for component in rendered.components:
        values = component_values(component)
        row = known.get(component.name)
        if row is None:
            row = Component(
                service_id=stored.service.id,
                name=component.name,
                status="exited",
                **values,
                **_routing(component),
                **stamp.new(),
            )
            session.add(row)
        else:
            change_row(row, values, stamp.now)
        if component.name in own_domains:
            row.has_own_domains = True
        components.append(row)
    await session.flush()
    stored.components = components


async def _update_variables(session: AsyncSession, stored: Stored, rendered: Rendered, stamp: Stamp) -> None:
    known = {variable.key: variable for variable in stored.variables}
    fresh: list[Values] = []
    for variable in rendered.variables:
        row = known.get(variable.key)
        if row is None:
            fresh.append(_variable_row(stored.service.id, variable, stamp))
        else:
            change_row(row, variable_values(variable), stamp.now)
    await session.flush()
    await insert_rows(session, EnvVariable, fresh)


async def _update_mounts(
    session: AsyncSession,
    known: Sequence[StoredFile] | Sequence[StoredVolume],
    wanted: Sequence[Values],
    kind: type[StoredFile] | type[StoredVolume],
    now: datetime,
) -> None:
    rows = {(row.component_id, row.target): row for row in known}
    fresh: list[Values] = []
    for values in wanted:
        row = rows.pop((values["component_id"], values["target"]), None)
        if row is None:
            fresh.append(values)
        else:
            kept = {"uuid", "created_at", "updated_at"}
            change_row(row, {key: value for key, value in values.items() if key not in kept}, now)
    if rows:
        await session.execute(delete(kind).where(kind.id.in_([row.id for row in rows.values()])))
    await session.flush()
    await insert_rows(session, kind, fresh)


def change_row(
    row: Component | EnvVariable | StoredFile | StoredVolume, values: Values, now: datetime
) -> None:
    """Set the columns that differ; `updated_at` only when one does."""
    changed = {key: value for key, value in values.items() if getattr(row, key) != value}
    for key, value in changed.items():
        setattr(row, key, value)
    if changed:
        row.updated_at = now
