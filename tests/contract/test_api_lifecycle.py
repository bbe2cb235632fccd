"""Start, stop, restart, logs."""

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from homeport.db.deployments import Deployment, Revision
from homeport.db.services import Component
from tests.support.api import API, create, refusal, url
from tests.support.app import RunningApp

SERVICES = f"{API}/services"


async def _set_status(app: RunningApp, status: str) -> None:
    async with app.database.write() as session:
        await session.execute(update(Component).values(status=status))


async def _deployments(app: RunningApp) -> list[Deployment]:
    async with app.database.read() as session:
        return list(await session.scalars(select(Deployment).order_by(Deployment.id)))


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("start", "Service starting request queued."),
        ("stop", "Service stopping request queued."),
        ("restart", "Service restarting request queued."),
    ],
)
async def test_an_action_queues_a_deployment(homeport: RunningApp, action: str, message: str) -> None:
    uuid = await create(homeport)
    await _set_status(homeport, "exited" if action == "start" else "running:healthy")
    answer = await homeport.root.post(f"{SERVICES}/{uuid}/{action}")
    assert answer.status_code == 200
    assert set(answer.json()) == {"message", "deployment_uuid"}
    assert answer.json()["message"] == message
    (deployment,) = await _deployments(homeport)
    assert (deployment.uuid, deployment.action) == (answer.json()["deployment_uuid"], action)
    assert (deployment.revision_id is None) is (action == "stop")


async def test_states_refuse(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    answer = await homeport.root.post(f"{SERVICES}/{uuid}/stop")
    assert refusal(answer) == (400, {"message": "Service is already stopped."})
    await _set_status(homeport, "running:unknown")
    answer = await homeport.root.post(f"{SERVICES}/{uuid}/start")
    assert refusal(answer) == (400, {"message": "Service is already running."})


async def test_a_newer_request_supersedes_those_that_wait(homeport: RunningApp) -> None:
    uuid = await create(homeport, instant_deploy=True)
    for _ in range(2):
        assert (await homeport.root.post(f"{SERVICES}/{uuid}/restart?latest=1")).status_code == 200
    assert [x.status for x in await _deployments(homeport)] == ["superseded", "superseded", "queued"]
    assert json.loads((await _deployments(homeport))[2].options) == {"pull": True}


async def test_a_stop_asks_the_running_deployment_to_give_up(homeport: RunningApp) -> None:
    uuid = await create(homeport, instant_deploy=True)
    async with homeport.database.write() as session:
        await session.execute(update(Deployment).values(status="in_progress"))
    assert (await homeport.root.post(f"{SERVICES}/{uuid}/stop")).status_code == 200
    first, second = await _deployments(homeport)
    assert (first.status, first.cancel_requested) == ("in_progress", True)
    assert (second.status, second.cancel_requested) == ("queued", False)


async def test_a_revision_is_made_when_something_changed(homeport: RunningApp) -> None:
    uuid = await create(homeport, instant_deploy=True)
    path = f"{SERVICES}/{uuid}"
    await homeport.root.post(f"{path}/restart")
    await homeport.root.patch(f"{path}/envs", json={"key": "WIKI_TITLE", "value": "Other"})
    await homeport.root.post(f"{path}/restart")
    await homeport.root.post(f"{path}/restart")
    async with homeport.database.read() as session:
        bodies = (await session.scalars(select(Revision.body).order_by(Revision.number))).all()
    revisions = [x.revision_id for x in await _deployments(homeport)]
    assert revisions[0] == revisions[1] != revisions[2] == revisions[3]
    first, second = (json.loads(body) for body in bodies)
    assert (first["number"], second["number"]) == (1, 2)
    assert "WIKI_TITLE=Other" in second["dotenv"].replace("'", "").replace('"', "")
    assert second["folder"].endswith(f"/services/{uuid}")


async def test_get_of_an_action_says_that_it_moved(homeport: RunningApp) -> None:
    deployer = await homeport.acting("deploy")
    reader = await homeport.acting("read")
    for path in ("services/x/start", "services/x/stop", "services/x/restart", "deploy"):
        answer = await deployer.get(f"{API}/{path}")
        assert refusal(answer) == (405, {"message": "This endpoint has changed to a POST request."})
        assert answer.headers["allow"] == "POST"
        denied = {"message": "Missing required permissions: deploy"}
        assert refusal(await reader.get(f"{API}/{path}")) == (403, denied)
        assert (await homeport.client.get(f"{API}/{path}")).status_code == 401
    assert (await homeport.root.get(f"{API}/servers/x/validate")).status_code == 405


async def test_write_is_not_deploy(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    writer = await homeport.acting("write")
    answer = await writer.post(f"{SERVICES}/{uuid}/start")
    assert refusal(answer) == (403, {"message": "Missing required permissions: deploy"})


def _container(app: RunningApp, name: str, *, is_running: bool = True) -> None:
    app.host.engine.containers_by_name[name] = {
        "Name": f"/{name}",
        "State": {"Status": "running" if is_running else "exited", "Running": is_running},
        "Config": {"Labels": {"com.docker.compose.service": name.split("-", maxsplit=1)[0]}},
    }


async def test_logs_refuse_in_their_order(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    get = homeport.root.get
    for query in ("", "?sub_service_name="):
        answer = await get(f"{SERVICES}/nowhere/logs{query}")
        assert refusal(answer) == (400, {"message": "Sub service name is required."})
    answer = await get(f"{SERVICES}/nowhere/logs?sub_service_name=web")
    assert refusal(answer) == (404, {"message": "Service not found."})
    answer = await get(f"{SERVICES}/{uuid}/logs?sub_service_name=web")
    assert refusal(answer) == (404, {"message": "Container not found."})
    _container(homeport, f"web-{uuid}", is_running=False)
    answer = await get(f"{SERVICES}/{uuid}/logs?sub_service_name=web")
    assert refusal(answer) == (400, {"message": "Container is not running."})


@pytest.mark.parametrize(
    ("query", "lines"),
    [("", 100), ("&lines=5", 5), ("&lines=-1", 100), ("&lines=x", 100), ("&lines=999999", 10_000)],
)
async def test_logs_are_plain_text(
    homeport: RunningApp, monkeypatch: pytest.MonkeyPatch, query: str, lines: int
) -> None:
    uuid = await create(homeport)
    _container(homeport, f"web-{uuid}")
    asked: list[Any] = []

    async def logs(name: str, *, lines: int, timestamps: bool = False) -> str:
        asked.append((name, lines, timestamps))
        return "\x1b[31mred\x1b[0m\n\x1b]0;title\x07plain\n"

    monkeypatch.setattr(type(homeport.host.engine), "logs", lambda _self, *a, **k: logs(*a, **k))
    answer = await homeport.root.get(f"{SERVICES}/{uuid}/logs?sub_service_name=web&show_timestamps=1{query}")
    assert refusal(answer) == (200, {"logs": "red\nplain\n"})
    assert asked == [(f"web-{uuid}", lines, True)]


async def test_a_container_of_another_service_is_out_of_reach(homeport: RunningApp) -> None:
    uuid = await create(homeport, urls=[url("web", "https://a.example.com")])
    _container(homeport, "homeport-proxy")
    answer = await homeport.root.get(f"{SERVICES}/{uuid}/logs?sub_service_name=homeport-proxy")
    assert answer.status_code == 404


async def test_a_server_that_does_not_answer_is_said(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    homeport.host.engine.is_unreachable = True
    answer = await homeport.root.get(f"{SERVICES}/{uuid}/logs?sub_service_name=web")
    assert answer.status_code == 503
