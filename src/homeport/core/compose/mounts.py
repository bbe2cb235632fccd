"""One entry of a component's `volumes:` taken apart: what is mounted, where, and how it was written.

Colons and paths inside `${...}` do not count, relative paths are joined lexically and never leave
the service's folder, and a source that Compose would read from a variable is read here, so that
what is checked is what is mounted.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from homeport.core.compose.interpolate import escape, escape_text, references, split, substitute
from homeport.errors import ComposeRejected

MountKind = Literal["bind", "volume", "other"]
Lookup = Callable[[str], str | None]

_MODE: Final = re.compile(r"[A-Za-z]+(?:,[A-Za-z]+)*")
_FILE_KEYS: Final = ("content", "is_directory", "isDirectory")


@dataclass(frozen=True, slots=True)
class Mount:
    """`source` is literal text (None: anonymous), with variables replaced; for one that only a
    value still to come can tell, it is the reference itself and `is_open` is True.

    `mode` is the short form's third part. `definition` is the long form's map, None for the short.
    """

    kind: MountKind
    source: str | None
    target: str
    mode: str | None = None
    definition: Mapping[str, Any] | None = None
    is_open: bool = False
    given: str = ""
    """The source as it was written, for sentences: a value may be a secret."""

    @property
    def is_directory(self) -> bool | None:
        """Whether a bind is a folder as far as the entry says so; None when it does not."""
        definition = self.definition or {}
        flags = [definition[key] for key in ("is_directory", "isDirectory") if key in definition]
        return any(flag in (True, "true") for flag in flags) if flags else None

    @property
    def content(self) -> str | None:
        content = (self.definition or {}).get("content")
        if content is None or isinstance(content, str):
            return content
        if isinstance(content, bool | int | float):
            return str(content).lower() if isinstance(content, bool) else str(content)
        raise ComposeRejected("The content of a file must be text.")

    def written(self, source: str | None) -> Any:
        """The entry as Compose gets it, with `source` (literal text) in the place of its own."""
        if self.definition is not None:
            written = {key: value for key, value in self.definition.items() if key not in _FILE_KEYS}
            if self.kind == "other":
                return written
            if "type" not in written:
                written = {"type": self.kind, **written}
            return written if source is None else {**written, "source": escape(source)}
        target = escape_text(self.target)
        if source is None:
            return target
        return ":".join((escape(source), target) + ((self.mode,) if self.mode else ()))


def read_mount(entry: Any, lookup: Lookup) -> Mount:
    """Raises ComposeRejected, without a place, for what is no mount."""
    if isinstance(entry, str):
        return _short(entry, lookup)
    if isinstance(entry, dict):
        return _long(entry, lookup)
    raise ComposeRejected("A volume is a text such as data:/path, or a map with type, source and target.")


def resolve_path(source: str, folder: str, given: str = "") -> str:
    """The absolute path of a bind. `~` and relative paths count from the service's folder and stay
    in it; raises ComposeRejected for one that does not, which names it as it was `given`."""
    shown = given or source
    if source.startswith("/"):
        return _normal(source)
    if source.startswith("~") and source[1:2] not in ("", "/"):
        raise ComposeRejected(f"Homes of users are not known: {shown} cannot be mounted.")
    if "\\" in source:
        raise ComposeRejected("Invalid volume source: backslash directory separators are not allowed.")
    path = _normal(f"{folder}/{source.removeprefix('~')}")
    if path != folder and not path.startswith(f"{folder}/"):
        raise ComposeRejected(
            f"Invalid volume source: {shown} leaves the service's folder. A relative path must stay inside; "
            "name an absolute path to mount another folder of the server."
        )
    return path


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def split_short(text: str) -> tuple[str, str, str | None]:
    """Source, target and mode of a short form, whatever they contain; source and target are the same
    when there is but one part, and what cannot be told apart stays in the target."""
    parts = _colon_parts(text.strip())
    if len(parts) == 1:
        return parts[0], parts[0], None
    if len(parts) > 2 and _MODE.fullmatch(parts[-1]):
        return parts[0], ":".join(parts[1:-1]), parts[-1]
    return parts[0], ":".join(parts[1:]), None


def _short(text: str, lookup: Lookup) -> Mount:
    text = text.strip()
    given, target, mode = split_short(text)
    if given == target == text:
        if not text.startswith(("/", "$")):
            raise ComposeRejected(f"Invalid volume: {text} has no target. Write source:/target.")
        return Mount("volume", None, text)
    if not given or not target:
        raise ComposeRejected("Invalid volume: source and target must not be empty.")
    if len(_colon_parts(target)) > 1:
        raise ComposeRejected("Invalid volume: it must be source:target or source:target:mode.")
    source, is_open = _resolved(given, lookup)
    kind: MountKind = "volume" if is_open or not _is_path(source) else "bind"
    return Mount(kind, source, target, mode, is_open=is_open, given=given)


def _long(definition: Mapping[str, Any], lookup: Lookup) -> Mount:
    given, target = definition.get("source"), definition.get("target")
    kind = definition.get("type")
    if kind not in ("bind", "volume", None):
        return Mount("other", None, str(target or ""), definition=definition)
    if not isinstance(target, str) or not target:
        raise ComposeRejected("Invalid volume: it has no target.")
    if given is None or given == "":
        if kind == "bind":
            raise ComposeRejected("Invalid volume: a bind has no source.")
        return Mount("volume", None, target, definition=definition)
    if not isinstance(given, str):
        raise ComposeRejected("Invalid volume: its source must be text.")
    source, is_open = _resolved(given, lookup)
    if kind == "bind" and is_open:
        raise ComposeRejected(f"Invalid volume: the source {given} needs a value or a default.")
    is_bind = kind == "bind" or (kind is None and not is_open and _is_path(source))
    made: MountKind = "bind" if is_bind else "volume"
    return Mount(made, source, target, definition=definition, is_open=is_open, given=given)


def _is_path(source: str) -> bool:
    return source.startswith((".", "/", "~"))


def _colon_parts(text: str) -> list[str]:
    parts = [""]
    for piece in split(text):
        stretch = text[piece.start : piece.end]
        if piece.kind == "reference":
            parts[-1] += stretch
            continue
        first, *others = stretch.split(":")
        parts[-1] += first
        parts.extend(others)
    return parts


def _resolved(source: str, lookup: Lookup) -> tuple[str, bool]:
    """The literal text of a source, and False; or, when it begins with a variable that has neither a
    value nor a default, that variable and what follows, and True."""
    if source.startswith("$") and _begins_empty(source, lookup):
        return "".join(_named(source)), True
    return substitute(source, lookup), False


def _begins_empty(source: str, lookup: Lookup) -> bool:
    first = next(split(source))
    if first.kind != "reference":
        return False
    try:
        return substitute(source[: first.end], lookup) == ""
    except ComposeRejected:
        return True


def _named(source: str) -> list[str]:
    """The source with each reference reduced to its name: `${V:?e}/x` is called as `${V}/x` is."""
    return [
        f"${{{piece.name}}}" if piece.kind == "reference" else source[piece.start : piece.end]
        for piece in split(source)
    ]


def open_names(source: str) -> str:
    """The variables of an open source, for a sentence."""
    return ", ".join(reference.name for reference in references(source))
