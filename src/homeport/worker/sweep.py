"""What is put right and thrown away, at the start and then once in a while."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from dbos import DBOS, WorkflowStatus
from sqlalchemy.exc import SQLAlchemyError

from homeport.db.plans import delete_old_plans
from homeport.db.work import delete_old_lines, fail_unfinished, list_unfinished_ids
from homeport.queue import job_id
from homeport.worker.context import Context
from homeport.worker.jobs import PROTOCOL

EVERY: Final = timedelta(hours=6)
KEEP_JOBS: Final = timedelta(days=7)
KEEP_LINES: Final = timedelta(days=60)
KEEP_PLANS: Final = timedelta(days=1)
STRANDED: Final = "stranded"
_JOBS: Final = ("deploy", "delete")
_ENDED: Final = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_BATCH: Final = 500

_log = logging.getLogger(__name__)


async def sweep_regularly(context: Context) -> None:
    while True:
        try:
            await fail_stranded(context)
            await forget(context)
        except SQLAlchemyError:
            _log.exception("sweeping failed; it is tried again in %s", EVERY)
        await asyncio.sleep(EVERY.total_seconds())


async def fail_stranded(context: Context) -> None:
    """End deployments that nothing will carry on: their job is gone, or belongs to a program that cannot resume
    here. They would be shown as going on for ever."""
    async with context.database.read() as session:
        ids = await list_unfinished_ids(session)
    if not ids:
        return
    names = {job_id(job, each): each for each in ids for job in _JOBS}
    known = await _list_jobs(list(names))
    alive = {names[job.workflow_id] for job in known if _is_alive(job)}
    foreign = [job.workflow_id for job in known if job.status == "PENDING" and not _is_alive(job)]
    stranded = [each for each in ids if each not in alive]
    if foreign:
        await DBOS.cancel_workflows_async(foreign)
    if stranded:
        async with context.database.write() as session:
            await fail_unfinished(
                session,
                stranded,
                code=STRANDED,
                message="The deployment was interrupted and could not be resumed. Start it again.",
                now=context.now(),
            )


def _is_alive(job: WorkflowStatus) -> bool:
    return job.status in ("ENQUEUED", "DELAYED") or (job.status == "PENDING" and job.app_version == PROTOCOL)


async def _list_jobs(ids: list[str]) -> Sequence[WorkflowStatus]:
    return await DBOS.list_workflows_async(workflow_ids=ids, load_input=False, load_output=False)


async def forget(context: Context) -> None:
    """Delete the records of jobs and the lines of deployments that ended long ago, and plans that have expired."""
    before = (context.now() - KEEP_JOBS).isoformat()
    while True:
        old = await DBOS.list_workflows_async(
            status=_ENDED, end_time=before, limit=_BATCH, load_input=False, load_output=False
        )
        if old:
            await DBOS.delete_workflows_async([job.workflow_id for job in old])
        if len(old) < _BATCH:
            break
    async with context.database.write() as session:
        await delete_old_lines(session, context.now() - KEEP_LINES)
        await delete_old_plans(session, context.now() - KEEP_PLANS)
