"""What can be seen from outside: the engine's state, past Homeport. The e2e tests' one vocabulary, with scenario.py.

Everything is asked again until it is so, or until a time limit that says what was seen last.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from tests.support.engine import ask, ask_json

T = TypeVar("T")
PATIENCE_S = 60.0
_INTERVAL_S = 0.05


def eventually(look: Callable[[], T], *, within_s: float = PATIENCE_S, what: str = "") -> T:
    """The first true thing that `look` sees. Fails with what it saw last."""
    deadline = time.monotonic() + within_s
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:.0f} s: {what or look}; last seen: {seen!r}")
        time.sleep(_INTERVAL_S)
    return seen


def container(name: str) -> dict[str, Any] | None:
    """The engine's inspect document, or None."""
    document: dict[str, Any] | None = ask_json("GET", f"/containers/{name}/json")
    return document


def is_running(name: str) -> bool:
    return bool((container(name) or {"State": {}})["State"].get("Running"))


def id_of(name: str) -> str:
    document = container(name)
    assert document is not None, f"there is no container {name}"
    return str(document["Id"])


def containers_of(service_uuid: str) -> list[str]:
    """The names of all containers that carry the service's label, running or not."""
    filters = quote(json.dumps({"label": [f"homeport.service={service_uuid}"]}))
    found = ask_json("GET", f"/containers/json?all=1&filters={filters}")
    return sorted(name.removeprefix("/") for item in found for name in item["Names"])


def networks_of(service_uuid: str) -> list[str]:
    return sorted(item["Name"] for item in ask_json("GET", "/networks") if service_uuid in item["Name"])


def volumes_of(service_uuid: str) -> list[str]:
    found = ask_json("GET", "/volumes")["Volumes"] or []
    return sorted(item["Name"] for item in found if service_uuid in item["Name"])


def environment_of(name: str) -> dict[str, str]:
    """The environment of a container."""
    document = container(name)
    assert document is not None, f"there is no container {name}"
    return dict(pair.partition("=")[::2] for pair in document["Config"]["Env"])


def run_in(name: str, *command: str) -> str:
    """What a command in a running container writes; it must end well."""
    body = {"Cmd": command, "AttachStdout": True, "AttachStderr": True}
    made = ask_json("POST", f"/containers/{name}/exec", body)
    assert made is not None, f"there is no container {name}"
    _, stream = ask("POST", f"/exec/{made['Id']}/start", b'{"Detach": false, "Tty": false}')
    said = b"".join(_frames(stream)).decode()
    code = ask_json("GET", f"/exec/{made['Id']}/json")["ExitCode"]
    assert code == 0, f"{' '.join(command)} in {name} ended with {code}: {said}"
    return said


def _frames(stream: bytes) -> Iterator[bytes]:
    """The contents of the engine's frames, each behind 8 bytes that end with its length."""
    while stream:
        length = int.from_bytes(stream[4:8])
        yield stream[8 : 8 + length]
        stream = stream[8 + length :]


def leftovers(service_uuid: str, folder: Path) -> list[str]:
    """What of a service is still there: containers, networks, volumes, its folder."""

    def every() -> Iterator[str]:
        yield from (f"container {name}" for name in containers_of(service_uuid))
        yield from (f"network {name}" for name in networks_of(service_uuid))
        yield from (f"volume {name}" for name in volumes_of(service_uuid))
        if folder.exists():
            yield f"folder {folder}"

    return list(every())


def logs(name: str) -> str:
    """The last lines of a container, with the engine's frame headers still in them."""
    return ask("GET", f"/containers/{name}/logs?stdout=1&stderr=1&tail=200")[1].decode(errors="replace")


def stop_container(name: str) -> None:
    """As somebody does it who does not know of Homeport."""
    assert ask("POST", f"/containers/{name}/stop?t=0")[0] in (204, 304)


def publish_any_port(name: str, image: str) -> int:
    """Run a container that has nothing to do with Homeport; the port of the server that the engine gave it."""
    body = {
        "Image": image,
        "Cmd": ["httpd", "-f", "-p", "8080", "-h", "/www"],
        "ExposedPorts": {"8080/tcp": {}},
        "HostConfig": {"PortBindings": {"8080/tcp": [{"HostPort": ""}]}},
    }
    ask_json("POST", f"/containers/create?name={name}", body)
    ask_json("POST", f"/containers/{name}/start")
    document = container(name)
    assert document is not None
    return int(document["NetworkSettings"]["Ports"]["8080/tcp"][0]["HostPort"])


def remove_container(name: str) -> None:
    ask("DELETE", f"/containers/{name}?force=1&v=1")


def remove_everything_of(service_uuid: str) -> None:
    """Clean up behind a test, whatever state it left."""
    for name in containers_of(service_uuid):
        remove_container(name)
    for name in networks_of(service_uuid):
        remove_network(name)
    for name in volumes_of(service_uuid):
        ask("DELETE", f"/volumes/{name}?force=1")


def remove_network(name: str) -> None:
    document = ask_json("GET", f"/networks/{name}") or {}
    for each in document.get("Containers") or {}:
        ask("POST", f"/networks/{name}/disconnect", json.dumps({"Container": each, "Force": True}).encode())
    ask("DELETE", f"/networks/{name}")
