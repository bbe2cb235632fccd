"""What the worker makes of deployments: on both databases, with a host that acts the engine out."""

import asyncio
import json
from dataclasses import replace

import pytest
import sqlalchemy as sa
from dbos import DBOS

from homeport.core.commands import Command, Output
from homeport.core.compose.model import Component, Domain, File, Volume
from homeport.core.observed import LABEL_SERVICE
from homeport.db.deployments import Deployment
from homeport.db.engine import Database
from homeport.db.servers import Server
from homeport.db.services import Service
from homeport.errors import CommandFailed, EngineFailed
from homeport.queue import job_id
from homeport.remote.recording import Behaviour, RecordingHost
from homeport.settings import Settings
from homeport.worker.context import Context
from homeport.worker.run import worker
from homeport.worker.sweep import fail_stranded
from tests.support.app import RecordingHosts
from tests.support.deployments import (
    SECRET,
    Placed,
    add_revision,
    compose_of,
    get_deployment,
    lines_of,
    outcome,
    place,
    request,
    statuses_of,
)

_TWO = (
    Component(
        name="web", kind="application", image="app:1", port=8080, domains=(Domain("http", "web.test"),)
    ),
    Component(name="db", kind="database", image="db:1", has_healthcheck=True),
)


async def run(context: Context, service: Placed, *args: object, **options: object) -> Deployment:
    deployment_id = await request(context.database, service, *args, **options)  # type: ignore[arg-type]
    context.wake()
    return await outcome(context.database, deployment_id)


def routes(host: RecordingHost) -> set[str]:
    """The hosts that the proxy was told of last."""
    servers = json.loads(host.proxy_configs[-1])["apps"]["http"]["servers"]
    every = (route for server in servers.values() for route in server["routes"])
    return {name for route in every for match in route.get("match", ()) for name in match.get("host", ())}


async def test_a_start_ends_when_it_runs_and_the_proxy_has_it(context: Context, host: RecordingHost) -> None:
    service = await place(context.database, components=_TWO, destination_network="shared")
    done = await run(context, service)
    assert (done.status, done.error, done.error_code) == ("finished", None, None)
    assert done.started_at is not None
    assert done.finished_at is not None
    assert host.verbs == ["up"]
    assert routes(host) == {"web.test"}
    assert await statuses_of(context.database, service) == {"web": "running:unknown", "db": "running:healthy"}
    assert ("connect_network", service.uuid, "homeport-proxy") in host.engine.calls
    assert ("connect_network", "shared", service.container("web")) in host.engine.calls
    assert "up: Create web" in (done.plan or "")


async def test_the_files_of_the_revision_are_written_and_those_with_secrets_are_private(
    context: Context, host: RecordingHost
) -> None:
    file = File(component="web", path="conf/app.ini", target="/app.ini", content="a = 1\n")
    service = await place(context.database, files=[file])
    await run(context, service)
    folder = service.snapshot.folder
    assert host.files[f"{folder}/.env"].content == service.snapshot.dotenv.encode()
    assert host.files[f"{folder}/.env"].mode == 0o600
    assert host.files[f"{folder}/docker-compose.yml"].mode == 0o600
    assert host.files[f"{folder}/conf/app.ini"].content == b"a = 1\n"


async def test_files_that_cannot_be_written_are_the_step_that_failed(
    context: Context, host: RecordingHost
) -> None:
    host.failures["write_files"] = CommandFailed("app.ini is a link, and links are not mounted.")
    done = await run(context, await place(context.database))
    assert (done.status, done.step) == ("failed", "files")
    assert done.error == "app.ini is a link, and links are not mounted."


async def test_lines_are_stored_without_secrets(context: Context, host: RecordingHost) -> None:
    host.outputs["up"] = [Output(exit_code=1, stderr=f"one\ncannot log in with {SECRET}\n")]
    service = await place(context.database)
    done = await run(context, service)
    assert (done.status, done.step, done.error_code) == ("failed", "up", "deployment_failed")
    lines = await lines_of(context.database, done.id)
    assert "cannot log in with ***" in lines
    assert SECRET not in "\n".join([*lines, done.error or ""])


async def test_a_component_that_exits_fails_the_deployment_with_its_last_lines(
    context: Context, host: RecordingHost
) -> None:
    host.engine.behaviours["db"] = Behaviour(
        state="exited", exit_code=3, logs="starting\nno such table\n", restart_count=1
    )
    service = await place(context.database, components=_TWO)
    done = await run(context, service)
    assert (done.status, done.step) == ("failed", "wait")
    assert "db exited with code 3" in (done.error or "")
    assert "db | no such table" in await lines_of(context.database, done.id)
    assert host.proxy_configs == []
    assert (await statuses_of(context.database, service))["db"] == "exited"


async def test_an_image_that_is_nowhere_is_named(context: Context, host: RecordingHost) -> None:
    host.engine.has_every_image = False
    host.unpullable = {"app:1"}
    done = await run(context, await place(context.database))
    assert (done.status, done.step) == ("failed", "pull")
    assert "app:1" in (done.error or "")
    assert host.verbs == ["pull"]


async def test_a_pull_that_fails_is_a_warning_when_the_image_is_here(
    context: Context, host: RecordingHost
) -> None:
    host.unpullable = {"app:1"}
    done = await run(context, await place(context.database), "start", pull=True)
    assert done.status == "finished"
    assert host.verbs == ["pull", "up"]
    assert any(line.startswith("Warning: web") for line in await lines_of(context.database, done.id))


async def test_a_configuration_that_the_proxy_refuses_fails_the_deployment(
    context: Context, host: RecordingHost
) -> None:
    service = await place(context.database)
    assert (await run(context, service)).status == "finished"
    host.proxy_status = 400
    done = await run(context, service)
    assert (done.status, done.step, done.error_code) == ("failed", "proxy", "proxy_failed")
    assert "refused by the script" in (done.error or "")


async def test_an_unreachable_server_is_a_failure_with_its_code(
    context: Context, host: RecordingHost
) -> None:
    host.engine.is_unreachable = host.is_unreachable = True
    service = await place(context.database)
    done = await run(context, service)
    assert (done.status, done.error_code) == ("failed", "server_unreachable")
    assert await statuses_of(context.database, service) == {"web": "exited"}


async def test_a_restart_restarts_what_up_left_alone(context: Context, host: RecordingHost) -> None:
    service = await place(context.database)
    await run(context, service)
    assert (await run(context, service, "restart")).status == "finished"
    assert host.verbs == ["up", "up", "restart"]


async def test_a_new_revision_is_what_runs_then(context: Context, host: RecordingHost) -> None:
    service = await place(context.database)
    await run(context, service)
    component = replace(service.snapshot.components[0], image="app:2", domains=(Domain("http", "new.test"),))
    newer = replace(
        service.snapshot, number=2, components=(component,), compose=compose_of(service.uuid, [component])
    )
    revision_id = await add_revision(context.database, service.id, newer)
    deployment_id = await request(context.database, service, revision_id=revision_id)
    context.wake()
    assert (await outcome(context.database, deployment_id)).status == "finished"
    assert routes(host) == {"new.test"}
    assert host.engine.containers_by_name[service.container("web")]["Config"]["Image"] == "app:2"


async def test_the_routes_of_all_services_are_loaded_whole(context: Context, host: RecordingHost) -> None:
    one, two = await place(context.database), await place(context.database)
    await run(context, one)
    await run(context, two)
    assert routes(host) == {f"{one.uuid}.test", f"{two.uuid}.test"}
    await run(context, one, "stop")
    assert routes(host) == {f"{two.uuid}.test"}


async def test_a_stop_removes_the_containers_and_keeps_the_volumes(
    context: Context, host: RecordingHost
) -> None:
    service = await place(context.database)
    await run(context, service)
    done = await run(context, service, "stop")
    assert done.status == "finished"
    assert await host.engine.containers({LABEL_SERVICE: service.uuid}) == []
    assert await statuses_of(context.database, service) == {"web": "exited"}


async def test_a_stop_of_what_was_never_deployed_ends_well(context: Context) -> None:
    done = await run(context, await place(context.database), "stop")
    assert done.status == "finished"


async def test_a_delete_leaves_nothing(context: Context, host: RecordingHost) -> None:
    service = await place(context.database, components=_TWO)
    await run(context, service)
    stray = json.loads(json.dumps(host.engine.containers_by_name[service.container("web")]))
    stray["Name"], stray["Config"]["Labels"]["com.docker.compose.project"] = "/stray", "another"
    host.engine.containers_by_name["stray"] = stray
    done = await run(context, service, "delete")
    assert (done.status, done.error) == ("finished", None)
    assert await host.engine.containers({LABEL_SERVICE: service.uuid}) == []
    assert service.uuid not in host.engine.network_labels
    assert host.folders_removed == [service.snapshot.folder]
    assert routes(host) == set()
    async with context.database.read() as session:
        assert await session.get(Service, service.id) is None


@pytest.mark.parametrize("is_asked", [True, False])
async def test_volumes_go_only_when_that_is_asked(
    context: Context, host: RecordingHost, *, is_asked: bool
) -> None:
    external = Volume(component="web", name="theirs", target="/x", is_external=True)
    service = await place(context.database, volumes=[external])
    await run(context, service)
    host.engine.volume_labels = {
        "ours": {"com.docker.compose.project": service.uuid},
        "theirs": {"com.docker.compose.project": service.uuid},
    }
    assert (await run(context, service, "delete", delete_volumes=is_asked)).status == "finished"
    assert set(host.engine.volume_labels) == ({"theirs"} if is_asked else {"ours", "theirs"})


async def test_a_delete_that_cannot_remove_all_keeps_the_service_and_says_why(
    context: Context, host: RecordingHost
) -> None:
    service = await place(context.database)
    await run(context, service)
    host.engine.failures["remove_network"] = EngineFailed("the network has active endpoints", status=403)
    done = await run(context, service, "delete")
    assert (done.status, done.error_code) == ("failed", "engine_failed")
    assert "active endpoints" in (done.error or "")
    async with context.database.read() as session:
        assert await session.get(Service, service.id) is not None
    del host.engine.failures["remove_network"]
    assert (await run(context, service, "delete")).status == "finished"


async def test_a_delete_of_what_was_never_deployed_ends_well(context: Context) -> None:
    assert (await run(context, await place(context.database), "delete")).status == "finished"


class Gate:
    """Holds `up` until it is opened."""

    def __init__(self, host: RecordingHost) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()
        host.before_run = self.wait

    async def wait(self, command: Command) -> None:
        if "up" in command.argv:
            self.reached.set()
            await self.opened.wait()


async def test_a_running_deployment_is_cancelled_when_that_is_asked(
    context: Context, host: RecordingHost
) -> None:
    gate = Gate(host)
    deployment_id = await request(context.database, await place(context.database))
    context.wake()
    await asyncio.wait_for(gate.reached.wait(), 10)
    async with context.database.write() as session:
        await session.execute(sa.update(Deployment).values(cancel_requested=True))
    context.wake()
    done = await outcome(context.database, deployment_id)
    assert (done.status, done.step) == ("cancelled", "up")


async def test_a_superseded_deployment_does_nothing(context: Context, host: RecordingHost) -> None:
    gate = Gate(host)
    service = await place(context.database)
    first, second, third = [await request(context.database, service) for _ in range(3)]
    context.wake()
    await asyncio.wait_for(gate.reached.wait(), 10)
    async with context.database.write() as session:
        await session.execute(
            sa.update(Deployment).where(Deployment.id == second).values(status="superseded")
        )
    gate.opened.set()
    assert (await outcome(context.database, third)).status == "finished"
    assert (await outcome(context.database, first)).status == "finished"
    assert (await get_deployment(context.database, second)).started_at is None
    assert host.verbs == ["up", "up"]


async def test_a_deployment_that_a_stop_interrupts_is_resumed_by_the_next_worker(
    database: Database, settings: Settings, host: RecordingHost
) -> None:
    gate = Gate(host)
    deployment_id = await request(database, await place(database))
    async with worker(database, settings, RecordingHosts(host), is_observing=False):
        await asyncio.wait_for(gate.reached.wait(), 10)
        left_at = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - left_at < 5
    assert (await get_deployment(database, deployment_id)).status == "in_progress"
    gate.opened.set()
    async with worker(database, settings, RecordingHosts(host), is_observing=False):
        assert (await outcome(database, deployment_id)).status == "finished"


@pytest.mark.parametrize("backend", [pytest.param("postgresql", marks=pytest.mark.postgres)])
async def test_a_worker_that_cannot_show_that_it_lives_gives_up_its_deployments_and_begins_again(
    context: Context, host: RecordingHost
) -> None:
    gate = Gate(host)
    deployment_id = await request(context.database, await place(context.database))
    context.wake()
    await asyncio.wait_for(gate.reached.wait(), 10)
    gate.reached.clear()
    async with context.database.write() as session:
        await session.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND"
                " database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )
    await asyncio.wait_for(gate.reached.wait(), 15)
    gate.opened.set()
    assert (await outcome(context.database, deployment_id)).status == "finished"
    assert host.verbs == ["up", "up"]


async def test_a_deployment_whose_job_is_gone_is_ended_visibly(context: Context, host: RecordingHost) -> None:
    gate = Gate(host)
    deployment_id = await request(context.database, await place(context.database))
    context.wake()
    await asyncio.wait_for(gate.reached.wait(), 10)
    await fail_stranded(context)
    assert (await get_deployment(context.database, deployment_id)).status == "in_progress"
    table = "workflow_status" if context.database.is_sqlite else "dbos.workflow_status"
    async with context.database.write() as session:
        await session.execute(
            sa.text(f"UPDATE {table} SET application_version = 'homeport-0' WHERE workflow_uuid = :id"),
            {"id": job_id("deploy", deployment_id)},
        )
    await fail_stranded(context)
    stranded = await get_deployment(context.database, deployment_id)
    assert (stranded.status, stranded.error_code) == ("failed", "stranded")
    status = await DBOS.get_workflow_status_async(job_id("deploy", deployment_id))
    assert status is not None
    assert status.status == "CANCELLED"
    gate.opened.set()


async def test_the_observer_shows_a_container_that_died_after_its_deployment(
    database: Database, settings: Settings, host: RecordingHost
) -> None:
    service = await place(database)
    async with worker(database, settings, RecordingHosts(host)) as context:
        assert (await run(context, service)).status == "finished"
        host.engine.behaviours["web"] = Behaviour(state="exited", exit_code=137)
        host.engine.start(host.engine.containers_by_name[service.container("web")])
        async with asyncio.timeout(15):
            while await statuses_of(database, service) != {"web": "exited"}:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_a_server_tells_its_engine_and_that_its_proxy_runs(
    database: Database, settings: Settings, host: RecordingHost
) -> None:
    service = await place(database)
    seen = sa.select(Server.proxy_status, Server.docker_version).where(Server.kind == "local")
    async with worker(database, settings, RecordingHosts(host)) as context:
        assert (await run(context, service)).status == "finished"
        async with asyncio.timeout(15):
            while True:
                async with database.read() as session:
                    if tuple((await session.execute(seen)).one()) == ("running", "28.0.0"):
                        return
                await asyncio.sleep(0.05)
