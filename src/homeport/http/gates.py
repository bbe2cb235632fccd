"""The gates in front of every API call, in their order: token, rate, team, role, switch and allow-list, ability.

Each gate answers for itself, so the order decides which answer a client sees; it is the contract's.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from starlette.requests import Request

from homeport.core.permissions import Actor, Role
from homeport.db.engine import Database
from homeport.db.instance import get_switch
from homeport.db.teams import KnownToken
from homeport.http.addresses import Network, client_address, is_within, networks
from homeport.http.audit import Batches, entry
from homeport.http.auth import Tokens
from homeport.http.edge import add_headers
from homeport.http.errors import Refused
from homeport.http.rates import Hit, Rate

_SWITCH_TTL_S: Final = 5.0
_STRONG: Final = frozenset({"root", "write", "write:sensitive", "deploy", "read:sensitive", "*"})
_HEALTH_PER_MINUTE: Final = 1000


@dataclass(frozen=True, slots=True)
class _Switch:
    is_enabled: bool
    allowed: tuple[Network, ...] | None
    until: float


class Gates:
    """`rate_limit` is per user and minute; 0 turns it off."""

    def __init__(self, database: Database, *, rate_limit: int, trusted_proxies: Sequence[str] = ()) -> None:
        self.database = database
        self.tokens = Tokens(database)
        self.batches = Batches(database)
        self._rate = Rate(rate_limit)
        self._health = Rate(_HEALTH_PER_MINUTE)
        self._trusted = networks(trusted_proxies)
        self._switch: _Switch | None = None

    def address(self, request: Request) -> str:
        return client_address(request.scope, self._trusted)

    def forget_switch(self) -> None:
        """Read the API switch and the allow-list anew: call it when they were changed."""
        self._switch = None

    async def admit(self, request: Request, abilities: Sequence[str], *, skips_switch: bool) -> Actor:
        """Who acts, once every gate let the request through. Raises Refused."""
        address = self.address(request)
        known = await self._authenticate(request, address)
        self._count(request, known.user_id)
        actor = _actor(known)
        if not skips_switch:
            await self._pass_switch(address)
        if not any(actor.can(ability) for ability in abilities):
            needed = ", ".join(abilities)
            self.note(request, "api.auth.ability_denied", actor, {"required": list(abilities)})
            raise Refused(403, {"message": f"Missing required permissions: {needed}"})
        return actor

    def admit_health(self, request: Request) -> None:
        """The health check has no token and its own limit, per address."""
        _refuse_excess(request, self._health.hit(self.address(request)))

    def note(self, request: Request, event: str, actor: Actor | None, context: Mapping[str, Any]) -> None:
        """Write an audit entry a little later."""
        self.batches.add_entry(entry(request, self.address(request), event, actor, context))

    async def _authenticate(self, request: Request, address: str) -> KnownToken:
        known, reason = await self.tokens.find(request.headers.get("authorization"), address)
        if known is None:
            self.note(request, "api.auth.unauthenticated", None, {"reason": reason})
            raise Refused(401, {"message": "Unauthenticated."})
        self.batches.add_use(known.token_id, datetime.now(UTC))
        return known

    def _count(self, request: Request, user_id: int) -> None:
        if self._rate.limit:
            _refuse_excess(request, self._rate.hit(user_id))

    async def _pass_switch(self, address: str) -> None:
        switch = self._switch
        if switch is None or switch.until <= time.monotonic():
            switch = self._switch = await self._read_switch()
        if not switch.is_enabled:
            raise Refused(403, {"success": True, "message": "API is disabled."})
        if switch.allowed is not None and not is_within(address, switch.allowed):
            raise Refused(403, {"success": True, "message": "You are not allowed to access the API."})

    async def _read_switch(self) -> _Switch:
        async with self.database.read() as session:
            is_enabled, allowed_ips = await get_switch(session)
        entries = [part.strip() for part in allowed_ips.split(",") if part.strip()]
        return _Switch(is_enabled, networks(entries) if entries else None, time.monotonic() + _SWITCH_TTL_S)


def _actor(known: KnownToken) -> Actor:
    """The team gate and the role gate."""
    if known.role is None:
        raise Refused(401, {"message": "Invalid token."})
    if known.abilities & _STRONG and known.role not in ("owner", "admin"):
        raise Refused(403, {"message": "Missing required team role."})
    return Actor(
        user_id=known.user_id,
        team_id=known.team_id,
        role=cast("Role", known.role),
        abilities=known.abilities,
        user_email=known.user_email,
        token_id=known.token_id,
        token_name=known.name,
    )


def _refuse_excess(request: Request, hit: Hit) -> None:
    headers = {"X-RateLimit-Limit": str(hit.limit), "X-RateLimit-Remaining": str(hit.remaining)}
    add_headers(request.scope, headers)
    if hit.is_over:
        reset = str(int(time.time()) + hit.retry_after_s)
        refused = {"Retry-After": str(hit.retry_after_s), "X-RateLimit-Reset": reset}
        raise Refused(429, {"message": "Too Many Attempts."}, refused)
