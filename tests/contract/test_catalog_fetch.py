"""Catalogues over HTTP: a real server on loopback that answers well, badly, slowly and with malice."""

import asyncio
import base64
import gzip
import json
import logging
import os
import socket
import stat
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from homeport.catalog import Catalog, Template
from homeport.catalog.copies import Copies
from homeport.catalog.fetch import fetch, is_forbidden
from homeport.catalog.shelf import Shelf
from homeport.errors import SourceFailed
from tests.support.api import API
from tests.support.app import running, settings_for

COMPOSE = "services:\n  web:\n    image: web:1\n"
OWN = Catalog([Template(key="hello", compose=COMPOSE, slogan="Ours.")])
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def document(*keys: str) -> bytes:
    compose = base64.b64encode(COMPOSE.encode()).decode()
    return json.dumps({key: {"compose": compose, "slogan": key} for key in keys}).encode()


@dataclass(slots=True)
class Mirror:
    """Answers every request as `handler` says, and keeps what was asked."""

    url: str = ""
    asked: list[web.BaseRequest] = field(default_factory=list)
    handler: Handler | None = None

    def serves(self, content: bytes, status: int = 200, **headers: str) -> None:
        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(body=content, status=status, headers=names)

        self.handler = handler

    def redirects(self, location: str, status: int = 302) -> None:
        self.serves(b"", status, Location=location)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request)
        assert self.handler is not None
        return await self.handler(request)


@pytest.fixture
async def mirror() -> AsyncIterator[Mirror]:
    made = Mirror()
    runner = web.ServerRunner(
        web.Server(made.answer, access_log=None, auto_decompress=False), shutdown_timeout=0
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/c.json"
    yield made
    await runner.cleanup()


class Names(AbstractResolver):
    """Knows every name, as whoever owns a domain can."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


def shelf(folder: Path, mirror: Mirror, *, mark: str = "") -> Shelf:
    return Shelf.open(OWN, [mark + mirror.url], folder / "catalog")


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def refused(url: str, **more: Any) -> str:
    with pytest.raises(SourceFailed) as caught:
        await fetch(url, **more)
    return caught.value.message


async def test_a_document_comes_with_its_marks(mirror: Mirror) -> None:
    mirror.serves(document("thing"), ETag='"1"', Last_Modified="Sat, 31 Jan 2026 12:00:00 GMT")
    answer = await fetch(mirror.url)
    assert answer.content == document("thing")
    assert (answer.etag, answer.last_modified) == ('"1"', "Sat, 31 Jan 2026 12:00:00 GMT")
    assert not {"If-None-Match", "If-Modified-Since", "Cookie", "Authorization"} & set(
        mirror.asked[0].headers
    )


async def test_the_marks_are_sent_back_and_304_has_no_content(mirror: Mirror) -> None:
    mirror.serves(b"", 304)
    answer = await fetch(mirror.url, etag='"1"', last_modified="Sat, 31 Jan 2026 12:00:00 GMT")
    assert answer.content is None
    assert mirror.asked[0].headers["If-None-Match"] == '"1"'
    assert mirror.asked[0].headers["If-Modified-Since"] == "Sat, 31 Jan 2026 12:00:00 GMT"


async def test_gzip_is_unpacked(mirror: Mirror) -> None:
    mirror.serves(gzip.compress(document("thing")), Content_Encoding="gzip")
    assert (await fetch(mirror.url)).content == document("thing")
    mirror.serves(gzip.compress(document("thing"))[:-12], Content_Encoding="gzip")
    assert "broken gzip" in await refused(mirror.url)
    mirror.serves(b"no gzip", Content_Encoding="gzip")
    assert "broken gzip" in await refused(mirror.url)
    mirror.serves(b"?", Content_Encoding="br")
    assert "not asked for" in await refused(mirror.url)


async def test_what_is_too_big_is_not_read_to_its_end(mirror: Mirror) -> None:
    sent = 0

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * (1 << 20))
            sent += 1

    mirror.handler = endless
    assert "larger than 32 MiB" in await refused(mirror.url)
    assert sent < 64


async def test_a_gzip_bomb_is_never_unpacked(mirror: Mirror) -> None:
    """A megabyte that stands for a quarter of a gigabyte."""
    mirror.serves(gzip.compress(bytes(256 << 20), compresslevel=1), Content_Encoding="gzip")
    tracemalloc.start()
    try:
        assert "larger than 32 MiB" in await refused(mirror.url)
        assert tracemalloc.get_traced_memory()[1] < 128 << 20
    finally:
        tracemalloc.stop()


async def test_who_answers_slowly_is_not_waited_for(mirror: Mirror) -> None:
    gone = asyncio.Event()

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b" ")
                await asyncio.sleep(0.02)
        finally:
            gone.set()

    mirror.handler = slow
    assert await refused(mirror.url, limit_s=0.2) == "It did not answer within 0.2 seconds."
    await asyncio.wait_for(gone.wait(), 10)


@pytest.mark.parametrize(
    ("status", "content", "why"),
    [(404, b"{}", "status 404"), (500, b"{}", "status 500"), (204, b"", "status 204")],
)
async def test_other_answers_are_refused(mirror: Mirror, status: int, content: bytes, why: str) -> None:
    mirror.serves(content, status)
    assert why in await refused(mirror.url)


async def test_nobody_answers(mirror: Mirror) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = f"http://user:hunter2@127.0.0.1:{unheard.getsockname()[1]}/c.json?token=hunter2"
        assert await refused(url) == "Nothing answers there."
    assert "speaks no TLS" in await refused(mirror.url.replace("http:", "https:"))


async def test_a_redirect_is_followed(mirror: Mirror) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/c.json":
            return web.Response(status=301, headers={"Location": "/new.json"})
        return web.Response(body=document("thing"))

    mirror.handler = handler
    assert (await fetch(mirror.url)).content == document("thing")
    assert [request.path for request in mirror.asked] == ["/c.json", "/new.json"]


async def test_a_redirect_loop_ends(mirror: Mirror) -> None:
    mirror.redirects("/c.json")
    assert await refused(mirror.url) == "It redirects more than 5 times."
    assert len(mirror.asked) == 6


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[fd00:ec2::254]/",
        "http://0.0.0.0:{port}/c.json",
        "http://[::]:{port}/c.json",
        "http://100.100.100.200/",
        "http://0xa9.0xfe.0xa9.0xfe/",
    ],
)
async def test_a_redirect_to_a_forbidden_address_is_not_followed(mirror: Mirror, location: str) -> None:
    mirror.redirects(location.replace("{port}", mirror.url.split(":")[2].split("/")[0]))
    assert await refused(mirror.url) == "It leads to an address that nothing is fetched from."
    assert len(mirror.asked) == 1


@pytest.mark.parametrize("location", ["http://2852039166/", "http://169.254.43518/", "http://[fe80::1/"])
async def test_an_address_that_only_some_understand_is_no_url(mirror: Mirror, location: str) -> None:
    mirror.redirects(location)
    assert await refused(mirror.url) == "It has, or redirects to, a URL that is none."
    assert len(mirror.asked) == 1


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x/", ""])
async def test_a_redirect_elsewhere_is_refused(mirror: Mirror, location: str) -> None:
    mirror.redirects(location)
    assert await refused(mirror.url) == "It redirects to what is no http or https URL."


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "224.0.0.1"])
async def test_a_name_that_leads_to_a_forbidden_address_is_refused(address: str) -> None:
    names = Names(address)
    assert "nothing is fetched from" in await refused("http://catalog.example/c.json", resolver=names)
    assert names.asked == ["catalog.example"]


async def test_a_name_is_resolved_once_and_the_address_that_was_judged_is_connected_to(
    mirror: Mirror,
) -> None:
    """Whoever rebinds the name later finds that nobody asks again."""
    mirror.serves(document("thing"))
    names = Names("127.0.0.1")
    url = mirror.url.replace("127.0.0.1", "catalog.example")
    assert (await fetch(url, resolver=names)).content == document("thing")
    assert names.asked == ["catalog.example"]
    assert mirror.asked[0].headers["Host"].startswith("catalog.example:")


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.0.1", "0.1.2.3", "100.100.100.200", "168.63.129.16", "239.255.255.250", "255.255.255.255"),
        *("::", "fe80::1%eth0", "febf::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254"),
        *("::ffff:0.0.0.0", "::ffff:100.100.100.200", "::169.254.169.254"),
        *("64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1"),
        *("64:ff9b:1::169.254.169.254", "::ffff:0:169.254.169.254"),
    ],
)
def test_these_addresses_are_forbidden(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "93.184.216.34"),
        *("::1", "fd12::1", "2606:4700::1", "::ffff:127.0.0.1", "64:ff9b::93.184.216.34"),
    ],
)
def test_these_are_not(address: str) -> None:
    assert not is_forbidden(address)


async def test_a_user_in_the_url_is_sent_to_that_server_alone(mirror: Mirror) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/c.json":
            return web.Response(status=302, headers={"Location": mirror.url.replace("/c.json", "/new.json")})
        return web.Response(body=document("thing"))

    mirror.handler = handler
    await fetch(mirror.url.replace("http://", "http://user:hunter2@"))
    assert "Authorization" in mirror.asked[0].headers
    assert "Authorization" not in mirror.asked[1].headers


async def test_the_first_catalogue_is_fetched_in_the_background_and_kept(
    tmp_path: Path, mirror: Mirror
) -> None:
    mirror.serves(document("hello", "thing"), ETag='"1"')
    opened = shelf(tmp_path, mirror)
    assert list(opened.catalog) == ["hello"], "a start waits for nobody"
    async with opened.kept_fresh():
        await until(lambda: "thing" in opened.catalog)
    assert opened.catalog["hello"].source == "homeport"
    assert opened.catalog["thing"].source == mirror.url
    (copy,) = (tmp_path / "catalog").iterdir()
    assert copy == Copies(tmp_path / "catalog").path(mirror.url)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    again = shelf(tmp_path, mirror, mark="first:")
    assert again.catalog["thing"].source == mirror.url, "the copy is used at once"
    assert again.catalog["hello"].source == mirror.url
    assert len(mirror.asked) == 1


async def test_a_copy_of_today_is_not_fetched_again(tmp_path: Path, mirror: Mirror) -> None:
    mirror.serves(document("thing"))
    await shelf(tmp_path, mirror).refresh()
    again = shelf(tmp_path, mirror)
    async with again.kept_fresh():
        for _ in range(20):
            await asyncio.sleep(0)
    assert len(mirror.asked) == 1


async def test_an_old_copy_is_fetched_again_and_confirmed(tmp_path: Path, mirror: Mirror) -> None:
    mirror.serves(document("thing"), ETag='"1"')
    await shelf(tmp_path, mirror).refresh()
    path = Copies(tmp_path / "catalog").path(mirror.url)
    long_ago = (datetime.now(UTC) - timedelta(days=1, minutes=1)).timestamp()
    os.utime(path, (long_ago, long_ago))
    mirror.serves(b"", 304)
    again = shelf(tmp_path, mirror)
    async with again.kept_fresh():
        await until(lambda: path.stat().st_mtime > long_ago + 3600)
    assert mirror.asked[1].headers["If-None-Match"] == '"1"'
    assert "thing" in again.catalog
    assert "thing" in shelf(tmp_path, mirror).catalog


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b"<html>"),
        (200, b'{"error": "gone"}'),
        (200, b"{}"),
        (503, b""),
        (200, gzip.compress(b"{}", mtime=0)),
    ],
)
async def test_the_last_good_copy_stays(tmp_path: Path, mirror: Mirror, status: int, content: bytes) -> None:
    mirror.serves(document("thing"))
    opened = shelf(tmp_path, mirror)
    await opened.refresh()
    fetched_at = opened.sources[1].fetched_at
    mirror.serves(content, status)
    with pytest.raises(SourceFailed, match=mirror.url):
        await opened.refresh()
    assert "thing" in opened.catalog
    assert opened.sources[1].error
    assert opened.sources[1].fetched_at == fetched_at
    assert "thing" in shelf(tmp_path, mirror).catalog
    mirror.serves(document("other"))
    await opened.refresh()
    assert list(opened.catalog) == ["hello", "other"]
    assert opened.sources[1].error is None


async def test_a_304_without_a_copy_is_a_failure(tmp_path: Path, mirror: Mirror) -> None:
    mirror.serves(b"", 304)
    with pytest.raises(SourceFailed, match="nothing was fetched before"):
        await shelf(tmp_path, mirror).refresh()


@pytest.mark.parametrize(
    "content", [b"", b"broken", b'{"format": 0}\n{}', b'{"format": 1}\nbroken', b"[]\n{}"]
)
async def test_a_broken_copy_is_fetched_anew(tmp_path: Path, mirror: Mirror, content: bytes) -> None:
    mirror.serves(document("thing"), ETag='"1"')
    await shelf(tmp_path, mirror).refresh()
    Copies(tmp_path / "catalog").path(mirror.url).write_bytes(content)
    again = shelf(tmp_path, mirror)
    assert list(again.catalog) == ["hello"]
    async with again.kept_fresh():
        await until(lambda: "thing" in again.catalog)
    assert "If-None-Match" not in mirror.asked[1].headers


async def test_where_no_copy_can_be_kept_the_catalogue_is_used_all_the_same(
    tmp_path: Path, mirror: Mirror, caplog: pytest.LogCaptureFixture
) -> None:
    mirror.serves(document("thing"))
    (tmp_path / "catalog").write_text("in the way")
    opened = shelf(tmp_path, mirror)
    await opened.refresh()
    assert "thing" in opened.catalog
    assert "no copy of a catalogue can be kept" in caplog.text


async def test_who_asks_at_the_same_time_gets_one_fetch(tmp_path: Path, mirror: Mirror) -> None:
    go_on = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        await go_on.wait()
        return web.Response(body=document("thing"))

    mirror.handler = handler
    opened = shelf(tmp_path, mirror)
    refreshes = [asyncio.create_task(opened.refresh()) for _ in range(5)]
    await until(lambda: bool(mirror.asked))
    refreshes[0].cancel()
    go_on.set()
    await asyncio.gather(*refreshes, return_exceptions=True)
    assert len(mirror.asked) == 1
    assert "thing" in opened.catalog, "who goes away takes the fetch from nobody"


async def test_a_stop_ends_a_fetch(tmp_path: Path, mirror: Mirror) -> None:
    is_stopped = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        await is_stopped.wait()
        return web.Response(body=document("thing"))

    mirror.handler = handler
    opened = shelf(tmp_path, mirror)
    async with asyncio.timeout(5), opened.kept_fresh():
        await until(lambda: bool(mirror.asked))
    is_stopped.set()
    assert "thing" not in opened.catalog


async def test_no_secret_of_a_url_is_told(
    tmp_path: Path, mirror: Mirror, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    mirror.serves(document("thing"))
    secret = Mirror(url=mirror.url.replace("http://", "http://user:hunter2@") + "?token=hunter3")
    opened = shelf(tmp_path, secret)
    await opened.refresh()
    assert mirror.asked[0].query["token"] == "hunter3"
    mirror.serves(b"", 500)
    with pytest.raises(SourceFailed) as caught:
        await opened.refresh()
    names = [path.name for path in (tmp_path / "catalog").iterdir()]
    copies = [path.read_text() for path in (tmp_path / "catalog").iterdir()]
    settings = settings_for("sqlite+aiosqlite:///x", tmp_path, catalog_sources=(secret.url,))
    told = [
        caplog.text,
        caught.value.message,
        repr(opened.sources),
        repr(opened.catalog["thing"]),
        repr(settings),
        *names,
        *copies,
    ]
    assert not [text for text in told if "hunter" in text]


@asynccontextmanager
async def two(folder: Path, good: Mirror) -> AsyncIterator[Shelf]:
    """A shelf with a source that answers and one that does not."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        bad = f"http://127.0.0.1:{unheard.getsockname()[1]}/c.json"
        yield Shelf.open(OWN, [bad, good.url], folder / "catalog")


async def test_one_source_of_two_that_fails_is_no_failure(tmp_path: Path, mirror: Mirror) -> None:
    mirror.serves(document("thing"))
    async with two(tmp_path, mirror) as opened:
        states = await opened.refresh()
    assert [(state.kind, state.types, state.error) for state in states] == [
        ("built-in", 1, None),
        ("url", 0, "Nothing answers there."),
        ("url", 1, None),
    ]


async def test_a_failure_is_tried_again_after_an_hour_and_a_success_after_a_day(
    tmp_path: Path, mirror: Mirror
) -> None:
    mirror.serves(document("thing"))
    async with two(tmp_path, mirror) as opened:
        await opened.refresh()
        bad, good = (held.due_at - datetime.now(UTC) for held in opened._held)
    assert timedelta(minutes=59) < bad <= timedelta(hours=1)
    assert timedelta(hours=23) < good <= timedelta(days=1)


async def test_the_api_has_a_url_s_types_as_soon_as_they_came(
    database_url: str, tmp_path: Path, mirror: Mirror
) -> None:
    """The start waits for nobody, and a request gets the catalogue of its moment."""
    go_on = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        await go_on.wait()
        return web.Response(body=document("thing"))

    mirror.handler = handler
    async with running(settings_for(database_url, tmp_path, catalog_sources=(mirror.url,))) as app:
        assert (await app.root.get(f"{API}/services/types/thing")).status_code == 404
        assert (await app.root.get(f"{API}/services/types/ghost")).status_code == 200
        go_on.set()
        await until(lambda: "thing" in app.app.state.shelf.catalog)
        found = (await app.root.get(f"{API}/services/types/thing")).json()
        assert found["source"] == mirror.url
        _, source = (await app.root.get(f"{API}/services/types/sources")).json()
        assert (source["kind"], source["types"], source["error"]) == ("url", 1, None)
    assert list((tmp_path / "catalog").iterdir())
