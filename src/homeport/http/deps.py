"""From a request to a Context: the gates, then a session. Routes say `Annotated[Context, reads("read")]`.

`writes` commits before the answer is sent, so that an error at the commit is still an error answer,
and wakes the worker after it, so that the worker finds the job.
"""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.routing import BaseRoute

from homeport.actions.context import Context
from homeport.core.permissions import Actor
from homeport.core.seeded import fair_text
from homeport.db.instance import add_entries
from homeport.errors import FieldsRejected, NotAllowed
from homeport.http.audit import entry
from homeport.http.gates import Gates
from homeport.http.input import query_bool

DRY_RUN: Final = "dry_run"
"""The query parameter by which a request is only planned."""

_GATE: Final = "is_gate"


def reads(*abilities: str, skips_switch: bool = False) -> Any:
    """A Context whose session cannot write, for a token with one of the abilities. `skips_switch`: also while the
    API is disabled."""
    return _gate(_reading(abilities, skips_switch=skips_switch))


def writes(*abilities: str, skips_switch: bool = False) -> Any:
    """A Context in one write transaction: committed once after a clean handler, with its audit events; rolled back
    on any error. Who asks for a dry run of a request that has none is refused: it must not be done instead."""
    return _gate(_writing(abilities, skips_switch=skips_switch, is_plannable=False))


def writes_or_plans(*abilities: str) -> Any:
    """As `writes`; for a request with `?dry_run=true` as `reads`, so that what is only planned cannot write."""
    opens = {False: _writing(abilities), True: _reading(abilities, is_dry_run=True)}

    async def open_context(request: Request) -> AsyncIterator[Context]:
        open_one = opens[query_bool(request.query_params.get(DRY_RUN))]
        async with asynccontextmanager(open_one)(request) as context:
            yield context

    return _gate(open_context)


Opens = Callable[[Request], AsyncIterator[Context]]


def _reading(abilities: Sequence[str], *, skips_switch: bool = False, is_dry_run: bool = False) -> Opens:
    async def open_context(request: Request) -> AsyncIterator[Context]:
        gates: Gates = request.app.state.gates
        actor = await gates.admit(request, abilities, skips_switch=skips_switch)
        async with gates.database.read() as session:
            try:
                yield _context(request, actor, session, is_dry_run=is_dry_run)
            except NotAllowed as error:
                _note_denied(request, actor, error)
                raise

    return open_context


def _writing(abilities: Sequence[str], *, skips_switch: bool = False, is_plannable: bool = True) -> Opens:
    async def open_context(request: Request) -> AsyncIterator[Context]:
        gates: Gates = request.app.state.gates
        actor = await gates.admit(request, abilities, skips_switch=skips_switch)
        if not is_plannable and query_bool(request.query_params.get(DRY_RUN)):
            raise FieldsRejected({DRY_RUN: ["This request cannot be planned."]})
        # Read all of it now: a slow client must not hold up the other writers.
        await request.body()
        try:
            async with gates.database.write() as session:
                context = _context(request, actor, session)
                yield context
                address = gates.address(request)
                rows = [entry(request, address, event, actor, more) for event, more in context.events]
                await add_entries(session, rows)
        except NotAllowed as error:
            _note_denied(request, actor, error)
            raise
        if context.is_queue_dirty:
            request.app.state.wake()

    return open_context


def is_gated(route: BaseRoute) -> bool:
    """Whether the route has one of the gates above."""
    return isinstance(route, APIRoute) and _has_gate(route.dependant)


def _has_gate(dependant: Dependant) -> bool:
    return getattr(dependant.call, _GATE, False) or any(_has_gate(each) for each in dependant.dependencies)


def _gate(open_context: Opens) -> Any:
    setattr(open_context, _GATE, True)
    # "function": closed when the handler is done, before the answer is sent.
    return Depends(open_context, scope="function")


def _context(request: Request, actor: Actor, session: AsyncSession, *, is_dry_run: bool = False) -> Context:
    state = request.app.state
    return Context(
        actor=actor,
        session=session,
        now=datetime.now(UTC),
        site=state.site,
        catalog=state.shelf.catalog,
        token=random_text,
        random_bytes=os.urandom,
        is_dry_run=is_dry_run,
    )


def random_text(alphabet: str, length: int) -> str:
    """Random text of `alphabet`'s characters (256 at most), each equally likely."""
    return fair_text(os.urandom, alphabet, length)


def _note_denied(request: Request, actor: Actor, error: NotAllowed) -> None:
    gates: Gates = request.app.state.gates
    gates.note(request, "api.auth.policy_denied", actor, {"reason": error.message})
