"""`profiles`: chosen with a service, kept with it, and shown only to those who chose some."""

from typing import Any

import pytest
from sqlalchemy import select

from homeport.db.services import Service
from tests.support.api import API, create, encode, invalid, place_of, refusal, row_counts
from tests.support.app import RunningApp

SERVICES = f"{API}/services"
TWO = """services:
  web:
    image: nginx:1.27
  admin:
    image: adminer:5
    profiles: [tools, debug]
    environment: [SERVICE_URL_ADMIN_8080]
"""
NEEDY = TWO.replace("    image: nginx:1.27", "    image: nginx:1.27\n    depends_on: [admin]")


async def _shown(app: RunningApp, uuid: str) -> dict[str, Any]:
    shown: dict[str, Any] = (await app.root.get(f"{SERVICES}/{uuid}")).json()
    return shown


async def _components(app: RunningApp, uuid: str) -> list[str]:
    return [component["name"] for component in (await _shown(app, uuid))["applications"]]


async def _stored(app: RunningApp, uuid: str) -> Any:
    async with app.database.read() as session:
        return await session.scalar(select(Service.profiles).where(Service.uuid == uuid))


@pytest.mark.parametrize("more", [{}, {"profiles": []}, {"profiles": None}])
async def test_who_does_not_know_profiles_sees_none(homeport: RunningApp, more: dict[str, Any]) -> None:
    uuid = await create(homeport, docker_compose_raw=encode(TWO), **more)
    shown = await _shown(homeport, uuid)
    assert "profiles" not in shown
    assert [component["name"] for component in shown["applications"]] == ["web"]
    assert await _stored(homeport, uuid) is None


async def test_they_are_chosen_changed_and_cleared(homeport: RunningApp) -> None:
    place = await place_of(homeport)
    body = place.body(docker_compose_raw=encode(TWO), profiles=["debug"])
    created = (await homeport.root.post(SERVICES, json=body)).json()
    uuid = created["uuid"]
    assert [domain.endswith(":8080") for domain in created["domains"]] == [True]
    assert (await _shown(homeport, uuid))["profiles"] == ["debug"]
    assert "profiles:" not in (await _shown(homeport, uuid))["docker_compose"]
    assert await _components(homeport, uuid) == ["web", "admin"]
    (listed,) = (await homeport.root.get(SERVICES)).json()
    assert listed["profiles"] == ["debug"]
    for chosen, stored in ((["tools", "debug"], ["tools", "debug"]), (["*"], ["*"])):
        answer = await homeport.root.patch(f"{SERVICES}/{uuid}", json={"profiles": chosen})
        assert answer.status_code == 200
        assert await _stored(homeport, uuid) == stored
        assert await _components(homeport, uuid) == ["web", "admin"]
    nothing: list[str] | None
    for nothing in ([], None):
        await homeport.root.patch(f"{SERVICES}/{uuid}", json={"profiles": ["debug"]})
        answer = await homeport.root.patch(f"{SERVICES}/{uuid}", json={"profiles": nothing})
        assert answer.json()["domains"] == []
        assert await _components(homeport, uuid) == ["web"]
        assert await _stored(homeport, uuid) is None


async def test_a_change_of_something_else_keeps_them(homeport: RunningApp) -> None:
    uuid = await create(homeport, docker_compose_raw=encode(TWO), profiles=["debug"])
    await homeport.root.patch(f"{SERVICES}/{uuid}", json={"name": "Other"})
    assert await _components(homeport, uuid) == ["web", "admin"]
    started = await homeport.root.post(f"{SERVICES}/{uuid}/start")
    assert started.status_code == 200
    assert await _components(homeport, uuid) == ["web", "admin"]


@pytest.mark.parametrize(
    ("text", "profiles", "errors"),
    [
        (
            TWO,
            ["tools", "nope", "no"],
            {
                "profiles": [
                    "There is no profile nope. Known are: tools, debug.",
                    "There is no profile no. Known are: tools, debug.",
                ]
            },
        ),
        (
            "services: {web: {image: a}}",
            ["nope"],
            {"profiles": ["There is no profile nope. This compose has none."]},
        ),
        (TWO, "debug", {"profiles": ["The profiles field must be an array."]}),
        (TWO, [7], {"profiles.0": ["The profiles.0 field must be a string."]}),
    ],
)
async def test_what_is_no_profile_is_refused_and_changes_nothing(
    homeport: RunningApp, text: str, profiles: Any, errors: dict[str, Any]
) -> None:
    uuid = await create(homeport, docker_compose_raw=encode(text))
    place = await place_of(homeport)
    before = await row_counts(homeport.database)
    body = place.body(docker_compose_raw=encode(text), profiles=profiles)
    assert refusal(await homeport.root.post(SERVICES, json=body)) == invalid(**errors)
    answer = await homeport.root.patch(f"{SERVICES}/{uuid}", json={"profiles": profiles})
    assert refusal(answer) == invalid(**errors)
    assert await row_counts(homeport.database) == before


async def test_what_stays_needs_what_is_left_out(homeport: RunningApp) -> None:
    place = await place_of(homeport)
    answer = await homeport.root.post(SERVICES, json=place.body(docker_compose_raw=encode(NEEDY)))
    assert answer.status_code == 422
    assert answer.json()["errors"]["docker_compose_raw"] == [
        (
            "services.web.depends_on[0] (line 4): web needs admin, which is left out because none of its "
            "profiles (tools, debug) is chosen."
        )
    ]
    body = place.body(docker_compose_raw=encode(NEEDY), profiles=["tools"])
    assert (await homeport.root.post(SERVICES, json=body)).status_code == 201


async def test_a_plan_shows_what_they_choose(homeport: RunningApp) -> None:
    place = await place_of(homeport)
    body = place.body(docker_compose_raw=encode(TWO), profiles=["debug"])
    plan = (await homeport.root.post(f"{SERVICES}?dry_run=true", json=body)).json()
    assert plan["profiles"] == {"chosen": ["debug"], "known": ["tools", "debug"]}
    answer = await homeport.root.post(SERVICES, json={"plan_id": plan["plan_id"]})
    assert answer.status_code == 201, answer.text
    assert await _components(homeport, answer.json()["uuid"]) == ["web", "admin"]


async def test_a_profile_that_a_new_compose_lacks_is_given_up(homeport: RunningApp) -> None:
    uuid = await create(homeport, docker_compose_raw=encode(TWO), profiles=["debug"])
    without = encode(TWO.replace("    profiles: [tools, debug]\n", ""))
    assert (await homeport.root.patch(f"{SERVICES}/{uuid}", json={"docker_compose_raw": without})).is_success
    assert "profiles" not in await _shown(homeport, uuid)
    assert (
        await homeport.root.patch(f"{SERVICES}/{uuid}", json={"docker_compose_raw": encode(TWO)})
    ).is_success
    assert await _components(homeport, uuid) == ["web"]
