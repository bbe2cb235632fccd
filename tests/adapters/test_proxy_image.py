import asyncio
import io
import json
import shutil
import sys
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from homeport.core.commands import Command
from homeport.core.commands.system import caddy_validate
from homeport.core.proxy import Route, caddy_config
from homeport.remote.engine import AiodockerEngine
from homeport.remote.images import (
    STABLE_TAG,
    base_config,
    ensure_proxy_image,
    find_caddy,
    is_static,
    proxy_context,
    proxy_tag,
)
from homeport.remote.process import run_process
from tests.support.engine import engine_socket, ensure_engine


@pytest.fixture
async def engine() -> AsyncIterator[AiodockerEngine]:
    ensure_engine()
    engine = AiodockerEngine(engine_socket())
    yield engine
    await engine.close()


def test_the_binary_needs_nothing_around_it() -> None:
    assert is_static(find_caddy())
    assert not is_static(Path(__file__))
    dynamic = shutil.which("ls")
    assert dynamic is not None
    assert not is_static(Path(dynamic).resolve())


def test_the_context_is_the_same_every_time_and_has_what_caddy_needs() -> None:
    context = proxy_context()
    assert context == proxy_context()
    with tarfile.open(fileobj=io.BytesIO(context)) as archive:
        modes = {entry.name: oct(entry.mode) for entry in archive}
        base = archive.extractfile("rootfs/etc/caddy/base.json")
        assert base is not None
        assert json.load(base) == base_config()
    assert modes["rootfs/caddy"] == "0o755"
    assert modes["rootfs/tmp"] == "0o1777"
    assert "rootfs/etc/ssl/certs/ca-certificates.crt" in modes
    assert proxy_tag() == proxy_tag()
    assert proxy_tag().startswith("homeport-proxy:2.")


@pytest.mark.engine
async def test_the_image_is_built_once_and_has_a_name_that_stays(engine: AiodockerEngine) -> None:
    tag = await ensure_proxy_image(engine)
    first = await engine.find_image(tag)
    assert await ensure_proxy_image(engine) == tag
    again, stable = await engine.find_image(tag), await engine.find_image(STABLE_TAG)
    assert first is not None
    assert again is not None
    assert stable is not None
    assert first["Id"] == again["Id"] == stable["Id"]
    assert first["Config"]["Entrypoint"] == ["/caddy"]


ROUTES = [
    Route(scheme="http", host="a.localhost", upstream="a-u1:80", redirect="www", is_ghost=True),
    Route(scheme="https", host="b.example.com", path="/x%7B", upstream="b-u1:3000", is_noindex=True),
    Route(scheme="https", host="10.0.0.1", upstream="c-u1:80", is_https_forced=False),
    Route(
        scheme="https", host="fd00::1", path="/deep/er", upstream="c-u1:80", is_stripped=False, is_gzip=False
    ),
]


@pytest.mark.parametrize("is_tls_internal", [False, True])
async def test_caddy_accepts_every_kind_of_route(tmp_path: Path, is_tls_internal: bool) -> None:
    file = tmp_path / "caddy.json"
    config = caddy_config(ROUTES, http_port=8080, https_port=8443, is_tls_internal=is_tls_internal)
    await asyncio.to_thread(file.write_text, json.dumps(config))
    command = caddy_validate(str(find_caddy()), str(file))
    output = await run_process(command, env={"HOME": str(tmp_path)})
    assert output.is_ok, output.stderr
    bad = Command(argv=(*command.argv[:-1], sys.executable))
    assert not (await run_process(bad, env={"HOME": str(tmp_path)})).is_ok
