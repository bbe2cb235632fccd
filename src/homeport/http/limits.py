"""A body that is too large is refused before it is read, or as soon as it is, also without a Content-Length."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from homeport.http.answers import message_answer
from homeport.http.errors import Refused

MAX_BODY_BYTES: Final = 5 * 1024 * 1024
_TOO_LARGE: Final = "The request body must not be greater than 5 MiB."


class BodyLimit:
    def __init__(self, app: ASGIApp, *, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not declared.isdigit() or len(declared) > 15 or int(declared) > self._max_bytes:
            await message_answer(_TOO_LARGE, 413)(scope, receive, send)
            return
        read_bytes = 0

        async def counted() -> Message:
            nonlocal read_bytes
            message = await receive()
            if message["type"] == "http.request":
                read_bytes += len(message.get("body", b""))
                if read_bytes > self._max_bytes:
                    raise Refused(413, {"message": _TOO_LARGE})
            return message

        await self._app(scope, counted, send)
