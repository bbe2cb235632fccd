import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from homeport.core.observed import read
from homeport.errors import EngineFailed, ServerUnreachable
from homeport.remote.engine import AiodockerEngine
from homeport.remote.subnets import TRIES, subnets
from tests.support.engine import ask_json, engine_socket, ensure_engine
from tests.support.images import busybox_image

pytestmark = pytest.mark.engine


@pytest.fixture
async def engine() -> AsyncIterator[AiodockerEngine]:
    ensure_engine()
    engine = AiodockerEngine(engine_socket())
    yield engine
    await engine.close()


@pytest.fixture
async def name(engine: AiodockerEngine) -> AsyncIterator[str]:
    """A name of this test alone; containers, networks and volumes with its label are removed afterwards."""
    name = f"hp-test-{uuid.uuid4().hex[:10]}"
    yield name
    labels = {"homeport-test.name": name}
    for document in await engine.containers(labels):
        await engine.remove_container(document["Id"], force=True)
    for network in await engine.networks(labels):
        await engine.remove_network(network)
    for volume in await engine.volumes(labels):
        await engine.remove_volume(volume)


async def run(engine: AiodockerEngine, name: str, script: str, **more: object) -> None:
    config = {
        "Image": await asyncio.to_thread(busybox_image),
        "Cmd": ["sh", "-c", script],
        "Labels": {"homeport-test.name": name, "homeport.service": name, "homeport.component": "web"},
        "HostConfig": {"Init": False, "NetworkMode": "none"},
        **more,
    }
    await engine.create_container(name, config)
    await engine.start_container(name)


async def end_of(engine: AiodockerEngine, name: str) -> None:
    while read(await engine.containers({"homeport-test.name": name})).containers[0].is_running:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def test_a_container_from_birth_to_removal(engine: AiodockerEngine, name: str) -> None:
    assert "Version" in await engine.version()
    assert await engine.find_container(name) is None
    await run(engine, name, "trap 'exit 0' TERM; while :; do sleep 0.1; done", ExposedPorts={"8080/tcp": {}})
    (container,) = read(await engine.containers({"homeport-test.name": name})).containers
    assert (container.name, container.component, container.state, container.ports) == (
        name,
        "web",
        "running",
        (8080,),
    )
    await engine.restart_container(name, 5)
    (again,) = read(await engine.containers({"homeport-test.name": name})).containers
    assert again.started_at is not None
    assert container.started_at is not None
    assert again.started_at > container.started_at
    await engine.stop_container(name, 5)
    await engine.stop_container(name, 5)
    (ended,) = read(await engine.containers({"homeport-test.name": name})).containers
    assert (ended.state, ended.exit_code) == ("exited", 0)
    await engine.remove_container(name)
    await engine.remove_container(name)
    assert await engine.containers({"homeport-test.name": name}) == []


async def test_a_running_container_is_only_removed_by_force(engine: AiodockerEngine, name: str) -> None:
    await run(engine, name, "sleep 300")
    with pytest.raises(EngineFailed) as caught:
        await engine.remove_container(name)
    assert caught.value.status == 409
    with pytest.raises(EngineFailed, match="in use"):
        await run(engine, name, "sleep 1")
    await engine.remove_container(name, force=True)


async def test_what_is_not_there_is_named(engine: AiodockerEngine, name: str) -> None:
    for call in (engine.start_container, engine.stop_container, engine.restart_container):
        with pytest.raises(EngineFailed, match="No such container") as caught:
            await call(name)
        assert caught.value.status == 404
    with pytest.raises(EngineFailed, match="No such container"):
        await engine.logs(name, lines=1)


@pytest.mark.parametrize("tty", [False, True])
async def test_logs_of_both_streams_with_bytes_that_are_no_text(
    engine: AiodockerEngine, name: str, tty: bool
) -> None:
    await run(engine, name, "echo two >&2; sleep 0.2; echo one; printf 'bad \\377\\n'; echo last", Tty=tty)
    await end_of(engine, name)
    text = (await engine.logs(name, lines=100)).replace("\r", "")
    assert sorted(text.splitlines()) == ["bad \ufffd", "last", "one", "two"]
    assert (await engine.logs(name, lines=1)).strip() == "last"
    stamped = await engine.logs(name, lines=1, timestamps=True)
    assert stamped.strip().endswith("Z last")


async def test_networks(engine: AiodockerEngine, name: str) -> None:
    labels = {"homeport-test.name": name}
    await asyncio.gather(*(engine.ensure_network(name, labels=labels) for _ in range(4)))
    await engine.ensure_network(name, labels=labels)
    assert await engine.networks(labels) == [name]
    await engine.ensure_network(f"{name}-first", labels=labels)
    await run(engine, name, "sleep 300", HostConfig={"NetworkMode": f"{name}-first"})
    await engine.connect_network(name, name, ["extra"])
    await engine.connect_network(name, name)
    document = await engine.find_container(name)
    assert document is not None
    assert "extra" in document["NetworkSettings"]["Networks"][name]["Aliases"]
    with pytest.raises(EngineFailed, match="active endpoints"):
        await engine.remove_network(name)
    await engine.disconnect_network(name, name)
    await engine.disconnect_network(name, name)
    await engine.remove_network(name)
    await engine.remove_network(name)
    assert await engine.networks(labels) == [f"{name}-first"]
    with pytest.raises(EngineFailed) as caught:
        await engine.connect_network(name, name)
    assert caught.value.status == 404


async def test_a_server_has_room_for_more_networks_than_the_engine_has_pools(
    engine: AiodockerEngine, name: str
) -> None:
    labels = {"homeport-test.name": name}
    names = [f"{name}-{number:02}" for number in range(36)]
    for network in names:
        await engine.ensure_network(network, labels=labels)
    assert await engine.networks(labels) == names


def test_subnets_are_stable_and_differ() -> None:
    made = list(subnets("u1"))
    assert made == list(subnets("u1"))
    assert len(set(made)) == TRIES
    assert all(subnet.startswith("10.") and subnet.endswith("/26") for subnet in made)
    assert made[0] != next(subnets("u2"))


async def test_volumes(engine: AiodockerEngine, name: str) -> None:
    ask_json("POST", "/volumes/create", {"Name": name, "Labels": {"homeport-test.name": name}})
    assert await engine.volumes({"homeport-test.name": name}) == [name]
    await engine.remove_volume(name)
    await engine.remove_volume(name)
    assert await engine.volumes({"homeport-test.name": name}) == []


async def test_images(engine: AiodockerEngine, name: str) -> None:
    assert await engine.find_image(f"{name}:none") is None
    known = await engine.find_image(await asyncio.to_thread(busybox_image))
    assert known is not None
    await engine.tag_image(known["Id"], f"{name}:tagged")
    tagged = await engine.find_image(f"{name}:tagged")
    assert tagged is not None
    assert tagged["Id"] == known["Id"]
    ask_json("DELETE", f"/images/{name}:tagged")
    with pytest.raises(EngineFailed):
        await engine.build_image(f"{name}:broken", b"no archive")


@pytest.mark.parametrize(
    "text", ["../events?x=", "../containers/json?x=", "a/../../info", "a%2f..", "a?b", "a#b"]
)
async def test_what_is_no_name_of_an_image_is_not_asked_for(engine: AiodockerEngine, text: str) -> None:
    async with asyncio.timeout(5):
        assert await engine.find_image(text) is None


@pytest.mark.parametrize(
    "text", ["x/../{}/json?x=", "../containers/{}/json?", "{}/json?x=", "{}/", "{}?", "{}#"]
)
async def test_what_is_no_name_of_a_container_leads_to_none(
    engine: AiodockerEngine, name: str, text: str
) -> None:
    """Who might read the logs of one service could read those of every container."""
    await engine.create_container(name, {"Image": await asyncio.to_thread(busybox_image), "Cmd": ["true"]})
    try:
        assert await engine.find_container(name) is not None
        assert await engine.find_container(text.format(name)) is None
        with pytest.raises(EngineFailed, match="No such container"):
            await engine.logs(text.format(name), lines=1)
    finally:
        await engine.remove_container(name)


async def test_events_as_they_happen(engine: AiodockerEngine, name: str) -> None:
    seen: list[str] = []
    listening = asyncio.Event()

    async def listen() -> None:
        async for event in engine.events({"container": [name], "type": ["container"]}):
            seen.append(str(event["Action"]))
            listening.set()
            if event["Action"] == "die":
                return

    task = asyncio.create_task(listen())
    while not listening.is_set():  # The engine does not say when it has begun to send.
        await run(engine, name, "sleep 300")
        await engine.remove_container(name, force=True)
        await asyncio.sleep(0.05)
    await asyncio.wait_for(task, 10)
    assert "die" in seen


async def test_an_engine_that_is_not_there(tmp_path: Path) -> None:
    engine = AiodockerEngine(str(tmp_path / "none.sock"))
    for call in (engine.version(), engine.containers({}), engine.find_image("a"), engine.logs("a", lines=1)):
        with pytest.raises(ServerUnreachable, match="does not answer"):
            await call
    with pytest.raises(ServerUnreachable):
        async for _ in engine.events({}):
            pass
    await engine.close()
    await engine.close()


async def test_an_engine_that_talks_nonsense(tmp_path: Path) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n<p>")
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(nonsense, tmp_path / "s")
    engine = AiodockerEngine(str(tmp_path / "s"))
    with pytest.raises(EngineFailed, match="cannot be read"):
        await engine.version()
    await engine.close()
    server.close()
