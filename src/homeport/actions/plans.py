"""Planning a request, and doing exactly what was planned.

A plan draws its randomness from a seed and takes its own time for the time of the render, so that the request,
prepared again, says the same: unless what it was based on has changed, which the digests tell.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from datetime import timedelta
from typing import Any, Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from homeport.actions.context import Context
from homeport.actions.creation import (
    JOINS_DESTINATION,
    NewService,
    ReadyService,
    prepare_service,
    store_service,
)
from homeport.actions.names import new_uuid
from homeport.actions.policy import require_admin
from homeport.actions.rendering import rendered_of, stored_scope
from homeport.actions.services import (
    ChangeService,
    Done,
    ReadyChange,
    prepare_change,
    store_change,
)
from homeport.core.compose.load import load
from homeport.core.compose.model import Rendered
from homeport.core.preview import Before
from homeport.core.revision import Snapshot
from homeport.core.seeded import SEED_BYTES, Stream
from homeport.db.deployments import find_newest_revision
from homeport.db.plans import StoredPlan, hold_plan, make_room
from homeport.db.rendered import Stored, to_variable
from homeport.db.servers import Server, find_server
from homeport.errors import (
    ComposeRejected,
    Conflict,
    DomainConflict,
    DomainsRejected,
    FieldsRejected,
    GrantsMissing,
    HomeportError,
    InputRejected,
    NotFound,
    PlanStale,
    StateRefused,
    VariablesMissing,
)

LIFE: Final = timedelta(minutes=15)
MOST: Final = 100
"""How many plans of a team are kept: somebody who only plans must not fill the disk."""
_OTHERWISE: Final = "Homeport's version or settings"
_REFUSALS: Final = (InputRejected, NotFound, Conflict, StateRefused)
_NOT_THE_WORLD: Final = (DomainConflict, GrantsMissing, VariablesMissing)
"""Refusals that say more themselves, or that the one who applies can do something about."""

Fields = Mapping[str, Any]
Bases = Mapping[str, str]
"""For each thing that a plan was based on the digest of it, by what a person calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A request that was prepared and not done. `fields` are those of the request, `before` is None for a service
    that is new, `joined` is the destination's network when the service joins it."""

    action: Literal["create", "change"]
    fields: Fields
    seed: bytes
    bases: Bases
    ready: ReadyService | ReadyChange
    server: Server
    project_uuid: str
    environment_name: str
    destination_uuid: str
    joined: str | None
    will_deploy: bool
    before: Before | None = None


async def draft_creation(ctx: Context, new: NewService, given: Fields) -> Draft:
    """Prepare a creation as a plan. Raises as `create_service`."""
    seed = ctx.random_bytes(SEED_BYTES)
    ready = await prepare_service(_seeded(ctx, seed), new)
    server = await find_server(ctx.session, ctx.actor.team_id, new.server_uuid)
    if server is None:
        raise NotFound("Server not found.")  # It was there a moment ago.
    return Draft(
        action="create",
        fields=given,
        seed=seed,
        bases=_creation_bases(ready),
        ready=ready,
        server=server,
        project_uuid=new.project_uuid,
        environment_name=ready.place.environment_name,
        destination_uuid=ready.spot.uuid,
        joined=ready.spot.network if ready.scope.service_type in JOINS_DESTINATION else None,
        will_deploy=new.instant_deploy,
    )


async def draft_change(ctx: Context, stored: Stored, change: ChangeService, given: Fields) -> Draft:
    """Prepare a change as a plan. Raises as `change_service`."""
    seed = ctx.random_bytes(SEED_BYTES)
    ready = await prepare_change(_seeded(ctx, seed), stored, change)
    revision = await find_newest_revision(ctx.session, stored.service.id)
    snapshot = revision[1] if revision else None
    before = Before(
        rendered=await _present(ctx, stored),
        marks=snapshot.marks if snapshot else {},
        deployed=snapshot.components if snapshot else (),
    )
    is_joined = ready.columns.get("connect_to_docker_network", stored.service.connect_to_docker_network)
    return Draft(
        action="change",
        fields=given,
        seed=seed,
        bases=_change_bases(stored, ready, snapshot),
        ready=ready,
        server=stored.server,
        project_uuid=stored.project.uuid,
        environment_name=stored.environment.name,
        destination_uuid=stored.destination.uuid,
        joined=stored.destination.network if is_joined else None,
        will_deploy=change.instant_deploy,
        before=before,
    )


async def _present(ctx: Context, stored: Stored) -> Rendered | None:
    """What the service renders to as it is; None when a newer Homeport refuses what an older one took."""
    try:
        return rendered_of(load(stored.service.compose_raw), await stored_scope(ctx, stored))
    except InputRejected:
        return None


def _seeded(ctx: Context, seed: bytes) -> Context:
    stream = Stream(seed)
    return replace(ctx, token=stream.token, random_bytes=stream.random_bytes)


async def store_plan(session: AsyncSession, ctx: Context, draft: Draft) -> StoredPlan:
    """Keep a plan for as long as it may be applied. `session` is one that writes; that of `ctx` is closed."""
    await make_room(session, ctx.actor.team_id, MOST)
    plan = StoredPlan(
        uuid=new_uuid(ctx),
        team_id=ctx.actor.team_id,
        user_id=ctx.actor.user_id,
        action=draft.action,
        service_uuid=draft.ready.scope.uuid,
        request=json.dumps({"fields": dict(draft.fields), "bases": dict(draft.bases)}, ensure_ascii=False),
        seed=draft.seed.hex(),
        digest=_digest(draft.bases),
        created_at=ctx.now,
        expires_at=ctx.now + LIFE,
    )
    session.add(plan)
    await session.flush()
    return plan


async def apply_creation(
    ctx: Context, plan_id: str, read: Callable[[Fields], NewService], grants: Sequence[str]
) -> Done:
    """Create the service that was planned, once. `read` makes the request of its fields, `grants` are those that
    are confirmed only now. Raises NotFound, PlanStale, and as `create_service`."""
    require_admin(ctx.actor)
    plan = await _hold(ctx, plan_id, "create")
    new = read(_fields(plan, grants))
    with _stale_when_refused():
        ready = await prepare_service(_as_planned(ctx, plan), new)
    _refuse_stale(plan, _creation_bases(ready))
    _note_applied(ctx, plan)
    return await store_service(ctx, ready)


async def apply_change(
    ctx: Context, stored: Stored, plan_id: str, read: Callable[[Fields], ChangeService], grants: Sequence[str]
) -> Done:
    """Change a service as it was planned, once. Raises NotFound, PlanStale, and as `change_service`."""
    plan = await _hold(ctx, plan_id, "change", service_uuid=stored.service.uuid)
    change = read(_fields(plan, grants))
    with _stale_when_refused():
        ready = await prepare_change(_as_planned(ctx, plan), stored, change)
    revision = await find_newest_revision(ctx.session, stored.service.id)
    _refuse_stale(plan, _change_bases(stored, ready, revision[1] if revision else None))
    _note_applied(ctx, plan)
    return await store_change(ctx, stored, ready)


async def _hold(ctx: Context, plan_id: str, action: str, *, service_uuid: str | None = None) -> StoredPlan:
    plan = await hold_plan(ctx.session, ctx.actor.team_id, plan_id)
    if plan is None or plan.action != action or service_uuid not in (None, plan.service_uuid):
        raise NotFound("Plan not found.")
    if plan.applied_at is not None:
        raise PlanStale("This plan was applied already.")
    if plan.expires_at <= ctx.now:
        raise PlanStale("This plan has expired. Make a new one.")
    return plan


def _as_planned(ctx: Context, plan: StoredPlan) -> Context:
    """The request with the randomness and the time that it was planned with."""
    return replace(_seeded(ctx, bytes.fromhex(plan.seed)), now=plan.created_at)


def _note_applied(ctx: Context, plan: StoredPlan) -> None:
    plan.applied_at = ctx.now
    ctx.audit("api.plan.applied", plan_id=plan.uuid, service_uuid=plan.service_uuid)


@contextmanager
def _stale_when_refused() -> Iterator[None]:
    """What could be planned and is refused now is refused because something changed."""
    try:
        yield
    except _NOT_THE_WORLD:
        raise
    except _REFUSALS as error:
        raise PlanStale(f"What this plan was based on has changed: {_reason(error)}") from error


def _reason(error: HomeportError) -> str:
    match error:
        case ComposeRejected():
            return error.sentence
        case DomainsRejected():
            return " ".join(error.problems)
        case FieldsRejected():
            return " ".join(text for texts in error.fields.values() for text in texts)
    return error.message


def _refuse_stale(plan: StoredPlan, bases: Bases) -> None:
    if _digest(bases) == plan.digest:
        return
    planned: Bases = json.loads(plan.request)["bases"]
    changed = [name for name, digest in bases.items() if planned.get(name) != digest]
    # Whatever changed shows in the outcome too; alone, it is due to what decides beside these.
    names = [name for name in changed if name != _OTHERWISE] or [_OTHERWISE]
    raise PlanStale(f"What this plan was based on has changed: {', '.join(names)}. Make a new one.")


def _fields(plan: StoredPlan, grants: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = json.loads(plan.request)["fields"]
    return given | {"grants": [*(given.get("grants") or ()), *grants]} if grants else given


def _creation_bases(ready: ReadyService) -> Bases:
    return _digests(
        {
            "the project, environment or server": (ready.place, ready.spot),
            "the compose of its type": (ready.text, ready.scope.service_type, ready.scope.catalog_port),
            _OTHERWISE: (_without_grants(ready.new), *_outcome(ready)),
        }
    )


def _change_bases(stored: Stored, ready: ReadyChange, newest: Snapshot | None) -> Bases:
    service, server = stored.service, stored.server
    return _digests(
        {
            "the service": (
                (service.id, service.name, service.description, service.updated_at.isoformat()),
                (service.connect_to_docker_network, service.is_container_label_escape_enabled),
                (service.service_type, service.dialect, service.profiles),
            ),
            "its compose": service.compose_raw,
            "its variables": [to_variable(row) for row in stored.variables],
            "its components or domains": list(stored.component_states().values()),
            "its files": sorted(stored.edited_files().items()),
            "its project, environment or server": (
                (stored.project.id, stored.project.name, stored.environment.id, stored.environment.name),
                (server.id, server.name, server.kind, server.ip, server.wildcard_domain, server.proxy_type),
                (stored.destination.id, stored.destination.network),
            ),
            "its newest revision": newest.number if newest else 0,
            _OTHERWISE: (_without_grants(ready.change), sorted(ready.columns.items()), *_outcome(ready)),
        }
    )


def _without_grants(request: NewService | ChangeService) -> dict[str, Any]:
    """Who confirms them says so when the plan is made or when it is applied; they are judged then."""
    known = asdict(request)
    known.pop("grants", None)
    return known | {"given": sorted(set(request.given) - {"grants"})}


def _outcome(ready: ReadyService | ReadyChange) -> tuple[Any, ...]:
    """All that the request would write."""
    scope, rendered = ready.scope, ready.rendered
    parts = {item.name: getattr(rendered, item.name) for item in fields(rendered) if item.name != "document"}
    return (
        (scope.uuid, scope.name, scope.folder, scope.profiles, scope.dialect, scope.proxy),
        parts,
        sorted(ready.chosen.items()),
    )


def _digests(bases: Mapping[str, Any]) -> Bases:
    return {name: _digest(value) for name, value in bases.items()}


def _digest(value: Any) -> str:
    text = json.dumps(value, default=_plain, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in fields(value)}
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no digest")
