"""The last look at what a revision asks of its server, before it is brought up.

The request that made the revision was judged. Since then a grant may have been taken back, and what is
about to run may be an older revision.
"""

from homeport.actions.grants import foreign_asks, ground_of
from homeport.core.policy import allowed, asks_of_snapshot
from homeport.db.grants import list_approved, list_grants
from homeport.errors import ComposeRejected
from homeport.worker.runs import Run


async def refuse_ungranted(run: Run) -> None:
    """Raises DeploymentFailed when the revision asks for what nobody granted."""
    work = run.work
    ground = ground_of(work.server.kind, run.context.settings.docker_socket)
    try:
        asks = asks_of_snapshot(run.wanted, proxy=work.server.proxy_type, **ground)
    except ComposeRejected as error:
        raise run.fail(error.sentence) from error
    if not asks:
        return
    async with run.context.database.read() as session:
        foreign = await foreign_asks(session, work.team_id, asks)
        granted = await list_grants(session, work.team_id)
        approved = await list_approved(session, work.service_id)
    missing = allowed(foreign, granted=granted, approved=approved)
    if missing:
        raise run.fail(" ".join(ask.message for ask in missing))
