"""The container engine that tests run on: where its socket is, that it answers, and plain requests to it.

Nothing here uses Homeport's own code: a test must be able to look at the engine past the thing it tests.
"""

import json
import os
import socket
import subprocess
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]


class EngineMissing(RuntimeError):
    """No engine answers and none could be started; the message is what bin/setup said."""


class _UnixConnection(HTTPConnection):
    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def engine_socket() -> str:
    """The path of the engine's unix socket, from DOCKER_HOST or the usual place."""
    return os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")


def ask(
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    content_type: str = "application/json",
    timeout_s: float = 120.0,
) -> tuple[int, bytes]:
    """One request to the engine's HTTP API: (status, body). Raises OSError when nobody answers."""
    connection = _UnixConnection(engine_socket(), timeout_s)
    try:
        connection.request(method, path, body, {"Content-Type": content_type})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def ask_json(method: str, path: str, body: object = None) -> Any:
    """Like `ask`, with JSON in and out; None for 404. Raises RuntimeError on another failure."""
    status, answer = ask(method, path, None if body is None else json.dumps(body).encode())
    if status == 404:
        return None
    if status >= 400:
        raise RuntimeError(f"{method} {path}: {status} {answer.decode(errors='replace')}")
    return json.loads(answer) if answer.strip() else {}


def is_engine_up() -> bool:
    try:
        return ask("GET", "/version", timeout_s=5)[0] == 200
    except OSError:
        return False


@cache
def ensure_engine() -> str:
    """The socket of a running engine; `bin/setup --engine` starts one where none answers."""
    if not is_engine_up():
        setup = subprocess.run(
            [REPOSITORY / "bin" / "setup", "--engine"], capture_output=True, text=True, check=False
        )
        if setup.returncode != 0 or not is_engine_up():
            raise EngineMissing(f"{setup.stdout}{setup.stderr}".strip())
    return engine_socket()
