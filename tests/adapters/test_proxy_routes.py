"""The real proxy in front of real containers: what a visitor sees."""

import asyncio
import contextlib
import gzip
import itertools
import operator
import socket
import ssl
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest

from homeport.core.proxy import Route
from homeport.errors import ProxyFailed
from homeport.remote.images import ensure_proxy_image
from homeport.remote.local import LocalHost
from homeport.remote.proxy import (
    ProxySpec,
    connect_proxy,
    disconnect_proxy,
    ensure_proxy,
    load_routes,
    remove_proxy,
)
from homeport.remote.recording import RecordingHost
from tests.support.engine import ask_json, engine_socket, ensure_engine
from tests.support.images import busybox_image

pytestmark = pytest.mark.engine

# Busybox's httpd has no catch-all, so netcat answers every path with what it was asked.
ECHO = r"""
cat > /tmp/answer <<'END'
#!/bin/sh
read -r request
while read -r line && [ "$line" != "$(printf '\r')" ]; do headers="$headers$line"; done
body="who=$WHO request=$request headers=$headers"
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: secret\r\nConnection: close\r\n'
printf 'Content-Length: %s\r\n\r\n%s' "${#body}" "$body"
END
chmod +x /tmp/answer
exec nc -ll -p 80 -e /tmp/answer
"""
STREAM = r"""
cat > /tmp/answer <<'END'
#!/bin/sh
while read -r line && [ "$line" != "$(printf '\r')" ]; do :; done
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n'
n=0
while [ $n -lt 40 ]; do echo "data: $n"; echo; n=$((n+1)); sleep 0.1; done
END
chmod +x /tmp/answer
exec nc -ll -p 80 -e /tmp/answer
"""


BIG = r"""
cat > /tmp/answer <<'END'
#!/bin/sh
while read -r line && [ "$line" != "$(printf '\r')" ]; do :; done
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20000\r\n\r\n'
yes abc | head -n 5000
END
chmod +x /tmp/answer
exec nc -ll -p 80 -e /tmp/answer
"""


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("0.0.0.0", 0))
        return [each.getsockname()[1] for each in sockets]


@dataclass(slots=True)
class Site:
    """A proxy and what is behind it; `get` asks it as a browser would that resolved the host to this machine."""

    host: LocalHost
    spec: ProxySpec
    labels: dict[str, str]
    names: Iterator[int] = field(default_factory=itertools.count)

    @property
    def network(self) -> str:
        return f"{self.spec.name}-net"

    async def serve(self, component: str, script: str = ECHO) -> str:
        """Start a container and wait until it listens; the answer is its upstream."""
        name = f"{component}-{self.spec.name}"
        config = {
            "Image": await asyncio.to_thread(busybox_image),
            "Cmd": ["sh", "-c", script],
            "Env": [f"WHO={component}"],
            "Labels": self.labels,
            "HostConfig": {"NetworkMode": self.network, "Init": True},
        }
        await self.host.engine.create_container(name, config)
        await self.host.engine.start_container(name)
        return f"{name}:80"

    async def load(self, *routes: Route) -> None:
        await load_routes(self.host, self.spec, routes)

    async def get(self, url: str, **headers: str) -> httpx.Response:
        async with self.client() as client:
            return await self.ask(client, url, **headers)

    async def ask(self, client: httpx.AsyncClient, url: str, **headers: str) -> httpx.Response:
        given = httpx.URL(url)
        port = self.spec.https_port if given.scheme == "https" else self.spec.http_port
        return await client.get(
            given.copy_with(host="127.0.0.1", port=port),
            headers={"Host": given.host} | headers,
            extensions={"sni_hostname": given.host},
        )

    def client(self) -> httpx.AsyncClient:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return httpx.AsyncClient(verify=context, timeout=20, trust_env=False)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    ensure_engine()
    name = f"hp-test-{uuid.uuid4().hex[:10]}"
    labels = {"homeport-test.name": name}
    http_port, https_port = free_ports(2)
    with tempfile.TemporaryDirectory() as root:
        spec = ProxySpec(root=root, http_port=http_port, https_port=https_port, name=name)
        host = LocalHost(root=root, socket=engine_socket(), compose=("docker", "compose"))
        site = Site(host, spec, labels)
        await host.engine.ensure_network(site.network, labels=labels)
        yield site
        await remove_proxy(host, spec)
        for document in await host.engine.containers(labels):
            await host.engine.remove_container(document["Id"], force=True)
        for network in (site.network, name):
            await host.engine.remove_network(network)
        for volume in (f"{name}-data", f"{name}-config"):
            await host.engine.remove_volume(volume)
        await host.close()


@pytest.fixture
async def running(site: Site) -> Site:
    await ensure_proxy(site.host, site.spec)
    await connect_proxy(site.host, site.spec, [site.network])
    return site


async def test_hosts_and_paths_lead_to_their_containers(running: Site) -> None:
    web, api = await running.serve("web"), await running.serve("api")
    await running.load(
        Route(scheme="http", host="shop.localhost", upstream=web),
        Route(scheme="http", host="shop.localhost", path="/api", upstream=api),
        Route(scheme="http", host="shop.localhost", path="/api/raw", upstream=api, is_stripped=False),
        Route(scheme="http", host="other.localhost", upstream=api),
    )

    async def seen(url: str) -> str:
        return (await running.get(url)).text.partition(" headers=")[0].replace(" HTTP/1.1", "").strip()

    assert await seen("http://shop.localhost/") == "who=web request=GET /"
    assert await seen("http://SHOP.localhost/a?b=c%20d") == "who=web request=GET /a?b=c%20d"
    assert await seen("http://shop.localhost/api") == "who=api request=GET /"
    assert await seen("http://shop.localhost/api/x?y=1") == "who=api request=GET /x?y=1"
    assert await seen("http://shop.localhost/apix") == "who=web request=GET /apix"
    assert await seen("http://shop.localhost/api/raw/x") == "who=api request=GET /api/raw/x"
    assert await seen("http://other.localhost/") == "who=api request=GET /"


async def test_headers_to_the_container_and_back(running: Site) -> None:
    web = await running.serve("web")
    await running.load(
        Route(scheme="http", host="a.localhost", path="/x", upstream=web, is_noindex=True),
        Route(scheme="http", host="b.localhost", upstream=web, is_gzip=False),
    )
    answer = await running.get(
        "http://a.localhost/x/y", **{"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "ftp"}
    )
    assert "X-Forwarded-Host: a.localhost" in answer.text
    assert "X-Forwarded-Proto: http\r" in answer.text
    assert "X-Forwarded-Prefix: /x" in answer.text
    assert "6.6.6.6" not in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "Server" not in answer.headers
    plain = await running.get("http://b.localhost/", **{"Accept-Encoding": "gzip"})
    assert "X-Robots-Tag" not in plain.headers
    assert "Content-Encoding" not in plain.headers


async def test_answers_are_compressed(running: Site) -> None:
    await running.load(Route(scheme="http", host="a.localhost", upstream=await running.serve("web", BIG)))
    async with running.client() as client:
        request = client.build_request(
            "GET",
            f"http://127.0.0.1:{running.spec.http_port}/",
            headers={"Host": "a.localhost", "Accept-Encoding": "gzip"},
        )
        answer = await client.send(request, stream=True)
        raw = b"".join([part async for part in answer.aiter_raw()])
        await answer.aclose()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(raw) == b"abc\n" * 5000
    assert len(raw) < 2000


async def test_redirects(running: Site) -> None:
    web = await running.serve("web")
    await running.load(
        Route(scheme="https", host="forced.localhost", upstream=web),
        Route(scheme="https", host="free.localhost", upstream=web, is_https_forced=False),
        Route(scheme="http", host="named.localhost", upstream=web, redirect="www"),
    )
    forced = await running.get("http://forced.localhost/a?b=1")
    assert forced.status_code == 308
    assert forced.headers["Location"] == f"https://forced.localhost:{running.spec.https_port}/a?b=1"
    assert "who=web" in (await running.get("http://free.localhost/")).text
    named = await running.get("http://named.localhost/a")
    assert named.status_code == 307
    assert named.headers["Location"] == f"http://www.named.localhost:{running.spec.http_port}/a"
    assert "who=web" in (await running.get("http://www.named.localhost/a")).text


async def test_https_with_the_proxys_own_authority(running: Site) -> None:
    web = await running.serve("web")
    await running.load(
        Route(scheme="https", host="a.localhost", upstream=web),
        Route(scheme="https", host="127.0.0.1", upstream=web),
    )
    async with asyncio.timeout(20):
        while True:  # The certificate is made after the configuration is loaded.
            with contextlib.suppress(httpx.ConnectError):
                answer = await running.get("https://a.localhost/")
                break
            await asyncio.sleep(0.05)
    assert "X-Forwarded-Proto: https" in answer.text
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        by_address = await client.get(f"https://127.0.0.1:{running.spec.https_port}/")
    assert "who=web" in by_address.text


async def test_who_is_not_known_and_who_does_not_answer(running: Site) -> None:
    await running.load(
        Route(scheme="http", host="gone.localhost", upstream=f"nobody-{running.spec.name}:80"),
        Route(scheme="http", host="deaf.localhost", upstream=(await running.serve("deaf", "sleep 300"))),
    )
    unknown = await running.get("http://unknown.localhost/x")
    assert (unknown.status_code, unknown.text) == (404, "404: no service answers at this address.\n")
    for host in ("gone", "deaf"):
        async with asyncio.timeout(6):
            failed = await running.get(f"http://{host}.localhost/")
        assert (failed.status_code, failed.text) == (502, "502: the service does not answer.\n")


@dataclass(slots=True)
class Visits:
    """Visitors that ask again and again. `repeated` counts the requests that were cut off before a byte of the
    answer came: those a client repeats (RFC 9110, 9.2.2)."""

    site: Site
    statuses: list[int] = field(default_factory=list)
    answered: list[int] = field(default_factory=lambda: [0] * 4)
    repeated: int = 0
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    async def visit(self, number: int) -> None:
        while not self.is_over.is_set():
            try:
                answer = await self.site.get("http://a.localhost/")
            except httpx.RemoteProtocolError:
                self.repeated += 1
                answer = await self.site.get("http://a.localhost/")
            self.statuses.append(answer.status_code)
            self.answered[number] += 1

    async def during(self, swaps: AsyncIterator[None]) -> None:
        """Swap again only when each visitor was answered twice since: then none repeats a request that the last
        swap cut off, and a repeat that fails is a failure of its own."""
        visitors = [asyncio.create_task(self.visit(number)) for number in range(len(self.answered))]
        async for _ in swaps:
            wanted = [count + 2 for count in self.answered]
            while any(map(operator.lt, self.answered, wanted)):
                if any(map(asyncio.Task.done, visitors)):
                    break
                await asyncio.sleep(0.01)
        self.is_over.set()
        await asyncio.gather(*visitors)


async def test_visitors_are_served_while_configurations_are_swapped(running: Site) -> None:
    """Go's server closes a connection whose request it reads in the moment of the swap; nothing else may fail."""
    web = await running.serve("web")
    stable = Route(scheme="http", host="a.localhost", upstream=web)
    await running.load(stable)

    async def swaps() -> AsyncIterator[None]:
        for number in range(15):
            await running.load(stable, Route(scheme="http", host=f"n{number}.localhost", upstream=web))
            yield

    visits = Visits(running)
    await visits.during(swaps())
    assert set(visits.statuses) == {200}
    assert visits.repeated <= 15 * 4


async def test_the_same_configuration_again_disturbs_nobody(running: Site) -> None:
    route = Route(scheme="http", host="a.localhost", upstream=await running.serve("web"))
    await running.load(route)

    async def loads() -> AsyncIterator[None]:
        for _ in range(15):
            await running.load(route)
            yield

    visits = Visits(running)
    await visits.during(loads())
    assert set(visits.statuses) == {200}
    assert visits.repeated == 0


async def test_a_stream_outlives_a_swap(running: Site) -> None:
    stream, web = await running.serve("stream", STREAM), await running.serve("web")
    route = Route(scheme="http", host="s.localhost", upstream=stream)
    await running.load(route)
    lines: list[str] = []
    begun = asyncio.get_running_loop().time()
    url = f"http://127.0.0.1:{running.spec.http_port}/"
    async with (
        running.client() as client,
        client.stream("GET", url, headers={"Host": "s.localhost"}) as answer,
    ):
        async for line in answer.aiter_lines():
            lines.extend([line] if line else [])
            if len(lines) == 3:
                # Lines come one by one: the whole takes four seconds.
                assert asyncio.get_running_loop().time() - begun < 3
                await running.load(route, Route(scheme="http", host="new.localhost", upstream=web))
                assert "who=web" in (await running.get("http://new.localhost/")).text
    assert lines == [f"data: {number}" for number in range(40)]


async def test_an_upgraded_connection_outlives_a_swap(running: Site) -> None:
    script = r"""
cat > /tmp/answer <<'END'
#!/bin/sh
while read -r line && [ "$line" != "$(printf '\r')" ]; do :; done
printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
exec cat
END
chmod +x /tmp/answer
exec nc -ll -p 80 -e /tmp/answer
"""
    route = Route(scheme="http", host="w.localhost", upstream=await running.serve("socket", script))
    await running.load(route)
    reader, writer = await asyncio.open_connection("127.0.0.1", running.spec.http_port)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: w.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert b"101 Switching" in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    for swap in (False, True, True):
        if swap:
            await running.load(
                route, Route(scheme="http", host=f"{uuid.uuid4().hex}.localhost", upstream="x:80")
            )
        writer.write(b"ping\n")
        assert await asyncio.wait_for(reader.readline(), 10) == b"ping\n"
    writer.close()
    await writer.wait_closed()


async def test_a_refused_configuration_changes_nothing(running: Site) -> None:
    web = await running.serve("web")
    await running.load(Route(scheme="http", host="a.localhost", upstream=web))
    status, answer = await running.host.proxy_request("POST", "/load", b'{"apps": {"nonsense": {}}}')
    assert (status, b"nonsense" in answer) == (400, True)
    assert "who=web" in (await running.get("http://a.localhost/")).text


async def test_a_refusal_is_told_in_the_proxys_words() -> None:
    host = RecordingHost(proxy_status=400)
    with pytest.raises(ProxyFailed, match="refused its configuration: refused by the script"):
        await load_routes(host, ProxySpec(root="/r"), [])


async def container_id(site: Site) -> str:
    document = await site.host.engine.find_container(site.spec.name)
    assert document is not None
    return str(document["Id"])


async def test_routes_survive_a_crash_and_the_container_stays(running: Site) -> None:
    web = await running.serve("web")
    await running.load(Route(scheme="http", host="a.localhost", upstream=web))
    before = await container_id(running)
    ask_json("POST", f"/containers/{running.spec.name}/kill?signal=KILL")
    await ensure_proxy(running.host, running.spec)
    assert await container_id(running) == before
    assert "who=web" in (await running.get("http://a.localhost/")).text
    await ensure_proxy(running.host, running.spec)
    assert await container_id(running) == before


async def test_a_changed_definition_recreates_it_with_its_networks(running: Site) -> None:
    web = await running.serve("web")
    route = Route(scheme="http", host="a.localhost", upstream=web)
    await running.load(route)
    before = await container_id(running)
    (port,) = free_ports(1)
    moved = Site(running.host, replace(running.spec, http_port=port), running.labels)
    await ensure_proxy(moved.host, moved.spec)
    assert await container_id(moved) != before
    assert "who=web" in (await moved.get("http://a.localhost/")).text


async def test_it_starts_again_after_one_of_its_networks_went(running: Site) -> None:
    await running.host.engine.stop_container(running.spec.name, 5)
    await running.host.engine.disconnect_network(running.network, running.spec.name)
    gone = f"{running.spec.name}-gone"
    await running.host.engine.ensure_network(gone, labels=running.labels)
    await connect_proxy(running.host, running.spec, [gone])
    await running.host.engine.remove_network(gone)
    await ensure_proxy(running.host, running.spec)
    assert (await running.get("http://a.localhost/")).status_code == 404
    await disconnect_proxy(running.host, running.spec, [gone, running.network])


async def test_a_taken_port_is_named_with_its_setting(site: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", site.spec.http_port))
        taken.listen()
        with pytest.raises(ProxyFailed) as caught:
            await ensure_proxy(site.host, site.spec)
    assert caught.value.message == (
        f"Port {site.spec.http_port} is in use on this server. "
        "Free it, or set HOMEPORT_PROXY_HTTP_PORT to another port."
    )
    assert await site.host.engine.find_container(site.spec.name) is None
    await ensure_proxy(site.host, site.spec)


async def test_two_at_once_make_one_proxy(site: Site) -> None:
    await ensure_proxy_image(site.host.engine)
    await asyncio.gather(*(ensure_proxy(site.host, site.spec) for _ in range(3)))
    assert (await site.get("http://a.localhost/")).status_code == 404


async def test_without_a_proxy_the_error_says_so(site: Site) -> None:
    with pytest.raises(ProxyFailed, match="no admin socket"):
        await site.load()
    socket_folder = Path(site.spec.root, site.spec.folder, "run")
    await asyncio.to_thread(socket_folder.mkdir, parents=True)
    with pytest.raises(ProxyFailed, match="does not answer"):
        await site.load()
