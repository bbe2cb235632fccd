"""What a compose file mounts, renamed so that services cannot meet each other's data.

Named volumes become `<uuid>_<slug>` with their definition kept, relative binds become paths in the
service's folder, inline files are taken out of the document, and everything else stays as written.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from homeport.core.compose.load import Document
from homeport.core.compose.model import File, Scope, Volume
from homeport.core.compose.mounts import Mount, open_names, read_mount, resolve_path
from homeport.errors import ComposeRejected

_UNRECORDED: Final = ("/var/run/docker.sock", "/tmp")  # noqa: S108 - the server's own, mounted as it is
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
                return mount.written(self._bind(component, mount))
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

    def _bind(self, component: str, mount: Mount) -> str:
        folder = self.scope.folder
        path = resolve_path(mount.source or "", folder)
        if path in _UNRECORDED:
            return path
        is_managed = path == folder or path.startswith(f"{folder}/")
        content = self.scope.edited_files.get((component, mount.target), mount.content)
        if content is not None and not is_managed:
            self.warnings.append(
                f"services.{component}: the content for {mount.target} is not written, because {path} lies "
                "outside of the service's folder."
            )
        self.files.append(
            File(
                component=component,
                path=path,
                target=mount.target,
                content=content if is_managed else None,
                is_directory=content is None and mount.is_directory,
                is_managed=is_managed,
            )
        )
        return path

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
        return {"name": key, **given, "labels": self._labels(given.get("labels"))}

    def _labels(self, given: Any) -> Any:
        own = {"homeport.managed": "true", "homeport.service": self.scope.uuid}
        if isinstance(given, list):
            kept = [label for label in given if str(label).partition("=")[0] not in own]
            return [*kept, *(f"{key}={value}" for key, value in own.items())]
        return {**(given if isinstance(given, dict) else {}), **own}


def _external_name(source: str, definition: Any) -> str | None:
    """The engine's name of a volume that the compose file does not own, else None."""
    external = definition.get("external") if isinstance(definition, dict) else None
    if not external or external == "false":
        return None
    name = external.get("name") if isinstance(external, dict) else definition.get("name")
    return str(name) if name else source
