"""The one-click types over the API: what each needs, where it comes from, and those that a team makes itself."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from homeport.catalog import Catalog, Template
from homeport.settings import Settings
from tests.support import factories
from tests.support.api import API, Place, add_server, create, encode, invalid, place_of, refusal, row_counts
from tests.support.app import RunningApp, running

TYPES = f"{API}/services/types"
SERVICES = f"{API}/services"
COMPOSE = "services:\n  web:\n    image: web:1\n    environment:\n      - SERVICE_URL_WEB_80\n"
GREEDY = COMPOSE + "    privileged: true\n    volumes:\n      - /srv/media:/media\n"
FIELDS = {
    "key", "slogan", "documentation", "category", "tags", "logo", "port", "minversion", "source",
    "architectures", "grants", "profiles", "problem", "shadowed", "updated_at",
}  # fmt: skip
FORBIDDEN = (403, {"message": "Missing required team role."})
UNKNOWN = (404, {"message": "Service type not found."})
TAKEN = (409, {"message": "A service type with this key already exists."})


def entry(compose: str = COMPOSE, **fields: Any) -> dict[str, Any]:
    return {"compose": base64.b64encode(compose.encode()).decode(), "slogan": "A thing.", **fields}


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """With a document of two types and a folder of one."""
    things = {
        "greedy": entry(GREEDY, category="media", tags=["Power"], arm_only=True),
        "broken": entry("services:\n  web: [\n"),
        "Not a key": entry(),
        "hello": entry(),
        "greeter": entry(
            COMPOSE + "      - GREETING=${GREETING}\n      - TOKEN=${TOKEN}\n",
            envs=encode("GREETING=Hi\nTOKEN=$SERVICE_PASSWORD_TOKEN\n"),
        ),
    }
    (tmp_path / "c.json").write_text(json.dumps(things))
    folder = tmp_path / "types"
    folder.mkdir()
    (folder / "local.yaml").write_text("# category: media\n" + COMPOSE)
    return replace(settings, catalog_sources=(str(tmp_path / "c.json"), str(folder)))


@pytest.fixture
async def place(homeport: RunningApp) -> Place:
    return await place_of(homeport)


async def keys(client: httpx.AsyncClient, query: str = "") -> list[str]:
    return [item["key"] for item in (await client.get(f"{TYPES}{query}")).json()]


async def save(app: RunningApp, uuid: str, key: str = "team-wiki", **more: Any) -> httpx.Response:
    return await app.root.post(f"{API}/services/{uuid}/template", json={"key": key, **more})


async def other_team(app: RunningApp) -> httpx.AsyncClient:
    team_id, user_id = await factories.add_team(app.database)
    return await app.acting("root", team_id=team_id, user_id=user_id)


async def test_a_type_says_what_it_needs_and_where_it_comes_from(
    homeport: RunningApp, tmp_path: Path
) -> None:
    listed = (await homeport.root.get(TYPES)).json()
    types = {item["key"]: item for item in listed}
    assert [item["key"] for item in listed] == sorted(types)
    assert all(set(item) == FIELDS for item in listed)
    greedy = types["greedy"]
    assert greedy["grants"] == ["host.mount", "host.privileged"]
    assert greedy["architectures"] == ["arm64"]
    assert greedy["source"] == str(tmp_path / "c.json")
    assert greedy["problem"] is None
    assert types["ghost"]["source"] == types["hello"]["source"] == "homeport"
    assert types["ghost"]["grants"] == []
    assert "line" in types["broken"]["problem"]


async def test_one_type_has_its_compose(homeport: RunningApp) -> None:
    found = (await homeport.root.get(f"{TYPES}/greedy")).json()
    assert set(found) == {*FIELDS, "compose"}
    assert found["compose"] == GREEDY
    assert refusal(await homeport.root.get(f"{TYPES}/nothing")) == UNKNOWN
    assert refusal(await homeport.root.get(f"{TYPES}/ghost?source=team")) == UNKNOWN


async def test_types_are_searched_and_filtered(homeport: RunningApp, tmp_path: Path) -> None:
    read = await homeport.acting("read")
    assert await keys(read, "?category=media&source=") == []
    assert "local" in await keys(read, "?category=Media")
    assert await keys(read, "?tag=power") == ["greedy"]
    assert (await keys(read, "?search=git+mysql")) == ["gitea-with-mysql"]
    assert await keys(read, f"?source={tmp_path}/types") == ["local"]
    assert "local" not in await keys(read, "?source=homeport")
    assert await keys(read, f"?source={tmp_path}/c.json&search=greed") == ["greedy"]


async def test_profiles_are_listed(settings: Settings) -> None:
    text = COMPOSE + "  extra:\n    image: extra:1\n    profiles: [more]\n    privileged: true\n"
    catalog = Catalog([Template(key="thing", compose=text)])
    async with running(settings, catalog=catalog) as app:
        (found,) = (await app.root.get(TYPES)).json()
    assert found["profiles"] == ["more"]
    assert found["grants"] == [], "it is not part of what is made without a profile"


async def test_the_sources_tell_their_state(homeport: RunningApp, tmp_path: Path) -> None:
    read = await homeport.acting("read")
    own, document, folder = (await read.get(f"{TYPES}/sources")).json()
    assert (own["name"], own["kind"], own["first"], own["shadowed"]) == ("homeport", "built-in", False, 0)
    assert (document["name"], document["kind"]) == (str(tmp_path / "c.json"), "document")
    assert (document["types"], document["shadowed"], document["error"]) == (4, 1, None)
    assert [problem["name"] for problem in document["problems"]] == ["Not a key"]
    assert "lower-case" in document["problems"][0]["message"]
    assert document["fetched_at"].endswith("Z")
    assert (folder["kind"], folder["types"]) == ("folder", 1)


async def test_a_refresh_reads_the_sources_again(homeport: RunningApp, tmp_path: Path) -> None:
    (tmp_path / "types" / "newer.yaml").write_text(COMPOSE)
    (tmp_path / "c.json").unlink()
    assert "newer" not in await keys(homeport.root)
    write = await homeport.acting("write")
    answer = await write.post(f"{TYPES}/refresh")
    assert answer.status_code == 200
    _, document, folder = answer.json()
    assert folder["types"] == 2
    assert document["error"] == "It cannot be read: No such file or directory."
    assert {"newer", "greedy"} <= set(await keys(homeport.root)), "at once, for every request"
    created = await homeport.root.post(
        SERVICES, json=(await place_of(homeport)).body(type="newer", docker_compose_raw=...)
    )
    assert created.status_code == 201


async def test_a_refresh_of_which_nothing_comes_is_a_failure(homeport: RunningApp, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("broken")
    (tmp_path / "types" / "local.yaml").unlink()
    (tmp_path / "types").rmdir()
    answer = await homeport.root.post(f"{TYPES}/refresh")
    assert answer.status_code == 502
    assert answer.headers["X-Homeport-Error"] == "source_failed"
    assert "c.json: It is not JSON." in answer.json()["message"]
    assert "local" in await keys(homeport.root)


async def test_who_may_refresh(homeport: RunningApp) -> None:
    member = await factories.add_user(homeport.database, 0, "member")
    assert (
        refusal(await (await homeport.acting("write", user_id=member)).post(f"{TYPES}/refresh")) == FORBIDDEN
    )
    assert (await (await homeport.acting("read")).post(f"{TYPES}/refresh")).status_code == 403
    assert (await homeport.client.post(f"{TYPES}/refresh")).status_code == 401


async def test_the_variables_of_a_type_become_the_services(homeport: RunningApp, place: Place) -> None:
    uuid = await create(homeport, type="greeter", docker_compose_raw=...)
    rows = (await homeport.root.get(f"{API}/services/{uuid}/envs")).json()
    values = {row["key"]: row["value"] for row in rows}
    assert values["GREETING"] == "Hi"
    assert values["TOKEN"] == "$SERVICE_PASSWORD_TOKEN"
    assert len(values["SERVICE_PASSWORD_TOKEN"]) == 32
    answer = await homeport.root.patch(
        f"{API}/services/{uuid}/envs", json={"key": "GREETING", "value": "Good day"}
    )
    assert answer.status_code == 201
    assert (await homeport.root.patch(f"{SERVICES}/{uuid}", json={"name": "again"})).status_code == 200
    again = {
        row["key"]: row["value"] for row in (await homeport.root.get(f"{API}/services/{uuid}/envs")).json()
    }
    assert again == {**values, "GREETING": "Good day"}


async def test_a_team_makes_a_type_of_its_service(homeport: RunningApp, place: Place) -> None:
    uuid = await create(homeport)
    secret = "do-not-copy-me"
    answer = await homeport.root.post(
        f"{API}/services/{uuid}/envs", json={"key": "WIKI_TITLE2", "value": secret}
    )
    assert answer.status_code == 201
    generated = (await homeport.root.get(f"{API}/services/{uuid}/envs")).json()
    answer = await save(
        homeport,
        uuid,
        slogan="Our wiki.",
        documentation="https://example.com/wiki",
        category=["Notes"],
        tags="Wiki, Team",
        port=80,
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert set(made) == {*FIELDS, "message"}
    assert "values of its variables were not copied" in made["message"]
    assert (made["key"], made["source"], made["port"]) == ("team-wiki", "team", 80)
    assert (made["category"], made["tags"]) == (["notes"], ["wiki", "team"])
    shown = await homeport.root.get(f"{TYPES}/team-wiki")
    raw = (await homeport.root.get(f"{SERVICES}/{uuid}")).json()["docker_compose_raw"]
    assert shown.json()["compose"] == raw
    values = [row["value"] for row in generated if row["key"].startswith("SERVICE_PASSWORD")]
    assert values
    assert not [value for value in (secret, *values) if value in shown.text]
    assert await keys(homeport.root, "?source=team") == ["team-wiki"]
    assert await keys(homeport.root, "?search=our+wiki") == ["team-wiki"]
    copy = await create(homeport, type="team-wiki", docker_compose_raw=...)
    service = (await homeport.root.get(f"{SERVICES}/{copy}")).json()
    assert (service["service_type"], service["name"]) == ("team-wiki", f"team-wiki-{copy}")
    new = {row["key"]: row["value"] for row in (await homeport.root.get(f"{SERVICES}/{copy}/envs")).json()}
    old = {row["key"]: row["value"] for row in generated}
    assert new["SERVICE_PASSWORD_DB"] != old["SERVICE_PASSWORD_DB"], "a password of its own"
    assert "WIKI_TITLE2" not in new


async def test_a_type_is_read_as_the_service_it_was_made_of(homeport: RunningApp, place: Place) -> None:
    """`${V:?text}` of a person's own file is Compose's: the text is no default, there and in the type."""
    text = "services:\n  web:\n    image: web:1\n    environment:\n      - NAME=${NAME:?Give a name.}\n"
    uuid = await create(homeport, docker_compose_raw=encode(text))
    assert (await save(homeport, uuid)).status_code == 201
    copy = await create(homeport, type="team-wiki", docker_compose_raw=...)
    (row,) = (
        row for row in (await homeport.root.get(f"{SERVICES}/{copy}/envs")).json() if row["key"] == "NAME"
    )
    assert (row["value"] or "", row["is_required"]) == ("", True)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"slogan": "x"}, {"key": ["The key field is required."]}),
        ({"key": 1}, {"key": ["The key field must be a string."]}),
        (
            {"key": "ok", "slogan": "x" * 256},
            {"slogan": ["The slogan field must not be greater than 255 characters."]},
        ),
        (
            {"key": "ok", "documentation": "docs"},
            {"documentation": ["The documentation field must be a valid URL."]},
        ),
        ({"key": "ok", "port": 65536}, {"port": ["The port field must be between 1 and 65535."]}),
        ({"key": "ok", "compose": "x"}, {"compose": ["This field is not allowed."]}),
    ],
)
async def test_a_wrong_request_is_refused(
    homeport: RunningApp, place: Place, body: dict[str, Any], errors: Any
) -> None:
    uuid = await create(homeport)
    before = await row_counts(homeport.database)
    answer = await homeport.root.post(f"{API}/services/{uuid}/template", json=body)
    assert refusal(answer) == invalid(**errors)
    assert await row_counts(homeport.database) == before


@pytest.mark.parametrize("key", ["Team", "../x", "a b", "-a", "sources", "x" * 101])
async def test_a_key_has_the_grammar_of_all_types(homeport: RunningApp, place: Place, key: str) -> None:
    answer = await save(homeport, await create(homeport), key)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["key"]


async def test_a_key_is_given_once(homeport: RunningApp, place: Place) -> None:
    uuid = await create(homeport)
    assert refusal(await save(homeport, uuid, "ghost")) == TAKEN
    assert (await save(homeport, uuid)).status_code == 201
    assert refusal(await save(homeport, uuid)) == TAKEN
    assert refusal(await save(homeport, "nothing", "other")) == (404, {"message": "Service not found."})


async def test_a_teams_type_is_its_own(homeport: RunningApp, place: Place) -> None:
    uuid = await create(homeport)
    assert (await save(homeport, uuid)).status_code == 201
    other = await other_team(homeport)
    assert await keys(other, "?source=team") == []
    assert refusal(await other.get(f"{TYPES}/team-wiki")) == UNKNOWN
    assert refusal(await other.delete(f"{TYPES}/team-wiki")) == UNKNOWN
    answer = await other.post(f"{API}/services/{uuid}/template", json={"key": "stolen"})
    assert refusal(answer) == (404, {"message": "Service not found."})
    project = (await other.post(f"{API}/projects", json={"name": "Theirs"})).json()["uuid"]
    team_id = (await other.get(f"{API}/teams/current")).json()["id"]
    server = await add_server(homeport.database, team_id)
    body = place.body(type="team-wiki", docker_compose_raw=..., project_uuid=project, server_uuid=server)
    answer = await other.post(SERVICES, json=body)
    assert answer.status_code == 404
    assert "team-wiki" not in answer.json()["valid_service_types"]
    own = await homeport.root.post(SERVICES, json=place.body(type="nothing", docker_compose_raw=...))
    known = own.json()["valid_service_types"]
    assert "team-wiki" in known
    assert known == sorted(known)


async def test_two_teams_may_use_the_same_key(homeport: RunningApp, place: Place) -> None:
    assert (await save(homeport, await create(homeport))).status_code == 201
    other = await other_team(homeport)
    project = (await other.post(f"{API}/projects", json={"name": "Theirs"})).json()["uuid"]
    team_id = (await other.get(f"{API}/teams/current")).json()["id"]
    server = await add_server(homeport.database, team_id)
    text = encode("services:\n  theirs:\n    image: theirs:1\n")
    body = place.body(docker_compose_raw=text, project_uuid=project, server_uuid=server)
    uuid = (await other.post(SERVICES, json=body)).json()["uuid"]
    assert (await other.post(f"{API}/services/{uuid}/template", json={"key": "team-wiki"})).status_code == 201
    assert "theirs" in (await other.get(f"{TYPES}/team-wiki")).json()["compose"]
    assert "theirs" not in (await homeport.root.get(f"{TYPES}/team-wiki")).json()["compose"]
    assert (await other.delete(f"{TYPES}/team-wiki")).status_code == 200
    assert await keys(homeport.root, "?source=team") == ["team-wiki"]


async def test_who_may_see_a_services_text_may_see_its_types(homeport: RunningApp, place: Place) -> None:
    assert (await save(homeport, await create(homeport))).status_code == 201
    read = await homeport.acting("read")
    assert "compose" not in (await read.get(f"{TYPES}/team-wiki")).json()
    assert "compose" in (await read.get(f"{TYPES}/ghost")).json()
    sensitive = await homeport.acting("read", "read:sensitive")
    assert "compose" in (await sensitive.get(f"{TYPES}/team-wiki")).json()


async def test_members_save_and_delete_nothing(homeport: RunningApp, place: Place) -> None:
    uuid = await create(homeport)
    member = await homeport.acting("write", user_id=await factories.add_user(homeport.database, 0, "member"))
    answer = await member.post(f"{API}/services/{uuid}/template", json={"key": "mine"})
    assert refusal(answer) == FORBIDDEN
    assert (await save(homeport, uuid)).status_code == 201
    assert refusal(await member.delete(f"{TYPES}/team-wiki")) == FORBIDDEN
    reader = await homeport.acting("read")
    assert (await reader.post(f"{API}/services/{uuid}/template", json={"key": "mine"})).status_code == 403
    assert (await reader.delete(f"{TYPES}/team-wiki")).status_code == 403


async def test_a_type_goes_and_its_services_stay(homeport: RunningApp, place: Place) -> None:
    uuid = await create(homeport)
    assert (await save(homeport, uuid)).status_code == 201
    copy = await create(homeport, type="team-wiki", docker_compose_raw=...)
    assert refusal(await homeport.root.delete(f"{TYPES}/team-wiki")) == (
        200,
        {"message": "Service type deleted."},
    )
    assert refusal(await homeport.root.delete(f"{TYPES}/team-wiki")) == UNKNOWN
    assert refusal(await homeport.root.delete(f"{TYPES}/ghost")) == UNKNOWN
    assert (await homeport.root.patch(f"{SERVICES}/{copy}", json={"name": "still"})).status_code == 200
    assert (await save(homeport, uuid)).status_code == 201


async def test_a_key_that_the_catalogue_gets_later_is_the_catalogues(
    homeport: RunningApp, place: Place, tmp_path: Path
) -> None:
    assert (await save(homeport, await create(homeport))).status_code == 201
    (tmp_path / "types" / "team-wiki.yaml").write_text(COMPOSE)
    assert (await homeport.root.post(f"{TYPES}/refresh")).status_code == 200
    both = [item for item in (await homeport.root.get(TYPES)).json() if item["key"] == "team-wiki"]
    assert sorted((item["source"] == "team", item["shadowed"]) for item in both) == [
        (False, False),
        (True, True),
    ]
    assert (await homeport.root.get(f"{TYPES}/team-wiki")).json()["compose"] == COMPOSE
    own = (await homeport.root.get(f"{TYPES}/team-wiki?source=team")).json()
    assert own["shadowed"] is True
    assert "postgres:17" in own["compose"]
    uuid = await create(homeport, type="team-wiki", docker_compose_raw=...)
    assert (await homeport.root.get(f"{SERVICES}/{uuid}")).json()["docker_compose_raw"] == COMPOSE
    assert (await homeport.root.delete(f"{TYPES}/team-wiki")).status_code == 200
    assert await keys(homeport.root, "?source=team") == []


async def test_what_a_type_needs_must_be_granted(homeport: RunningApp, place: Place) -> None:
    """Whatever the list says: the check is that of every create."""
    other = await other_team(homeport)
    project = (await other.post(f"{API}/projects", json={"name": "Theirs"})).json()["uuid"]
    team_id = (await other.get(f"{API}/teams/current")).json()["id"]
    server = await add_server(homeport.database, team_id)
    body = place.body(type="greedy", docker_compose_raw=..., project_uuid=project, server_uuid=server)
    answer = await other.post(SERVICES, json=body)
    assert answer.status_code == 422
    assert sorted({ask["grant"] for ask in answer.json()["missing_grants"]}) == [
        "host.mount",
        "host.privileged",
    ]
