"""Durable jobs: a job is written in the transaction that makes it necessary, so both happen or neither.

This is the door to the job library (docs/adr/0003-durable-jobs.md): callers name a job and an id.
What the jobs do is in `worker/`, which runs them: one at a time per key, in the order of their
priority, a few keys at once.
"""

import logging
from functools import cache
from typing import Final

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

QUEUE: Final = "deployments"
APPLICATION: Final = "homeport"
CHANNEL: Final = "homeport_jobs"
"""Where PostgreSQL tells every worker process, at the commit, that there is a job."""

_PRIORITIES: Final = 2**31 - 1

logging.getLogger("dbos").setLevel(logging.WARNING)


def job_id(job: str, id: int) -> str:
    """The name under which a job runs, once: enqueueing it again does nothing."""
    return f"{job}-{id}"


async def enqueue(session: AsyncSession, job: str, id: int, *, key: str, priority: int) -> None:
    """Write a job in the caller's transaction; whoever commits wakes the worker afterwards.

    `job` names a workflow of `worker/`, `id` is the row that it is about: nothing else goes into the
    job's tables, which are not encrypted. Jobs of one `key` run one at a time, lowest priority first.
    """
    await session.run_sync(_enqueue, job, id, key, priority)


def _enqueue(session: Session, job: str, id: int, key: str, priority: int) -> None:
    dialect = session.connection().dialect.name
    options: EnqueueOptions = {
        "workflow_name": job,
        "queue_name": QUEUE,
        "queue_partition_key": key,
        "workflow_id": job_id(job, id),
        # The order of arrival alone is not one: SQLite's timestamps have a resolution of one second.
        "priority": (priority - 1) % _PRIORITIES + 1,
    }
    _client(dialect).enqueue_in_transaction(session, options, id)
    if dialect == "postgresql":
        session.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))


@cache
def _client(dialect: str) -> DBOSClient:
    """A client that never connects: it only builds the statement, which runs on the caller's connection."""
    driver = "postgresql+psycopg" if dialect == "postgresql" else dialect
    return DBOSClient(
        system_database_engine=sa.create_engine(f"{driver}://"),
        serializer=DBOSPortableJSONSerializer(),
        application_name=APPLICATION,
        lazy=True,
    )


def migrate_jobs(url: str) -> None:
    """Make or update the tables of the job library; `url` as `Database.sync_url`. Blocks."""
    DBOS.migrate(url)
