"""The road from a request to a service that answers, on a real engine behind a real proxy."""

import json
import signal
from uuid import uuid4

import pytest

from tests.support import checks
from tests.support.checks import eventually
from tests.support.scenario import Homeport, compose

pytestmark = pytest.mark.engine


def new_url() -> str:
    return f"http://{uuid4().hex[:12]}.localhost"


def test_hello_answers_through_the_proxy(homeport: Homeport) -> None:
    created = homeport.create(type="hello")
    (url,) = created["domains"]
    answer = homeport.visit(url)
    assert answer.status == 200
    assert "<html" in answer.body
    assert homeport.status(created["uuid"]).startswith("running")


def test_two_components_share_a_password_a_file_and_an_order(homeport: Homeport) -> None:
    web_url, keeper_url = new_url(), new_url()
    created = homeport.create(
        compose=compose("two_components"),
        urls=[{"name": "web", "url": f"{web_url}:8080"}, {"name": "keeper", "url": f"{keeper_url}:9000"}],
    )
    uuid = created["uuid"]
    assert homeport.visit(web_url).body == "written in the compose file\n"
    passwords = {checks.environment_of(f"{name}-{uuid}")["PASSWORD"] for name in ("web", "keeper")}
    assert len(passwords) == 1
    assert len(passwords.pop()) >= 16
    assert homeport.status(uuid).startswith("running")

    born = homeport.visit(f"{keeper_url}/born").body
    before = checks.id_of(f"web-{uuid}")
    homeport.change(uuid, compose=compose("two_components").replace("first edition", "second edition"))
    assert homeport.visit(f"{keeper_url}/edition").body == "second edition\n"
    assert homeport.visit(f"{keeper_url}/born").body == born, "the volume's content is the same"
    assert checks.id_of(f"web-{uuid}") == before, "what did not change stays up"


def test_urls_move_the_domain(homeport: Homeport) -> None:
    old, new = new_url(), new_url()
    created = homeport.create(compose=compose("page"), urls=[{"name": "web", "url": f"{old}:8080"}])
    assert homeport.visit(old).status == 200
    homeport.change(created["uuid"], urls=[{"name": "web", "url": f"{new}:8080"}])
    assert homeport.visit(new).status == 200
    assert homeport.visit(old).status == 404


def test_a_taken_domain_is_refused_and_leaves_nothing(homeport: Homeport) -> None:
    url = new_url()
    homeport.create(compose=compose("page"), urls=[{"name": "web", "url": f"{url}:8080"}])
    before = homeport.get("/services")
    refused = homeport.request_service(
        compose=compose("page"), urls=[{"name": "web", "url": f"{url}:8080"}], instant_deploy=True
    )
    assert refused.status == 409
    assert url.removeprefix("http://") in json.dumps(refused.body)
    assert {each["uuid"] for each in homeport.get("/services")} == {each["uuid"] for each in before}


def test_a_container_that_exits_is_reported_with_its_last_lines(homeport: Homeport) -> None:
    created = homeport.create(compose=compose("exits"), outcome="failed")
    deployment = homeport.deployment(created["deployment_uuid"])
    password = checks.environment_of(f"broken-{created['uuid']}")["PASSWORD"]
    texts = [line["text"] for line in deployment["lines"]]
    assert "broken exited with code 3" in deployment["error"]
    assert "broken | reading the settings" in texts
    assert "broken | no such setting: colour ***" in texts
    assert password not in json.dumps(deployment)
    assert not homeport.status(created["uuid"]).startswith("running")


def test_a_container_that_dies_later_shows_within_seconds(homeport: Homeport) -> None:
    created = homeport.create(compose=compose("page"))
    uuid = created["uuid"]
    assert homeport.status(uuid) == "running:healthy"
    checks.stop_container(f"web-{uuid}")
    eventually(lambda: homeport.status(uuid) == "exited", within_s=5, what="the service is exited")


def test_stop_start_and_restart(homeport: Homeport) -> None:
    url = new_url()
    uuid = homeport.create(compose=compose("page"), urls=[{"name": "web", "url": f"{url}:8080"}])["uuid"]
    homeport.act(uuid, "stop")
    assert checks.containers_of(uuid) == []
    assert homeport.visit(url).status == 404
    assert homeport.status(uuid) == "exited"
    homeport.act(uuid, "start")
    assert homeport.visit(url).status == 200
    before = checks.container(f"web-{uuid}")
    homeport.act(uuid, "restart")
    after = checks.container(f"web-{uuid}")
    assert before is not None
    assert after is not None
    assert before["State"]["StartedAt"] != after["State"]["StartedAt"]


def test_a_delete_leaves_nothing(homeport: Homeport) -> None:
    web_url = new_url()
    uuid = homeport.create(
        compose=compose("two_components"), urls=[{"name": "web", "url": f"{web_url}:8080"}]
    )["uuid"]
    folder = homeport.root / "services" / uuid
    assert folder.exists()
    assert checks.volumes_of(uuid)
    homeport.delete(uuid, delete_volumes=True)
    assert checks.leftovers(uuid, folder) == []
    assert homeport.ask("GET", f"/services/{uuid}").status == 404
    assert homeport.visit(web_url).status == 404


@pytest.mark.parametrize(("scenario", "first"), [("slow", "web"), ("slow_pair", "keeper")])
def test_a_deployment_survives_sigkill_and_ends_once(
    own_homeport: Homeport, scenario: str, first: str
) -> None:
    """Killed while it waits for health itself, and while Compose does."""
    url = new_url()
    created = own_homeport.begin(compose=compose(scenario), urls=[{"name": "web", "url": f"{url}:8080"}])
    uuid, deployment_uuid = created["uuid"], created["deployment_uuid"]
    eventually(lambda: checks.is_running(f"{first}-{uuid}"), what="it was started")
    assert own_homeport.deployment(deployment_uuid)["status"] == "in_progress"
    before = checks.id_of(f"{first}-{uuid}")
    own_homeport.kill()
    own_homeport.start()
    deployment = own_homeport.await_outcome(deployment_uuid)
    assert deployment["error"] is None
    assert own_homeport.status(uuid).startswith("running")
    assert checks.id_of(f"{first}-{uuid}") == before, "what ran was left alone"
    assert own_homeport.visit(url).status == 200
    assert own_homeport.get("/deployments") == []


def test_sigterm_ends_soon_and_the_deployment_goes_on_later(own_homeport: Homeport) -> None:
    created = own_homeport.begin(compose=compose("slow"))
    eventually(lambda: checks.is_running(f"web-{created['uuid']}"), what="it was started")
    process = own_homeport.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    assert process.wait(3) is not None
    own_homeport.start()
    own_homeport.await_outcome(created["deployment_uuid"])
