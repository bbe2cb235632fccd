"""What jobs get to work with. The job library calls a job with ids alone, so the rest is found here."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from homeport.core.commands import Host
from homeport.db.engine import Database
from homeport.db.servers import Server
from homeport.settings import Settings


class Hosts(Protocol):
    """Opens servers, and keeps them open."""

    async def open(self, server: Server, /) -> Host: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Context:
    """The worker of this process. `tasks` are the deployments that run in it, by id; `news` is set, and replaced,
    whenever somebody says that the database has something new."""

    database: Database
    settings: Settings
    hosts: Hosts
    wake_jobs: Callable[[], None]
    now: Callable[[], datetime] = utc_now
    tasks: dict[int, asyncio.Future[None]] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _proxy_locks: dict[int, asyncio.Lock] = field(default_factory=dict)

    def wake(self) -> None:
        """Look at the database now: for a job, or for the wish to cancel one. Call it after the commit."""
        self.wake_jobs()
        news, self.news = self.news, asyncio.Event()
        news.set()

    def proxy_lock(self, server_id: int) -> asyncio.Lock:
        """Held while the proxy of a server gets its configuration, so that the newest one is the last."""
        return self._proxy_locks.setdefault(server_id, asyncio.Lock())


_current: list[Context] = []


def current() -> Context:
    """Raises RuntimeError outside a running worker."""
    if not _current:
        raise RuntimeError("no worker runs in this process")
    return _current[-1]


def enter(context: Context) -> None:
    _current.append(context)


def leave(context: Context) -> None:
    _current.remove(context)
