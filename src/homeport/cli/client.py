"""The HTTP client behind the client commands: one request, then its answer or one clear reason.

Client commands know nothing of the database or the engine; what they can do, any program can.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from types import TracebackType
from typing import Any, NoReturn, Self

import httpx

from homeport.errors import HomeportError
from homeport.settings import ClientSettings, load_client_settings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TIMEOUT_S = 60.0


class CliError(HomeportError):
    """A command cannot do what was asked. `status` is that of the API's answer, if there was one."""

    code = "command_line"

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """A connection to the API. Every method raises CliError when there is no good answer."""

    def __init__(self, settings: ClientSettings) -> None:
        self.url = settings.url
        headers = {"Accept": "application/json"}
        if settings.token is not None:
            headers["Authorization"] = f"Bearer {settings.token.reveal()}"
        self._has_token = settings.token is not None
        host = httpx.URL(settings.url).host
        self._http = httpx.Client(
            base_url=f"{settings.url}/api/v1/",
            headers=headers,
            timeout=TIMEOUT_S,
            trust_env=host not in LOOPBACK,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._send("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> Any:
        return self._send("POST", path, body=body, query=query)

    def patch(self, path: str, body: Mapping[str, Any], **query: Any) -> Any:
        return self._send("PATCH", path, body=body, query=query)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._send("PUT", path, body=body)

    def delete(self, path: str, **query: Any) -> Any:
        return self._send("DELETE", path, query=query)

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str] | None = None) -> Iterator[Iterator[str]]:
        """The lines of an answer that has no end of its own (server-sent events)."""
        accept = {"Accept": "text/event-stream", **(headers or {})}
        timeout = httpx.Timeout(TIMEOUT_S, read=TIMEOUT_S)
        try:
            with self._http.stream("GET", path, headers=accept, timeout=timeout) as answer:
                if answer.is_error:
                    answer.read()
                    self._refuse(answer)
                yield answer.iter_lines()
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        params = {key: _plain(value) for key, value in (query or {}).items() if value is not None}
        try:
            answer = self._http.request(method, path, json=body, params=params)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if answer.is_error:
            self._refuse(answer)
        try:
            return answer.json()
        except ValueError:
            raise CliError(f"What answers at {self.url} is not Homeport's API.") from None

    def _unreachable(self, error: httpx.HTTPError) -> CliError:
        if isinstance(error, httpx.ConnectError):
            return CliError(
                f"Nothing answers at {self.url}. Start Homeport there with `homeport serve`, "
                "or set HOMEPORT_URL to where it runs."
            )
        if isinstance(error, httpx.TimeoutException):
            return CliError(f"Homeport at {self.url} did not answer in {TIMEOUT_S:.0f} seconds.")
        return CliError(f"The connection to {self.url} broke: {error}.")

    def _refuse(self, answer: httpx.Response) -> NoReturn:
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            why = "does not accept the token in HOMEPORT_TOKEN" if self._has_token else "needs a token"
            raise CliError(
                f"Homeport at {self.url} {why}. On its machine, `homeport token create NAME --ability root` "
                "prints a new one; put it into HOMEPORT_TOKEN.",
                status=answer.status_code,
            )
        why = explain(
            answer.status_code, _json(answer.content), answer.headers, sent=_json(answer.request.content)
        )
        raise CliError(why, status=answer.status_code)


@contextmanager
def open_client() -> Iterator[Client]:
    """A client for HOMEPORT_URL with HOMEPORT_TOKEN."""
    with Client(load_client_settings()) as client:
        yield client


def explain(
    status: int,
    body: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
    *,
    sent: Mapping[str, Any] | None = None,
) -> str:
    """The sentences of an error answer, one a line: the message first, then what it is about.

    `sent` is the body that was refused; a mistyped one-click type in it is compared with the known ones.
    """
    message = str(body.get("message") or "").strip()
    if status == httpx.codes.TOO_MANY_REQUESTS:
        seconds = (headers or {}).get("Retry-After", "60")
        return f"Too many requests. The API answers again in {seconds} seconds."
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return f"Homeport failed on this request ({status} {message}). Its log says why."
    if body.get("valid_service_types"):
        return message + _alternatives(body["valid_service_types"], (sent or {}).get("type"))
    if "conflicts" in body:
        conflicts = [str(conflict.get("message")) for conflict in body["conflicts"]]
        return "\n".join([*conflicts, "Add --force-domain to use the domain all the same."])
    if body.get("missing_grants"):
        asks = body["missing_grants"]
        names = " ".join(dict.fromkeys(f"--grant {ask['grant']}" for ask in asks))
        sentences = [str(ask["message"]) for ask in asks]
        return "\n".join([*sentences, f"An owner of the team lets it have that with {names}."])
    details = list(_details(body.get("errors")))
    if not details and isinstance(body.get("error"), str):
        details = [body["error"]]
    return "\n".join([message, *details] if message else details) or f"The API answered {status}."


def _details(errors: Any) -> Iterator[str]:
    """Upstream's three shapes of `errors`: a list, field to text, and field to a list of texts."""
    if isinstance(errors, Mapping):
        for field, sentences in errors.items():
            for sentence in sentences if isinstance(sentences, list) else [sentences]:
                yield f"  {field}: {sentence}"
    elif isinstance(errors, list):
        yield from (f"  {sentence}" for sentence in errors)


def _alternatives(known: list[str], wanted: str | None) -> str:
    close = get_close_matches(wanted or "", known, n=3)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"{hint} `homeport catalog list` shows all {len(known)}."


def _json(content: bytes) -> Mapping[str, Any]:
    """The JSON object in a body; empty when there is none."""
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
