"""What makes a plan stale: every change of what it was based on, whoever made it, and the sentence that says so."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from homeport.db.projects import Environment, Project
from homeport.db.servers import Destination, Server
from homeport.db.services import Component
from homeport.db.types import Row
from tests.contract.test_api_plan import SERVICES, apply, plan_change, plan_create
from tests.support import factories
from tests.support.api import API, WIKI, Place, create, encode, place_of, refusal, row_counts, url
from tests.support.app import RunningApp, running

Meanwhile = Callable[[RunningApp, str], Awaitable[Any]]
CHANGED = "What this plan was based on has changed:"


@pytest.fixture
async def place(homeport: RunningApp) -> Place:
    return await place_of(homeport)


async def _set(app: RunningApp, kind: type[Row], **values: Any) -> None:
    async with app.database.write() as session:
        await session.execute(update(kind).values(**values))


async def _patch(app: RunningApp, uuid: str, **fields: Any) -> None:
    assert (await app.root.patch(f"{SERVICES}/{uuid}", json=fields)).status_code == 200


async def _set_variable(app: RunningApp, uuid: str) -> None:
    answer = await app.root.patch(f"{SERVICES}/{uuid}/envs", json={"key": "WIKI_TITLE", "value": "Ours"})
    assert answer.status_code == 201


async def _add_variable(app: RunningApp, uuid: str) -> None:
    answer = await app.root.post(f"{SERVICES}/{uuid}/envs", json={"key": "NEW", "value": "Ours"})
    assert answer.status_code == 201


async def _start(app: RunningApp, uuid: str) -> None:
    assert (await app.root.post(f"{SERVICES}/{uuid}/start")).status_code == 200


async def _rename_project(app: RunningApp, uuid: str) -> None:
    project = (await app.root.get(f"{API}/projects")).json()[0]["uuid"]
    assert (await app.root.patch(f"{API}/projects/{project}", json={"name": "Renamed"})).is_success


async def _add_destination(app: RunningApp) -> None:
    async with app.database.read() as session:
        server_id = await session.scalar(select(Server.id))
    await factories.add(app.database, Destination, server_id=server_id, name="two", network="two")


PLACE = "project, environment or server"
CHANGES: dict[str, tuple[Meanwhile, str]] = {
    "another change": (lambda app, uuid: _patch(app, uuid, description="new"), "the service"),
    "a change without an effect": (lambda app, uuid: _patch(app, uuid, description="x"), "the service"),
    "another compose": (
        lambda app, uuid: _patch(app, uuid, docker_compose_raw=encode(WIKI + "# more\n")),
        "the service, its compose",
    ),
    "domains": (
        lambda app, uuid: _patch(app, uuid, urls=[url("web", "http://wiki.test")]),
        "the service, its components or domains",
    ),
    "a variable": (_set_variable, "its variables"),
    "a new variable": (_add_variable, "its variables"),
    "a setting of a component": (
        lambda app, uuid: _set(app, Component, is_gzip_enabled=False),
        "its components or domains",
    ),
    "a deployment": (_start, "its newest revision"),
    "the name of the project": (_rename_project, f"its {PLACE}"),
    "the name of the environment": (lambda app, uuid: _set(app, Environment, name="renamed"), f"its {PLACE}"),
    "the wildcard domain": (
        lambda app, uuid: _set(app, Server, wildcard_domain="http://a.test"),
        f"its {PLACE}",
    ),
    "the name of the server": (lambda app, uuid: _set(app, Server, name="renamed"), f"its {PLACE}"),
    "the proxy": (lambda app, uuid: _set(app, Server, proxy_type="TRAEFIK"), f"its {PLACE}"),
    "the network": (lambda app, uuid: _set(app, Destination, network="other"), f"its {PLACE}"),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_a_change_meanwhile_makes_the_plan_of_a_change_stale(homeport: RunningApp, what: str) -> None:
    meanwhile, sentence = CHANGES[what]
    uuid = await create(homeport, description="x")
    plan = await plan_change(homeport.root, uuid, name="Other")
    await meanwhile(homeport, uuid)
    before = await row_counts(homeport.database)
    answer = await apply(homeport.root, plan)
    assert refusal(answer) == (409, {"message": f"{CHANGED} {sentence}. Make a new one."})
    assert answer.headers["X-Homeport-Error"] == "plan_stale"
    assert await row_counts(homeport.database) == before
    assert (await homeport.root.get(f"{SERVICES}/{uuid}")).json()["name"] != "Other"


async def test_what_is_no_part_of_it_makes_no_plan_stale(homeport: RunningApp, place: Place) -> None:
    uuid = await create(homeport)
    change, creation = (
        await plan_change(homeport.root, uuid, name="Other"),
        await plan_create(homeport.root, place.body()),
    )
    await _patch(homeport, await create(homeport), name="another")
    await _set(homeport, Component, status="running:healthy")
    await _set(homeport, Project, description="new")
    await _set(homeport, Server, is_reachable=False, docker_version="99")
    assert (await apply(homeport.root, change)).status_code == 200
    assert (await apply(homeport.root, creation)).status_code == 201


async def test_of_two_plans_for_one_service_the_second_is_stale(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    plans = [await plan_change(homeport.root, uuid, name=name) for name in ("One", "Two")]
    assert (await apply(homeport.root, plans[0])).status_code == 200
    assert (await apply(homeport.root, plans[1])).status_code == 409
    assert (await homeport.root.get(f"{SERVICES}/{uuid}")).json()["name"] == "One"


@pytest.mark.parametrize("what", ["the proxy", "the wildcard domain", "the network"])
async def test_a_change_meanwhile_makes_the_plan_of_a_creation_stale(
    homeport: RunningApp, place: Place, what: str
) -> None:
    plan = await plan_create(homeport.root, place.body())
    await CHANGES[what][0](homeport, "")
    answer = await apply(homeport.root, plan)
    assert refusal(answer) == (409, {"message": f"{CHANGED} the {PLACE}. Make a new one."})


async def test_what_is_gone_or_ambiguous_makes_a_plan_stale(homeport: RunningApp, place: Place) -> None:
    project = await factories.add_project(homeport.database)
    plans = [
        await plan_create(homeport.root, place.body(project_uuid=each)) for each in (project, place.project)
    ]
    assert (await homeport.root.delete(f"{API}/projects/{project}")).is_success
    await _add_destination(homeport)
    gone, ambiguous = [refusal(await apply(homeport.root, plan)) for plan in plans]
    assert gone == (409, {"message": f"{CHANGED} Project not found."})
    assert ambiguous == (
        409,
        {"message": f"{CHANGED} Server has multiple destinations and you do not set destination_uuid."},
    )


async def test_a_service_that_is_being_deleted(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    plan = await plan_change(homeport.root, uuid, name="Other")
    assert (await homeport.root.delete(f"{SERVICES}/{uuid}")).status_code == 200
    assert refusal(await apply(homeport.root, plan)) == (
        409,
        {"message": f"{CHANGED} Service is being deleted."},
    )


async def test_a_domain_that_was_taken_meanwhile_is_told_as_ever(homeport: RunningApp, place: Place) -> None:
    uuid = await create(homeport)
    urls = [url("web", "http://wiki.test")]
    plans = [
        await plan_create(homeport.root, place.body(urls=urls)),
        await plan_change(homeport.root, uuid, urls=urls),
    ]
    other = await create(homeport, urls=urls)
    for plan in plans:
        answer = await apply(homeport.root, plan)
        assert answer.status_code == 409
        assert answer.headers["X-Homeport-Error"] == "domain_conflict"
        assert len(answer.json()["conflicts"]) == 1
    await _patch(homeport, other, urls=[url("web", "http://else.test")])
    assert (await apply(homeport.root, plans[0])).status_code == 201


async def test_other_settings_make_a_plan_stale(homeport: RunningApp, place: Place) -> None:
    plan = await plan_create(homeport.root, place.body())
    settings = replace(homeport.settings, default_domain="http://apps.test")
    async with running(settings) as restarted:
        answer = await apply(restarted.root, plan)
    assert refusal(answer) == (409, {"message": f"{CHANGED} Homeport's version or settings. Make a new one."})
