"""Fast answers: JSON by orjson, times as they look on the wire."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.responses import Response


def json_answer(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of plain values; datetimes in it become wire times."""
    body = orjson.dumps(data, default=_other, option=orjson.OPT_PASSTHROUGH_DATETIME)
    return Response(body, status, headers, "application/json")


def message_answer(message: str, status: int = 200, **more: Any) -> Response:
    return json_answer({"message": message, **more}, status)


def wire_time(at: datetime | None) -> str | None:
    """`2026-01-31T12:00:00.000000Z`, as upstream's cast columns."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _other(value: object) -> Any:
    if isinstance(value, datetime):
        return wire_time(value)
    raise TypeError(f"{type(value).__name__} is not an answer")
