"""What a plan asks of a real engine: the memory of its machine, and the ports that its containers publish."""

import asyncio
import uuid

import pytest

from homeport.core.observed import Published, read_memory, read_published
from homeport.remote.engine import AiodockerEngine
from tests.support.engine import engine_socket, ensure_engine
from tests.support.images import busybox_image

pytestmark = pytest.mark.engine


async def test_the_engine_says_what_is_published_and_how_much_memory_there_is() -> None:
    ensure_engine()
    name = f"hp-test-{uuid.uuid4().hex[:10]}"
    engine = AiodockerEngine(engine_socket())
    binding = [{"HostIp": "127.0.0.1", "HostPort": ""}]
    config = {
        "Image": await asyncio.to_thread(busybox_image),
        "Cmd": ["sleep", "60"],
        "Labels": {"homeport.service": name},
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}, "81/tcp": {}},
        "HostConfig": {"PortBindings": {"80/tcp": binding, "53/udp": binding}},
    }
    await engine.create_container(name, config)
    try:
        assert _of(name, await engine.running()) == []
        await engine.start_container(name)
        published = _of(name, await engine.running())
        assert sorted((each.protocol, each.address) for each in published) == [
            ("tcp", "127.0.0.1"),
            ("udp", "127.0.0.1"),
        ]
        assert all(each.service_uuid == name and each.port > 1024 for each in published)
        assert (read_memory(await engine.info()) or 0) > 64 * 1024**2
    finally:
        await engine.remove_container(name, force=True)
        await engine.close()


def _of(name: str, listing: list[dict[str, object]]) -> list[Published]:
    return [each for each in read_published(listing) if each.container == name]
