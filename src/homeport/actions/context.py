"""What every action gets: who acts, the open transaction, the time, and the few things settings decide."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from homeport.catalog import Catalog
from homeport.core.compose.model import Domain
from homeport.core.permissions import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What settings decide about a request: `server_root` is where files go on a server, `default_domain` the
    wildcard of the local server, `version` Homeport's own, `docker_socket` where the local server's engine listens.
    `is_grants_strict`: owners of the root team have no grants by themselves."""

    server_root: str
    default_domain: Domain
    version: str
    proxy_http_port: int = 80
    docker_socket: str = "/var/run/docker.sock"
    is_grants_strict: bool = False


@dataclass(slots=True, kw_only=True)
class Context:
    """One request in one transaction. The edge (`http/deps.py`, or a test) opens the session, commits once and
    then wakes the worker when `is_queue_dirty`; actions never commit.

    `events` collects audit events as (event, context); the edge writes them in the same transaction.
    `is_dry_run`: the session cannot write, and what was asked for is only prepared.
    """

    actor: Actor
    session: AsyncSession
    now: datetime
    site: Site
    catalog: Catalog
    token: Callable[[str, int], str]
    random_bytes: Callable[[int], bytes]
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    is_queue_dirty: bool = False
    is_dry_run: bool = False

    def audit(self, event: str, **context: Any) -> None:
        """Note an audit event such as `api.service.created`; never pass secrets."""
        self.events.append((event, context))
