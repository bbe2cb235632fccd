"""Servers, destinations, keys, teams, and the lists that clients probe."""

import pytest
from sqlalchemy import update

from homeport.db.instance import Instance
from tests.support import factories
from tests.support.api import API, add_server, create, encode, place_of, refusal, url
from tests.support.app import RunningApp

ITEM_FIELDS = {
    "uuid", "name", "description", "ip", "user", "port", "is_reachable", "is_usable", "is_coolify_host", "proxy",
    "settings",
}  # fmt: skip


async def test_a_list_shows_servers_as_clients_read_them(homeport: RunningApp) -> None:
    (server,) = (await homeport.root.get(f"{API}/servers")).json()
    assert set(server) == ITEM_FIELDS
    assert (server["name"], server["port"], server["is_coolify_host"]) == ("localhost", 22, True)
    assert server["is_reachable"] is server["settings"]["is_reachable"] is True
    assert server["proxy"] == {"redirect_enabled": True}


async def test_a_server_alone_shows_more(homeport: RunningApp) -> None:
    place = await place_of(homeport)
    server = (await homeport.root.get(f"{API}/servers/{place.server}")).json()
    assert set(server) > ITEM_FIELDS | {"team_id", "private_key_id", "created_at", "deleted_at"}
    assert "id" not in server
    assert server["proxy"]["type"] == "CADDY"
    assert "sentinel_token" in server["settings"]
    reader = await homeport.acting("read")
    assert "sentinel_token" not in (await reader.get(f"{API}/servers/{place.server}")).json()["settings"]
    more = (await homeport.root.get(f"{API}/servers/{place.server}?resources=1")).json()
    assert more["resources"] == []


async def test_resources_of_a_server(homeport: RunningApp) -> None:
    uuid = await create(homeport, name="Wiki")
    place = await place_of(homeport)
    (item,) = (await homeport.root.get(f"{API}/servers/{place.server}/resources")).json()
    assert set(item) == {"id", "uuid", "name", "type", "created_at", "updated_at", "status"}
    assert (item["uuid"], item["type"], item["status"]) == (uuid, "service", "exited")


async def test_domains_of_a_server(homeport: RunningApp) -> None:
    place = await place_of(homeport)
    path = f"{API}/servers/{place.server}/domains"
    assert (await homeport.root.get(path)).json() == []
    twins = "services:\n  one: {image: nginx}\n  two: {image: nginx}\n"
    urls = [
        url("one", "https://a.example.com:3000/x,http://b.example.com"),
        url("two", "https://c.example.com"),
    ]
    await create(homeport, docker_compose_raw=encode(twins), urls=urls)
    hosts = ["a.example.com", "b.example.com", "c.example.com"]
    assert (await homeport.root.get(path)).json() == [{"ip": "host.docker.internal", "domains": hosts}]
    async with homeport.database.write() as session:
        await session.execute(update(Instance).values(public_ipv4="192.0.2.1", public_ipv6="2001:db8::1"))
    assert [group["ip"] for group in (await homeport.root.get(path)).json()] == ["192.0.2.1", "2001:db8::1"]
    answer = await homeport.root.get(f"{path}?uuid=none")
    assert refusal(answer) == (404, {"message": "Application not found."})


async def test_destinations(homeport: RunningApp) -> None:
    place = await place_of(homeport)
    fields = {"uuid", "name", "network", "type", "server_uuid", "created_at", "updated_at"}
    (listed,) = (await homeport.root.get(f"{API}/destinations")).json()
    assert set(listed) == fields
    assert (listed["network"], listed["type"], listed["server_uuid"]) == (
        "homeport",
        "standalone",
        place.server,
    )
    assert (await homeport.root.get(f"{API}/destinations/{listed['uuid']}")).json() == listed
    assert (await homeport.root.get(f"{API}/servers/{place.server}/destinations")).json() == [listed]


async def test_keys_hide_their_private_part(homeport: RunningApp) -> None:
    (key,) = (await homeport.root.get(f"{API}/security/keys")).json()
    assert key["private_key"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    reader = await homeport.acting("read")
    (hidden,) = (await reader.get(f"{API}/security/keys")).json()
    assert set(key) - set(hidden) == {"private_key"}
    assert (await reader.get(f"{API}/security/keys/{key['uuid']}")).json() == hidden
    answer = await reader.get(f"{API}/security/keys/none")
    assert refusal(answer) == (404, {"message": "Private Key not found."})


async def test_what_another_team_has_does_not_exist(homeport: RunningApp) -> None:
    team_id, user_id = await factories.add_team(homeport.database)
    server = await add_server(homeport.database, team_id)
    theirs = await homeport.acting("root", user_id=user_id, team_id=team_id)
    (destination,) = (await theirs.get(f"{API}/destinations")).json()
    for path, message in (
        (f"servers/{server}", "Server not found."),
        (f"servers/{server}/resources", "Server not found."),
        (f"servers/{server}/domains", "Server not found."),
        (f"servers/{server}/destinations", "Server not found."),
        (f"destinations/{destination['uuid']}", "Destination not found."),
        (f"teams/{team_id}", "Team not found."),
        (f"teams/{team_id}/members", "Team not found."),
    ):
        assert refusal(await homeport.root.get(f"{API}/{path}")) == (404, {"message": message})
    for path in ("servers", "destinations", "resources", "tags", "deployments"):
        assert server not in (await homeport.root.get(f"{API}/{path}")).text
    assert (await theirs.get(f"{API}/security/keys")).json() == []


async def test_teams(homeport: RunningApp) -> None:
    (team,) = (await homeport.root.get(f"{API}/teams")).json()
    assert set(team) == {
        "id", "name", "description", "personal_team", "show_boarding", "is_mcp_server_enabled", "created_at",
        "updated_at",
    }  # fmt: skip
    for path in ("team", "teams/current", "teams/0"):
        assert (await homeport.root.get(f"{API}/{path}")).json() == team
    for path in ("team/members", "teams/current/members", "teams/0/members"):
        (member,) = (await homeport.root.get(f"{API}/{path}")).json()
        assert member["email"] == "root@localhost"
        assert "password_hash" not in member


@pytest.mark.parametrize(
    "path", ["applications", "databases", "deployments", "resources", "tags", "services"]
)
async def test_lists_that_clients_probe_are_empty(homeport: RunningApp, path: str) -> None:
    assert refusal(await homeport.root.get(f"{API}/{path}")) == (200, [])


async def test_resources(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    (item,) = (await homeport.root.get(f"{API}/resources")).json()
    assert (item["uuid"], item["type"], item["status"]) == (uuid, "service", "exited")
    assert item["id"] > 0


async def test_types(homeport: RunningApp) -> None:
    types = (await homeport.root.get(f"{API}/services/types")).json()
    assert "hello" in [item["key"] for item in types]
    assert "compose" not in types[0]
    found = (await homeport.root.get(f"{API}/services/types?search=hello")).json()
    assert found[0]["key"] == "hello"
    one = (await homeport.root.get(f"{API}/services/types/hello")).json()
    assert one["compose"].strip()
    assert (await homeport.root.get(f"{API}/services/types/none")).status_code == 404


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("applications/none", "Application not found."),
        ("databases/none", "Database not found."),
        ("deployments/applications/none", "Application not found"),
    ],
)
async def test_kinds_that_are_not_there_have_their_own_404(
    homeport: RunningApp, path: str, message: str
) -> None:
    """Clients take a bare "Not found." for an API that lacks the route."""
    assert refusal(await homeport.root.get(f"{API}/{path}")) == (404, {"message": message})
