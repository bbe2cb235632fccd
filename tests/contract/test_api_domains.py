"""The `urls` of POST /services: wrong ones, taken ones, races."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update

from homeport.db.instance import Instance
from homeport.db.servers import Server
from homeport.db.services import Claim
from tests.support import factories
from tests.support.api import API, Place, add_server, create, encode, place_of, refusal, row_counts, url
from tests.support.app import RunningApp

SERVICES = f"{API}/services"


@pytest.fixture
async def place(homeport: RunningApp) -> Place:
    return await place_of(homeport)


URL_ERRORS: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([url("web", "example.com")], ["Invalid URL: example.com"]),
    ([url("web", "ftp://example.com")], ["Invalid URL: ftp://example.com"]),
    (
        [url("web", "https://a.example.com;id,https://ü.example.com")],
        ["Invalid URL: https://a.example.com;id", "Invalid URL: https://ü.example.com"],
    ),
    (
        [url("web", "https://a.example.com"), url("nobody", "https://A.example.com")],
        [
            (
                "The current request contains conflicting URLs across containers: https://a.example.com. "
                "Use force_domain_override=true to proceed."
            )
        ],
    ),
    ([url("nobody", "https://a.example.com")], ["Service container with 'nobody' not found."]),
    ([url("db", "https://a.example.com")], ["Service container with 'db' not found."]),
    (
        [url("web", "https://a.example.com/" + "x" * 1100)],
        ["Invalid URL: https://a.example.com/" + "x" * 1100],
    ),
]


@pytest.mark.parametrize(("urls", "sentences"), URL_ERRORS)
async def test_wrong_urls_are_a_bare_list(
    homeport: RunningApp, place: Place, urls: list[dict[str, Any]], sentences: list[str]
) -> None:
    before = await row_counts(homeport.database)
    answer = await homeport.root.post(SERVICES, json=place.body(urls=urls))
    assert refusal(answer) == (422, {"message": "Validation failed.", "errors": sentences})
    assert await row_counts(homeport.database) == before


async def test_an_empty_url_clears_the_domain(homeport: RunningApp, place: Place) -> None:
    answer = await homeport.root.post(SERVICES, json=place.body(urls=[url("web", None)]))
    assert answer.json()["domains"] == []
    made = (await homeport.root.get(f"{SERVICES}/{answer.json()['uuid']}")).json()
    assert made["applications"][0]["fqdn"] is None


@pytest.mark.parametrize(
    "wanted",
    [
        "https://a.example.com",
        "http://a.example.com",
        "https://a.example.com:8443/",
        "https://A.Example.com.",
    ],
)
async def test_a_taken_domain_is_a_conflict_and_leaves_nothing(
    homeport: RunningApp, place: Place, wanted: str
) -> None:
    first = await create(homeport, name="First", urls=[url("web", "https://a.example.com")], tags=["tag"])
    owner = (await homeport.root.get(f"{SERVICES}/{first}")).json()["applications"][0]
    before = await row_counts(homeport.database)
    body = place.body(urls=[url("web", wanted)], tags=["fresh"], instant_deploy=True)
    answer = await homeport.root.post(SERVICES, json=body)
    shown = answer.json()["conflicts"][0]["domain"]
    assert refusal(answer) == (
        409,
        {
            "message": "Domain conflicts detected. Use force_domain_override=true to proceed.",
            "conflicts": [
                {
                    "domain": shown,
                    "resource_name": "First",
                    "resource_uuid": owner["uuid"],
                    "resource_type": "service",
                    "message": f"Domain {shown} is already in use by service 'First'",
                }
            ],
            "warning": (
                "Using the same domain for multiple resources can cause routing conflicts and "
                "unpredictable behavior."
            ),
        },
    )
    assert shown.lower() == wanted.lower().removesuffix("/")
    assert await row_counts(homeport.database) == before
    free = place.body(urls=[url("web", "https://a.example.com/other")])
    assert (await homeport.root.post(SERVICES, json=free)).status_code == 201


async def test_a_domain_can_be_forced(homeport: RunningApp, place: Place) -> None:
    await create(homeport, urls=[url("web", "https://a.example.com")])
    forced = place.body(urls=[url("web", "https://a.example.com")], force_domain_override=True)
    assert (await homeport.root.post(SERVICES, json=forced)).status_code == 201
    async with homeport.database.read() as session:
        claims = await session.scalars(select(Claim.is_forced).where(Claim.host == "a.example.com"))
        assert sorted(claims) == [False, True]


async def test_the_installation_keeps_its_own_domain(homeport: RunningApp, place: Place) -> None:
    async with homeport.database.write() as session:
        await session.execute(update(Instance).values(fqdn="https://panel.example.com"))
    answer = await homeport.root.post(
        SERVICES, json=place.body(urls=[url("web", "http://panel.example.com")])
    )
    assert answer.status_code == 409
    assert answer.json()["conflicts"] == [
        {
            "domain": "http://panel.example.com",
            "resource_name": "Coolify Instance",
            "resource_uuid": None,
            "resource_type": "instance",
            "message": "Domain http://panel.example.com is already in use by this Coolify instance",
        }
    ]


async def test_the_own_team_conflicts_on_every_server(homeport: RunningApp, place: Place) -> None:
    await create(homeport, urls=[url("web", "https://a.example.com")])
    other = await add_server(homeport.database)
    body = place.body(server_uuid=other, urls=[url("web", "https://a.example.com")])
    assert (await homeport.root.post(SERVICES, json=body)).status_code == 409


async def test_another_teams_claim_tells_no_names(homeport: RunningApp, place: Place) -> None:
    await create(homeport, name="Secret plans", urls=[url("web", "https://a.example.com")])
    team_id, user_id = await factories.add_team(homeport.database)
    project = await factories.add_project(homeport.database, team_id)
    server = await add_server(homeport.database, team_id)
    async with homeport.database.write() as session:
        new_id = await session.scalar(select(Server.id).where(Server.uuid == server))
        await session.execute(update(Claim).values(server_id=new_id))
    theirs = await homeport.acting("root", user_id=user_id, team_id=team_id)
    body = place.body(project_uuid=project, server_uuid=server, urls=[url("web", "https://a.example.com")])
    answer = await theirs.post(SERVICES, json=body)
    assert answer.status_code == 409
    (conflict,) = answer.json()["conflicts"]
    assert (conflict["resource_name"], conflict["resource_uuid"]) == ("Unknown Service", None)
    assert "Secret" not in answer.text


async def test_siblings_conflict_too(homeport: RunningApp, place: Place) -> None:
    twins = "services:\n  one: {image: nginx}\n  two: {image: nginx}\n"
    urls = [url("one", "https://a.example.com"), url("two", "http://a.example.com:81")]
    body = place.body(docker_compose_raw=encode(twins), urls=urls)
    answer = await homeport.root.post(SERVICES, json=body)
    assert answer.status_code == 422
    assert "conflicting URLs across containers: http://a.example.com:81" in answer.json()["errors"][0]
    assert (
        await homeport.root.post(SERVICES, json=body | {"force_domain_override": True})
    ).status_code == 201


@pytest.mark.parametrize("servers", [1, 2])
async def test_of_many_that_race_for_a_domain_one_wins(
    homeport: RunningApp, place: Place, servers: int
) -> None:
    others = [await add_server(homeport.database) for _ in range(servers - 1)]
    places = [place.server, *others]
    bodies = [
        place.body(
            server_uuid=places[number % servers],
            urls=[url("web", "https://b.example.com,https://race.example.com")],
        )
        for number in range(12)
    ]
    answers = await asyncio.gather(*(homeport.root.post(SERVICES, json=body) for body in bodies))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [409] * 11
    assert all(answer.json()["conflicts"] for answer in answers if answer.status_code == 409)
    assert len((await homeport.root.get(SERVICES)).json()) == 1
