"""Several worker processes on one PostgreSQL: who lives, who takes over, and who hears of a job.

Each worker holds an advisory lock on one connection for as long as it lives; the server lets go of it
the moment the process dies. On the same connection it hears of new jobs. So there is no heartbeat to
write, no clock to compare, and nothing to do while nothing happens.
"""

import asyncio
import logging
from typing import Final

import psycopg
import sqlalchemy as sa

from homeport.queue import CHANNEL, QUEUE
from homeport.worker.context import Context
from homeport.worker.jobs import Jobs

LOOK_FOR_DEAD_S: Final = 5.0
RECONNECT_S: Final = 2.0
_KEEPALIVES: Final = {"idle": 10, "interval": 5, "count": 3}
"""A machine that vanished without a word is noticed by both sides within half a minute."""
_LOCKS: Final = 0x686F6D70
_OTHERS: Final = """
    SELECT DISTINCT executor_id FROM dbos.workflow_status
    WHERE status = 'PENDING' AND queue_name = %s AND executor_id <> %s
"""

_log = logging.getLogger(__name__)


class Presence:
    """Shows that the executor lives, and looks for others that do not any more."""

    def __init__(self, context: Context, jobs: Jobs, executor_id: str) -> None:
        self._context = context
        self._jobs = jobs
        self._executor_id = executor_id
        self._is_shown = asyncio.Event()
        self._was_lost = False

    async def start(self) -> asyncio.Task[None]:
        """The task that keeps it up, once the lock is held."""
        task = asyncio.create_task(self._keep())
        shown = asyncio.create_task(self._is_shown.wait())
        await asyncio.wait({task, shown}, return_when=asyncio.FIRST_COMPLETED)
        shown.cancel()
        return task

    async def _keep(self) -> None:
        while True:
            try:
                await self._show()
            except psycopg.Error as error:
                _log.warning("lost the connection that shows that this worker lives: %s", error)
            if self._is_shown.is_set():
                self._is_shown.clear()
                self._was_lost = True
                # Others may take our jobs now. They are put back, by them or by us, when somebody is connected.
                for task in self._context.tasks.values():
                    task.cancel()
            await asyncio.sleep(RECONNECT_S)

    async def _show(self) -> None:
        url = sa.make_url(self._context.database.sync_url).set(drivername="postgresql")
        connection = await psycopg.AsyncConnection.connect(
            url.render_as_string(hide_password=False),
            autocommit=True,
            keepalives_idle=_KEEPALIVES["idle"],
            keepalives_interval=_KEEPALIVES["interval"],
            keepalives_count=_KEEPALIVES["count"],
        )
        async with connection:
            for option, value in _KEEPALIVES.items():
                name = f"tcp_keepalives_{option}"
                await connection.execute("SELECT set_config(%s, %s, false)", (name, str(value)))
            await connection.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", (_LOCKS, self._executor_id))
            await connection.execute(f"LISTEN {CHANNEL}".encode())
            self._is_shown.set()
            if self._was_lost:
                self._was_lost = False
                await self._jobs.recover([self._executor_id])
            await self._listen(connection)

    async def _listen(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        while True:
            async for _ in connection.notifies(timeout=LOOK_FOR_DEAD_S):
                self._context.wake()
            await self._take_over(connection)

    async def _take_over(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        """Put the jobs of dead workers back: of those whose lock can be had."""
        try:
            cursor = await connection.execute(_OTHERS, (QUEUE, self._executor_id))
        except psycopg.errors.UndefinedTable:
            return  # The very first start: the tables are not made yet.
        for (executor_id,) in await cursor.fetchall():
            key = (_LOCKS, executor_id)
            tried = await connection.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", key)
            if (await tried.fetchone() or (False,))[0]:
                try:
                    _log.warning("taking over from worker %s, which is gone", executor_id)
                    await self._jobs.recover([str(executor_id)])
                finally:
                    await connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", key)
