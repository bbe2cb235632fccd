"""What the real Compose does with the commands that we build."""

import asyncio
import tempfile
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from homeport.core.commands import HostFile, Line, Output
from homeport.core.commands import compose as commands
from homeport.core.observed import LABEL_COMPOSE_PROJECT, Observed, read
from homeport.remote.compose_cli import find_compose
from homeport.remote.local import LocalHost
from tests.support.engine import engine_socket, ensure_engine
from tests.support.images import busybox_image

pytestmark = pytest.mark.engine

WAIT = "trap 'exit 0' TERM; while :; do sleep 0.05; done"


@dataclass(slots=True)
class Shop:
    host: LocalHost
    project: commands.Project
    image: str

    async def write(self, compose: str, dotenv: str = "") -> None:
        files = [
            HostFile(path=commands.COMPOSE_FILE, content=compose.replace("IMAGE", self.image).encode()),
            HostFile(path=commands.ENV_FILE, content=dotenv.encode(), mode=0o600),
        ]
        await self.host.write_files(self.project.folder, files)

    async def up(self) -> Output:
        output = await self.host.run(commands.up(self.project))
        assert output.is_ok, output.stderr
        return output

    async def seen(self) -> Observed:
        return read(await self.host.engine.containers({LABEL_COMPOSE_PROJECT: self.project.name}))


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    ensure_engine()
    name = f"hp-test-{uuid.uuid4().hex[:10]}"
    with tempfile.TemporaryDirectory() as root:
        host = LocalHost(root=root, socket=engine_socket(), compose=find_compose())
        shop = Shop(
            host,
            commands.project_on(host, f"{root}/services/{name}", name),
            await asyncio.to_thread(busybox_image),
        )
        yield shop
        await host.run(commands.down(shop.project))
        await host.close()


ONE = f"""
services:
  web:
    image: IMAGE
    pull_policy: always
    network_mode: none
    command: [sh, -c, "{WAIT}"]
    environment: {{HOME: "${{HOME}}", PATH_SEEN: "${{PATH}}", KEY: "${{HOMEPORT_SECRET_KEY:-}}"}}
  old:
    image: IMAGE
    network_mode: none
    command: [sh, -c, "{WAIT}"]
"""


async def test_what_changed_is_recreated_and_the_rest_stays(shop: Shop) -> None:
    await shop.write(ONE)
    await shop.up()
    first = await shop.seen()
    hashes = commands.read_hashes((await shop.host.run(commands.hashes(shop.project))).stdout)
    assert hashes == {item.component: item.config_hash for item in first.containers}
    await shop.up()
    assert [item.id for item in (await shop.seen()).containers] == [item.id for item in first.containers]
    web = ONE.partition("  old:")[0]
    await shop.write(web.replace("KEY:", "OTHER:"))
    changed = commands.read_hashes((await shop.host.run(commands.hashes(shop.project))).stdout)
    assert changed["web"] != hashes["web"]
    await shop.up()
    (container,) = (await shop.seen()).containers
    assert container.component == "web"
    assert container.config_hash == changed["web"]
    assert container.id not in {item.id for item in first.containers}


async def test_nothing_of_our_environment_reaches_a_service(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOMEPORT_SECRET_KEY", "never")
    await shop.write(ONE, "HOME=/mine\nPATH=/mine/bin\n")
    await shop.up()
    document = await shop.host.engine.find_container(f"{shop.project.name}-web-1")
    assert document is not None
    env = dict(pair.split("=", 1) for pair in document["Config"]["Env"])
    assert (env["HOME"], env["PATH_SEEN"], env["KEY"]) == ("/mine", "/mine/bin", "")


async def test_stop_restart_and_down_keep_to_the_grace_period(shop: Shop) -> None:
    await shop.write(f"""
services:
  slow:
    image: IMAGE
    network_mode: none
    stop_grace_period: 1m
    command: [sh, -c, "trap 'sleep 1; exit 7' TERM; while :; do sleep 0.05; done"]
    volumes: [data:/data]
  quick:
    image: IMAGE
    network_mode: none
    command: [sh, -c, "{WAIT}"]
volumes:
  data: {{name: {shop.project.name}_data}}
""")
    await shop.up()
    before = await shop.seen()
    assert (await shop.host.run(commands.restart(shop.project, ["quick"]))).is_ok
    after = await shop.seen()
    assert before.of("slow")[0].started_at == after.of("slow")[0].started_at
    assert before.of("quick")[0].started_at != after.of("quick")[0].started_at
    assert (await shop.host.run(commands.stop(shop.project))).is_ok
    assert (await shop.seen()).of("slow")[0].exit_code == 7
    assert (await shop.host.run(commands.down(shop.project))).is_ok
    assert (await shop.seen()).containers == ()
    assert await shop.host.engine.volumes({LABEL_COMPOSE_PROJECT: shop.project.name}) != []
    await shop.host.engine.remove_volume(f"{shop.project.name}_data")


async def test_a_pull_that_fails_ends_well_and_says_so(shop: Shop) -> None:
    await shop.write("services: {web: {image: 'hp-test.invalid/none:1', network_mode: none}}")
    lines: list[Line] = []

    async def note(line: Line) -> None:
        lines.append(line)

    output = await shop.host.run(commands.pull(shop.project, ["web"]), on_line=note)
    assert output.exit_code == 0
    assert any("web Error" in line.text for line in lines)
    failed = await shop.host.run(commands.up(shop.project))
    assert not failed.is_ok


async def test_config_names_what_is_wrong(shop: Shop) -> None:
    await shop.write("services: {web: {image: a, nonsense: 1}}")
    output = await shop.host.run(commands.config(shop.project))
    assert not output.is_ok
    assert "nonsense" in output.stderr
    await shop.write(ONE)
    assert (await shop.host.run(commands.config(shop.project))).stdout == ""
