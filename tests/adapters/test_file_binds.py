"""Binds of files on a real engine: no folder appears where a file was meant, and what is there stays."""

import asyncio
import stat
import tempfile
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from homeport.core.commands import Output
from homeport.core.commands import compose as commands
from homeport.core.compose.labels import stamp
from homeport.core.compose.model import Rendered
from homeport.core.revision import Snapshot
from homeport.errors import CommandFailed
from homeport.remote.compose_cli import find_compose
from homeport.remote.local import LocalHost
from homeport.worker.deploy import files_of
from tests.support.compose import render_text
from tests.support.engine import engine_socket, ensure_engine
from tests.support.images import busybox_image

pytestmark = pytest.mark.engine

WAIT = "trap 'exit 0' TERM; while :; do sleep 0.05; done"


@dataclass(slots=True)
class Shop:
    """One service; `folder` is its own on the server, `outside` another of the server's."""

    host: LocalHost
    project: commands.Project
    image: str
    outside: Path

    @property
    def folder(self) -> Path:
        return Path(self.project.folder)

    def rendered(self, *volumes: Any, command: str = WAIT) -> Rendered:
        web = {
            "image": self.image,
            "network_mode": "none",
            "command": ["sh", "-c", command.replace("$", "$$")],
            "volumes": list(volumes),
        }
        text = yaml.safe_dump({"services": {"web": web}})
        return render_text(text, uuid=self.project.name, folder=str(self.folder))

    async def write(self, rendered: Rendered) -> None:
        """Write what a deployment writes."""
        compose, _ = stamp(rendered, {}, 1)
        snapshot = Snapshot(
            service_uuid=self.project.name,
            service_name="svc",
            number=1,
            folder=str(self.folder),
            compose=compose,
            dotenv=rendered.dotenv,
            components=rendered.components,
            files=rendered.files,
        )
        await self.host.write_files(str(self.folder), files_of(snapshot))

    async def up(self, *volumes: Any, command: str = WAIT) -> Output:
        await self.write(self.rendered(*volumes, command=command))
        return await self.host.run(commands.up(self.project))

    async def kinds(self, *paths: str) -> list[str]:
        """What a container of the service sees at these paths: file or folder."""
        name = f"web-{self.project.name}"
        script = "; ".join(f"test -d {path} && echo folder || echo file" for path in paths)
        done = await asyncio.create_subprocess_exec(
            *self.project.program, "-p", self.project.name, "exec", "-T", "web", "sh", "-c", script,
            cwd=self.folder, env=dict(self.project.env), stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await done.communicate()
        assert done.returncode == 0, name
        return out.decode().split()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    ensure_engine()
    name = f"hp-test-{uuid.uuid4().hex[:10]}"
    with tempfile.TemporaryDirectory() as root:
        host = LocalHost(root=root, socket=engine_socket(), compose=find_compose())
        folder = f"{root}/services/{name}"
        project = commands.project_on(host, folder, name)
        yield Shop(host, project, await asyncio.to_thread(busybox_image), tmp_path)
        await host.run(commands.down(project))
        await host.close()


async def test_what_is_missing_becomes_what_was_meant(shop: Shop) -> None:
    output = await shop.up(
        "./nginx.conf:/etc/nginx/nginx.conf:ro",
        "./Caddyfile:/etc/Caddyfile",
        "./labelled.yml:/labelled.yml:z",
        "./data:/data",
        "./conf.d:/etc/conf.d",
        {"type": "bind", "source": "./plain", "target": "/plain", "content": "hello"},
        {"type": "bind", "source": "./sub.json", "target": "/sub.json", "is_directory": True},
    )
    assert output.is_ok, output.stderr
    paths = (
        "/etc/nginx/nginx.conf",
        "/etc/Caddyfile",
        "/labelled.yml",
        "/data",
        "/etc/conf.d",
        "/plain",
        "/sub.json",
    )
    assert await shop.kinds(*paths) == ["file", "file", "file", "folder", "folder", "file", "folder"]
    assert (shop.folder / "nginx.conf").read_bytes() == b""
    assert (shop.folder / "plain").read_bytes() == b"hello"


async def test_what_is_there_keeps_its_kind(shop: Shop) -> None:
    shop.folder.mkdir(parents=True)
    (shop.folder / "app.conf").mkdir()
    (shop.folder / "app.conf" / "precious").write_text("1")
    (shop.folder / "settings").write_text("mine")
    output = await shop.up("./app.conf:/app.conf", "./settings:/settings")
    assert output.is_ok, output.stderr
    assert await shop.kinds("/app.conf", "/settings") == ["folder", "file"]
    assert (shop.folder / "app.conf" / "precious").read_text() == "1"
    assert (shop.folder / "settings").read_text() == "mine"


@pytest.mark.parametrize(
    ("entry", "is_folder_there"),
    [({"content": "x"}, True), ({"is_directory": False}, True), ({"is_directory": True}, False)],
)
async def test_the_other_kind_than_the_document_says_is_told_and_left(
    shop: Shop, entry: dict[str, Any], is_folder_there: bool
) -> None:
    shop.folder.mkdir(parents=True)
    there = shop.folder / "thing"
    there.mkdir() if is_folder_there else there.write_text("mine")
    volume = {"type": "bind", "source": "./thing", "target": "/thing", **entry}
    sentence = (
        "is a folder, and a file belongs there"
        if is_folder_there
        else "is a file, and a folder belongs there"
    )
    with pytest.raises(CommandFailed, match=sentence):
        await shop.write(shop.rendered(volume))
    assert there.is_dir() is is_folder_there


async def test_a_link_in_the_folder_is_not_mounted(shop: Shop) -> None:
    """A container that writes into the folder must not choose what the next deployment mounts."""
    shop.folder.mkdir(parents=True)
    (shop.folder / "data").symlink_to(shop.outside)
    for volume in (
        "./data:/data",
        {"type": "bind", "source": "./data", "target": "/data", "is_directory": False},
    ):
        with pytest.raises(CommandFailed, match="is a link, and links are not mounted"):
            await shop.write(shop.rendered(volume))


async def test_no_link_leads_to_what_others_bring(shop: Shop) -> None:
    brought = {"type": "bind", "target": "/data", "bind": {"create_host_path": False}}
    await shop.write(shop.rendered({**brought, "source": "./data/later"}))
    assert not (shop.folder / "data").exists()
    (shop.folder / "data").symlink_to(shop.outside)
    with pytest.raises(CommandFailed, match="is a link, and links are not mounted"):
        await shop.write(shop.rendered({**brought, "source": "./data"}))
    with pytest.raises(CommandFailed):
        await shop.write(shop.rendered({**brought, "source": "./data/below"}))
    (shop.folder / "data").unlink()
    (shop.folder / "data").mkdir()
    (shop.folder / "data" / "there").write_text("mine")
    await shop.write(shop.rendered({**brought, "source": "./data/there"}))
    assert (shop.folder / "data" / "there").read_text() == "mine"


@pytest.mark.parametrize("mode", ["", ":ro", ":rprivate"])
async def test_a_missing_file_of_the_server_is_refused(shop: Shop, mode: str) -> None:
    """Upstream an engine makes the folder `app.conf`, which then stands in the file's way for ever."""
    missing = shop.outside / "app.conf"
    output = await shop.up(f"{missing}:/etc/app.conf{mode}")
    assert not output.is_ok
    assert f"bind source path does not exist: {missing}" in output.stderr
    assert not missing.exists()
    missing.write_text("now it is there")
    assert (await shop.up(f"{missing}:/etc/app.conf{mode}")).is_ok
    assert await shop.kinds("/etc/app.conf") == ["file"]


async def test_missing_folders_of_the_server_are_made_as_ever(shop: Shop) -> None:
    missing = shop.outside / "photos"
    output = await shop.up(f"{missing}:/photos", "/var/run/docker.sock:/docker.sock")
    assert output.is_ok, output.stderr
    assert missing.is_dir()
    assert await shop.kinds("/photos", "/docker.sock") == ["folder", "file"]


async def test_nobody_makes_what_somebody_else_brings(shop: Shop) -> None:
    volume = {"type": "bind", "source": "./secret", "target": "/s", "bind": {"create_host_path": False}}
    output = await shop.up(volume)
    assert not output.is_ok
    assert "bind source path does not exist" in output.stderr
    assert not (shop.folder / "secret").exists()


async def test_a_file_that_got_lost_is_no_folder_after_a_restart(shop: Shop) -> None:
    """An engine that starts a container again makes missing sources too, a year after the deployment."""
    assert (await shop.up("./app.conf:/app.conf")).is_ok
    assert (await shop.host.run(commands.stop(shop.project))).is_ok
    (shop.folder / "app.conf").unlink()
    again = await shop.host.run(commands.restart(shop.project, ["web"]))
    assert not again.is_ok
    assert not (shop.folder / "app.conf").exists()
    assert (await shop.up("./app.conf:/app.conf")).is_ok
    assert await shop.kinds("/app.conf") == ["file"]


async def test_scripts_of_the_document_can_be_started(shop: Shop) -> None:
    """Q16. Upstream every file that it writes is executable, keys and settings too."""
    contents = {
        "run.sh": "exec sleep 1000",
        "start": "#!/bin/sh\nexec sleep 1000",
        "a.json": "{}",
        "key.pem": "k",
    }
    volumes = [
        {"type": "bind", "source": f"./{name}", "target": f"/{name}", "content": text}
        for name, text in contents.items()
    ]
    output = await shop.up(*volumes, command="exec /start")
    assert output.is_ok, output.stderr
    modes = {name: stat.S_IMODE((shop.folder / name).stat().st_mode) for name in contents}
    assert modes == {"run.sh": 0o755, "start": 0o755, "a.json": 0o644, "key.pem": 0o644}


async def test_the_service_reads_its_own_env_file(shop: Shop) -> None:
    """`./.env` is Homeport's; it can be mounted, and a document's content does not replace it."""
    output = await shop.up(
        {"type": "bind", "source": "./.env", "target": "/app/.env", "content": "A=theirs"}, "./.env:/b/.env"
    )
    assert output.is_ok, output.stderr
    assert (shop.folder / ".env").read_text() == "SERVICE_NAME_WEB=web\n"


async def test_what_two_components_say_about_one_path_fits(shop: Shop) -> None:
    """What one only guesses, the other may know."""
    rendered = shop.rendered(
        "./conf:/a", {"type": "bind", "source": "./conf", "target": "/b", "content": "x"}
    )
    await shop.write(rendered)
    assert (shop.folder / "conf").read_text() == "x"
