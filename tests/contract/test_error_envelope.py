"""One envelope for all errors: JSON with a message, whatever went wrong and whatever the client accepts."""

from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from fastapi import APIRouter
from sqlalchemy import text
from starlette.responses import Response

from homeport import errors
from homeport.actions.context import Context
from homeport.app import API, _refuse_ungated
from homeport.http.answers import json_answer
from homeport.http.deps import reads, writes
from homeport.http.errors import STATUSES, body_of, status_of
from homeport.http.limits import MAX_BODY_BYTES
from tests.support.app import RunningApp

NOT_FOUND = {"message": "Not found.", "docs": "https://coolify.io/docs"}


def descendants(kind: type[errors.HomeportError]) -> list[type[errors.HomeportError]]:
    return [kind] + [each for child in kind.__subclasses__() for each in descendants(child)]


def test_every_error_has_a_status_and_a_code_of_its_own() -> None:
    kinds = [kind for kind in descendants(errors.HomeportError) if kind.__module__ == "homeport.errors"]
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes)
    for kind in kinds:
        assert any(each in STATUSES for each in kind.__mro__), kind


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (
            errors.ComposeRejected("no such image", place="services.web", line=3, column=5),
            422,
            {
                "message": "Validation failed.",
                "errors": {"docker_compose_raw": ["services.web (line 3, column 5): no such image"]},
            },
        ),
        (errors.DomainsRejected(["a", "b"]), 422, {"message": "Validation failed.", "errors": ["a", "b"]}),
        (
            errors.FieldsRejected({"name": ["Too long."]}),
            422,
            {"message": "Validation failed.", "errors": {"name": ["Too long."]}},
        ),
        (errors.InputRejected("Use one."), 422, {"message": "Use one."}),
        (errors.NotFound("Service not found."), 404, {"message": "Service not found."}),
        (
            errors.UnknownType("Invalid service type.", ["a", "b"]),
            404,
            {"message": "Invalid service type.", "valid_service_types": ["a", "b"]},
        ),
        (errors.Conflict("It exists."), 409, {"message": "It exists."}),
        (errors.StateRefused("Service is already running."), 400, {"message": "Service is already running."}),
        (
            errors.NotAllowed("Ask <b>an admin</b>.<br/>Please."),
            403,
            {"message": "Ask an admin. Please.", "error": "Unauthorized"},
        ),
        (errors.ServerUnreachable("No answer."), 503, {"message": "No answer."}),
    ],
)
def test_the_table(error: errors.HomeportError, status: int, body: object) -> None:
    assert (status_of(error), body_of(error)) == (status, body)


def test_a_domain_conflict_says_how_to_go_on() -> None:
    body = body_of(errors.DomainConflict([{"domain": "http://a.test"}]))
    assert body["message"] == "Domain conflicts detected. Use force_domain_override=true to proceed."
    assert body["conflicts"] == [{"domain": "http://a.test"}]
    assert str(body["warning"]).startswith("Using the same domain for multiple resources")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/nothing"),
        ("GET", "/api/v1"),
        ("GET", "/api/nothing"),
        ("PUT", "/api/v1/services"),
        ("POST", "/api/v1/version"),
        ("GET", "/api/v1/services/"),
        ("GET", "/api/v1/services/a%00b"),
        ("GET", "/elsewhere"),
        ("TRACE", "/api/v1/version"),
    ],
)
async def test_what_is_not_routed(homeport: RunningApp, method: str, path: str) -> None:
    answer = await homeport.root.request(method, path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def broken_routes() -> APIRouter:
    router = APIRouter()

    @router.post("/broken/handler")
    async def handler(ctx: Annotated[Context, writes("write")]) -> Response:
        await ctx.session.execute(text("UPDATE teams SET name = 'changed'"))
        raise ZeroDivisionError

    @router.post("/broken/commit")
    async def commit(ctx: Annotated[Context, writes("write")]) -> Response:
        """An audit entry that cannot be stored: fails after the handler, before the answer."""
        await ctx.session.execute(text("UPDATE teams SET name = 'changed'"))
        await ctx.session.execute(text("DELETE FROM audit_entries"))
        await ctx.session.execute(text("DROP TABLE audit_entries"))
        ctx.audit("api.test.done")
        return json_answer({"message": "done"})

    @router.post("/broken/read")
    async def read(ctx: Annotated[Context, reads("read")]) -> Response:
        await ctx.session.execute(text("UPDATE teams SET name = 'changed'"))
        return json_answer({"message": "written by a reader"})

    return router


@pytest.fixture
async def broken(homeport: RunningApp) -> RunningApp:
    homeport.app.include_router(broken_routes(), prefix=API)
    # Before the catch-all.
    homeport.app.router.routes.insert(0, homeport.app.router.routes.pop())
    return homeport


@pytest.mark.parametrize("what", ["handler", "commit", "read"])
async def test_a_failure_is_a_500_that_changes_nothing(
    broken: RunningApp, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await broken.root.post(f"{API}/broken/{what}")
    assert (answer.status_code, answer.json()) == (500, {"message": "Server Error"})
    assert answer.headers["x-homeport-error"] == "internal"
    assert answer.headers["x-homeport-version"]
    async with broken.database.read() as session:
        assert await session.scalar(text("SELECT name FROM teams")) == "Root Team"
        assert await session.scalar(text("SELECT count(*) FROM audit_entries")) == 0
    assert answer.headers["x-request-id"] in caplog.text
    assert (await broken.root.get(f"{API}/version")).status_code == 200


def test_a_route_without_a_gate_stops_the_start() -> None:
    router = APIRouter()

    @router.get("/open")
    async def open_to_all() -> Response:
        return json_answer({})

    with pytest.raises(RuntimeError, match="has no gate"):
        _refuse_ungated(router, "test")


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_that_is_too_large(homeport: RunningApp, is_chunked: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * (MAX_BODY_BYTES // 10)

    content = chunks() if is_chunked else b" " * (MAX_BODY_BYTES + 1)
    answer = await homeport.root.post(
        f"{API}/projects", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert answer.json() == {"message": "The request body must not be greater than 5 MiB."}


async def test_a_large_body_without_a_length_costs_nothing_without_a_token(homeport: RunningApp) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * (MAX_BODY_BYTES // 10)

    answer = await homeport.client.post(
        f"{API}/projects", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 401
