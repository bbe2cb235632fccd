"""The outermost layer of every request: headers that every answer has, CORS, and an answer where code failed.

Plain ASGI: a middleware on Starlette's BaseHTTPMiddleware costs as much as the whole gate.
"""

import logging
import re
import secrets
from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from homeport.http.errors import server_error, unrouted

log = logging.getLogger(__name__)

_HEADERS: Final = "homeport.headers"
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")

Header = tuple[bytes, bytes]


def add_headers(scope: Scope, headers: Mapping[str, str]) -> None:
    """Add headers to whatever answer this request gets."""
    pairs = scope.get(_HEADERS)
    if isinstance(pairs, list):
        pairs.extend((name.lower().encode(), value.encode()) for name, value in headers.items())


class Edge:
    """`version` is Homeport's own, sent as X-Homeport-Version."""

    def __init__(self, app: ASGIApp, *, version: str) -> None:
        self._app = app
        self._fixed: tuple[Header, ...] = (
            (b"x-homeport-version", version.encode()),
            (b"access-control-allow-origin", b"*"),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _sent(scope, b"x-request-id") or b""
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = secrets.token_hex(8).encode()
        pairs: list[Header] = [*self._fixed, (b"x-request-id", request_id)]
        scope[_HEADERS] = pairs
        is_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal is_started
            if message["type"] == "http.response.start":
                is_started = True
                message["headers"] = [*message.get("headers", ()), *pairs]
            await send(message)

        if scope["method"] == "OPTIONS" and _sent(scope, b"access-control-request-method") is not None:
            await _preflight(scope, send_with_headers)
            return
        try:
            if "\0" in scope["path"]:
                await unrouted()(scope, receive, send_with_headers)
            else:
                await self._app(scope, receive, send_with_headers)
        except Exception:
            log.exception("%s %s failed (request %s)", scope["method"], scope["path"], request_id.decode())
            if is_started:
                raise
            await server_error()(scope, receive, send_with_headers)


def _sent(scope: Scope, name: bytes) -> bytes | None:
    return next((value for key, value in scope["headers"] if key == name), None)


async def _preflight(scope: Scope, send: Send) -> None:
    """Any origin, method and header, without credentials."""
    asked = _sent(scope, b"access-control-request-headers") or b"*"
    headers = [
        (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE, OPTIONS"),
        (b"access-control-allow-headers", asked),
        (b"access-control-max-age", b"600"),
        (b"vary", b"Access-Control-Request-Headers"),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
