"""The worker of a process: claims jobs, resumes what a crash interrupted, watches the servers, tidies up."""

import asyncio
import fcntl
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from uuid import uuid4

from homeport.db.engine import Database
from homeport.errors import SettingsInvalid
from homeport.settings import Settings
from homeport.worker.context import Context, Hosts, enter, leave
from homeport.worker.deployment import JOBS
from homeport.worker.jobs import Jobs
from homeport.worker.observe import observe_servers
from homeport.worker.presence import Presence
from homeport.worker.sweep import sweep_regularly

ONLY_EXECUTOR: Final = "main"
"""The one worker that a SQLite file has. The same after a restart, so that it finds its own jobs again."""

STOP_LIMIT_S: Final = 0.7

_log = logging.getLogger(__name__)


@asynccontextmanager
async def worker(
    database: Database, settings: Settings, hosts: Hosts, *, is_observing: bool = True
) -> AsyncIterator[Context]:
    """Work while the block runs; `wake()` of what is given looks for jobs at once.

    On leaving, deployments are interrupted where they are, and resumed at the next start.
    Raises SettingsInvalid when another worker has the SQLite file.
    """
    with _alone(database):
        executor = ONLY_EXECUTOR if database.is_sqlite else f"w-{uuid4().hex[:12]}"
        jobs = Jobs(database.sync_url, executor, JOBS)
        context = Context(database=database, settings=settings, hosts=hosts, wake_jobs=jobs.wake)
        presence = None if database.is_sqlite else Presence(context, jobs, executor)
        enter(context)
        companions: list[asyncio.Task[None]] = []
        try:
            if presence is not None:
                # Before the first job is claimed: from then on others must be able to see that we live.
                companions.append(await presence.start())
            await jobs.start()
            companions.append(asyncio.create_task(sweep_regularly(context)))
            if is_observing:
                companions.append(asyncio.create_task(observe_servers(context)))
            yield context
        finally:
            for companion in companions:
                companion.cancel()
            await interrupt(context)
            await jobs.stop()
            await asyncio.gather(*companions, return_exceptions=True)
            leave(context)


async def interrupt(context: Context) -> None:
    """Stop the deployments of this process without ending them: their commands are killed, their jobs stay."""
    tasks = list(context.tasks.values())
    for task in tasks:
        task.cancel()
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=STOP_LIMIT_S)
        for task in late:
            _log.warning("a deployment did not stop in time: %r", task)


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Hold the lock of a SQLite file's only worker; the kernel lets go of it when the process dies."""
    if not database.is_sqlite:
        yield
        return
    path = f"{database.url.database}.worker"
    with open(path, "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SettingsInvalid(
                f"Another Homeport works on {database.url.database}. Only one may; with PostgreSQL several can."
            ) from error
        yield
