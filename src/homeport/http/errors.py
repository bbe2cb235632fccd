"""THE table from errors to HTTP: no other file knows a status for an error.

Every error under /api is JSON with a `message`. The stable code of a HomeportError is in the header
X-Homeport-Error, since clients compare upstream's bodies exactly.
"""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from homeport import errors
from homeport.errors import HomeportError
from homeport.http.answers import json_answer

log = logging.getLogger(__name__)

DOCS: Final = "https://coolify.io/docs"
ERROR_HEADER: Final = "X-Homeport-Error"

STATUSES: Final[Mapping[type[HomeportError], int]] = {
    HomeportError: 500,
    errors.InputRejected: 422,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.StateRefused: 400,
    errors.NotAllowed: 403,
    errors.ServerUnreachable: 503,
    errors.CommandFailed: 502,
    errors.EngineFailed: 502,
    errors.ProxyFailed: 502,
    errors.SourceFailed: 502,
    errors.DeploymentFailed: 500,
    errors.SecretUnreadable: 500,
    errors.SettingsInvalid: 500,
}


class Refused(Exception):
    """An answer of the gates in front of the handlers (no token, too many requests, not JSON…): they are HTTP's
    own, so they are no part of the tree in `errors.py`."""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(str(body.get("message", "")))
        self.status = status
        self.body = body
        self.headers = headers


def status_of(error: HomeportError) -> int:
    """The status of the nearest class in the tree."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def body_of(error: HomeportError) -> dict[str, Any]:
    """The JSON of an error: `message`, and what its class adds."""
    for kind, shape in _SHAPES:
        if isinstance(error, kind):
            return shape(error)
    return {"message": error.message}


def error_answer(error: HomeportError) -> Response:
    status = status_of(error)
    if status >= 500:
        log.error("%s: %s", error.code, error.message)
    return json_answer(body_of(error), status, {ERROR_HEADER: error.code})


def unrouted() -> Response:
    """Unknown path or method: the text and the key by which clients know that it is not a controller's 404."""
    return json_answer({"message": "Not found.", "docs": DOCS}, 404)


def server_error() -> Response:
    return json_answer({"message": "Server Error"}, 500, {ERROR_HEADER: HomeportError.code})


def install(app: FastAPI) -> None:
    """Make the app answer errors by this table."""

    async def ours(_: Request, error: Exception) -> Response:
        return error_answer(error) if isinstance(error, HomeportError) else server_error()

    async def refused(_: Request, error: Exception) -> Response:
        return (
            json_answer(error.body, error.status, error.headers)
            if isinstance(error, Refused)
            else server_error()
        )

    async def framework(_: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code not in (404, 405):
            return json_answer({"message": error.detail}, error.status_code, error.headers)
        return unrouted()

    async def invalid(_: Request, error: Exception) -> Response:
        """A route that lets FastAPI read a parameter: same envelope."""
        if not isinstance(error, RequestValidationError):
            return server_error()
        fields: dict[str, list[str]] = {}
        for problem in error.errors():
            fields.setdefault(".".join(str(part) for part in problem["loc"][1:]), []).append(problem["msg"])
        return json_answer({"message": "Validation failed.", "errors": fields}, 422)

    app.add_exception_handler(HomeportError, ours)
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(RequestValidationError, invalid)


def _compose(error: Any) -> dict[str, Any]:
    return {"message": "Validation failed.", "errors": {"docker_compose_raw": [error.sentence]}}


def _domains(error: Any) -> dict[str, Any]:
    return {"message": error.message, "errors": error.problems}


def _fields(error: Any) -> dict[str, Any]:
    return {"message": error.message, "errors": error.fields}


def _grants(error: Any) -> dict[str, Any]:
    sentences = [ask["message"] for ask in error.asks]
    return {
        "message": error.message,
        "errors": {"grants": sentences},
        "missing_grants": error.asks,
        "hint": (
            "An owner of the team confirms them for this service by naming them in `grants`, or gives them to the "
            "team at /api/v1/teams/current/grants."
        ),
    }


def _type(error: Any) -> dict[str, Any]:
    return {"message": error.message, "valid_service_types": error.known}


def _conflicts(error: Any) -> dict[str, Any]:
    return {
        "message": error.message,
        "conflicts": error.conflicts,
        "warning": (
            "Using the same domain for multiple resources can cause routing conflicts and unpredictable behavior."
        ),
    }


def _not_allowed(error: Any) -> dict[str, Any]:
    message = re.sub(r"<[^>]*>", "", re.sub(r"<br\s*/?>", " ", error.message))
    return {"message": message, "error": "Unauthorized"}


_SHAPES: Final[tuple[tuple[type[HomeportError], Callable[[Any], dict[str, Any]]], ...]] = (
    (errors.ComposeRejected, _compose),
    (errors.DomainsRejected, _domains),
    (errors.FieldsRejected, _fields),
    (errors.GrantsMissing, _grants),
    (errors.UnknownType, _type),
    (errors.DomainConflict, _conflicts),
    (errors.NotAllowed, _not_allowed),
)
