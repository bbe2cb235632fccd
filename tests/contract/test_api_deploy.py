"""POST /deploy: by uuid, by tag, and its refusals in their order."""

from typing import Any

import pytest

from tests.support import factories
from tests.support.api import API, create, refusal
from tests.support.app import RunningApp

DEPLOY = f"{API}/deploy"


@pytest.mark.parametrize("by", ["query", "json", "form"])
async def test_by_uuid(homeport: RunningApp, by: str) -> None:
    one, two = await create(homeport, name="One"), await create(homeport, name="Two")
    fields = {"uuid": f"{one}, {two},,unknown", "force": "true"}
    sent: dict[str, Any] = {"query": {"params": fields}, "json": {"json": fields}, "form": {"data": fields}}[
        by
    ]
    answer = await homeport.root.post(DEPLOY, **sent)
    assert answer.status_code == 200
    deployments = answer.json()["deployments"]
    assert [each["resource_uuid"] for each in deployments] == [one, two]
    assert deployments[0]["message"] == "Service One started. It could take a while, be patient."
    listed = (await homeport.root.get(f"{API}/deployments")).json()
    assert {each["uuid"] for each in listed} == {each["deployment_uuid"] for each in deployments}


async def test_by_tag(homeport: RunningApp) -> None:
    one = await create(homeport, name="One", tags=["blue"])
    await create(homeport, tags=["red"])
    answer = await homeport.root.post(f"{DEPLOY}?tag=blue,none")
    assert answer.status_code == 200
    assert answer.json()["message"] == [
        "Service One started. It could take a while, be patient.",
        "No resources found for tag none.",
    ]
    assert [each["resource_uuid"] for each in answer.json()["details"]] == [one]
    answer = await homeport.root.post(f"{DEPLOY}?tag=none")
    assert refusal(answer) == (404, {"message": "No resources found with this tag."})


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("uuid=a&tag=b&pr=1&docker_tag=x", "You can only use uuid or tag, not both."),
        ("tag=b&pr=1&docker_tag=x", "You can only use tag or pr, not both."),
        ("tag=b&docker_tag=x", "docker_tag requires pull_request_id."),
        ("", "You must provide uuid or tag."),
        ("uuid=", "You must provide uuid or tag."),
        ("uuid=,", "No UUIDs provided."),
        ("tag=,", "No TAGs provided."),
    ],
)
async def test_refusals(homeport: RunningApp, query: str, message: str) -> None:
    assert refusal(await homeport.root.post(f"{DEPLOY}?{query}")) == (400, {"message": message})


async def test_what_is_not_the_teams_is_not_found(homeport: RunningApp) -> None:
    uuid = await create(homeport, tags=["blue"])
    team_id, user_id = await factories.add_team(homeport.database)
    theirs = await homeport.acting("deploy", user_id=user_id, team_id=team_id)
    assert refusal(await theirs.post(f"{DEPLOY}?uuid={uuid}")) == (404, {"message": "No resources found."})
    assert (await theirs.post(f"{DEPLOY}?tag=blue")).status_code == 404
    reader = await homeport.acting("read", "write")
    denied = {"message": "Missing required permissions: deploy"}
    assert refusal(await reader.post(f"{DEPLOY}?uuid={uuid}")) == (403, denied)
