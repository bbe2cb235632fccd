"""Health, version, and what is on every answer."""

import pytest

from tests.support.app import RunningApp


@pytest.mark.parametrize("path", ["/api/health", "/api/v1/health"])
async def test_health_needs_no_token(homeport: RunningApp, path: str) -> None:
    answer = await homeport.client.get(path)
    assert (answer.status_code, answer.text) == (200, "OK")
    assert answer.headers["x-ratelimit-limit"] == "1000"


async def test_version_is_bare_text_and_needs_read(homeport: RunningApp) -> None:
    answer = await homeport.root.get("/api/v1/version")
    assert (answer.status_code, answer.text) == (200, "4.3.11")
    assert answer.headers["content-type"].startswith("text/html")
    assert (await homeport.client.get("/api/v1/version")).status_code == 401


async def test_every_answer_names_homeport_and_the_request(homeport: RunningApp) -> None:
    answer = await homeport.client.get("/api/health", headers={"X-Request-Id": "abc-1"})
    assert answer.headers["x-homeport-version"]
    assert answer.headers["x-request-id"] == "abc-1"
    odd = await homeport.client.get("/api/health", headers={"X-Request-Id": "a b"})
    assert odd.headers["x-request-id"] != "a b"


async def test_any_origin_may_ask_without_credentials(homeport: RunningApp) -> None:
    preflight = await homeport.client.options(
        "/api/v1/services",
        headers={
            "Origin": "https://panel.example",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-headers"] == "authorization"
    answer = await homeport.client.get("/api/v1/version", headers={"Origin": "https://panel.example"})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
