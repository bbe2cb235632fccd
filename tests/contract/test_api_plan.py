"""Plans: what a request would do is shown and nothing is stored; what was shown is what is applied, once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text, update

from homeport.actions import plans as actions
from homeport.db.plans import StoredPlan
from homeport.db.services import EnvVariable, Service
from tests.support import factories
from tests.support.api import (
    API,
    WIKI,
    Place,
    add_server,
    create,
    encode,
    invalid,
    place_of,
    refusal,
    row_counts,
    url,
)
from tests.support.app import RunningApp, running

SERVICES = f"{API}/services"
PLAN_FIELDS = {
    "plan_id", "expires_at", "action", "uuid", "name", "type", "project_uuid", "environment_name", "server_uuid",
    "destination_uuid", "compose", "diff", "components", "variables", "missing_variables", "domains", "ports",
    "volumes", "files", "networks", "profiles", "grants", "warnings", "will_deploy", "can_apply",
}  # fmt: skip


@pytest.fixture
async def place(homeport: RunningApp) -> Place:
    return await place_of(homeport)


async def plan_create(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(f"{SERVICES}?dry_run=true", json=body)
    assert answer.status_code == 200, answer.text
    plan: dict[str, Any] = answer.json()
    return plan


async def plan_change(client: httpx.AsyncClient, uuid: str, **fields: Any) -> dict[str, Any]:
    answer = await client.patch(f"{SERVICES}/{uuid}?dry_run=true", json=fields)
    assert answer.status_code == 200, answer.text
    plan: dict[str, Any] = answer.json()
    return plan


async def apply(client: httpx.AsyncClient, plan: dict[str, Any], **more: Any) -> httpx.Response:
    body = {"plan_id": plan["plan_id"], **more}
    if plan["action"] == "create":
        return await client.post(SERVICES, json=body)
    return await client.patch(f"{SERVICES}/{plan['uuid']}", json=body)


async def test_a_plan_stores_nothing_but_itself(homeport: RunningApp, place: Place) -> None:
    before = await row_counts(homeport.database)
    plan = await plan_create(homeport.root, place.body(instant_deploy=True, tags=["wiki"]))
    assert await row_counts(homeport.database) == before | {"plans": 1}
    assert set(plan) == PLAN_FIELDS
    assert (plan["action"], plan["type"], plan["diff"], plan["will_deploy"]) == ("create", None, None, True)
    assert (plan["project_uuid"], plan["environment_name"]) == (place.project, "production")
    assert (plan["server_uuid"], plan["destination_uuid"]) == (place.server, place.destination)
    assert [(c["name"], c["kind"], c["change"]) for c in plan["components"]] == [
        ("web", "application", "create"),
        ("db", "database", "create"),
    ]
    assert plan["domains"] == [f"http://web-{plan['uuid']}.localhost:80"]
    assert plan["networks"] == [plan["uuid"]]
    assert plan["profiles"] == {"chosen": [], "known": []}
    assert {v["key"]: v["change"] for v in plan["variables"]}["SERVICE_PASSWORD_DB"] == "new"
    expires = datetime.fromisoformat(plan["expires_at"])
    assert timedelta(minutes=14) < expires - datetime.now(UTC) <= timedelta(minutes=15)


async def test_a_plan_is_kept_encrypted(homeport: RunningApp, place: Place) -> None:
    await plan_create(homeport.root, place.body(description="canary-description"))
    async with homeport.database.read() as session:
        request, seed = (await session.execute(text("SELECT request, seed FROM plans"))).one()
        plain = await session.scalar(select(StoredPlan.seed))
    assert "canary" not in request
    assert plain not in seed


async def test_what_was_planned_is_what_is_made(homeport: RunningApp, place: Place) -> None:
    body = place.body(name="Wiki", description="ours", tags=["wiki"], instant_deploy=True)
    plan = await plan_create(homeport.root, body)
    answer = await apply(homeport.root, plan)
    assert answer.status_code == 201
    made = answer.json()
    assert set(made) == {"uuid", "domains", "deployment_uuid"}
    assert (made["uuid"], made["domains"]) == (plan["uuid"], plan["domains"])
    service = (await homeport.root.get(f"{SERVICES}/{made['uuid']}")).json()
    assert (service["name"], service["description"]) == ("Wiki", "ours")
    assert service["docker_compose_raw"] == WIKI
    assert (
        service["docker_compose"].replace("${WIKI_TITLE:-My wiki}", "${WIKI_TITLE:-***}") == plan["compose"]
    )
    tags = (await homeport.root.get(f"{SERVICES}/{made['uuid']}/tags")).json()
    assert [tag["name"] for tag in tags] == ["wiki"]


async def test_secrets_and_names_come_from_the_plan(homeport: RunningApp, place: Place) -> None:
    """Refused and tried again, the plan still makes the same: its randomness is its own."""
    plan = await plan_create(homeport.root, place.body())
    made: list[str | None] = []
    for _ in range(2):
        assert (await apply(homeport.root, plan)).status_code == 201
        async with homeport.database.write() as session:
            variable = select(EnvVariable.value).where(EnvVariable.key == "SERVICE_PASSWORD_DB")
            made.append(await session.scalar(variable))
            for table in ("claims", "variables", "volumes", "components", "services"):
                await session.execute(text(f"DELETE FROM {table}"))
            await session.execute(update(StoredPlan).values(applied_at=None))
    assert made[0] == made[1] is not None


async def test_a_one_click_type_is_planned_and_made(homeport: RunningApp, place: Place) -> None:
    plan = await plan_create(homeport.root, place.body(docker_compose_raw=..., type="hello"))
    assert (plan["type"], plan["name"]) == ("hello", f"hello-{plan['uuid']}")
    answer = await apply(homeport.root, plan)
    assert (answer.status_code, answer.json()["domains"]) == (201, plan["domains"])


async def test_a_plan_is_applied_once(homeport: RunningApp, place: Place) -> None:
    plan = await plan_create(homeport.root, place.body())
    assert (await apply(homeport.root, plan)).status_code == 201
    before = await row_counts(homeport.database)
    again = await apply(homeport.root, plan)
    assert refusal(again) == (409, {"message": "This plan was applied already."})
    assert again.headers["X-Homeport-Error"] == "plan_stale"
    assert await row_counts(homeport.database) == before


@pytest.mark.parametrize("action", ["create", "change"])
async def test_of_two_that_apply_at_once_one_wins(homeport: RunningApp, place: Place, action: str) -> None:
    if action == "create":
        plan = await plan_create(homeport.root, place.body())
    else:
        plan = await plan_change(homeport.root, await create(homeport), name="Other")
    answers = await asyncio.gather(*(apply(homeport.root, plan) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [
        201 if action == "create" else 200,
        *[409] * 4,
    ]


async def test_an_expired_plan_is_refused(homeport: RunningApp, place: Place) -> None:
    plan = await plan_create(homeport.root, place.body())
    async with homeport.database.write() as session:
        await session.execute(update(StoredPlan).values(expires_at=datetime.now(UTC)))
    assert refusal(await apply(homeport.root, plan)) == (
        409,
        {"message": "This plan has expired. Make a new one."},
    )


async def test_a_plan_is_found_by_its_team_at_its_own_endpoint_only(
    homeport: RunningApp, place: Place
) -> None:
    one, other = await create(homeport), await create(homeport)
    creation = await plan_create(homeport.root, place.body())
    change = await plan_change(homeport.root, one, name="Other")
    team_id, user_id = await factories.add_team(homeport.database)
    stranger = await homeport.acting("root", team_id=team_id, user_id=user_id)
    for answer in (
        await homeport.root.post(SERVICES, json={"plan_id": "unknown"}),
        await homeport.root.post(SERVICES, json={"plan_id": change["plan_id"]}),
        await homeport.root.patch(f"{SERVICES}/{one}", json={"plan_id": creation["plan_id"]}),
        await homeport.root.patch(f"{SERVICES}/{other}", json={"plan_id": change["plan_id"]}),
        await stranger.post(SERVICES, json={"plan_id": creation["plan_id"]}),
    ):
        assert refusal(answer) == (404, {"message": "Plan not found."})
    assert refusal(await stranger.patch(f"{SERVICES}/{one}", json={"plan_id": change["plan_id"]})) == (
        404,
        {"message": "Service not found."},
    )
    assert (await apply(homeport.root, creation)).status_code == 201
    assert (await apply(homeport.root, change)).status_code == 200


async def test_a_request_that_applies_says_nothing_else(homeport: RunningApp, place: Place) -> None:
    plan = await plan_create(homeport.root, place.body())
    answer = await apply(homeport.root, plan, name="Other", instant_deploy=True)
    no = ["This field is not allowed."]
    assert refusal(answer) == invalid(name=no, instant_deploy=no)
    answer = await homeport.root.post(SERVICES, json={"plan_id": None})
    assert refusal(answer) == invalid(plan_id=["The plan id field is required."])
    answer = await homeport.root.post(f"{SERVICES}?dry_run=1", json={"plan_id": plan["plan_id"]})
    assert answer.json()["errors"]["plan_id"] == no
    assert (await apply(homeport.root, plan)).status_code == 201


async def test_a_request_that_would_be_refused_has_no_plan(homeport: RunningApp, place: Place) -> None:
    uuid = await create(homeport, urls=[url("web", "http://taken.test")])
    before = await row_counts(homeport.database)
    for body, status in (
        (place.body(name=7), 422),
        (place.body(docker_compose_raw=encode("services: {web: {image: [}")), 422),
        (place.body(project_uuid="unknown"), 404),
        (place.body(urls=[url("web", "http://taken.test")]), 409),
        (place.body(dry_run=True), 422),
    ):
        planned = await homeport.root.post(f"{SERVICES}?dry_run=true", json=body)
        done = await homeport.root.post(SERVICES, json=body)
        assert refusal(planned) == refusal(done)
        assert planned.status_code == status
    assert (await homeport.root.patch(f"{SERVICES}/{uuid}?dry_run=true", json={"x": 1})).status_code == 422
    assert (
        await homeport.root.patch(f"{SERVICES}/unknown?dry_run=true", json={"name": "x"})
    ).status_code == 404
    assert await row_counts(homeport.database) == before


@pytest.mark.parametrize("value", ["false", "0", "no", ""])
async def test_without_dry_run_it_is_done(homeport: RunningApp, place: Place, value: str) -> None:
    answer = await homeport.root.post(f"{SERVICES}?dry_run={value}", json=place.body())
    assert answer.status_code == 201


async def test_what_cannot_be_planned_is_not_done_instead(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    before = await row_counts(homeport.database)
    dry = "dry_run=true"
    for answer in (
        await homeport.root.delete(f"{SERVICES}/{uuid}?{dry}"),
        await homeport.root.post(f"{SERVICES}/{uuid}/start?{dry}"),
        await homeport.root.post(f"{API}/deploy?uuid={uuid}&{dry}"),
        await homeport.root.post(f"{SERVICES}/{uuid}/envs?{dry}", json={"key": "A", "value": "b"}),
    ):
        assert refusal(answer) == invalid(dry_run=["This request cannot be planned."])
    assert await row_counts(homeport.database) == before


async def test_profiles_are_shown(homeport: RunningApp, place: Place) -> None:
    two = "services:\n  web:\n    image: nginx:1.27\n  debug:\n    image: nginx:1.27\n    profiles: [debug]\n"
    for chosen, names in (([], ["web"]), (["debug"], ["web", "debug"])):
        body = place.body(docker_compose_raw=encode(two), profiles=chosen)
        plan = await plan_create(homeport.root, body)
        assert plan["profiles"] == {"chosen": chosen, "known": ["debug"]}
        assert [component["name"] for component in plan["components"]] == names


async def test_a_plan_is_made_and_applied_by_those_who_may_write(homeport: RunningApp, place: Place) -> None:
    plan = await plan_create(homeport.root, place.body())
    reader = await homeport.acting("read", "read:sensitive", "deploy")
    member_id = await factories.add_user(homeport.database, 0, "member")
    admin_id = await factories.add_user(homeport.database, 0, "admin")
    member = await homeport.acting("write", user_id=member_id)
    for client in (reader, member):
        assert (await client.post(f"{SERVICES}?dry_run=true", json=place.body())).status_code == 403
        assert (await apply(client, plan)).status_code == 403
    admin = await homeport.acting("write", user_id=admin_id)
    assert (await apply(admin, plan)).status_code == 201


async def test_a_change_is_shown_and_then_made(homeport: RunningApp) -> None:
    uuid = await create(homeport, instant_deploy=True)
    before = (await homeport.root.get(f"{SERVICES}/{uuid}")).json()
    counts = await row_counts(homeport.database)
    new = WIKI.replace("nginx:1.27", "nginx:1.28")
    plan = await plan_change(
        homeport.root, uuid, docker_compose_raw=encode(new), urls=[url("web", "http://wiki.test")]
    )
    assert (await homeport.root.get(f"{SERVICES}/{uuid}")).json() == before
    assert await row_counts(homeport.database) == counts | {"plans": 1}
    assert set(plan) == PLAN_FIELDS
    assert (plan["action"], plan["uuid"], plan["will_deploy"]) == ("change", uuid, False)
    assert {c["name"]: c["change"] for c in plan["components"]} == {"web": "recreate", "db": "recreate"}
    assert "-    image: nginx:1.27\n+    image: nginx:1.28\n" in plan["diff"]
    assert "SERVICE_URL_WEB=*** (changed)" in plan["diff"]
    assert plan["domains"] == ["http://wiki.test"]
    answer = await apply(homeport.root, plan)
    assert refusal(answer) == (200, {"uuid": uuid, "domains": ["http://wiki.test"]})
    after = (await homeport.root.get(f"{SERVICES}/{uuid}")).json()
    assert after["docker_compose_raw"] == new
    assert after["applications"][0]["fqdn"] == "http://wiki.test"
    assert after["updated_at"] > before["updated_at"]


async def test_a_change_can_deploy_what_was_planned(homeport: RunningApp) -> None:
    uuid = await create(homeport, instant_deploy=True)
    plan = await plan_change(homeport.root, uuid, instant_deploy=True)
    assert (plan["diff"], plan["will_deploy"]) == ("", True)
    assert {c["change"] for c in plan["components"]} == {"unchanged"}
    answer = await apply(homeport.root, plan)
    assert set(answer.json()) == {"uuid", "domains", "deployment_uuid"}


async def test_a_new_name_leaves_the_containers_alone(homeport: RunningApp) -> None:
    uuid = await create(homeport, instant_deploy=True)
    plan = await plan_change(homeport.root, uuid, name="Renamed")
    assert {c["change"] for c in plan["components"]} == {"unchanged"}


async def test_changes_that_wait_for_their_deployment_are_named(homeport: RunningApp) -> None:
    uuid = await create(homeport, instant_deploy=True)
    pending = "changes_pending"
    assert pending not in {w["code"] for w in (await plan_change(homeport.root, uuid, name="A"))["warnings"]}
    variable = {"key": "WIKI_TITLE", "value": "Other"}
    assert (await homeport.root.patch(f"{SERVICES}/{uuid}/envs", json=variable)).is_success
    plan = await plan_change(homeport.root, uuid, name="A")
    assert pending in {warning["code"] for warning in plan["warnings"]}
    assert (plan["diff"], plan["can_apply"]) == ("", True)
    assert "recreate" in {c["change"] for c in plan["components"]}


async def test_a_plan_that_would_deploy_without_a_value_says_that_it_cannot(
    homeport: RunningApp, place: Place
) -> None:
    text = "services: {web: {image: 'a:1', environment: ['KEY=${KEY:?say it}']}}"
    body = place.body(docker_compose_raw=encode(text))
    assert (await plan_create(homeport.root, body))["can_apply"] is True
    plan = await plan_create(homeport.root, {**body, "instant_deploy": True})
    assert (plan["will_deploy"], plan["can_apply"]) == (True, False)
    assert (await apply(homeport.root, plan)).status_code == 422


async def test_grants_are_shown_and_confirmed_when_the_plan_is_applied(homeport: RunningApp) -> None:
    team_id, owner_id = await factories.add_team(homeport.database)
    owner = await homeport.acting("root", team_id=team_id, user_id=owner_id)
    admin_id = await factories.add_user(homeport.database, team_id, "admin")
    admin = await homeport.acting("root", team_id=team_id, user_id=admin_id)
    project = await factories.add_project(homeport.database, team_id)
    server = await add_server(homeport.database, team_id)
    logs = "services:\n  web:\n    image: nginx:1.27\n    volumes:\n      - /var/log:/logs:ro\n"
    body = Place(project, server, "").body(docker_compose_raw=encode(logs))
    plan = await plan_create(admin, body)
    (grant,) = plan["grants"]
    assert set(grant) == {"grant", "subject", "place", "line", "message", "is_granted"}
    assert (grant["grant"], grant["line"], grant["is_granted"]) == ("host.mount", 5, False)
    refused = await apply(admin, plan)
    assert (refused.status_code, refused.headers["X-Homeport-Error"]) == (422, "grants_missing")
    assert (await apply(admin, plan, grants=["host.mount"])).status_code == 403
    assert (await apply(owner, plan, grants=["host.mount"])).status_code == 201
    async with homeport.database.read() as session:
        kept = await session.scalar(select(Service.grants).where(Service.uuid == plan["uuid"]))
    assert kept == [f"host.mount {grant['subject']}"]


async def test_missing_variables_are_shown_and_refused_when_it_is_applied(
    homeport: RunningApp, place: Place
) -> None:
    needy = "services:\n  web:\n    image: nginx:1.27\n    environment:\n      KEY: ${KEY:?ask the cook}\n"
    body = place.body(docker_compose_raw=encode(needy), instant_deploy=True)
    plan = await plan_create(homeport.root, body)
    assert plan["missing_variables"] == [
        {"key": "KEY", "message": "ask the cook", "place": "services.web.environment.KEY", "line": 5}
    ]
    assert plan["warnings"][0]["code"] == "variable_missing"
    assert plan["warnings"][0]["message"].endswith("deployed: ask the cook")
    refused = await apply(homeport.root, plan)
    assert (refused.status_code, refused.headers["X-Homeport-Error"]) == (422, "variables_missing")


async def test_a_team_keeps_its_newest_plans(
    homeport: RunningApp, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST", 2)
    team_id, _ = await factories.add_team(homeport.database)
    first = await plan_create(homeport.root, place.body())
    async with homeport.database.write() as session:
        await session.execute(update(StoredPlan).values(team_id=team_id))
    made = [await plan_create(homeport.root, place.body()) for _ in range(4)]
    assert await _plans(homeport) == [plan["plan_id"] for plan in (first, *made[-2:])]


async def test_the_worker_forgets_plans_that_expired_a_day_ago(homeport: RunningApp, place: Place) -> None:
    old = await plan_create(homeport.root, place.body())
    async with homeport.database.write() as session:
        long_ago = datetime.now(UTC) - timedelta(days=1, minutes=1)
        await session.execute(update(StoredPlan).values(expires_at=long_ago))
    new = await plan_create(homeport.root, place.body())
    async with running(homeport.settings, with_worker=True) as other:
        async with asyncio.timeout(20):
            while old["plan_id"] in (left := await _plans(other)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert left == [new["plan_id"]]


async def _plans(app: RunningApp) -> list[str]:
    async with app.database.read() as session:
        return list(await session.scalars(select(StoredPlan.uuid).order_by(StoredPlan.id)))
