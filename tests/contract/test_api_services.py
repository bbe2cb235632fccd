"""GET, PATCH and DELETE of services: field sets, what hides, what changes, what stays."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, select

from homeport.db.services import Claim, Component
from tests.support import factories
from tests.support.api import API, WIKI, create, encode, invalid, place_of, refusal, row_counts, url
from tests.support.app import RunningApp

SERVICES = f"{API}/services"

SERVICE_FIELDS = {
    "uuid", "name", "description", "environment_id", "server_id", "destination_type", "destination_id",
    "connect_to_docker_network", "is_container_label_escape_enabled", "config_hash", "service_type",
    "compose_parsing_version", "created_at", "updated_at", "deleted_at", "server_status", "status", "server",
    "applications", "databases",
}  # fmt: skip
SENSITIVE_FIELDS = {"docker_compose_raw", "docker_compose", "destination"}
APPLICATION_FIELDS = {
    "id", "uuid", "name", "human_name", "description", "fqdn", "noindex_domains", "redirect", "ports", "exposes",
    "status", "service_id", "exclude_from_status", "required_fqdn", "image", "is_log_drain_enabled",
    "is_include_timestamps", "is_gzip_enabled", "is_stripprefix_enabled", "is_force_https_enabled", "is_migrated",
    "last_online_at", "created_at", "updated_at", "deleted_at",
}  # fmt: skip
DATABASE_FIELDS = {
    "id", "uuid", "name", "human_name", "description", "ports", "exposes", "status", "service_id",
    "exclude_from_status", "image", "public_port", "is_public", "public_port_timeout", "is_log_drain_enabled",
    "is_include_timestamps", "is_gzip_enabled", "is_stripprefix_enabled", "is_migrated", "custom_type",
    "last_online_at", "created_at", "updated_at", "deleted_at",
}  # fmt: skip
SECRET_SETTINGS = {
    "sentinel_token", "sentinel_custom_url", "logdrain_newrelic_license_key", "logdrain_axiom_api_key",
    "logdrain_custom_config", "logdrain_custom_config_parser",
}  # fmt: skip


async def test_a_service_shows_all_to_who_may_see_it(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    made = (await homeport.root.get(f"{SERVICES}/{uuid}")).json()
    assert set(made) == SERVICE_FIELDS | SENSITIVE_FIELDS | {"environment"}
    assert set(made["applications"][0]) == APPLICATION_FIELDS
    assert set(made["databases"][0]) == DATABASE_FIELDS
    assert made["environment"]["project"]["team"]["name"] == "Root Team"
    assert made["destination_type"] == "App\\Models\\StandaloneDocker"
    assert made["compose_parsing_version"] == "5"
    assert made["status"] == "exited"
    assert made["server_status"] is True
    assert made["created_at"].endswith("Z")
    assert len(made["created_at"]) == 27
    assert not SECRET_SETTINGS & set(made["server"]["settings"])
    assert set(made["destination"]["server"]["settings"]) >= SECRET_SETTINGS
    assert "image: nginx:1.27" in made["docker_compose"]


async def test_secrets_are_absent_for_other_tokens(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    member = await factories.add_user(homeport.database, 0, "member")
    for reader in (
        await homeport.acting("read"),
        await homeport.acting("read", "write"),
        await homeport.acting("read", user_id=member),
    ):
        one = (await reader.get(f"{SERVICES}/{uuid}")).json()
        assert set(one) == SERVICE_FIELDS | {"environment"}
        (item,) = (await reader.get(SERVICES)).json()
        assert set(item) == SERVICE_FIELDS | {"laravel_through_key"}
    sensitive = await homeport.acting("read", "read:sensitive")
    (item,) = (await sensitive.get(SERVICES)).json()
    assert set(item) == SERVICE_FIELDS | SENSITIVE_FIELDS | {"laravel_through_key"}
    assert item["docker_compose_raw"] == WIKI


async def test_a_list_takes_few_queries_however_long(homeport: RunningApp) -> None:
    for _ in range(3):
        await create(homeport)
    await homeport.root.get(SERVICES)
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = homeport.database.reader_engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    assert len((await homeport.root.get(SERVICES)).json()) == 3
    event.remove(engine, "before_cursor_execute", note)
    assert len(statements) <= 5


async def test_another_teams_services_do_not_exist(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    team_id, user_id = await factories.add_team(homeport.database)
    theirs = await homeport.acting("root", user_id=user_id, team_id=team_id)
    assert (await theirs.get(SERVICES)).json() == []
    missing = (404, {"message": "Service not found."})
    path = f"{SERVICES}/{uuid}"
    for answer in (
        await theirs.get(path),
        await theirs.patch(path, json={"name": "mine"}),
        await theirs.delete(path),
        await theirs.post(f"{path}/start"),
        await theirs.post(f"{path}/stop"),
        await theirs.post(f"{path}/restart"),
        await theirs.get(f"{path}/logs?sub_service_name=web"),
        await theirs.get(f"{path}/envs"),
        await theirs.post(f"{path}/envs", json={"key": "A"}),
        await theirs.patch(f"{path}/envs", json={"key": "A"}),
        await theirs.patch(f"{path}/envs/bulk", json={"data": [{"key": "A"}]}),
        await theirs.delete(f"{path}/envs/{uuid}"),
        await theirs.get(f"{path}/tags"),
    ):
        assert refusal(answer) == missing
    for odd in ("nothing", "%00", "..%2f", "é"):
        assert (await homeport.root.get(f"{SERVICES}/{odd}")).status_code == 404


async def test_patch_changes_what_is_sent(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    before = (await homeport.root.get(f"{SERVICES}/{uuid}")).json()
    change = {
        "name": "<b>New</b> name",
        "description": None,
        "connect_to_docker_network": True,
        "is_container_label_escape_enabled": False,
        "urls": [url("web", "https://moved.example.com")],
        "instant_deploy": True,
    }
    answer = await homeport.root.patch(f"{SERVICES}/{uuid}", json=change)
    assert answer.status_code == 200
    assert set(answer.json()) == {"uuid", "domains", "deployment_uuid"}
    assert answer.json()["domains"] == ["https://moved.example.com"]
    after = (await homeport.root.get(f"{SERVICES}/{uuid}")).json()
    assert (after["name"], after["description"]) == ("New name", "")
    assert after["connect_to_docker_network"] is True
    assert after["is_container_label_escape_enabled"] is False
    assert after["applications"][0]["uuid"] == before["applications"][0]["uuid"]
    assert after["applications"][0]["fqdn"] == "https://moved.example.com"
    assert after["docker_compose_raw"] == WIKI
    assert await _passwords(homeport, uuid) == 1


async def test_a_new_compose_keeps_what_stays(homeport: RunningApp) -> None:
    uuid = await create(homeport, urls=[url("web", "https://a.example.com")])
    before = (await homeport.root.get(f"{SERVICES}/{uuid}")).json()
    envs = {env["key"]: env for env in (await homeport.root.get(f"{SERVICES}/{uuid}/envs")).json()}
    text = WIKI.replace("  db:\n", "  store:\n").replace("nginx:1.27", "nginx:1.28")
    answer = await homeport.root.patch(f"{SERVICES}/{uuid}", json={"docker_compose_raw": encode(text)})
    assert answer.json() == {"uuid": uuid, "domains": ["https://a.example.com"]}
    after = (await homeport.root.get(f"{SERVICES}/{uuid}")).json()
    assert after["docker_compose_raw"] == text
    assert [x["name"] for x in after["databases"]] == ["store"]
    assert after["applications"][0]["uuid"] == before["applications"][0]["uuid"]
    assert after["applications"][0]["image"] == "nginx:1.28"
    now = {env["key"]: env for env in (await homeport.root.get(f"{SERVICES}/{uuid}/envs")).json()}
    assert now["SERVICE_PASSWORD_DB"]["value"] == envs["SERVICE_PASSWORD_DB"]["value"]
    assert now["SERVICE_URL_WEB"]["value"] == "https://a.example.com"


async def test_a_domain_moves_and_frees_the_old_one(homeport: RunningApp) -> None:
    uuid = await create(homeport, urls=[url("web", "https://old.example.com")])
    other = await create(homeport, urls=[url("web", "https://taken.example.com")])
    patch = homeport.root.patch
    answer = await patch(f"{SERVICES}/{uuid}", json={"urls": [url("web", "https://taken.example.com")]})
    assert answer.status_code == 409
    answer = await patch(f"{SERVICES}/{uuid}", json={"urls": [url("web", "https://new.example.com")]})
    assert answer.status_code == 200
    answer = await patch(f"{SERVICES}/{other}", json={"urls": [url("web", "https://old.example.com")]})
    assert answer.status_code == 200
    own = await patch(f"{SERVICES}/{uuid}", json={"urls": [url("web", "http://new.example.com")]})
    assert own.status_code == 200


async def test_siblings_can_swap_domains(homeport: RunningApp) -> None:
    twins = "services:\n  one: {image: nginx}\n  two: {image: nginx}\n"
    urls = [url("one", "https://1.example.com"), url("two", "https://2.example.com")]
    uuid = await create(homeport, docker_compose_raw=encode(twins), urls=urls)
    alone = {"urls": [url("one", "https://2.example.com")]}
    assert (await homeport.root.patch(f"{SERVICES}/{uuid}", json=alone)).status_code == 409
    both = {"urls": [url("one", "https://2.example.com"), url("two", "https://1.example.com")]}
    assert (await homeport.root.patch(f"{SERVICES}/{uuid}", json=both)).status_code == 200


async def test_a_failed_patch_changes_nothing(homeport: RunningApp) -> None:
    await create(homeport, urls=[url("web", "https://taken.example.com")])
    uuid = await create(homeport, name="Mine")
    rows = await row_counts(homeport.database)
    before = (await homeport.root.get(f"{SERVICES}/{uuid}")).json()
    compose = {"docker_compose_raw": encode(WIKI.replace("db:", "other:"))}
    for wrong, status in (
        ({"urls": [url("web", "https://taken.example.com")]}, 409),
        ({"urls": [url("web", "nonsense")]}, 422),
        ({"urls": [url("nobody", "https://x.example.com")]}, 422),
        ({"docker_compose_raw": encode("services: [")}, 422),
    ):
        body = {"name": "Changed", **compose, **wrong, "instant_deploy": True}
        assert (await homeport.root.patch(f"{SERVICES}/{uuid}", json=body)).status_code == status
    assert (await homeport.root.get(f"{SERVICES}/{uuid}")).json() == before
    assert await row_counts(homeport.database) == rows


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"tags": ["one"]}, {"tags": ["This field is not allowed."]}),
        ({"server_uuid": "x"}, {"server_uuid": ["This field is not allowed."]}),
        ({"uuid": "x"}, {"uuid": ["This field is not allowed."]}),
        ({"name": None}, {"name": ["The name field must be a string."]}),
        ({"connect_to_docker_network": None}, {
            "connect_to_docker_network": ["The connect to docker network field must be true or false."]
        }),
        ({"docker_compose_raw": None}, {
            "docker_compose_raw": ["The docker_compose_raw should be base64 encoded."]
        }),
    ],
)  # fmt: skip
async def test_patch_fields(
    homeport: RunningApp, fields: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    uuid = await create(homeport)
    assert refusal(await homeport.root.patch(f"{SERVICES}/{uuid}", json=fields)) == invalid(**errors)


async def test_patch_judges_json_first_then_the_service_then_fields(homeport: RunningApp) -> None:
    missing = f"{SERVICES}/nowhere"
    answer = await homeport.root.patch(missing, json={})
    assert refusal(answer) == (400, {"message": "Invalid request.", "error": "Empty JSON."})
    answer = await homeport.root.patch(missing, json={"bogus": 1})
    assert refusal(answer) == (404, {"message": "Service not found."})


async def test_cleared_domains_stay_cleared(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    answer = await homeport.root.patch(f"{SERVICES}/{uuid}", json={"urls": [url("web", None)]})
    assert answer.json()["domains"] == []
    answer = await homeport.root.patch(f"{SERVICES}/{uuid}", json={"name": "Other"})
    assert answer.json()["domains"] == []
    async with homeport.database.read() as session:
        assert (await session.scalars(select(Claim.host))).all() == []


async def test_concurrent_patches_follow_each_other(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    patches = (
        homeport.root.patch(
            f"{SERVICES}/{uuid}",
            json={"urls": [url("web", f"https://{number}.example.com")], "instant_deploy": True},
        )
        for number in range(8)
    )
    answers = await asyncio.gather(*patches)
    assert {answer.status_code for answer in answers} == {200}
    async with homeport.database.read() as session:
        fqdn = await session.scalar(select(Component.fqdn).where(Component.name == "web"))
        hosts = (await session.scalars(select(Claim.host))).all()
    assert [f"https://{host}" for host in hosts] == [fqdn]


async def test_delete_marks_and_asks_the_worker(homeport: RunningApp) -> None:
    uuid = await create(homeport, urls=[url("web", "https://a.example.com")])
    answer = await homeport.root.delete(f"{SERVICES}/{uuid}?delete_volumes=true")
    assert answer.status_code == 200
    assert answer.json()["message"] == "Service deletion request queued."
    assert (await homeport.root.get(f"{SERVICES}/{uuid}")).status_code == 200
    deployment = await homeport.root.get(f"{API}/deployments/{answer.json()['deployment_uuid']}")
    assert (deployment.json()["action"], deployment.json()["status"]) == ("delete", "queued")
    again = await homeport.root.delete(f"{SERVICES}/{uuid}")
    assert refusal(again) == (200, {"message": "Service deletion request queued."})
    place = await place_of(homeport)
    body = place.body(urls=[url("web", "https://a.example.com")])
    assert (await homeport.root.post(SERVICES, json=body)).status_code == 409
    gone = (400, {"message": "Service is being deleted."})
    for path in ("start", "stop", "restart"):
        assert refusal(await homeport.root.post(f"{SERVICES}/{uuid}/{path}")) == gone
    assert refusal(await homeport.root.patch(f"{SERVICES}/{uuid}", json={"name": "x"})) == gone
    assert refusal(await homeport.root.post(f"{SERVICES}/{uuid}/envs", json={"key": "A"})) == gone


@pytest.mark.parametrize(("query", "is_wanted"), [("", False), ("?delete_volumes=on", True)])
async def test_volumes_go_only_when_asked_for(homeport: RunningApp, query: str, is_wanted: bool) -> None:
    from homeport.db.deployments import Deployment

    uuid = await create(homeport)
    await homeport.root.delete(f"{SERVICES}/{uuid}{query}")
    async with homeport.database.read() as session:
        options = await session.scalar(select(Deployment.options)) or ""
    assert ('"delete_volumes": true' in options) is is_wanted
    assert '"delete_configurations": true' in options


async def _passwords(app: RunningApp, uuid: str) -> int:
    envs = (await app.root.get(f"{SERVICES}/{uuid}/envs")).json()
    return sum(env["key"] == "SERVICE_PASSWORD_DB" for env in envs)
