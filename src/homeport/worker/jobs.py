"""The job library (DBOS), running in this process and silent while there is nothing to do.

DBOS claims queued jobs in a thread that polls. Polled fast it costs 10 % of a core, polled slowly a job
waits a second. So its own thread runs here with a stop event that can also ring: it looks for jobs
after a commit, and every `SAFETY_POLL_S` in case a ring was lost. The threads for what is not used
(internal queues, schedules, delays, time limits) are stopped. See docs/adr/0003-durable-jobs.md; the
names of DBOS that are not public are used in this file only, and tests/contract/test_queue.py pins them.
"""

# ruff: noqa: SLF001 - the wake-up has no public name in DBOS 3.4

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, Queue
from dbos._queue import queue_worker_thread

from homeport.db.sqlite import prepare
from homeport.queue import APPLICATION, QUEUE

PROTOCOL: Final = "homeport-1"
"""Which jobs this program can resume. Never derived from the source: a change of that would strand
every interrupted job. A job is one step, so this changes only when its arguments do."""

AT_ONCE: Final = 4
SAFETY_POLL_S: Final = 60.0
THREADS: Final = 8
_RECOVERY_LIMIT_S: Final = 10.0


class Bell(threading.Event):
    """A stop event whose wait also ends, with False, when it rings."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self._is_rung = False
        self._is_stopped = False

    def ring(self) -> None:
        with self._changed:
            self._is_rung = True
            self._changed.notify_all()

    def set(self) -> None:
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def is_set(self) -> bool:
        return self._is_stopped

    def wait(self, timeout: float | None = None) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._is_rung or self._is_stopped, timeout)
            self._is_rung = False
            return self._is_stopped


class Jobs:
    """The queue of one worker process. One per process: DBOS is a singleton, and `jobs` are known to it by
    having been defined.

    `executor_id` must never be shared by two live processes, or both would resume the same jobs.
    """

    def __init__(self, url: str, executor_id: str, jobs: Sequence[Callable[..., object]]) -> None:
        if not jobs:
            raise ValueError("a queue without jobs")
        self._url = url
        self._executor_id = executor_id
        self._bell = Bell()
        self._thread: threading.Thread | None = None
        self._engine: sa.Engine | None = None

    async def start(self) -> None:
        """Launch, give back to the queue what a crash of this executor interrupted, and begin to claim."""
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": self._url,
            "application_version": PROTOCOL,
            "executor_id": self._executor_id,
            "max_executor_threads": THREADS,
            "sys_db_pool_size": 5,
            "log_level": "WARNING",
            "serializer": DBOSPortableJSONSerializer(),
            "use_listen_notify": False,
            # This thread sleeps through its interval before it sees that it shall stop.
            "notification_listener_polling_interval_sec": 0.25,
        }
        if self._url.startswith("sqlite"):
            self._engine = _sqlite_engine(self._url)
            config["system_database_engine"] = self._engine
        logging.getLogger("dbos").addFilter(_is_news)
        dbos = DBOS(config=config)
        DBOS.listen_queues([])
        # Inside the running loop, so that jobs run on it and not on a loop of DBOS's own.
        DBOS.launch()
        await DBOS.register_queue_async(
            QUEUE,
            partition_concurrency=1,
            worker_concurrency=AT_ONCE,
            polling_interval_sec=SAFETY_POLL_S,
            on_conflict="always_update",
        )
        queue = await DBOS.retrieve_queue_async(QUEUE)
        if queue is None:
            raise RuntimeError("the job queue vanished while it was registered")
        await self._await_recovery(dbos)
        self._stop_unused(dbos)
        self._listen(dbos, queue)

    def _listen(self, dbos: DBOS, queue: Queue) -> None:
        self._bell.ring()
        self._thread = threading.Thread(
            target=queue_worker_thread, args=(self._bell, dbos, queue), name="homeport-jobs", daemon=True
        )
        self._thread.start()

    async def _await_recovery(self, dbos: DBOS) -> None:
        """Wait until the thread that `launch` started has put this executor's interrupted jobs back."""
        deadline = asyncio.get_running_loop().time() + _RECOVERY_LIMIT_S
        while await asyncio.to_thread(dbos._sys_db.get_pending_workflows, self._executor_id, PROTOCOL):
            if asyncio.get_running_loop().time() > deadline:
                raise RuntimeError("interrupted jobs were not put back into the queue")
            await asyncio.sleep(0.02)

    @staticmethod
    def _stop_unused(dbos: DBOS) -> None:
        for event in dbos.background_thread_stop_events:
            event.set()
        dbos._background_jobs_stop_event.set()

    def wake(self) -> None:
        """Look for jobs now. Cheap, never blocks, may be called from any thread."""
        self._bell.ring()

    async def recover(self, executors: Sequence[str]) -> None:
        """Put the interrupted jobs of dead executors back into the queue."""
        if executors:
            await asyncio.to_thread(DBOS._recover_pending_workflows, list(executors))
            self.wake()

    async def stop(self) -> None:
        """Stop claiming. A job that is interrupted now stays pending and is resumed at the next start."""
        self._bell.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 5.0)
        await asyncio.to_thread(DBOS.destroy)
        # DBOS made its own executor the loop's default one and has just shut it down.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="homeport"))
        if self._engine is not None:
            self._engine.dispose()
        logging.getLogger("dbos").removeFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """DBOS warns of every task that is cancelled, which is how a job is interrupted when we stop."""
    return not record.getMessage().startswith("Asyncio task cancelled")


def _sqlite_engine(url: str) -> sa.Engine:
    path = sa.make_url(url).database or ""

    def connect() -> sqlite3.Connection:
        raw = sqlite3.connect(path, isolation_level="IMMEDIATE", check_same_thread=False)
        prepare(raw)
        return raw

    return sa.create_engine(url, creator=connect)
