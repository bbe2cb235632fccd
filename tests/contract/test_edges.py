"""What no well-behaved client sends: odd headers, paths and bodies. Each gets an answer of the contract, no 500."""

from collections.abc import AsyncIterator

import httpx
import pytest

from homeport.db.instance import list_entries
from tests.support.api import refusal
from tests.support.app import RunningApp

VERSION = "/api/v1/version"
PROJECTS = "/api/v1/projects"
UNAUTHENTICATED = (401, {"message": "Unauthenticated."})
INVALID = (400, {"message": "Invalid request.", "error": "Invalid JSON."})
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("host", ["[", "a b", "", "x" * 3000, "\u00ff"])
async def test_an_odd_host_header_changes_no_answer(homeport: RunningApp, host: str) -> None:
    headers = [(b"Host", host.encode("latin-1"))]
    assert refusal(await homeport.client.get(VERSION, headers=headers)) == UNAUTHENTICATED
    await homeport.app.state.gates.batches.flush()
    async with homeport.database.read() as session:
        (entry,) = await list_entries(session, "api.auth.unauthenticated")
    assert entry["path"] == VERSION


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"User-Agent", b"\x00\xff" * 300),
        (b"X-Forwarded-For", b"\x00, " * 300),
        (b"X-Request-Id", b"\x00"),
        (b"Accept", b"text/html"),
        (b"Authorization", b"Bearer " + b"1" * 20000),
    ],
)
async def test_odd_headers_of_a_refused_request(homeport: RunningApp, name: bytes, value: bytes) -> None:
    assert refusal(await homeport.client.get(VERSION, headers=[(name, value)])) == UNAUTHENTICATED
    await homeport.app.state.gates.batches.flush()
    async with homeport.database.read() as session:
        assert len(await list_entries(session, "api.auth.unauthenticated")) == 1


@pytest.mark.parametrize("path", ["%00", "%ff%fe", "y" * 9000, "%2e%2e%2fetc", "%ed%a0%80", "\u202e"])
async def test_odd_paths_are_not_found(homeport: RunningApp, path: str) -> None:
    for below in ("services", "projects", "deployments"):
        answer = await homeport.root.get(f"/api/v1/{below}/{path}")
        assert answer.status_code == 404
        assert answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "\\ud800"}',
        b'{"name": "\\udc00\\ud800"}',
        b'{"\\ud800": "name"}',
        b'{"name": NaN}',
        b'{"name": 1e}',
        b'{"name": "a"} x',
        b"\xef\xbb\xbf{}x",
        b"\xff\xfe{\x00}\x00",
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"a":' * 200 + b"1" + b"}" * 200,
    ],
)
async def test_what_is_no_json(homeport: RunningApp, body: bytes) -> None:
    assert refusal(await homeport.root.post(PROJECTS, content=body, headers=JSON)) == INVALID


@pytest.mark.parametrize("value", ["1e400", "9" * 400, "-0.0", "[[[]]]", '{"a":{"b":1}}', "true"])
async def test_a_name_of_another_kind(homeport: RunningApp, value: str) -> None:
    answer = await homeport.root.post(PROJECTS, content=f'{{"name": {value}}}', headers=JSON)
    assert answer.status_code in (400, 422)
    assert answer.json()["message"] in ("Invalid request.", "Validation failed.")


async def _chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * (1 << 20)


async def test_a_body_in_chunks_that_does_not_end(homeport: RunningApp) -> None:
    answer = await homeport.root.post(PROJECTS, content=_chunks(10), headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["message"] == "The request body must not be greater than 5 MiB."


@pytest.mark.parametrize("length", ["-1", "x", "9" * 30, ""])
async def test_a_length_that_is_none(homeport: RunningApp, length: str) -> None:
    request = httpx.Request(
        "POST", "http://homeport.test" + PROJECTS, content=b"{}", headers=homeport.root.headers
    )
    request.headers["Content-Length"] = length
    assert (await homeport.root.send(request)).status_code == 413


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]
)
async def test_no_method_finds_what_is_not_there(homeport: RunningApp, method: str) -> None:
    answer = await homeport.root.request(method, "/api/v1/no/such/thing")
    assert answer.status_code == 404
    if method != "HEAD":
        assert answer.json() == {"message": "Not found.", "docs": "https://coolify.io/docs"}
