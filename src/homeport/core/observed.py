"""What the engine says about containers, as values.

The engine's JSON is read here and nowhere else. A document that lacks a key is read as far as it
goes: Docker, older Docker and Podman's Docker API do not all send the same ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast, get_args

from homeport.core.commands import Json

State = Literal["created", "running", "paused", "restarting", "removing", "exited", "dead"]
Health = Literal["starting", "healthy", "unhealthy"]

LABEL_MANAGED = "homeport.managed"
LABEL_SERVICE = "homeport.service"
LABEL_COMPONENT = "homeport.component"
LABEL_REVISION = "homeport.revision"
LABEL_COMPOSE_PROJECT = "com.docker.compose.project"
LABEL_COMPOSE_SERVICE = "com.docker.compose.service"
LABEL_COMPOSE_HASH = "com.docker.compose.config-hash"
LABEL_COMPOSE_IMAGE = "com.docker.compose.image"

_STATES = frozenset(get_args(State))
_HEALTHS = frozenset(get_args(Health))


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container as it was seen.

    `health` is None when the container has no healthcheck. `exit_code` is None unless it has ended.
    `ports` are the TCP ports that the image or the compose exposes, ascending; `networks` their names.
    `config_hash` and `image_id` are what Compose compares with its file, `writes` the paths of the server that
    it may write to.
    """

    id: str
    name: str
    service_uuid: str
    component: str
    state: State
    health: Health | None = None
    exit_code: int | None = None
    restart_count: int = 0
    restart_policy: str = "no"
    started_at: datetime | None = None
    image: str = ""
    image_id: str = ""
    revision: int | None = None
    config_hash: str | None = None
    ports: tuple[int, ...] = ()
    networks: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    error: str = ""
    is_oom_killed: bool = False

    @property
    def is_running(self) -> bool:
        return self.state == "running"

    @property
    def is_completed(self) -> bool:
        """A one-shot that did its job: it ended well and nothing would start it again."""
        return self.state == "exited" and self.exit_code == 0 and self.restart_policy in ("no", "on-failure")


@dataclass(frozen=True, slots=True)
class Observed:
    """The containers of one service (or of a whole server), sorted by component and name."""

    containers: tuple[Container, ...] = ()

    def of(self, component: str) -> tuple[Container, ...]:
        return tuple(item for item in self.containers if item.component == component)

    def of_service(self, service_uuid: str) -> "Observed":
        return Observed(tuple(item for item in self.containers if item.service_uuid == service_uuid))

    @property
    def components(self) -> tuple[str, ...]:
        """The names of the components that have a container, in order."""
        return tuple(dict.fromkeys(item.component for item in self.containers))

    @property
    def ports(self) -> dict[str, int]:
        """Component name to its lowest exposed TCP port, for those that expose one."""
        return {item.component: item.ports[0] for item in reversed(self.containers) if item.ports}


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A port of the server that leads to a running container. `service_uuid` is "" for one that is not ours."""

    container: str
    service_uuid: str
    port: int
    protocol: str
    address: str = ""


def read_published(documents: Sequence[Json]) -> tuple[Published, ...]:
    """The published ports in the engine's listing of containers."""
    return tuple(
        Published(
            container=str((document.get("Names") or [""])[0]).removeprefix("/"),
            service_uuid=str(_map(document, "Labels").get(LABEL_SERVICE) or ""),
            port=port,
            protocol=str(entry.get("Type") or "tcp"),
            address=str(entry.get("IP") or ""),
        )
        for document in documents
        for entry in document.get("Ports") or ()
        if (port := _number(entry.get("PublicPort")))
    )


def read_memory(info: Json) -> int | None:
    """The bytes of memory that the engine's machine has; None when the engine does not say."""
    return _number(info.get("MemTotal")) or None


def read(documents: Sequence[Json]) -> Observed:
    """Read the inspect documents of containers; a document without an id (it vanished meanwhile) is left out."""
    containers = [_container(document) for document in documents if document.get("Id")]
    return Observed(tuple(sorted(containers, key=lambda item: (item.component, item.name, item.id))))


def _container(document: Json) -> Container:
    state, config = _map(document, "State"), _map(document, "Config")
    labels = {str(key): str(value) for key, value in _map(config, "Labels").items()}
    status = _state(state)
    return Container(
        id=str(document["Id"]),
        name=str(document.get("Name", "")).removeprefix("/"),
        service_uuid=labels.get(LABEL_SERVICE) or labels.get(LABEL_COMPOSE_PROJECT, ""),
        component=labels.get(LABEL_COMPONENT) or labels.get(LABEL_COMPOSE_SERVICE, ""),
        state=status,
        health=_health(state),
        exit_code=_number(state.get("ExitCode")) if status in ("exited", "dead") else None,
        restart_count=max(0, _number(document.get("RestartCount")) or 0),
        restart_policy=str(_map(_map(document, "HostConfig"), "RestartPolicy").get("Name") or "no"),
        started_at=read_time(state.get("StartedAt")),
        image=str(config.get("Image") or ""),
        image_id=str(document.get("Image") or ""),
        revision=_number(labels.get(LABEL_REVISION)),
        config_hash=labels.get(LABEL_COMPOSE_HASH),
        ports=_ports(_map(config, "ExposedPorts")),
        networks=tuple(sorted(_map(_map(document, "NetworkSettings"), "Networks"))),
        writes=tuple(sorted(_writes(document))),
        error=str(state.get("Error") or ""),
        is_oom_killed=bool(state.get("OOMKilled")),
    )


def _writes(document: Json) -> Iterator[str]:
    for mount in document.get("Mounts") or ():
        if mount.get("Type") == "bind" and mount.get("RW") and mount.get("Source"):
            yield str(mount["Source"])


def _state(state: Mapping[str, Any]) -> State:
    status = str(state.get("Status") or "").lower()
    if status in _STATES:
        return cast(State, status)
    # Podman's own words for what Docker calls created and running, exited.
    known: dict[str, State] = {"configured": "created", "initialized": "created", "stopped": "exited"}
    return known.get(status) or ("running" if state.get("Running") else "exited")


def _health(state: Mapping[str, Any]) -> Health | None:
    status = str(_map(state, "Health").get("Status") or "").lower()
    return cast(Health, status) if status in _HEALTHS else None


def _ports(exposed: Mapping[str, Any]) -> tuple[int, ...]:
    numbers = (key.partition("/") for key in exposed)
    return tuple(
        sorted(int(port) for port, _, protocol in numbers if port.isdigit() and protocol in ("", "tcp"))
    )


def read_time(value: object) -> datetime | None:
    """The engine's RFC 3339 time with nanoseconds; its zero time (year 1) is None."""
    text = str(value or "")
    if not text or text.startswith("0001-"):
        return None
    head, dot, tail = text.partition(".")
    digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
    zone = tail[len(digits) :]
    try:
        return datetime.fromisoformat(f"{head}.{digits[:6]:0<6}{zone}" if dot else text)
    except ValueError:
        return None


def _map(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
