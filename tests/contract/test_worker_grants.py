"""What runs was granted: the worker looks once more, since a grant can be taken back after the request."""

from dataclasses import replace

from sqlalchemy import delete, update

from homeport.db.engine import Database
from homeport.db.grants import TeamGrant, replace_grants
from homeport.db.services import Service
from homeport.remote.recording import RecordingHost
from homeport.worker.context import Context, utc_now
from tests.support.deployments import Placed, add_revision, outcome, place, request


async def _with_logs(database: Database) -> Placed:
    """A service whose newest revision mounts a folder of the server."""
    placed = await place(database)
    compose = placed.snapshot.compose.replace(
        "    image: ", "    volumes:\n      - /var/log:/logs:ro\n    image: "
    )
    assert "/var/log" in compose
    snapshot = replace(placed.snapshot, number=2, compose=compose)
    placed.revision_id = await add_revision(database, placed.id, snapshot)
    return replace(placed, snapshot=snapshot)


async def test_what_nobody_granted_is_not_brought_up(context: Context, host: RecordingHost) -> None:
    service = await _with_logs(context.database)
    deployment = await request(context.database, service)
    context.wake()
    done = await outcome(context.database, deployment)
    assert (done.status, done.error_code) == ("failed", "deployment_failed")
    assert "services.web.volumes[0]" in (done.error or "")
    assert "host.mount" in (done.error or "")
    assert host.verbs == []
    assert host.files == {}


async def test_what_was_granted_to_the_service_is(context: Context, host: RecordingHost) -> None:
    service = await _with_logs(context.database)
    async with context.database.write() as session:
        granted = update(Service).where(Service.id == service.id).values(grants=["host.mount /var/log:ro"])
        await session.execute(granted)
    deployment = await request(context.database, service)
    context.wake()
    assert (await outcome(context.database, deployment)).status == "finished"
    assert host.verbs == ["up"]


async def test_a_grant_of_the_team_counts_until_it_is_taken_back(
    context: Context, host: RecordingHost
) -> None:
    service = await _with_logs(context.database)
    async with context.database.write() as session:
        await replace_grants(session, 0, ["host.mount"], user_id=0, now=utc_now())
    deployment = await request(context.database, service)
    context.wake()
    assert (await outcome(context.database, deployment)).status == "finished"
    async with context.database.write() as session:
        await session.execute(delete(TeamGrant))
    deployment = await request(context.database, service)
    context.wake()
    assert (await outcome(context.database, deployment)).status == "failed"
    assert host.verbs == ["up"]
