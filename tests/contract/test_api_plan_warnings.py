"""What a plan learns from the server: ports that somebody has, memory; and a server that does not answer."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from homeport.api import plans
from homeport.db.servers import Server
from homeport.db.services import Service
from homeport.errors import EngineFailed
from homeport.remote.recorded_engine import RecordingEngine
from tests.contract.test_api_plan import SERVICES, apply, plan_change, plan_create
from tests.support import factories
from tests.support.api import Place, add_server, create, encode, place_of
from tests.support.app import RunningApp

HEALTHY = "image: nginx:1.27\n    healthcheck: {test: [CMD, 'true']}"


def compose(more: str = "", name: str = "web") -> str:
    return f"services:\n  {name}:\n    {HEALTHY}\n{more}"


def publishing(*ports: str, name: str = "web") -> str:
    return compose("    ports:\n" + "".join(f"      - '{port}'\n" for port in ports), name)


@pytest.fixture
async def place(homeport: RunningApp) -> Place:
    return await place_of(homeport)


async def warnings(app: RunningApp, place: Place, text: str) -> list[dict[str, Any]]:
    plan = await plan_create(app.root, place.body(docker_compose_raw=encode(text)))
    found: list[dict[str, Any]] = plan["warnings"]
    return found


async def messages(app: RunningApp, place: Place, text: str) -> list[str]:
    return [warning["message"] for warning in await warnings(app, place, text)]


async def run(app: RunningApp, name: str, *ports: str, address: str = "", service: str | None = None) -> None:
    """A container that publishes ports, such as `8080/tcp`."""
    bindings = {port: [{"HostIp": address, "HostPort": port.partition("/")[0]}] for port in ports}
    labels = {} if service is None else {"homeport.service": service}
    await app.host.engine.create_container(name, {"Labels": labels, "HostConfig": {"PortBindings": bindings}})
    await app.host.engine.start_container(name)


async def test_the_ports_of_a_plan_are_shown(homeport: RunningApp, place: Place) -> None:
    text = publishing("8080:80", "127.0.0.1:5353:53/udp", "9000")
    plan = await plan_create(homeport.root, place.body(docker_compose_raw=encode(text)))
    assert plan["ports"] == [
        {"component": "web", "published": "8080", "target": "80", "protocol": "tcp", "host_ip": None},
        {"component": "web", "published": "5353", "target": "53", "protocol": "udp", "host_ip": "127.0.0.1"},
        {"component": "web", "published": None, "target": "9000", "protocol": "tcp", "host_ip": None},
    ]
    assert plan["warnings"] == []


async def test_a_port_that_a_container_has(homeport: RunningApp, place: Place) -> None:
    await run(homeport, "redis", "6379/tcp")
    await run(homeport, "bound", "5000/tcp", address="127.0.0.1")
    await run(homeport, "idle", "7000/tcp")
    await homeport.host.engine.stop_container("idle")
    text = publishing("6379:80", "6379:80/udp", "7000:80", "10.0.0.1:5000:80", "127.0.0.1:5000:80")
    (first, second) = await warnings(homeport, place, text)
    assert first == {
        "code": "port_taken",
        "message": "web publishes the port 6379/tcp, which the container redis has.",
        "place": "services.web.ports",
        "line": 5,
    }
    assert second["message"] == "web publishes the port 5000/tcp, which the container bound has."


async def test_a_port_that_another_service_has(homeport: RunningApp, place: Place) -> None:
    """Whether it runs or not; the names of other teams' services are not told."""
    await create(homeport, name="Wiki", docker_compose_raw=encode(publishing("8080:80", "8081:81")))
    team_id, _ = await factories.add_team(homeport.database)
    foreign = await create(homeport, name="Theirs", docker_compose_raw=encode(publishing("9090:80")))
    await _give_away(homeport, foreign, team_id)
    await run(homeport, f"web-{foreign}", "9091/tcp", service=foreign)
    await run(homeport, "leftover", "9092/tcp", service="unknown")
    assert await messages(homeport, place, publishing("8081:80", "9090:80", "9091:80", "9092:80")) == [
        "web publishes the port 8081/tcp, which the service Wiki has.",
        "web publishes the port 9090/tcp, which another service has.",
        "web publishes the port 9091/tcp, which another service has.",
        "web publishes the port 9092/tcp, which another service has.",
    ]


async def _give_away(app: RunningApp, uuid: str, team_id: int) -> None:
    async with app.database.write() as session:
        await session.execute(update(Service).where(Service.uuid == uuid).values(team_id=team_id))


async def test_a_port_of_a_service_on_another_server_is_free(homeport: RunningApp, place: Place) -> None:
    other = await add_server(homeport.database)
    await create(homeport, server_uuid=other, docker_compose_raw=encode(publishing("8080:80")))
    assert await messages(homeport, place, publishing("8080:80")) == []


async def test_a_service_does_not_meet_itself(homeport: RunningApp) -> None:
    uuid = await create(homeport, docker_compose_raw=encode(publishing("8080:80")))
    await run(homeport, f"web-{uuid}", "8080/tcp", service=uuid)
    plan = await plan_change(homeport.root, uuid, name="Other")
    assert plan["warnings"] == []


async def test_the_ports_of_the_proxy(homeport: RunningApp, place: Place) -> None:
    await run(homeport, "homeport-proxy", "80/tcp", "443/tcp")
    taken = [f"web publishes the port {port}, which Homeport's proxy has." for port in ("80/tcp", "443/udp")]
    assert await messages(homeport, place, publishing("80:80", "443:443/udp")) == taken
    async with homeport.database.write() as session:
        await session.execute(update(Server).values(proxy_type="NONE"))
    assert await messages(homeport, place, publishing("80:80", "443:443/udp")) == []


async def test_memory_that_the_server_does_not_have(homeport: RunningApp, place: Place) -> None:
    homeport.host.engine.memory_bytes = 1024**3
    assert await messages(homeport, place, compose("    mem_limit: 1g\n")) == []
    assert await messages(homeport, place, compose("    mem_limit: 2g\n")) == [
        "web may take 2.0 GiB of memory; the server has 1.0 GiB.",
    ]


class _SlowEngine(RecordingEngine):
    """Never says anything about its machine."""

    async def info(self) -> Any:
        await asyncio.Event().wait()


@pytest.mark.parametrize("why", ["unreachable", "refuses", "slow"])
async def test_a_server_that_does_not_answer(
    homeport: RunningApp, place: Place, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create(homeport, name="Wiki", docker_compose_raw=encode(publishing("8080:80")))
    if why == "unreachable":
        homeport.host.engine.is_unreachable = True
    elif why == "refuses":
        homeport.host.engine.failures["running"] = EngineFailed("No.")
    else:
        monkeypatch.setattr(plans, "PATIENCE_S", 0.05)
        homeport.host.engine = _SlowEngine()
    plan = await plan_create(homeport.root, place.body(docker_compose_raw=encode(publishing("8080:80"))))
    assert [warning["code"] for warning in plan["warnings"]] == ["port_taken", "server_unchecked"]
    assert "not looked at" in plan["warnings"][1]["message"]
    assert (await apply(homeport.root, plan)).status_code == 201


async def test_nobody_waits_for_a_server_that_is_asked(homeport: RunningApp, place: Place) -> None:
    """No connection to the database is held meanwhile, and others write."""
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    class Waiting(RecordingEngine):
        async def info(self) -> Any:
            is_asked.set()
            await may_answer.wait()
            return await super().info()

    homeport.host.engine = Waiting()
    planning = asyncio.create_task(homeport.root.post(f"{SERVICES}?dry_run=true", json=place.body()))
    await is_asked.wait()
    assert homeport.database.reader_engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert homeport.database.writer_engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    await create(homeport)
    may_answer.set()
    assert (await planning).status_code == 200
