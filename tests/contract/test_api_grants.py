"""Powers over the server: who may give them, what is refused without them, and that nothing slips in later."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from homeport.core.policy import GRANTS
from homeport.db.services import Service
from tests.support import factories
from tests.support.api import API, Place, add_server, encode, row_counts
from tests.support.app import RunningApp, running, settings_for

SERVICES = f"{API}/services"
OWN_GRANTS = f"{API}/teams/current/grants"
LOGS = """services:
  web:
    image: nginx:1.27
    volumes:
      - /var/log:/logs:ro
"""
SOCKET = LOGS.replace("/var/log:/logs:ro", "/var/run/docker.sock:/var/run/docker.sock")
PLAIN = "services:\n  web:\n    image: nginx:1.27\n"


class OtherTeam:
    """A team that does not own the machine: its place, a client of its owner and one of an admin."""

    def __init__(self, app: RunningApp, team_id: int, place: Place, owner_id: int, admin_id: int) -> None:
        self.app, self.team_id, self.place = app, team_id, place
        self.owner_id, self.admin_id = owner_id, admin_id

    async def owner(self, *abilities: str) -> httpx.AsyncClient:
        return await self.app.acting(*(abilities or ("root",)), team_id=self.team_id, user_id=self.owner_id)

    async def admin(self) -> httpx.AsyncClient:
        return await self.app.acting("root", team_id=self.team_id, user_id=self.admin_id)


async def _other_team(app: RunningApp) -> OtherTeam:
    team_id, owner_id = await factories.add_team(app.database)
    admin_id = await factories.add_user(app.database, team_id, "admin")
    project = await factories.add_project(app.database, team_id)
    server = await add_server(app.database, team_id)
    return OtherTeam(app, team_id, Place(project, server, ""), owner_id, admin_id)


@pytest.fixture
async def team(homeport: RunningApp) -> OtherTeam:
    return await _other_team(homeport)


async def _create(client: httpx.AsyncClient, team: OtherTeam, text: str, **more: Any) -> httpx.Response:
    return await client.post(SERVICES, json=team.place.body(docker_compose_raw=encode(text), **more))


async def _service_grants(app: RunningApp, uuid: str) -> list[str] | None:
    async with app.database.read() as session:
        found: list[str] | None = await session.scalar(select(Service.grants).where(Service.uuid == uuid))
        return found


async def test_a_power_that_nobody_granted_is_refused_with_its_line(team: OtherTeam) -> None:
    owner = await team.owner()
    before = await row_counts(team.app.database)
    answer = await _create(owner, team, SOCKET)
    assert answer.status_code == 422
    assert answer.headers["X-Homeport-Error"] == "grants_missing"
    body = answer.json()
    assert body["message"] == "Validation failed."
    (ask,) = [ask for ask in body["missing_grants"] if ask["grant"] == "host.docker_socket"]
    assert (ask["place"], ask["line"]) == ("services.web.volumes[0]", 5)
    assert "services.web.volumes[0] (line 5)" in ask["message"]
    assert "host.docker_socket" in ask["message"]
    assert ask["message"] in body["errors"]["grants"]
    assert "teams/current/grants" in body["hint"]
    assert await row_counts(team.app.database) == before


async def test_an_owner_confirms_in_the_request(team: OtherTeam) -> None:
    owner = await team.owner()
    answer = await _create(owner, team, LOGS, grants=["host.mount"], instant_deploy=True)
    assert answer.status_code == 201, answer.text
    uuid = answer.json()["uuid"]
    assert (await owner.get(f"{SERVICES}/{uuid}")).json()["grants"] == ["host.mount /var/log:ro"]
    # From now on it is the service's: an admin may deploy it, and change what has nothing to do with it.
    admin = await team.admin()
    assert (await admin.post(f"{SERVICES}/{uuid}/restart")).status_code == 200
    assert (await admin.patch(f"{SERVICES}/{uuid}", json={"name": "Logs"})).status_code == 200
    assert await _service_grants(team.app, uuid) == ["host.mount /var/log:ro"]


async def test_nobody_but_an_owner_confirms(team: OtherTeam) -> None:
    answer = await _create(await team.admin(), team, LOGS, grants=["host.mount"])
    assert answer.status_code == 403
    assert "owner" in answer.json()["message"]


async def test_a_grant_that_does_not_exist(team: OtherTeam) -> None:
    answer = await _create(await team.owner(), team, PLAIN, grants=["host.everything"])
    assert answer.status_code == 422
    (sentence,) = answer.json()["errors"]["grants"]
    assert "host.everything" in sentence
    assert "host.mount" in sentence


async def test_what_was_confirmed_covers_nothing_else(team: OtherTeam) -> None:
    owner, admin = await team.owner(), await team.admin()
    uuid = (await _create(owner, team, LOGS, grants=["host.mount"])).json()["uuid"]
    elsewhere = {"docker_compose_raw": encode(LOGS.replace("/var/log", "/etc"))}
    refused = await admin.patch(f"{SERVICES}/{uuid}", json=elsewhere)
    assert refused.status_code == 422
    assert [ask["subject"] for ask in refused.json()["missing_grants"]] == ["/etc:ro"]
    shown = (await owner.get(f"{SERVICES}/{uuid}")).json()
    assert "/var/log" in shown["docker_compose_raw"]
    # What a service no longer asks for it has lost: asking again is asking anew.
    assert (await admin.patch(f"{SERVICES}/{uuid}", json={"docker_compose_raw": encode(PLAIN)})).is_success
    assert await _service_grants(team.app, uuid) is None
    again = await admin.patch(f"{SERVICES}/{uuid}", json={"docker_compose_raw": encode(LOGS)})
    assert again.status_code == 422


async def test_who_may_write_may_read(team: OtherTeam) -> None:
    owner, admin = await team.owner(), await team.admin()
    text = LOGS.replace(":ro", "")
    uuid = (await _create(owner, team, text, grants=["host.mount"])).json()["uuid"]
    assert (await admin.patch(f"{SERVICES}/{uuid}", json={"docker_compose_raw": encode(LOGS)})).is_success
    assert await _service_grants(team.app, uuid) == ["host.mount /var/log:ro"]
    assert (
        await admin.patch(f"{SERVICES}/{uuid}", json={"docker_compose_raw": encode(text)})
    ).status_code == 422


async def test_a_team_has_what_its_owner_gave_it(team: OtherTeam) -> None:
    owner, admin = await team.owner(), await team.admin()
    given = await owner.put(OWN_GRANTS, json={"grants": ["host.mount"]})
    assert given.status_code == 200
    assert [item["grant"] for item in given.json() if item["is_granted"]] == ["host.mount"]
    assert {item["grant"] for item in given.json()} == set(GRANTS)
    uuid = (await _create(admin, team, LOGS)).json()["uuid"]
    # The service has nothing of its own, so that taking the grant back takes it from the service too.
    assert await _service_grants(team.app, uuid) is None
    assert (await owner.put(OWN_GRANTS, json={"grants": []})).is_success
    refused = await admin.post(f"{SERVICES}/{uuid}/restart")
    assert refused.status_code == 422
    assert refused.json()["missing_grants"][0]["grant"] == "host.mount"
    assert (await admin.post(f"{SERVICES}/{uuid}/stop")).status_code in (200, 400)


async def test_who_may_give_to_a_team(team: OtherTeam) -> None:
    body = {"grants": ["host.mount"]}
    assert (await (await team.admin()).put(OWN_GRANTS, json=body)).status_code == 403
    assert (await (await team.owner("write")).put(OWN_GRANTS, json=body)).status_code == 403
    assert (await (await team.owner()).put(OWN_GRANTS, json={"grants": ["no"]})).status_code == 422
    shown = (await (await team.admin()).get(OWN_GRANTS)).json()
    assert [item for item in shown if item["is_granted"]] == []


async def test_a_grant_is_of_one_team(team: OtherTeam, homeport: RunningApp) -> None:
    third = await _other_team(homeport)
    assert (await (await third.owner()).put(OWN_GRANTS, json={"grants": ["host.mount"]})).is_success
    assert (await _create(await team.owner(), team, LOGS)).status_code == 422


async def test_a_variable_brings_no_power(team: OtherTeam) -> None:
    """A bind that a variable turns into the server's root is found when it is about to run."""
    admin = await team.admin()
    text = PLAIN + "    volumes:\n      - ${FOLDER:-./data}:/data\n"
    uuid = (await _create(admin, team, text)).json()["uuid"]
    change = {"key": "FOLDER", "value": "/"}
    assert (await admin.post(f"{SERVICES}/{uuid}/envs", json=change)).status_code == 201
    refused = await admin.post(f"{SERVICES}/{uuid}/start")
    assert refused.status_code == 422
    assert "host.mount" in {ask["grant"] for ask in refused.json()["missing_grants"]}


async def test_a_service_of_before_is_judged_when_it_is_deployed(team: OtherTeam) -> None:
    owner, admin = await team.owner(), await team.admin()
    uuid = (await _create(owner, team, LOGS, grants=["host.mount"])).json()["uuid"]
    async with team.app.database.write() as session:
        await session.execute(update(Service).where(Service.uuid == uuid).values(grants=None))
    assert (await admin.post(f"{SERVICES}/{uuid}/start")).status_code == 422
    assert (await admin.post(f"{API}/deploy", params={"uuid": uuid})).status_code == 422
    confirmed = await owner.patch(f"{SERVICES}/{uuid}", json={"grants": ["host.mount"]})
    assert confirmed.status_code == 200, confirmed.text
    assert (await admin.post(f"{SERVICES}/{uuid}/start")).status_code == 200


async def test_no_type_is_made_of_what_nobody_granted(team: OtherTeam) -> None:
    owner, admin = await team.owner(), await team.admin()
    uuid = (await _create(owner, team, LOGS, grants=["host.mount"])).json()["uuid"]
    save = f"{SERVICES}/{uuid}/template"
    assert (await admin.post(save, json={"key": "logs"})).status_code == 201
    # Whoever makes a service of the type is judged anew: what the owner confirmed was for one service.
    body = team.place.body(docker_compose_raw=..., type="logs")
    assert (await admin.post(SERVICES, json=body)).status_code == 422
    async with team.app.database.write() as session:
        await session.execute(update(Service).where(Service.uuid == uuid).values(grants=None))
    assert (await admin.post(save, json={"key": "more-logs"})).status_code == 422


async def test_networks_of_others(team: OtherTeam, homeport: RunningApp) -> None:
    third = await _other_team(homeport)
    foreign = (await _create(await third.owner(), third, PLAIN)).json()["uuid"]
    owner = await team.owner()
    own = (await _create(owner, team, PLAIN)).json()["uuid"]

    def joining(network: str) -> str:
        return f"{PLAIN}    networks: [other]\nnetworks:\n  other:\n    external: true\n    name: {network}\n"

    refused = await _create(owner, team, joining(foreign))
    assert refused.status_code == 422
    assert [(ask["grant"], ask["subject"]) for ask in refused.json()["missing_grants"]] == [
        ("host.external", foreign)
    ]
    # A service of the own team, and the network of the own server's destination, are nobody else's.
    assert (await _create(owner, team, joining(own))).status_code == 201
    assert (await _create(owner, team, joining("homeport"))).status_code == 201


async def test_owners_of_the_root_team_need_no_grant(homeport: RunningApp) -> None:
    root_place = await _root_place(homeport)
    answer = await homeport.root.post(SERVICES, json=root_place.body(docker_compose_raw=encode(LOGS)))
    assert answer.status_code == 201
    assert await _service_grants(homeport, answer.json()["uuid"]) == ["host.mount /var/log:ro"]
    admin_id = await factories.add_user(homeport.database, 0, "admin")
    admin = await homeport.acting("root", user_id=admin_id)
    refused = await admin.post(SERVICES, json=root_place.body(docker_compose_raw=encode(LOGS)))
    assert refused.status_code == 422


async def test_an_owner_who_starts_a_service_confirms_nothing_that_an_admin_wrote(
    homeport: RunningApp,
) -> None:
    root_place = await _root_place(homeport)
    text = PLAIN + "    volumes:\n      - ${FOLDER:-./data}:/data\n"
    created = await homeport.root.post(SERVICES, json=root_place.body(docker_compose_raw=encode(text)))
    uuid = created.json()["uuid"]
    admin = await homeport.acting("root", user_id=await factories.add_user(homeport.database, 0, "admin"))
    change = {"key": "FOLDER", "value": "/"}
    assert (await admin.post(f"{SERVICES}/{uuid}/envs", json=change)).status_code == 201
    assert (await homeport.root.post(f"{SERVICES}/{uuid}/start")).status_code == 422
    assert (await homeport.root.patch(f"{SERVICES}/{uuid}", json={"name": "Mine"})).status_code == 422
    named = {"grants": ["host.mount", "host.docker_socket"]}
    assert (await homeport.root.patch(f"{SERVICES}/{uuid}", json=named)).status_code == 200
    assert (await homeport.root.post(f"{SERVICES}/{uuid}/start")).status_code == 200


async def test_an_owner_alone_starts_what_was_there_before_grants_were(homeport: RunningApp) -> None:
    root_place = await _root_place(homeport)
    created = await homeport.root.post(SERVICES, json=root_place.body(docker_compose_raw=encode(LOGS)))
    uuid = created.json()["uuid"]
    async with homeport.database.write() as session:
        await session.execute(update(Service).where(Service.uuid == uuid).values(grants=None))
    assert (await homeport.root.post(f"{SERVICES}/{uuid}/start")).status_code == 200
    assert await _service_grants(homeport, uuid) == ["host.mount /var/log:ro"]


async def test_strict_is_for_everybody(database_url: str, tmp_path: Any) -> None:
    settings = settings_for(database_url, tmp_path, is_grants_strict=True)
    async with running(settings) as app:
        body = (await _root_place(app)).body(docker_compose_raw=encode(LOGS))
        assert (await app.root.post(SERVICES, json=body)).status_code == 422
        writer = await app.acting("write")
        refused = await writer.post(SERVICES, json=body | {"grants": ["host.mount"]})
        assert refused.status_code == 403
        assert "a token with the ability root" in refused.json()["message"]
        assert (await app.root.post(SERVICES, json=body | {"grants": ["host.mount"]})).status_code == 201


async def _root_place(app: RunningApp) -> Place:
    project = (await app.root.get(f"{API}/projects")).json()[0]["uuid"]
    server = (await app.root.get(f"{API}/servers")).json()[0]["uuid"]
    return Place(project, server, "")
