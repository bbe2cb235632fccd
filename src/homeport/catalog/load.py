"""Reads the one-click types: YAML files with a metadata header, ours and those of further folders.

Only headers are read here; the compose text stays text until a service is made of it. So the whole
catalogue costs a few milliseconds at start, and a broken compose of one type harms no other type.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from homeport.catalog import Catalog, Template
from homeport.errors import SettingsInvalid

MAX_BYTES = 1024 * 1024
_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_LOGO = re.compile(r"svgs/[A-Za-z0-9][A-Za-z0-9._-]*\.(svg|png|webp|jpe?g)")
_TRUE = frozenset({"true", "1", "yes", "on"})


def load_catalog(sources: Sequence[str] = ()) -> Catalog:
    """The built-in types and those of the folders `sources`, in the same format.

    A built-in type wins over one of the same key; of two sources the earlier wins. The answer is
    cached for the process. Raises SettingsInvalid, which names every file that is wrong.
    """
    return _load(tuple(sources))


@lru_cache(maxsize=8)
def _load(sources: tuple[str, ...]) -> Catalog:
    templates: dict[str, Template] = {}
    problems: list[str] = []
    for source, folder in _folders(sources):
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            key, dot, extension = file.name.rpartition(".")
            if not dot or extension not in ("yaml", "yml") or key in templates:
                continue
            try:
                template = parse_template(key, _text(file), source=source)
            except ValueError as error:
                problems.append(f"{source}/{file.name}: {error}")
                continue
            if template is not None:
                templates[key] = template
    if problems:
        raise SettingsInvalid("The catalogue cannot be loaded.\n" + "\n".join(problems))
    return Catalog(templates.values())


def _folders(sources: tuple[str, ...]) -> Iterator[tuple[str, Traversable]]:
    yield "homeport", files("homeport.catalog").joinpath("templates")
    for source in sources:
        folder = Path(source).expanduser()
        if not folder.is_dir():
            raise SettingsInvalid(f"HOMEPORT_CATALOG_SOURCES names {source}, which is not a folder.")
        yield source, folder


def _text(file: Traversable) -> str:
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError("the file is larger than 1 MiB.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text.") from None


def parse_template(key: str, text: str, *, source: str = "homeport") -> Template | None:
    """The template in a file's text; None when its header says `ignore: true`.

    Raises ValueError with a sentence for every problem of the header.
    """
    header, compose = split_header(text)
    if header.get("ignore", "").lower() in _TRUE:
        return None
    problems = [*_problems(key, header)]
    if not re.search(r"^services:", compose, re.MULTILINE):
        problems.append("there is no line `services:`.")
    if problems:
        raise ValueError(" ".join(problems))
    return Template(
        key=key,
        compose=compose,
        documentation=header.get("documentation"),
        slogan=header.get("slogan"),
        category=_list(header.get("category")),
        tags=_list(header.get("tags")),
        logo=header.get("logo"),
        port=int(header["port"]) if "port" in header else None,
        minversion=header.get("minversion"),
        source=source,
    )


def split_header(text: str) -> tuple[dict[str, str], str]:
    """The metadata (`# key: value` lines at column 0) and the text after it.

    Only the leading block of comments and blank lines is metadata: a comment further down that
    happens to have a colon is not. Of a key that comes twice the last one counts.
    """
    header: dict[str, str] = {}
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line.startswith("#"):
            key, colon, value = line.lstrip("#").partition(":")
            if colon and value.strip():
                header[key.strip().lower()] = value.strip()
        elif line.strip() not in ("", "---"):
            return header, "".join(lines[number:])
    return header, ""


def _problems(key: str, header: Mapping[str, str]) -> Iterator[str]:
    if not _KEY.fullmatch(key):
        yield "the file's name may only have lower-case letters, digits and . _ -"
    if "slogan" not in header:
        yield "the header has no `# slogan:`."
    documentation = header.get("documentation")
    if documentation is not None and not documentation.startswith(("https://", "http://")):
        yield f"`documentation` must be a URL, not {documentation!r}."
    port = header.get("port")
    if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        yield f"`port` must be one port from 1 to 65535, not {port!r}."
    logo = header.get("logo")
    if logo is not None and not _LOGO.fullmatch(logo):
        yield f"`logo` must be a file name below svgs/, not {logo!r}."
    if "env_file" in header:
        yield "`env_file` is not supported; give the variables in `environment`."


def _list(text: str | None) -> tuple[str, ...]:
    """A comma list: lower-case, in order, each item once."""
    items = (item.strip().lower() for item in (text or "").split(","))
    return tuple(dict.fromkeys(item for item in items if item))
