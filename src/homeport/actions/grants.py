"""Who lets a compose have a power over the server: the team's grants, or an owner for one service (ADR 0008)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from homeport.actions.context import Context
from homeport.actions.setup import ROOT_TEAM_ID
from homeport.core.compose.load import Document
from homeport.core.compose.model import Rendered, Scope
from homeport.core.permissions import Actor
from homeport.core.policy import GRANTS, Ask, allowed, find_asks
from homeport.db.grants import list_grants, list_own_networks, list_own_uuids, replace_grants
from homeport.db.members import has_admins
from homeport.errors import FieldsRejected, GrantsMissing, NotAllowed

EXTERNAL: Final = "host.external"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a compose asks for, what of it nobody granted, and what is from now on granted to the service alone."""

    asks: tuple[Ask, ...] = ()
    missing: tuple[Ask, ...] = ()
    approved: tuple[str, ...] = ()


async def judge(
    ctx: Context,
    document: Document,
    scope: Scope,
    rendered: Rendered,
    *,
    server_kind: str,
    is_new: bool = False,
    confirmed: Collection[str] = (),
    approved: Collection[str] = (),
) -> Judgement:
    """Hold what a render asks of its server against what was granted.

    `server_kind` is "local" for the machine that Homeport runs on; `is_new` says that all of the service comes
    with the request. `confirmed` are the grants that an owner names in the request, `approved` is what the
    service alone was granted before. Raises GrantsMissing, except in a dry run, which shows what is missing;
    ComposeRejected for what nobody can grant; NotAllowed when somebody else confirms; FieldsRejected for a
    grant that does not exist.
    """
    _check_confirmation(ctx, confirmed)
    found = find_asks(
        rendered,
        document,
        folder=scope.folder,
        uuid=scope.uuid,
        proxy=scope.proxy,
        **ground_of(server_kind, ctx.site.docker_socket),
    )
    if not found:
        return Judgement()
    asks = await foreign_asks(ctx.session, ctx.actor.team_id, found)
    granted = await list_grants(ctx.session, ctx.actor.team_id)
    given = frozenset(GRANTS) if await _has_all(ctx, is_new=is_new) else frozenset(confirmed)
    new = allowed(asks, granted=(), approved=approved)
    kept = [ask.key for ask in asks if ask not in new or (ask.grant in given and ask.grant not in granted)]
    missing = allowed(asks, granted=granted, approved=kept)
    if missing and not ctx.is_dry_run:
        raise GrantsMissing([shown(ask) for ask in missing])
    return Judgement(asks=asks, missing=missing, approved=tuple(dict.fromkeys(kept)))


def ground_of(server_kind: str, docker_socket: str) -> dict[str, Any]:
    """What the judgement knows of a server: the setting for the socket is about this machine."""
    if server_kind == "local":
        return {"socket": docker_socket, "is_local": True}
    return {}


async def foreign_asks(session: AsyncSession, team_id: int, asks: Sequence[Ask]) -> tuple[Ask, ...]:
    """The asks without those for networks and volumes that are the team's own anyway."""
    names = {ask.subject for ask in asks if ask.grant == EXTERNAL}
    if not names:
        return tuple(asks)
    own = await list_own_networks(session, team_id)
    uuids = await list_own_uuids(session, team_id, {name.partition("_")[0] for name in names})
    own_names = {name for name in names if name in own or name.partition("_")[0] in uuids}
    return tuple(ask for ask in asks if ask.grant != EXTERNAL or ask.subject not in own_names)


def shown(ask: Ask) -> dict[str, str | int | None]:
    """How an answer shows an ask."""
    return {
        "grant": ask.grant,
        "subject": ask.subject,
        "place": ask.place,
        "line": ask.line,
        "message": ask.message,
    }


async def _has_all(ctx: Context, *, is_new: bool) -> bool:
    """Owners of the root team own the machine; strict is for those who do not want their tokens to.

    Where admins may change a service, an owner who only starts it does not confirm what they wrote.
    """
    is_owner = ctx.actor.role == "owner" and ctx.actor.team_id == ROOT_TEAM_ID
    if not is_owner or ctx.site.is_grants_strict:
        return False
    return is_new or not await has_admins(ctx.session, ROOT_TEAM_ID)


def _check_confirmation(ctx: Context, confirmed: Collection[str]) -> None:
    if not confirmed:
        return
    refuse_unknown(confirmed)
    _require_owner(ctx.actor)
    if ctx.site.is_grants_strict and not ctx.actor.can("root"):
        raise NotAllowed("It takes a token with the ability root to grant powers over servers.")


def _require_owner(actor: Actor) -> None:
    if actor.role != "owner":
        raise NotAllowed("Only an owner of the team may grant powers over its servers.")


def refuse_unknown(grants: Collection[str]) -> None:
    """Raise FieldsRejected for what is no grant."""
    unknown = sorted(set(grants) - set(GRANTS))
    if unknown:
        known = ", ".join(GRANTS)
        raise FieldsRejected(
            {"grants": [f"There is no grant {name}. Known are: {known}." for name in unknown]}
        )


async def give_grants(ctx: Context, grants: Collection[str]) -> None:
    """Make these the grants of the team. Raises NotAllowed for others than owners, FieldsRejected."""
    _require_owner(ctx.actor)
    refuse_unknown(grants)
    await replace_grants(ctx.session, ctx.actor.team_id, grants, user_id=ctx.actor.user_id, now=ctx.now)
    ctx.audit("api.team.grants_updated", grants=sorted(set(grants)))
