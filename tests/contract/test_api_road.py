"""The whole road with a worker: create, run, read logs, move a domain, restart, stop, delete."""

from collections.abc import AsyncIterator

import pytest

from homeport.settings import Settings
from tests.support.api import API, create, refusal, row_counts, url
from tests.support.app import RunningApp, running

SERVICES = f"{API}/services"


@pytest.fixture
async def worked(settings: Settings) -> AsyncIterator[RunningApp]:
    """The application with its worker; the host acts the engine out."""
    async with running(settings, with_worker=True) as app:
        yield app


async def _end(app: RunningApp, uuid: str) -> str:
    answer = await app.root.get(f"{API}/deployments/{uuid}?wait=30")
    assert answer.json()["status"] == "finished", answer.text
    return str(answer.json()["service_uuid"])


async def test_from_create_to_nothing(worked: RunningApp) -> None:
    before = await row_counts(worked.database)
    uuid = await create(worked, urls=[url("web", "http://wiki.example.com")], instant_deploy=True)
    path = f"{SERVICES}/{uuid}"
    (deployment,) = (await worked.root.get(f"{API}/deployments")).json()
    await _end(worked, deployment["uuid"])
    made = (await worked.root.get(path)).json()
    assert made["status"].startswith("running:")
    assert {x["name"] for x in (*made["applications"], *made["databases"])} == {"web", "db"}
    running_already = {"message": "Service is already running."}
    assert refusal(await worked.root.post(f"{path}/start")) == (400, running_already)
    assert (await worked.root.get(f"{path}/logs?sub_service_name=web")).status_code == 200

    moved = {"urls": [url("web", "http://moved.example.com")], "instant_deploy": True}
    await _end(worked, (await worked.root.patch(path, json=moved)).json()["deployment_uuid"])
    assert b"moved.example.com" in worked.host.proxy_configs[-1]
    assert b"wiki.example.com" not in worked.host.proxy_configs[-1]

    await _end(worked, (await worked.root.post(f"{path}/restart")).json()["deployment_uuid"])
    await _end(worked, (await worked.root.post(f"{path}/stop")).json()["deployment_uuid"])
    assert (await worked.root.get(path)).json()["status"] == "exited"

    gone = await worked.root.delete(f"{path}?delete_volumes=true")
    await _end(worked, gone.json()["deployment_uuid"])
    assert (await worked.root.get(path)).status_code == 404
    assert worked.host.engine.containers_by_name.keys() <= {"homeport-proxy"}
    left = await row_counts(worked.database)
    of_services = ("services", "components", "claims", "variables", "files", "volumes", "revisions")
    assert {name: left[name] for name in of_services} == {name: before[name] for name in of_services}
