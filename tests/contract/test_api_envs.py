"""The environment variables of a service."""

import asyncio
from typing import Any

import pytest

from tests.support import factories
from tests.support.api import API, create, invalid, refusal, row_counts, url
from tests.support.app import RunningApp

FIELDS = {
    "uuid", "key", "comment", "is_literal", "is_multiline", "is_shown_once", "is_preview", "is_runtime",
    "is_buildtime", "is_required", "is_shared", "is_really_required", "is_buildpack_control", "is_coolify",
    "version", "order", "created_at", "updated_at",
}  # fmt: skip
VALUES = {"value", "real_value"}
KEY_RULE = (
    "The key must start with a letter or underscore and may only contain letters, numbers, underscores, "
    "and dots."
)


@pytest.fixture
async def envs(homeport: RunningApp) -> str:
    """The path of a new service's variables."""
    return f"{API}/services/{await create(homeport, urls=[url('web', 'https://a.example.com')])}/envs"


async def _by_key(app: RunningApp, path: str) -> dict[str, dict[str, Any]]:
    return {env["key"]: env for env in (await app.root.get(path)).json()}


async def test_a_list_has_all_variables(homeport: RunningApp, envs: str) -> None:
    found = await _by_key(homeport, envs)
    assert all(set(env) == FIELDS | VALUES for env in found.values())
    assert found["SERVICE_URL_WEB"]["value"] == "https://a.example.com"
    assert found["SERVICE_FQDN_WEB"]["value"] == "a.example.com"
    assert found["WIKI_TITLE"]["value"] == "My wiki"
    assert len(found["SERVICE_PASSWORD_DB"]["value"]) == 32
    assert found["SERVICE_PASSWORD_DB"]["is_coolify"] is True
    assert found["WIKI_TITLE"]["is_coolify"] is False


async def test_values_are_for_those_who_may_see_them(homeport: RunningApp, envs: str) -> None:
    reader = await homeport.acting("read")
    assert all(set(env) == FIELDS for env in (await reader.get(envs)).json())
    writer = await homeport.acting("write")
    answer = await writer.post(envs, json={"key": "SECRET", "value": "hush"})
    assert answer.status_code == 201
    assert "hush" not in answer.text
    member = await factories.add_user(homeport.database, 0, "member")
    theirs = await homeport.acting("read", user_id=member)
    denied = {"message": "You are not authorized to perform this action.", "error": "Unauthorized"}
    assert refusal(await theirs.get(envs)) == (403, denied)


async def test_create(homeport: RunningApp, envs: str) -> None:
    body = {
        "key": " MY.KEY ",
        "value": " text ",
        "comment": "why",
        "is_literal": True,
        "is_shown_once": "0",
        "is_preview": True,
        "is_build_time": False,
        "unknown": [],
    }
    answer = await homeport.root.post(envs, json=body)
    assert answer.status_code == 201
    made = answer.json()
    assert set(made) == (FIELDS | VALUES) - {"is_preview", "is_required", "order"}
    assert (made["key"], made["value"], made["real_value"]) == ("MY.KEY", "text", "'text'")
    assert (made["comment"], made["is_literal"], made["is_runtime"]) == ("why", True, True)
    taken = {"message": "Environment variable already exists. Use PATCH request to update it."}
    assert refusal(await homeport.root.post(envs, json=body)) == (409, taken)
    assert (await _by_key(homeport, envs))["MY.KEY"]["uuid"] == made["uuid"]


async def test_a_value_that_is_shown_once_hides(homeport: RunningApp, envs: str) -> None:
    answer = await homeport.root.post(envs, json={"key": "ONCE", "value": "hush", "is_shown_once": True})
    assert not VALUES & set(answer.json())
    assert "hush" not in (await homeport.root.get(envs)).text


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"key": ["This field is required."]}),
        ({"key": "1A"}, {"key": [KEY_RULE]}),
        ({"key": "A-B"}, {"key": [KEY_RULE]}),
        ({"key": "A\nB"}, {"key": [KEY_RULE]}),
        ({"key": "A" * 256}, {"key": ["The key may not be greater than 255 characters."]}),
        ({"key": 5}, {"key": ["The key field must be a string."]}),
        ({"key": "A", "value": 5}, {"value": ["The value field must be a string."]}),
        ({"key": "A", "is_literal": "no"}, {"is_literal": ["The is literal field must be true or false."]}),
        (
            {"key": "A", "comment": "x" * 257},
            {"comment": ["The comment field must not be greater than 256 characters."]},
        ),
        ({"key": "A", "value": "a\0b"}, {"value": ["The value field format is invalid."]}),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_bad_fields(
    homeport: RunningApp, envs: str, method: str, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    assert refusal(await homeport.root.request(method, envs, json=body)) == invalid(**errors)


async def test_update_overwrites_the_value_and_keeps_the_rest(homeport: RunningApp, envs: str) -> None:
    await homeport.root.post(envs, json={"key": "A", "value": "1", "comment": "why", "is_literal": True})
    answer = await homeport.root.patch(envs, json={"key": "A", "value": "2"})
    assert answer.status_code == 201
    assert set(answer.json()) == FIELDS | VALUES
    assert (answer.json()["value"], answer.json()["comment"]) == ("2", "why")
    assert answer.json()["is_literal"] is True
    answer = await homeport.root.patch(envs, json={"key": "A", "comment": None})
    assert (answer.json()["value"], answer.json()["comment"]) == (None, None)
    missing = {"message": "Environment variable not found."}
    assert refusal(await homeport.root.patch(envs, json={"key": "NONE"})) == (404, missing)


async def test_a_domains_variable_follows_its_domain(homeport: RunningApp, envs: str) -> None:
    answer = await homeport.root.patch(
        envs, json={"key": "SERVICE_URL_WEB", "value": "https://stale.example"}
    )
    assert answer.json()["value"] == "https://a.example.com"
    service = envs.removesuffix("/envs")
    await homeport.root.patch(service, json={"urls": [url("web", "https://b.example.com")]})
    assert (await _by_key(homeport, envs))["SERVICE_URL_WEB"]["value"] == "https://b.example.com"


async def test_a_change_shows_in_the_compose_and_deploys_nothing(homeport: RunningApp, envs: str) -> None:
    await homeport.root.post(envs, json={"key": "EXTRA", "value": "1"})
    assert (await homeport.root.get(f"{API}/deployments")).json() == []


async def test_bulk_is_all_or_nothing(homeport: RunningApp, envs: str) -> None:
    data = [{"key": "A", "value": "1"}, {"key": "WIKI_TITLE", "value": "Bulk", "is_required": True}]
    answer = await homeport.root.patch(f"{envs}/bulk", json={"data": data})
    assert answer.status_code == 201
    assert [(env["key"], env["value"]) for env in answer.json()] == [("A", "1"), ("WIKI_TITLE", "Bulk")]
    assert answer.json()[1]["is_required"] is True
    before = await row_counts(homeport.database)
    bad = [{"key": "NEW", "value": "1"}, {"key": "WIKI_TITLE", "value": "no"}, {"key": "1BAD"}]
    answer = await homeport.root.patch(f"{envs}/bulk", json={"data": bad})
    assert refusal(answer) == invalid(key=[KEY_RULE])
    assert await row_counts(homeport.database) == before
    assert (await _by_key(homeport, envs))["WIKI_TITLE"]["value"] == "Bulk"


async def test_bulk_takes_one_key_twice(homeport: RunningApp, envs: str) -> None:
    data = [{"key": "A", "value": "1"}, {"key": "A", "value": "2"}]
    assert (await homeport.root.patch(f"{envs}/bulk", json={"data": data})).status_code == 201
    assert (await _by_key(homeport, envs))["A"]["value"] == "2"


async def test_bulk_cannot_move_a_variable_to_another_service(homeport: RunningApp, envs: str) -> None:
    other = await create(homeport)
    data = [{"key": "A", "value": "1", "resourceable_id": 2, "service_id": 2, "uuid": "x", "id": 1}]
    answer = await homeport.root.patch(f"{envs}/bulk", json={"data": data})
    assert answer.status_code == 201
    assert answer.json()[0]["uuid"] != "x"
    assert "A" not in await _by_key(homeport, f"{API}/services/{other}/envs")


@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": None}, {"other": 1}])
async def test_bulk_needs_data(homeport: RunningApp, envs: str, body: dict[str, Any]) -> None:
    answer = await homeport.root.patch(f"{envs}/bulk", json=body)
    assert refusal(answer) == (400, {"message": "Bulk data is required."})


@pytest.mark.parametrize("data", ["text", {"key": "A"}, [5], ["A"], [[]]])
async def test_bulk_refuses_what_is_no_list_of_objects(homeport: RunningApp, envs: str, data: Any) -> None:
    answer = await homeport.root.patch(f"{envs}/bulk", json={"data": data})
    assert refusal(answer) == invalid(data=["The data field must be an array."])


async def test_delete(homeport: RunningApp, envs: str) -> None:
    found = await _by_key(homeport, envs)
    mine = (await homeport.root.post(envs, json={"key": "MINE", "value": "1"})).json()
    answer = await homeport.root.delete(f"{envs}/{mine['uuid']}")
    assert refusal(answer) == (200, {"message": "Environment variable deleted."})
    missing = (404, {"message": "Environment variable not found."})
    assert refusal(await homeport.root.delete(f"{envs}/{mine['uuid']}")) == missing
    password = found["SERVICE_PASSWORD_DB"]
    assert (await homeport.root.delete(f"{envs}/{password['uuid']}")).status_code == 200
    again = (await _by_key(homeport, envs))["SERVICE_PASSWORD_DB"]
    assert again["value"] != password["value"]


async def test_a_variable_of_another_service_is_not_found(homeport: RunningApp, envs: str) -> None:
    other = f"{API}/services/{await create(homeport)}/envs"
    uuid = (await _by_key(homeport, other))["WIKI_TITLE"]["uuid"]
    assert (await homeport.root.delete(f"{envs}/{uuid}")).status_code == 404


async def test_of_many_that_create_one_key_one_wins(homeport: RunningApp, envs: str) -> None:
    posts = (homeport.root.post(envs, json={"key": "RACE", "value": str(n)}) for n in range(6))
    answers = await asyncio.gather(*posts)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


@pytest.mark.parametrize(
    ("value", "flags", "real"),
    [
        ("pa\"ss'word\\", {}, "pa\\\"ss\\'word\\\\"),
        ('{"a": 1}', {}, '{"a": 1}'),
        ("{broken", {}, "{broken"),
        ("one\ntwo", {"is_multiline": True}, "'one\ntwo'"),
        ("", {}, None),
    ],
)
async def test_real_values(
    homeport: RunningApp, envs: str, value: str, flags: dict[str, bool], real: str | None
) -> None:
    answer = await homeport.root.post(envs, json={"key": "A", "value": value, **flags})
    assert answer.json()["real_value"] == real


async def test_odd_values_survive(homeport: RunningApp, envs: str) -> None:
    for number, value in enumerate(("$HOME ${X} $$", "日本語 😀", "a=b#c", "'\"`\\", "line\r\nline")):
        await homeport.root.post(envs, json={"key": f"ODD_{number}", "value": value})
        assert (await _by_key(homeport, envs))[f"ODD_{number}"]["value"] == value


async def test_json_is_not_demanded(homeport: RunningApp, envs: str) -> None:
    answer = await homeport.root.post(envs, data={"key": "FORM", "value": "1"})
    assert answer.status_code == 201
