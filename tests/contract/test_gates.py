"""The gates in their order, and what each says. Where two gates would refuse, the earlier one answers."""

import pytest
from sqlalchemy import insert, update

from homeport.db.instance import Instance, list_entries
from homeport.db.teams import Member
from homeport.settings import Settings
from tests.support import factories
from tests.support.app import RunningApp, running, settings_for

VERSION = "/api/v1/version"
PROJECTS = "/api/v1/projects"


async def set_instance(homeport: RunningApp, **values: object) -> None:
    async with homeport.database.write() as session:
        await session.execute(update(Instance).values(**values))
    homeport.app.state.gates.forget_switch()


async def entries(homeport: RunningApp, event: str) -> list[dict[str, object]]:
    await homeport.app.state.gates.batches.flush()
    async with homeport.database.read() as session:
        return [dict(row) for row in await list_entries(session, event)]


async def member_of_root_team(homeport: RunningApp, role: str) -> int:
    user_id = await factories.add_user(homeport.database)
    async with homeport.database.write() as session:
        await session.execute(insert(Member).values(team_id=0, user_id=user_id, role=role))
    return user_id


@pytest.mark.parametrize(
    ("abilities", "status"),
    [
        (["root"], 200),
        (["*"], 200),
        (["read"], 200),
        (["read", "deploy"], 200),
        (["read:sensitive"], 403),
        (["write"], 403),
        (["deploy"], 403),
        ([], 403),
    ],
)
async def test_no_ability_implies_another_except_root(
    homeport: RunningApp, abilities: list[str], status: int
) -> None:
    answer = await (await homeport.acting(*abilities)).get(VERSION)
    assert answer.status_code == status
    if status == 403:
        assert answer.json() == {"message": "Missing required permissions: read"}


async def test_write_does_not_give_read_nor_read_write(homeport: RunningApp) -> None:
    reader = await homeport.acting("read")
    answer = await reader.post(PROJECTS, json={"name": "A project"})
    assert (answer.status_code, answer.json()) == (403, {"message": "Missing required permissions: write"})
    writer = await homeport.acting("write")
    assert (await writer.post(PROJECTS, json={"name": "A project"})).status_code == 201


@pytest.mark.parametrize("ability", ["root", "write", "write:sensitive", "deploy", "read:sensitive", "*"])
async def test_a_member_may_only_hold_read(homeport: RunningApp, ability: str) -> None:
    user_id = await member_of_root_team(homeport, "member")
    answer = await (await homeport.acting("read", ability, user_id=user_id)).get(VERSION)
    assert (answer.status_code, answer.json()) == (403, {"message": "Missing required team role."})
    assert (await (await homeport.acting("read", user_id=user_id)).get(VERSION)).status_code == 200


async def test_an_admin_may_hold_everything(homeport: RunningApp) -> None:
    user_id = await member_of_root_team(homeport, "admin")
    assert (await (await homeport.acting("root", user_id=user_id)).get(VERSION)).status_code == 200


async def test_the_switch_comes_after_role_and_before_ability(homeport: RunningApp) -> None:
    await set_instance(homeport, is_api_enabled=False)
    disabled = {"success": True, "message": "API is disabled."}
    answer = await (await homeport.acting("deploy")).get(VERSION)
    assert (answer.status_code, answer.json()) == (403, disabled)
    user_id = await member_of_root_team(homeport, "member")
    weak = await (await homeport.acting("root", user_id=user_id)).get(VERSION)
    assert weak.json() == {"message": "Missing required team role."}
    assert (await homeport.client.get(VERSION)).status_code == 401
    assert (await homeport.client.get("/api/health")).status_code == 200


@pytest.mark.parametrize(
    ("allowed", "is_allowed"),
    [
        ("", True),
        (" , ", True),
        ("127.0.0.1", True),
        ("192.0.2.1, 127.0.0.0/8", True),
        ("0.0.0.0", True),
        ("0.0.0.0/0", True),
        ("0.0.0.0/24", True),
        ("192.0.2.1", False),
        ("2001:db8::/32", False),
        ("127.0.0.0/33", False),
        ("nonsense", False),
    ],
)
async def test_the_allow_list(homeport: RunningApp, allowed: str, is_allowed: bool) -> None:
    await set_instance(homeport, allowed_ips=allowed)
    answer = await homeport.root.get(VERSION)
    if is_allowed:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 403
        assert answer.json() == {"success": True, "message": "You are not allowed to access the API."}


async def test_a_forwarded_address_counts_only_from_a_trusted_proxy(homeport: RunningApp) -> None:
    await set_instance(homeport, allowed_ips="192.0.2.7")
    forged = await homeport.root.get(VERSION, headers={"X-Forwarded-For": "192.0.2.7"})
    assert forged.status_code == 403
    trusting = settings_for(
        homeport.settings.database_url,
        homeport.settings.data_dir,
        trusted_proxies=("127.0.0.1", "10.0.0.0/8"),
    )
    async with running(trusting) as behind_proxy:
        for chain, status in (
            ("192.0.2.7", 200),
            ("203.0.113.9, 192.0.2.7, 10.1.2.3", 200),
            ("192.0.2.7, 203.0.113.9", 403),
            ("", 403),
        ):
            answer = await behind_proxy.root.get(VERSION, headers={"X-Forwarded-For": chain})
            assert answer.status_code == status, chain


class TestRate:
    @pytest.fixture
    def settings(self, database_url: str, tmp_path: object, settings: Settings) -> Settings:
        return settings_for(database_url, settings.data_dir, api_rate_limit=3)

    async def test_counts_per_user_and_says_so_on_every_answer(self, homeport: RunningApp) -> None:
        first = await homeport.root.get(VERSION)
        assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("3", "2")
        # Another token of the same user, refused by a later gate: counted and told all the same.
        second = await (await homeport.acting("deploy")).get(VERSION)
        assert (second.status_code, second.headers["x-ratelimit-remaining"]) == (403, "1")
        third = await homeport.root.get("/api/v1/services/unknown")
        assert (third.status_code, third.headers["x-ratelimit-remaining"]) == (404, "0")
        over = await homeport.root.get(VERSION)
        assert (over.status_code, over.json()) == (429, {"message": "Too Many Attempts."})
        assert over.headers["x-ratelimit-limit"] == "3"
        assert over.headers["x-ratelimit-remaining"] == "0"
        assert 0 < int(over.headers["retry-after"]) <= 60
        assert int(over.headers["x-ratelimit-reset"]) > 1_700_000_000

    async def test_comes_before_the_team_gate_and_after_the_token(self, homeport: RunningApp) -> None:
        user_id = await member_of_root_team(homeport, "member")
        client = await homeport.acting("root", user_id=user_id)
        statuses = [(await client.get(VERSION)).status_code for _ in range(4)]
        assert statuses == [403, 403, 403, 429]
        unauthenticated = await homeport.client.get(VERSION)
        assert unauthenticated.status_code == 401
        assert "x-ratelimit-limit" not in unauthenticated.headers
        # Another user has a count of his own.
        assert (await homeport.root.get(VERSION)).status_code == 200


async def test_refusals_are_in_the_audit_log(homeport: RunningApp) -> None:
    await homeport.client.get(VERSION, headers={"User-Agent": "probe\0" + "x" * 300})
    await (await homeport.acting("deploy", name="ci")).get(VERSION)
    [unauthenticated] = await entries(homeport, "api.auth.unauthenticated")
    assert unauthenticated["context"] == {"reason": "missing"}
    assert (unauthenticated["ip"], unauthenticated["path"]) == ("127.0.0.1", VERSION)
    assert len(str(unauthenticated["ua"])) <= 200
    [denied] = await entries(homeport, "api.auth.ability_denied")
    assert (denied["token_name"], denied["team_id"], denied["user_id"]) == ("ci", 0, 0)
    assert denied["context"] == {"required": ["read"]}


async def test_a_change_is_in_the_audit_log_and_a_refused_one_is_not(homeport: RunningApp) -> None:
    made = await homeport.root.post(PROJECTS, json={"name": "A project"})
    assert made.status_code == 201
    assert (await homeport.root.post(PROJECTS, json={"name": "x"})).status_code == 422
    [created] = await entries(homeport, "api.project.created")
    assert created["method"] == "POST"
    assert created["user_email"] == "root@localhost"
    assert homeport.root_token.partition("|")[2] not in str(created)


async def test_a_denied_policy_is_in_the_audit_log(homeport: RunningApp) -> None:
    user_id = await member_of_root_team(homeport, "member")
    reader = await homeport.acting("read", user_id=user_id)
    project = (await homeport.root.get(PROJECTS)).json()[0]["uuid"]
    server = (await homeport.root.get("/api/v1/servers")).json()[0]["uuid"]
    body = {
        "docker_compose_raw": "c2VydmljZXM6CiAgd2ViOgogICAgaW1hZ2U6IG5naW54Cg==",
        "project_uuid": project,
        "environment_name": "production",
        "server_uuid": server,
    }
    uuid = (await homeport.root.post("/api/v1/services", json=body)).json()["uuid"]
    answer = await reader.get(f"/api/v1/services/{uuid}/envs")
    assert answer.status_code == 403
    assert answer.json() == {
        "message": "You are not authorized to perform this action.",
        "error": "Unauthorized",
    }
    [denied] = await entries(homeport, "api.auth.policy_denied")
    assert denied["user_id"] == user_id
