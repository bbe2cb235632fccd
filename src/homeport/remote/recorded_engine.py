"""An engine that is acted out in memory; `recording.py` puts containers into it."""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from homeport.core.commands import Json
from homeport.core.observed import LABEL_COMPOSE_SERVICE
from homeport.errors import EngineFailed, ServerUnreachable


@dataclass(slots=True)
class Behaviour:
    """How the container of a component behaves when it is started."""

    state: str = "running"
    health: str | None = None
    exit_code: int = 0
    restart_count: int = 0
    logs: str = ""


@dataclass(slots=True)
class RecordingEngine:
    """An engine in memory. `containers_by_name` holds inspect documents, `behaviours` what components do."""

    containers_by_name: dict[str, Json] = field(default_factory=dict)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    network_labels: dict[str, dict[str, str]] = field(default_factory=dict)
    volume_labels: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    failures: dict[str, Exception] = field(default_factory=dict)
    """Method name to the error that it raises, every time until it is taken out."""
    scripted_events: list[Json] = field(default_factory=list)
    is_unreachable: bool = False
    has_every_image: bool = True
    memory_bytes: int = 8 * 1024**3
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def _called(self, method: str, *arguments: str) -> None:
        self.calls.append((method, *arguments))
        if self.is_unreachable:
            raise ServerUnreachable("The engine does not answer.")
        if method in self.failures:
            raise self.failures[method]

    def _get(self, name: str) -> Json:
        if name not in self.containers_by_name:
            raise EngineFailed(f"No such container: {name}", status=404)
        return self.containers_by_name[name]

    async def version(self) -> Json:
        self._called("version")
        return {"Version": "28.0.0", "ApiVersion": "1.48", "Os": "linux", "Arch": "amd64"}

    async def info(self) -> Json:
        self._called("info")
        return {"MemTotal": self.memory_bytes, "NCPU": 2, "OperatingSystem": "Recorded"}

    async def running(self) -> list[Json]:
        self._called("running")
        return [_short(item) for item in self.containers_by_name.values() if item["State"].get("Running")]

    async def containers(self, labels: Mapping[str, str]) -> list[Json]:
        self._called("containers")
        every = self.containers_by_name.values()
        return [item for item in every if _carries(item["Config"]["Labels"], labels)]

    async def find_container(self, name: str) -> Json | None:
        self._called("find_container", name)
        return self.containers_by_name.get(name)

    async def stop_container(self, name: str, timeout_s: int | None = None) -> None:
        self._called("stop_container", name)
        end(self._get(name), 0)

    async def remove_container(self, name: str, *, force: bool = False) -> None:
        self._called("remove_container", name)
        if not force and self._get(name)["State"]["Running"]:
            raise EngineFailed(f"Container {name} is running.", status=409)
        self.containers_by_name.pop(name, None)

    async def restart_container(self, name: str, timeout_s: int | None = None) -> None:
        self._called("restart_container", name)
        self.start(self._get(name))

    async def create_container(self, name: str, config: Json) -> None:
        self._called("create_container", name)
        if name in self.containers_by_name:
            raise EngineFailed(f"The name {name} is in use.", status=409)
        networks = (config.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        self.containers_by_name[name] = {
            "Id": hashlib.sha256(f"{name}{len(self.calls)}".encode()).hexdigest(),
            "Name": f"/{name}",
            "Image": self.images.get(str(config.get("Image")), ""),
            "RestartCount": 0,
            "State": {"Status": "created", "Running": False, "ExitCode": 0},
            "Config": {
                "Image": config.get("Image", ""),
                "Labels": dict(config.get("Labels") or {}),
                "ExposedPorts": dict(config.get("ExposedPorts") or {}),
            },
            "HostConfig": dict(config.get("HostConfig") or {}),
            "NetworkSettings": {"Networks": {network: {} for network in networks}},
        }

    async def start_container(self, name: str) -> None:
        self._called("start_container", name)
        self.start(self._get(name))

    async def logs(self, name: str, *, lines: int, timestamps: bool = False) -> str:
        self._called("logs", name)
        component = self._get(name)["Config"]["Labels"].get(LABEL_COMPOSE_SERVICE, name)
        text = self.behaviours.get(component, Behaviour()).logs
        return "".join(text.splitlines(keepends=True)[-lines:])

    async def ensure_network(self, name: str, *, labels: Mapping[str, str]) -> None:
        self._called("ensure_network", name)
        self.network_labels.setdefault(name, dict(labels))

    async def networks(self, labels: Mapping[str, str]) -> list[str]:
        self._called("networks")
        return sorted(name for name, own in self.network_labels.items() if _carries(own, labels))

    async def connect_network(self, network: str, container: str, aliases: Sequence[str] = ()) -> None:
        self._called("connect_network", network, container)
        if network not in self.network_labels:
            raise EngineFailed(f"network {network} not found", status=404)
        self._get(container)["NetworkSettings"]["Networks"][network] = {"Aliases": list(aliases)}

    async def disconnect_network(self, network: str, container: str) -> None:
        self._called("disconnect_network", network, container)
        if container in self.containers_by_name:
            self._get(container)["NetworkSettings"]["Networks"].pop(network, None)

    async def remove_network(self, name: str) -> None:
        self._called("remove_network", name)
        users = [key for key, item in self.containers_by_name.items() if name in _networks(item)]
        if users:
            raise EngineFailed(f"network {name} has active endpoints: {', '.join(users)}", status=403)
        self.network_labels.pop(name, None)

    async def volumes(self, labels: Mapping[str, str]) -> list[str]:
        self._called("volumes")
        return sorted(name for name, own in self.volume_labels.items() if _carries(own, labels))

    async def remove_volume(self, name: str) -> None:
        self._called("remove_volume", name)
        self.volume_labels.pop(name, None)

    async def find_image(self, reference: str) -> Json | None:
        self._called("find_image", reference)
        if not self.has_image(reference):
            return None
        return {"Id": self.images.get(reference) or image_id_of(reference), "RepoTags": [reference]}

    async def build_image(self, tag: str, context: bytes) -> None:
        self._called("build_image", tag)
        self.images[tag] = image_id_of(tag)

    async def tag_image(self, reference: str, tag: str) -> None:
        self._called("tag_image", reference, tag)
        self.images[tag] = self.images.get(reference, image_id_of(reference))

    async def events(self, filters: Mapping[str, Sequence[str]]) -> AsyncIterator[Json]:
        self._called("events")
        for event in self.scripted_events:
            yield event

    def has_image(self, reference: str) -> bool:
        return self.has_every_image or reference in self.images

    def start(self, document: Json) -> None:
        """Bring a container to what its component's behaviour says."""
        component = document["Config"]["Labels"].get(LABEL_COMPOSE_SERVICE, "")
        behaviour = self.behaviours.get(component, Behaviour())
        health = behaviour.health or ("healthy" if document["Config"].get("Healthcheck") else None)
        document["RestartCount"] = behaviour.restart_count
        document["State"] = {
            "Status": behaviour.state,
            "Running": behaviour.state in ("running", "paused", "restarting"),
            "ExitCode": behaviour.exit_code,
            "StartedAt": self.now().strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
        } | ({"Health": {"Status": health}} if health else {})


def _short(document: Json) -> Json:
    """A container as a listing has it."""
    bindings = (document.get("HostConfig") or {}).get("PortBindings") or {}
    ports = []
    for inside, outside in bindings.items():
        port, _, protocol = inside.partition("/")
        ports += [
            {
                "IP": binding.get("HostIp") or "0.0.0.0",  # noqa: S104 - as the engine says it
                "PrivatePort": int(port),
                "PublicPort": int(binding["HostPort"]),
                "Type": protocol or "tcp",
            }
            for binding in outside
        ]
    return {
        "Id": document["Id"],
        "Names": [document["Name"]],
        "Labels": document["Config"]["Labels"],
        "Ports": ports,
    }


def _carries(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in wanted.items())


def _networks(document: Json) -> Json:
    networks: Json = document["NetworkSettings"]["Networks"]
    return networks


def image_id_of(reference: str) -> str:
    return f"sha256:{hashlib.sha256(reference.encode()).hexdigest()}"


def end(document: Json, exit_code: int) -> None:
    document["State"] = {"Status": "exited", "Running": False, "ExitCode": exit_code}
