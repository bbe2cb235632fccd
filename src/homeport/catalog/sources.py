"""The further sources of types that HOMEPORT_CATALOG_SOURCES names, and how the local ones are read.

Whatever is wrong in one type of a source is noted beside it; the other types, and the start, go on.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import SplitResult, urlsplit

import orjson

from homeport.catalog import Template
from homeport.catalog.entry import is_true, template_of
from homeport.catalog.load import split_header, text_of
from homeport.errors import SettingsInvalid, SourceFailed

MAX_DOCUMENT: Final = 32 * 1024 * 1024
MAX_TYPES: Final = 5000
_FIRST: Final = "first:"
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_TOO_MANY: Final = f"It has more than {MAX_TYPES} types."

SourceKind = Literal["built-in", "folder", "document", "url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A folder of templates, a catalogue document, or the URL of one.

    `name` is how it is shown; `place` is the path or URL itself, which may hold a password.
    `is_first`: its types win over our own.
    """

    kind: SourceKind
    name: str
    place: str = field(repr=False)
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A type that cannot be used, and why."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a source has: usable types, and the others."""

    templates: tuple[Template, ...] = ()
    problems: tuple[Problem, ...] = ()


def parse_sources(given: Sequence[str]) -> tuple[Source, ...]:
    """The sources of the setting, in their order. Raises SettingsInvalid, without anybody's password."""
    return tuple(_parsed(item.removeprefix(_FIRST).strip(), item.startswith(_FIRST)) for item in given)


def _parsed(place: str, is_first: bool) -> Source:
    scheme = _SCHEME.match(place)
    if scheme is not None:
        if scheme[1].lower() not in ("http", "https"):
            raise _wrong(f"a {scheme[1]} URL; only http and https are read.")
        return Source(kind="url", name=_shown(place), place=place, is_first=is_first)
    if not place:
        raise _wrong("nothing after a mark.")
    path = Path(place).expanduser()
    if path.is_dir():
        return Source(kind="folder", name=place, place=str(path), is_first=is_first)
    if path.is_file():
        return Source(kind="document", name=place, place=str(path), is_first=is_first)
    raise _wrong(f"{place}, which is neither a folder nor a file.")


def _shown(url: str) -> str:
    """The URL without what may be secret: user, password, query, fragment."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, SplitResult("", "", "", "", "")
    if not host or re.search(r"[\s\x00-\x1f]", url):
        raise _wrong("a URL that has no valid host.")
    netloc = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{netloc}{f':{port}' if port else ''}{parts.path}"


def _wrong(what: str) -> SettingsInvalid:
    return SettingsInvalid(f"HOMEPORT_CATALOG_SOURCES names {what}")


def read_local(source: Source) -> Read:
    """Read a folder or a document. Raises SourceFailed."""
    path = Path(source.place)
    try:
        if source.kind == "folder":
            return read_folder(path, source.name)
        with path.open("rb") as stream:
            return read_document(stream.read(MAX_DOCUMENT + 1), source.name)
    except OSError as error:
        raise SourceFailed(f"It cannot be read: {error.strerror}.") from error


def read_folder(folder: Path, name: str) -> Read:
    """The templates of a folder, one file each; `x.yaml` wins over `x.yml`. Raises SourceFailed, OSError."""
    root = folder.resolve()
    paths = sorted(path for path in root.iterdir() if path.suffix in (".yaml", ".yml"))
    if len(paths) > MAX_TYPES:
        raise SourceFailed(_TOO_MANY)
    templates: dict[str, Template] = {}
    problems: list[Problem] = []
    for path in paths:
        if path.stem in templates:
            continue
        try:
            template = _read_file(root, path, name)
        except (OSError, ValueError) as error:
            message = f"it cannot be read: {error.strerror}." if isinstance(error, OSError) else str(error)
            problems.append(Problem(path.name, message))
            continue
        if template is not None:
            templates[path.stem] = template
    return Read(tuple(templates.values()), tuple(problems))


def _read_file(root: Path, path: Path, name: str) -> Template | None:
    """The template of one file; None if it says `ignore: true`. Raises ValueError, OSError."""
    header, compose = split_header(text_of(_inside(root, path)))
    if is_true(header.get("ignore")):
        return None
    env_file = header.get("env_file")
    env_text = text_of(_inside(root, root / env_file)) if env_file else ""
    return template_of(path.stem, header, compose, source=name, env_text=env_text)


def _inside(root: Path, path: Path) -> Path:
    """The file that the path leads to, if that is below `root`, which is resolved. Raises ValueError: a template
    may come from anybody, and what it names is shown to everybody."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise ValueError(f"there is no file {path.name}.") from None
    if not real.is_relative_to(root):
        raise ValueError(f"{path.name} is not in the folder.")
    if not real.is_file():
        raise ValueError(f"{path.name} is no file.")
    return real


def read_document(content: bytes, name: str) -> Read:
    """The types of a catalogue document (dialect 10): a JSON object by key. Raises SourceFailed for what is none."""
    if len(content) > MAX_DOCUMENT:
        raise SourceFailed("It is larger than 32 MiB.")
    try:
        document = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise SourceFailed("It is not JSON.") from error
    if not isinstance(document, dict):
        raise SourceFailed("It is no catalogue: a JSON object of types by name.")
    if len(document) > MAX_TYPES:
        raise SourceFailed(_TOO_MANY)
    templates: list[Template] = []
    problems: list[Problem] = []
    for key, entry in document.items():
        try:
            templates.extend(_read_entry(key, entry, name))
        except ValueError as error:
            problems.append(Problem(key[:100], str(error)))
    if not templates:
        # What an address answers when there is no catalogue any more is often JSON too.
        why = f" Of the first, {problems[0].name}: {problems[0].message}" if problems else ""
        raise SourceFailed(f"It has no type that can be used.{why}")
    return Read(tuple(templates), tuple(problems))


def _read_entry(key: str, entry: Any, name: str) -> Iterator[Template]:
    if not isinstance(entry, Mapping):
        raise ValueError("it is no object.")  # noqa: TRY004 - as all that is wrong with an entry
    if not is_true(entry.get("ignore")):
        compose = _decoded(entry.get("compose"), "compose")
        env_text = _decoded(entry["envs"], "envs") if entry.get("envs") else ""
        yield template_of(key, entry, compose, source=name, env_text=env_text)


def _decoded(value: Any, field_name: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8-sig")
    except (TypeError, binascii.Error, ValueError):
        raise ValueError(f"its `{field_name}` is not base64 of UTF-8 text.") from None
