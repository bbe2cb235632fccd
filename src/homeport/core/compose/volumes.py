"""What a compose file mounts, renamed so that services cannot meet each other's data.

Named volumes become `<uuid>_<slug>` with their definition kept, relative binds become paths in the
service's folder, inline files are taken out of the document, binds of files are guarded against folders that an
engine would make in their place (`binds`), and everything else stays as written.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from homeport.core.commands.compose import COMPOSE_FILE, ENV_FILE
from homeport.core.compose import binds
from homeport.core.compose.labels import owned
from homeport.core.compose.load import Document
from homeport.core.compose.model import File, Scope, Volume
from homeport.core.compose.mounts import Mount, open_names, read_mount, resolve_path
from homeport.errors import ComposeRejected

_UNRECORDED: Final = ("/var/run/docker.sock", "/tmp")  # noqa: S108 - the server's own, mounted as it is
_OWN_FILES: Final = (COMPOSE_FILE, ENV_FILE)
_NO_DECOMPOSITION: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th"}
)


@dataclass(frozen=True, slots=True)
class Mounts:
    """`lists` has the `volumes:` of each component that has some, `top_level` the section of the document."""

    lists: Mapping[str, list[Any]]
    top_level: Mapping[str, Any]
    files: tuple[File, ...]
    volumes: tuple[Volume, ...]
    warnings: tuple[str, ...]


def rewrite(document: Document, scope: Scope) -> Mounts:
    """Raises ComposeRejected with the place. The document stays as it is."""
    writer = _Writer(document, scope)
    lists = {}
    for component, definition in document.data["services"].items():
        entries = definition.get("volumes") if isinstance(definition, dict) else None
        if entries is not None:
            lists[component] = writer.component(component, entries)
    return Mounts(
        lists, writer.top_level(), tuple(writer.files), tuple(writer.volumes), tuple(writer.warnings)
    )


def slug(text: str) -> str:
    """The part of a volume's name that comes from its source: `My_Vol.x@y` is `my-volx-at-y`."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_NO_DECOMPOSITION))
    plain = re.sub(r"_+", "-", plain.encode("ascii", "ignore").decode())
    plain = re.sub(r"[^a-z0-9\s-]", "", plain.replace("@", "-at-").lower())
    return re.sub(r"[\s-]+", "-", plain).strip("-")


@dataclass(slots=True)
class _Writer:
    document: Document
    scope: Scope
    files: list[File] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _sources: dict[str, str] = field(default_factory=dict)
    """Which source took a volume's name."""
    _definitions: dict[str, Any] = field(default_factory=dict)

    def component(self, component: str, entries: Any) -> list[Any]:
        path: tuple[str | int, ...] = ("services", component, "volumes")
        if not isinstance(entries, list):
            raise self.document.rejected("The volumes of a component must be a list.", path)
        return [self._entry(component, entry, (*path, number)) for number, entry in enumerate(entries)]

    def top_level(self) -> dict[str, Any]:
        """In the order of the document, then in the order of use."""
        declared = [self._key(source) for source in self._declared()]
        keys = [key for key in declared if key in self._definitions]
        return {key: self._definitions[key] for key in dict.fromkeys([*keys, *self._definitions])}

    def _entry(self, component: str, entry: Any, path: Sequence[str | int]) -> Any:
        try:
            mount = read_mount(entry, self._lookup)
            if mount.kind == "bind":
                return self._bind(component, mount)
            if mount.kind == "volume" and mount.source is not None:
                return mount.written(self._volume(component, mount))
            return mount.written(None)
        except ComposeRejected as error:
            if error.place is not None:
                raise
            raise self.document.rejected(error.message, path) from None

    def _lookup(self, name: str) -> str | None:
        """Only what a person set: a default that is stored must not move data from one render to the next."""
        variable = self.scope.variables.get(name)
        return variable.value if variable is not None and variable.origin == "user" else None

    def _bind(self, component: str, mount: Mount) -> Any:
        """The entry of a bind as Compose gets it; what is mounted is recorded."""
        folder = self.scope.folder
        path = resolve_path(mount.source or "", folder, mount.given)
        is_inside = path == folder or path.startswith(f"{folder}/")
        is_guarded = binds.is_never_a_folder(mount)
        if path not in _UNRECORDED:
            file = self._file(component, mount, path, is_inside=is_inside)
            self.files.append(file)
            is_guarded = not file.is_directory or (file.is_guessed and not file.is_managed and is_guarded)
        if not is_guarded:
            return mount.written(path)
        guarded = binds.guarded(mount, path)
        if guarded is None and not is_inside:
            self.warnings.append(
                f"services.{component}: {path} must exist on the server, or the engine makes a folder there: its "
                "mode or its label does not go with create_host_path: false."
            )
        return mount.written(path) if guarded is None else guarded

    def _file(self, component: str, mount: Mount, path: str, *, is_inside: bool) -> File:
        content = self.scope.edited_files.get((component, mount.target), mount.content)
        reason = self._unwritten(path, is_inside=is_inside)
        if content is not None and reason:
            self.warnings.append(
                f"services.{component}: the content for {mount.target} is not written, because {path} {reason}."
            )
        said = False if content is not None else mount.is_directory
        return File(
            component=component,
            path=path,
            target=mount.target,
            content=None if reason else content,
            is_directory=not binds.is_file(mount) if said is None else said,
            is_managed=is_inside and not (said is None and binds.is_brought(mount)),
            is_guessed=said is None,
        )

    def _unwritten(self, path: str, *, is_inside: bool) -> str:
        """Why no content may be written to a path; "" if it may."""
        if not is_inside:
            return "lies outside of the service's folder"
        if path in (f"{self.scope.folder}/{name}" for name in _OWN_FILES):
            return "is Homeport's own file"
        return ""

    def _volume(self, component: str, mount: Mount) -> str:
        source = mount.source or ""
        definition = self._declared().get(source)
        key = self._key(source)
        external = _external_name(source, definition)
        if external is not None:
            self._definitions[key] = definition
        else:
            self._claim(key, source)
            self._definitions[key] = self._renamed(key, source, definition)
        if mount.is_open:
            self.warnings.append(
                f"services.{component}: {open_names(source)} has no value, so {mount.target} is on the volume "
                f"{key}. Giving it one mounts something else."
            )
        self.volumes.append(
            Volume(
                component=component,
                name=external or key,
                target=mount.target,
                is_external=external is not None,
            )
        )
        return key

    def _declared(self) -> Mapping[str, Any]:
        declared = self.document.data.get("volumes")
        if declared is None:
            return {}
        if not isinstance(declared, dict):
            raise self.document.rejected("The volumes of a compose file must be a map.", ("volumes",))
        return declared

    def _key(self, source: str) -> str:
        """The name of a volume in the output; a source of which no letter is left is named by its digest."""
        if _external_name(source, self._declared().get(source)) is not None:
            return source
        return f"{self.scope.uuid}_{slug(source) or hashlib.sha256(source.encode()).hexdigest()[:12]}"

    def _claim(self, key: str, source: str) -> None:
        other = self._sources.setdefault(key, source)
        if other != source:
            raise ComposeRejected(
                f"The volumes {other} and {source} would both be called {key}. Rename one of them."
            )

    def _renamed(self, key: str, source: str, definition: Any) -> dict[str, Any]:
        if definition is not None and not isinstance(definition, dict):
            raise self.document.rejected("A volume must be a map of settings.", ("volumes", source))
        given = dict(definition or {})
        given.pop("external", None)
        own_name = given.pop("name", None)
        if own_name is not None and own_name != key:
            self.warnings.append(f"volumes.{source}: the name {own_name} is replaced by {key}.")
        return {"name": key, **given, "labels": owned(given.get("labels"), self.scope.uuid)}


def _external_name(source: str, definition: Any) -> str | None:
    """The engine's name of a volume that the compose file does not own, else None."""
    external = definition.get("external") if isinstance(definition, dict) else None
    if not external or external == "false":
        return None
    name = external.get("name") if isinstance(external, dict) else definition.get("name")
    return str(name) if name else source
