"""From what Compose is going to run to the list of what it asks for.

Judged is the output of a render, with anchors, merges and variables resolved, because that is what runs.
The document is asked for line numbers only.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import yaml

from homeport.core.compose.load import Document, place
from homeport.core.compose.model import Component, File, Rendered
from homeport.core.policy import sections
from homeport.core.policy.asks import Ask
from homeport.core.policy.build import secret_names
from homeport.core.policy.components import JUDGES, judged
from homeport.core.policy.masks import secrets_of, shown
from homeport.core.policy.mounts import written
from homeport.core.policy.paths import is_inside
from homeport.core.policy.refusals import READ_TOO, refused
from homeport.core.policy.values import (
    Found,
    Ground,
    Lookup,
    Path,
    as_map,
    compose_lookup,
    interpolated,
    read_dotenv,
)
from homeport.core.revision import Snapshot
from homeport.errors import ComposeRejected

DOCKER_SOCKET: Final = "/var/run/docker.sock"
_MOST_ASKS: Final = 1000


def find_asks(
    rendered: Rendered,
    document: Document,
    *,
    folder: str,
    uuid: str,
    proxy: str,
    socket: str = DOCKER_SOCKET,
    is_local: bool = False,
) -> tuple[Ask, ...]:
    """What a render asks of its server, in the order of its output.

    `folder` is the service's folder on the server, `proxy` the server's (`CADDY`, `TRAEFIK`, `NONE`),
    `socket` its engine's. Raises ComposeRejected for what nobody can grant; unless the server is Homeport's
    own machine (`is_local`), that is also whatever makes Compose read or write files of that machine.
    """
    case = _Case(
        rendered.document,
        rendered.dotenv,
        _ground(
            rendered.document,
            rendered.components,
            rendered.files,
            folder=folder,
            uuid=uuid,
            proxy=proxy,
            socket=socket,
        ),
        document,
    )
    return case.asks(rendered.files, is_local=is_local)


def asks_of_snapshot(
    snapshot: Snapshot, *, proxy: str, socket: str = DOCKER_SOCKET, is_local: bool = False
) -> tuple[Ask, ...]:
    """The same for a stored revision, with the same keys; lines are None, because its text is not the user's."""
    output = _read_own(snapshot.compose)
    ground = _ground(
        output,
        snapshot.components,
        snapshot.files,
        folder=snapshot.folder,
        uuid=snapshot.service_uuid,
        proxy=proxy,
        socket=socket,
    )
    return _Case(output, snapshot.dotenv, ground, None).asks(snapshot.files, is_local=is_local)


def _ground(
    output: Mapping[str, Any], components: Sequence[Component], files: Sequence[File], **more: str
) -> Ground:
    described = {component.name: component for component in components}
    names = as_map(output.get("services"))
    return Ground(
        components={name: described.get(name) for name in names},
        files=frozenset(file.path for file in files),
        written=frozenset(),
        **more,
    )


class _OwnText(yaml.CSafeLoader):
    """Reads what `core.compose.dump` wrote, of whatever size: texts, and null."""


_OwnText.yaml_implicit_resolvers = {"n": [("tag:yaml.org,2002:null", re.compile("null"))]}


def _read_own(text: str) -> Mapping[str, Any]:
    return as_map(yaml.load(text, Loader=_OwnText))  # noqa: S506 - a safe loader that resolves less


@dataclass(frozen=True, slots=True)
class _Case:
    output: Mapping[str, Any]
    dotenv: str
    ground: Ground
    document: Document | None

    def asks(self, files: Sequence[File], *, is_local: bool) -> tuple[Ask, ...]:
        values = read_dotenv(self.dotenv)
        read = self._read(values)
        for sentence, path in refused(read["services"], files, self.ground.folder):
            raise self._rejected(sentence, path)
        ground = replace(self.ground, written=self._written(read["services"]))
        secrets = secrets_of(values)
        asks: dict[tuple[str, str], Ask] = {}
        for found in self._found(read, ground):
            ask = self._ask(found, secrets)
            if found.is_by_compose and not is_local:
                sentence = f"It {shown(found.what, secrets)}: Compose does that on the machine that Homeport runs on."
                raise self._rejected(sentence, found.path)
            asks.setdefault((ask.key, ask.place), ask)
            if len(asks) > _MOST_ASKS:
                raise self._rejected(f"It asks for more than {_MOST_ASKS} powers.", found.path)
        return tuple(asks.values())

    def _read(self, values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """The sections interpolated, as far as anybody looks at them."""
        lookup = compose_lookup(values, uuid=self.ground.uuid)
        read: dict[str, dict[str, Any]] = {
            section: {
                name: self._interpolated(value, lookup, (section, name))
                for name, value in as_map(self.output.get(section)).items()
            }
            for section in ("networks", "volumes", "configs", "secrets")
        }
        read["services"] = {
            name: {
                key: self._interpolated(value, lookup, ("services", name, key))
                if key in JUDGES or key in READ_TOO
                else value
                for key, value in as_map(definition).items()
            }
            for name, definition in as_map(self.output.get("services")).items()
        }
        return read

    def _interpolated(self, value: Any, lookup: Lookup, path: Path) -> Any:
        try:
            return interpolated(value, lookup)
        except ComposeRejected as error:
            raise self._rejected(error.message, path) from None

    def _written(self, services: Mapping[str, Any]) -> frozenset[str]:
        folder = self.ground.folder
        paths = (path for item in services.values() for path in written(item.get("volumes"), folder))
        return frozenset(path for path in paths if is_inside(path, folder))

    def _found(self, read: Mapping[str, Mapping[str, Any]], ground: Ground) -> Iterator[Found]:
        built: set[str] = set()
        for name, definition in read["services"].items():
            yield from judged(name, definition, ground)
            built |= secret_names(definition.get("build"))
        for name, value in read["networks"].items():
            yield from sections.network(name, value, ground)
        for name, value in read["volumes"].items():
            yield from sections.volume(name, value, ground)
        for section in ("configs", "secrets"):
            for name, value in read[section].items():
                is_built_in = section == "secrets" and name in built
                yield from sections.file_of(section, name, value, ground, is_built_in=is_built_in)

    def _ask(self, found: Found, secrets: Sequence[str]) -> Ask:
        line = self.document.line(found.path) if self.document is not None else None
        where = place(found.path)
        there = f"{where} (line {line})" if line is not None else where
        return Ask(
            grant=found.grant,
            subject=shown(found.subject, secrets),
            place=where,
            line=line,
            message=f"{there}: {shown(found.what, secrets)}, which needs the grant {found.grant}.",
        )

    def _rejected(self, message: str, path: Path) -> ComposeRejected:
        if self.document is not None:
            return self.document.rejected(message, path)
        return ComposeRejected(message, place=place(path))
