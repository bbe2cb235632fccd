"""What `?dry_run=true` answers, and what applies it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from starlette.requests import Request

from homeport.actions.context import Context
from homeport.actions.plans import Draft, store_plan
from homeport.actions.ports import proxy_ports, taken_ports
from homeport.api.shapes.plans import plan_shape
from homeport.core.commands import Host
from homeport.core.observed import Published, read_memory, read_published
from homeport.core.warnings import Facts
from homeport.db.engine import Database
from homeport.db.plans import list_publishers
from homeport.db.servers import Server
from homeport.errors import EngineFailed, ServerUnreachable, SettingsInvalid
from homeport.http.fields import Body, List, Str
from homeport.http.input import validate
from homeport.settings import Settings

PLAN_ID: Final = "plan_id"
PATIENCE_S: Final = 3.0
"""How long a plan waits for the server's engine; without an answer it says so."""


class ApplyBody(Body):
    """A request that applies a plan says nothing else, but what an owner confirms."""

    plan_id: Annotated[str, Str()]
    grants: Annotated[list[Annotated[str, Str()]] | None, List(nullable=True)] = None


def apply_body(data: Mapping[str, Any]) -> ApplyBody:
    """Raises FieldsRejected, which names every other field."""
    return validate(ApplyBody, data)


async def plan_answer(request: Request, ctx: Context, draft: Draft) -> dict[str, Any]:
    """Ask the server what it knows, keep the plan, and show it.

    The session is given back before the engine is asked: it may take its time.
    """
    settings: Settings = request.app.state.settings
    server = draft.server
    publishers = await list_publishers(ctx.session, server.id)
    await ctx.session.close()
    seen = await _look(request, server, settings.proxy_container)
    taken = taken_ports(publishers, seen.published, but=draft.ready.scope.uuid, team_id=ctx.actor.team_id)
    if server.proxy_type != "NONE":
        taken = (*proxy_ports(settings.proxy_http_port, settings.proxy_https_port), *taken)
    facts = Facts(is_seen=seen.is_answer, memory_bytes=seen.memory_bytes, taken=taken)
    # In a thread: long texts take a while to compare, and others are to be answered meanwhile.
    shape = await asyncio.to_thread(plan_shape, draft, facts, is_sensitive=ctx.actor.can_read_sensitive)
    database: Database = request.app.state.database
    async with database.write() as session:
        plan = await store_plan(session, ctx, draft)
    return {PLAN_ID: plan.uuid, "expires_at": plan.expires_at, **shape}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the engine said; nothing when it did not answer."""

    is_answer: bool = False
    memory_bytes: int | None = None
    published: tuple[Published, ...] = ()


async def _look(request: Request, server: Server, proxy_container: str) -> _Seen:
    try:
        async with asyncio.timeout(PATIENCE_S):
            host: Host = await request.app.state.hosts.open(server)
            info, running = await asyncio.gather(host.engine.info(), host.engine.running())
    except (ServerUnreachable, EngineFailed, SettingsInvalid, TimeoutError):
        return _Seen()
    published = (port for port in read_published(running) if port.container != proxy_container)
    return _Seen(is_answer=True, memory_bytes=read_memory(info), published=tuple(published))
