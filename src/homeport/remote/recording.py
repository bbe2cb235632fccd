"""A Host that keeps what it is told and acts out an engine: for tests and for trying things without one.

`up` reads the compose file that was written and makes containers of it, with the JSON that a real
engine would send; whatever shall go wrong is scripted.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from homeport.core.commands import Command, HostFile, Json, Line, OnLine, Output
from homeport.core.commands.compose import COMPOSE_FILE
from homeport.core.observed import LABEL_COMPOSE_HASH, LABEL_COMPOSE_PROJECT, LABEL_COMPOSE_SERVICE
from homeport.errors import ProxyFailed, ServerUnreachable
from homeport.remote.recorded_engine import Behaviour, RecordingEngine, end, image_id_of

__all__ = ["Behaviour", "RecordingEngine", "RecordingHost"]


@dataclass(slots=True)
class RecordingHost:
    """`commands`, `files`, `folders_removed` and `proxy_configs` hold what was asked for, in order.

    `outputs` scripts results: the n-th command whose verb (`up`, `pull`, …) is the key ends so, as often as
    the list says; after that, commands end well.
    """

    name: str = "localhost"
    is_local: bool = True
    engine: RecordingEngine = field(default_factory=RecordingEngine)
    engine_socket: str = "/run/recording.sock"
    compose: tuple[str, ...] = ("docker", "compose")
    commands: list[Command] = field(default_factory=list)
    files: dict[str, HostFile] = field(default_factory=dict)
    folders_removed: list[str] = field(default_factory=list)
    proxy_configs: list[bytes] = field(default_factory=list)
    proxy_status: int = 200
    unpullable: set[str] = field(default_factory=set)
    outputs: dict[str, list[Output]] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)
    before_run: Callable[[Command], Any] | None = None
    """Called, and awaited if it returns an awaitable, before a command is acted out."""
    is_unreachable: bool = False
    is_closed: bool = False

    @property
    def engine_env(self) -> Mapping[str, str]:
        return {"DOCKER_HOST": f"unix://{self.engine_socket}"}

    @property
    def verbs(self) -> list[str]:
        """The Compose verbs that were run, in order."""
        return [_verb(command) for command in self.commands]

    async def run(self, command: Command, *, on_line: OnLine | None = None) -> Output:
        self._check("run")
        self.commands.append(command)
        if self.before_run is not None:
            waiting = self.before_run(command)
            if hasattr(waiting, "__await__"):
                await waiting
        verb = _verb(command)
        scripted = self.outputs.get(verb) or []
        output = scripted.pop(0) if scripted else self._act(verb, command)
        for line in output.stderr.splitlines() if on_line else ():
            await on_line(Line("err", line))  # type: ignore[misc]
        for line in output.stdout.splitlines() if on_line else ():
            await on_line(Line("out", line))  # type: ignore[misc]
        return output

    async def write_files(self, folder: str, files: Sequence[HostFile]) -> None:
        self._check("write_files")
        for file in files:
            path = f"{folder}/{file.path}"
            if file.content is not None or path not in self.files:
                self.files[path] = file

    async def remove_folder(self, folder: str) -> None:
        self._check("remove_folder")
        self.folders_removed.append(folder)
        for path in [path for path in self.files if path.startswith(f"{folder}/")]:
            del self.files[path]

    async def proxy_request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        self._check("proxy_request")
        if method == "POST" and path == "/load" and self.proxy_status == 200:
            self.proxy_configs.append(body or b"")
        return self.proxy_status, b"" if self.proxy_status == 200 else b'{"error":"refused by the script"}'

    async def close(self) -> None:
        self.is_closed = True

    def _check(self, method: str) -> None:
        if self.is_unreachable:
            raise (ProxyFailed if method == "proxy_request" else ServerUnreachable)(
                f"{self.name} does not answer."
            )
        if method in self.failures:
            raise self.failures[method]

    def _act(self, verb: str, command: Command) -> Output:
        project = _option(command, "--project-name")
        acts: dict[str, Callable[[str, Command], Output]] = {
            "up": self._up,
            "pull": self._pull,
            "down": self._down,
            "stop": self._stop,
            "restart": self._restart,
            "config": self._config,
        }
        return acts[verb](project, command) if verb in acts else Output(exit_code=0)

    def _definitions(self, command: Command) -> dict[str, Json]:
        file = self.files.get(f"{_option(command, '--project-directory')}/{COMPOSE_FILE}")
        document = yaml.safe_load((file.content or b"") if file else b"") or {}
        return dict(document.get("services") or {})

    def _up(self, project: str, command: Command) -> Output:
        definitions = self._definitions(command)
        if not definitions:
            return Output(exit_code=14, stderr="no configuration file provided: not found")
        absent = [image for image in self._images(definitions) if not self.engine.has_image(image)]
        if absent:
            return Output(exit_code=1, stderr=f"Error response from daemon: no such image: {absent[0]}")
        lines = self._remove_orphans(project, definitions)
        for name, definition in definitions.items():
            document = self._document(project, name, definition)
            known = self.engine.containers_by_name.get(document["Name"][1:])
            if known and _config_hash(known) == _config_hash(document):
                lines.append(f" Container {document['Name'][1:]}  Running")
                if not known["State"].get("Running"):
                    self.engine.start(known)
                continue
            self.engine.containers_by_name[document["Name"][1:]] = document
            self.engine.start(document)
            lines.append(f" Container {document['Name'][1:]}  {'Recreated' if known else 'Started'}")
        self._make_volumes(project, command)
        return Output(exit_code=0, stderr="\n".join(lines))

    def _images(self, definitions: Mapping[str, Json]) -> list[str]:
        return [str(item["image"]) for item in definitions.values() if item.get("image")]

    def _pull(self, project: str, command: Command) -> Output:
        lines = []
        for name, definition in self._definitions(command).items():
            image = str(definition.get("image") or "")
            if image in self.unpullable:
                lines.append(f" {name} Error manifest for {image} not found")
            else:
                self.engine.images.setdefault(image, image_id_of(image))
                lines.append(f" {name} Pulled ")
        return Output(exit_code=0, stderr="\n".join(lines))

    def _make_volumes(self, project: str, command: Command) -> None:
        file = self.files[f"{_option(command, '--project-directory')}/{COMPOSE_FILE}"]
        volumes = (yaml.safe_load(file.content or b"") or {}).get("volumes") or {}
        for key, definition in volumes.items():
            if not (definition or {}).get("external"):
                name = (definition or {}).get("name") or f"{project}_{key}"
                labels = {LABEL_COMPOSE_PROJECT: project, **_labels((definition or {}).get("labels"))}
                self.engine.volume_labels.setdefault(name, labels)

    def _remove_orphans(self, project: str, definitions: Mapping[str, Any]) -> list[str]:
        lines = []
        for name, document in list(self.engine.containers_by_name.items()):
            labels = document["Config"]["Labels"]
            if (
                labels.get(LABEL_COMPOSE_PROJECT) == project
                and labels[LABEL_COMPOSE_SERVICE] not in definitions
            ):
                del self.engine.containers_by_name[name]
                lines.append(f" Container {name}  Removed")
        return lines

    def _document(self, project: str, name: str, definition: Json) -> Json:
        digest = hashlib.sha256(repr(sorted(definition.items(), key=str)).encode()).hexdigest()
        container = str(definition.get("container_name") or f"{project}-{name}-1")
        image = str(definition.get("image") or "")
        ports = [str(port).rpartition(":")[2].partition("/")[0] for port in definition.get("ports") or ()]
        exposed = [str(port).partition("/")[0] for port in definition.get("expose") or ()]
        own = {LABEL_COMPOSE_PROJECT: project, LABEL_COMPOSE_SERVICE: name, LABEL_COMPOSE_HASH: digest}
        networks = definition.get("networks") or {project: None}
        return {
            "Id": hashlib.sha256(f"{container}{digest}{len(self.commands)}".encode()).hexdigest(),
            "Name": f"/{container}",
            "Image": self.engine.images.get(image) or image_id_of(image),
            "RestartCount": 0,
            "State": {"Status": "created", "Running": False, "ExitCode": 0},
            "Config": {
                "Image": image,
                "Labels": _labels(definition.get("labels")) | own,
                "ExposedPorts": {f"{port}/tcp": {} for port in (*ports, *exposed)},
                "Healthcheck": definition.get("healthcheck"),
            },
            "HostConfig": {"RestartPolicy": {"Name": str(definition.get("restart") or "unless-stopped")}},
            "NetworkSettings": {"Networks": {str(network): {} for network in networks}},
        }

    def _of(self, project: str) -> dict[str, Json]:
        every = self.engine.containers_by_name.items()
        return {
            k: item for k, item in every if item["Config"]["Labels"].get(LABEL_COMPOSE_PROJECT) == project
        }

    def _down(self, project: str, command: Command) -> Output:
        names = list(self._of(project))
        for name in names:
            del self.engine.containers_by_name[name]
        return Output(exit_code=0, stderr="\n".join(f" Container {name}  Removed" for name in names))

    def _stop(self, project: str, command: Command) -> Output:
        for document in self._of(project).values():
            end(document, 0)
        return Output(exit_code=0)

    def _restart(self, project: str, command: Command) -> Output:
        components = set(command.argv[command.argv.index("restart") + 1 :])
        for document in self._of(project).values():
            if document["Config"]["Labels"][LABEL_COMPOSE_SERVICE] in components:
                self.engine.start(document)
        return Output(exit_code=0)

    def _config(self, project: str, command: Command) -> Output:
        documents = [self._document(project, name, item) for name, item in self._definitions(command).items()]
        lines = [
            f"{item['Config']['Labels'][LABEL_COMPOSE_SERVICE]} {_config_hash(item)}" for item in documents
        ]
        return Output(exit_code=0, stdout="\n".join(lines) if "--hash" in command.argv else "")


def _verb(command: Command) -> str:
    """The word after `--project-name X`, or the program's name."""
    if "--project-name" in command.argv:
        return command.argv[command.argv.index("--project-name") + 2]
    return command.argv[0]


def _option(command: Command, name: str) -> str:
    return command.argv[command.argv.index(name) + 1] if name in command.argv else ""


def _labels(raw: object) -> dict[str, str]:
    if isinstance(raw, Mapping):
        return {str(key): str(value) for key, value in raw.items()}
    if isinstance(raw, list):
        pairs = (str(item).partition("=") for item in raw)
        return {key: value for key, _, value in pairs}
    return {}


def _config_hash(document: Json) -> str:
    return str(document["Config"]["Labels"].get(LABEL_COMPOSE_HASH, ""))
