"""The life of one deployment: begin, act, end. What it does on the server is in deploy, stop and delete.

A deployment is one job without recorded steps. After a crash it begins again from the top: it observes
the server and plans anew, so what is done already is seen, not remembered, and no new version of
Homeport can fail to resume the job of an older one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from dbos import DBOS

from homeport.core.observed import Observed
from homeport.core.revision import Snapshot
from homeport.core.status import component_status
from homeport.db.deployments import (
    UNFINISHED,
    Work,
    find_snapshot,
    get_work,
    is_cancel_requested,
    last_finished,
    set_status,
)
from homeport.db.services import set_component_statuses
from homeport.db.work import list_secret_values
from homeport.errors import DeploymentFailed, HomeportError
from homeport.worker.context import Context, current
from homeport.worker.delete import delete
from homeport.worker.deploy import bring_up
from homeport.worker.lines import Lines
from homeport.worker.runs import Run
from homeport.worker.stop import stop

CANCEL_POLL_S: Final = 5.0
"""A wish to cancel is announced; this is for the announcement that was lost."""

_ACTS: Final[Mapping[str, Callable[[Run], Awaitable[None]]]] = {
    "start": bring_up,
    "restart": bring_up,
    "stop": stop,
    "delete": delete,
}
_log = logging.getLogger(__name__)


@DBOS.workflow(name="deploy", max_recovery_attempts=10)
async def deploy_job(deployment_id: int) -> None:
    """A start, restart or stop."""
    await _run_job(deployment_id)


@DBOS.workflow(name="delete", max_recovery_attempts=10)
async def delete_job(deployment_id: int) -> None:
    """A delete."""
    await _run_job(deployment_id)


JOBS: Final = (deploy_job, delete_job)
"""By being defined they are known to the job library; whoever runs jobs needs them."""


async def _run_job(deployment_id: int) -> None:
    """A job ends well whatever becomes of the deployment, whose row says it."""
    context, task = current(), asyncio.current_task()
    if task is not None:
        # By then the job's end is written: the next one of the service, or of another, may begin.
        task.add_done_callback(lambda _: context.wake())
    await run_deployment(context, deployment_id)


async def run_deployment(context: Context, deployment_id: int) -> None:
    async with context.database.read() as session:
        work = await get_work(session, deployment_id)
    if work is None or work.status not in UNFINISHED:
        return  # Superseded, cancelled while it was queued, or ended just before a crash.
    if work.is_cancel_requested:
        await _end_unopened(context, work, "cancelled")
        return
    try:
        run = await _open(context, work)
    except HomeportError as error:
        await _end_unopened(context, work, "failed", error)
        return
    await _supervise(run)


async def _open(context: Context, work: Work) -> Run:
    async with context.database.write() as session:
        await set_status(session, work.id, "in_progress", now=context.now())
        revision_id = work.revision_id
        if revision_id is None and (last := await last_finished(session, work.service_id)) is not None:
            revision_id = last.revision_id
        snapshot = await find_snapshot(session, revision_id)
        secrets = await list_secret_values(session, work.service_id)
    host = await context.hosts.open(work.server)
    lines = Lines(context.database, work.id, now=context.now, secrets=secrets)
    is_resumed = work.status != "queued"
    if is_resumed:
        lines.begin("start", "Homeport was interrupted; the deployment begins again where the server is now.")
    return Run(context=context, work=work, snapshot=snapshot, host=host, lines=lines, is_resumed=is_resumed)


async def _end_unopened(
    context: Context, work: Work, status: str, error: HomeportError | None = None
) -> None:
    async with context.database.write() as session:
        await set_status(
            session,
            work.id,
            status,
            now=context.now(),
            step="start",
            error_code=error.code if error else None,
            error=error.message if error else None,
        )


async def _supervise(run: Run) -> None:
    """Act, and write how it ended. When this process stops, nothing is written: the job stays and is resumed."""
    tasks = run.context.tasks
    task = tasks[run.work.id] = asyncio.ensure_future(_ACTS[run.work.action](run))
    watcher = asyncio.create_task(_watch_for_cancel(run, task))
    try:
        await task
    except asyncio.CancelledError:
        if not run.is_cancelled:
            raise
        await _end(run, "cancelled")
    except HomeportError as error:
        await _end(run, "failed", error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the deployment must end
        _log.exception("deployment %s", run.work.uuid)
        sentence = (
            f"An unexpected error stopped the deployment ({type(error).__name__}). Homeport's log says more."
        )
        await _end(run, "failed", HomeportError(sentence))
    else:
        await _end(run, "finished")
    finally:
        tasks.pop(run.work.id, None)
        watcher.cancel()
        await run.lines.close()
        await run.until_ended.aclose()


async def _watch_for_cancel(run: Run, task: asyncio.Future[None]) -> None:
    context = run.context
    while True:
        news = context.news
        async with context.database.read() as session:
            if await is_cancel_requested(session, run.work.id):
                run.is_cancelled = True
                task.cancel()
                return
        try:
            async with asyncio.timeout(CANCEL_POLL_S):
                await news.wait()
        except TimeoutError:
            continue


async def _end(run: Run, status: str, error: HomeportError | None = None) -> None:
    """Write the outcome, the rest of the lines and what the engine shows, in one transaction."""
    step = error.step if isinstance(error, DeploymentFailed) else run.lines.step
    message = run.lines.redact(error.message) if error else None
    await run.lines.close()
    if message:
        run.lines.add("err", message)
    statuses = await _statuses(run)
    async with run.context.database.write() as session:
        now = run.context.now()
        await run.lines.store(session)
        await set_status(
            session,
            run.work.id,
            status,
            now=now,
            step=step,
            error_code=error.code if error else None,
            error=message,
        )
        if statuses:
            await set_component_statuses(session, run.work.service_id, statuses, now)
        if status == "finished":
            for write in run.at_end:
                await write(session)
    await run.lines.close()


async def _statuses(run: Run) -> dict[str, str]:
    """The statuses of the components; none when the server cannot say, so that they stay as they were."""
    if run.snapshot is None:
        return {}
    if run.observed is None:
        try:
            await run.observe()
        except HomeportError:
            return {}
    return statuses_of(run.snapshot, run.observed or Observed(), run.context)


def statuses_of(snapshot: Snapshot, seen: Observed, context: Context) -> dict[str, str]:
    return {
        item.name: component_status(seen.of(item.name), is_excluded=item.is_excluded, now=context.now())
        for item in snapshot.components
    }
