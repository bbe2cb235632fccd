"""Projects and environments."""

import asyncio
from typing import Any

import pytest

from tests.support import factories
from tests.support.api import API, create, invalid, place_of, refusal
from tests.support.app import RunningApp

PROJECTS = f"{API}/projects"
NAME_MARKS = (
    "The name may only contain letters (including Unicode), numbers, spaces, and these characters: "
    "- _ . / @ & ( ) # , : +"
)
PROJECT_FIELDS = {
    "id", "uuid", "name", "description", "team_id", "icon_path", "icon_storage_type", "icon_s3_storage_id",
    "created_at", "updated_at", "environments",
}  # fmt: skip
ENVIRONMENT_FIELDS = {"id", "uuid", "name", "description", "project_id", "created_at", "updated_at"}


async def _new(app: RunningApp, **fields: Any) -> str:
    answer = await app.root.post(PROJECTS, json={"name": "A project", **fields})
    assert answer.status_code == 201, answer.text
    assert set(answer.json()) == {"uuid"}
    return str(answer.json()["uuid"])


async def test_a_new_project_has_production(homeport: RunningApp) -> None:
    uuid = await _new(homeport, description="It's ours (really)")
    project = (await homeport.root.get(f"{PROJECTS}/{uuid}")).json()
    assert set(project) == PROJECT_FIELDS
    assert project["description"] == "It's ours (really)"
    assert [x["name"] for x in project["environments"]] == ["production"]
    assert set(project["environments"][0]) == ENVIRONMENT_FIELDS
    listed = (await homeport.root.get(PROJECTS)).json()
    assert [set(item) for item in listed] == [{"id", "uuid", "name", "description"}] * 2


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"description": "x"}, {"name": ["The name field is required."]}),
        ({"name": "ab"}, {"name": ["The name must be at least 3 characters."]}),
        ({"name": "x" * 256}, {"name": ["The name may not be greater than 255 characters."]}),
        ({"name": "<b>bold</b>"}, {"name": [NAME_MARKS]}),
        ({"name": ";"}, {"name": ["The name must be at least 3 characters.", NAME_MARKS]}),
        ({"name": 123}, {"name": ["The name field must be a string."]}),
        ({"name": "fine", "color": 1}, {"color": ["This field is not allowed."]}),
        (
            {"name": "fine", "description": "<x>"},
            {
                "description": [
                    (
                        "The description may only contain letters (including Unicode), numbers, spaces, and "
                        "common punctuation: - _ . , ! ? ( ) ' \" + = * / @ &"
                    )
                ]
            },
        ),
    ],
)
async def test_names_are_judged(
    homeport: RunningApp, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    assert refusal(await homeport.root.post(PROJECTS, json=body)) == invalid(**errors)


@pytest.mark.parametrize("name", ["Größe 3", "プロジェクト", "a-b_c.d@e/f&(g)#h,i:j+k", "नमस्ते"])
async def test_names_of_all_scripts_pass(homeport: RunningApp, name: str) -> None:
    uuid = await _new(homeport, name=name)
    assert (await homeport.root.get(f"{PROJECTS}/{uuid}")).json()["name"] == name


async def test_change(homeport: RunningApp) -> None:
    uuid = await _new(homeport)
    answer = await homeport.root.patch(f"{PROJECTS}/{uuid}", json={"name": "Other", "description": None})
    assert refusal(answer) == (201, {"uuid": uuid, "name": "Other", "description": ""})
    answer = await homeport.root.patch(f"{PROJECTS}/{uuid}", json={"name": None})
    assert answer.json()["name"] == "Other"
    missing = (404, {"message": "Project not found."})
    assert refusal(await homeport.root.patch(f"{PROJECTS}/none", json={"name": "Other"})) == missing
    assert (await homeport.root.patch(f"{PROJECTS}/none", json={"name": "x"})).status_code == 422


async def test_delete_only_when_empty(homeport: RunningApp) -> None:
    await create(homeport)
    place = await place_of(homeport)
    full = {"message": "Project has resources, so it cannot be deleted."}
    assert refusal(await homeport.root.delete(f"{PROJECTS}/{place.project}")) == (400, full)
    path = f"{PROJECTS}/{place.project}/environments/production"
    full = {"message": "Environment has resources, so it cannot be deleted."}
    assert refusal(await homeport.root.delete(path)) == (400, full)
    uuid = await _new(homeport)
    answer = await homeport.root.delete(f"{PROJECTS}/{uuid}")
    assert refusal(answer) == (200, {"message": "Project deleted."})
    assert (await homeport.root.get(f"{PROJECTS}/{uuid}")).status_code == 404


async def test_environments(homeport: RunningApp) -> None:
    uuid = await _new(homeport)
    path = f"{PROJECTS}/{uuid}/environments"
    answer = await homeport.root.post(path, json={"name": "Staging/EU"})
    assert (answer.status_code, set(answer.json())) == (201, {"uuid"})
    listed = (await homeport.root.get(path)).json()
    assert [x["name"] for x in listed] == ["production", "staging-eu"]
    assert set(listed[0]) == {"id", "uuid", "name"}
    for key in ("staging-eu", "STAGING-EU", answer.json()["uuid"]):
        found = await homeport.root.get(f"{PROJECTS}/{uuid}/{key}")
        assert found.json()["uuid"] == answer.json()["uuid"]
    lists = {"applications", "postgresqls", "redis", "mongodbs", "mysqls", "mariadbs", "services"}
    assert set(found.json()) == ENVIRONMENT_FIELDS | lists
    taken = (409, {"message": "Environment with this name already exists."})
    assert refusal(await homeport.root.post(path, json={"name": "PRODUCTION"})) == taken
    assert refusal(await homeport.root.patch(f"{path}/staging-eu", json={"name": "Production"})) == taken
    answer = await homeport.root.patch(f"{path}/staging-eu", json={"name": "Test", "description": "For us"})
    assert answer.status_code == 200
    assert set(answer.json()) == {"uuid", "name", "description"}
    assert (answer.json()["name"], answer.json()["description"]) == ("test", "For us")
    answer = await homeport.root.delete(f"{path}/test")
    assert refusal(answer) == (200, {"message": "Environment deleted."})


async def test_an_environment_lists_its_services(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    place = await place_of(homeport)
    environment = (await homeport.root.get(f"{PROJECTS}/{place.project}/production")).json()
    assert [x["uuid"] for x in environment["services"]] == [uuid]
    assert "docker_compose_raw" in environment["services"][0]
    reader = await homeport.acting("read")
    environment = (await reader.get(f"{PROJECTS}/{place.project}/production")).json()
    assert "docker_compose_raw" not in environment["services"][0]


async def test_not_found(homeport: RunningApp) -> None:
    uuid = await _new(homeport)
    project, environment = {"message": "Project not found."}, {"message": "Environment not found."}
    root = homeport.root
    assert refusal(await root.get(f"{PROJECTS}/none")) == (404, project)
    assert refusal(await root.get(f"{PROJECTS}/none/environments")) == (404, project)
    assert refusal(await root.get(f"{PROJECTS}/none/production")) == (404, project)
    assert refusal(await root.get(f"{PROJECTS}/{uuid}/none")) == (404, environment)
    assert refusal(await root.post(f"{PROJECTS}/none/environments", json={"name": "abc"})) == (404, project)
    assert refusal(await root.delete(f"{PROJECTS}/{uuid}/environments/none")) == (404, environment)
    assert refusal(await root.delete(f"{PROJECTS}/none")) == (404, project)


async def test_another_teams_projects_do_not_exist(homeport: RunningApp) -> None:
    team_id, _ = await factories.add_team(homeport.database)
    uuid = await factories.add_project(homeport.database, team_id)
    root, path = homeport.root, f"{PROJECTS}/{uuid}"
    for answer in (
        await root.get(path),
        await root.get(f"{path}/environments"),
        await root.get(f"{path}/production"),
        await root.patch(path, json={"name": "Mine"}),
        await root.delete(path),
        await root.post(f"{path}/environments", json={"name": "mine"}),
        await root.patch(f"{path}/environments/production", json={"name": "mine"}),
        await root.delete(f"{path}/environments/production"),
    ):
        assert refusal(answer) == (404, {"message": "Project not found."})
    assert uuid not in (await root.get(PROJECTS)).text


async def test_of_many_that_make_one_environment_one_wins(homeport: RunningApp) -> None:
    path = f"{PROJECTS}/{await _new(homeport)}/environments"
    answers = await asyncio.gather(*(homeport.root.post(path, json={"name": "race"}) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
