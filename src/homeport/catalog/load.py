"""Reads the one-click types that come with Homeport: YAML files with a metadata header.

Only headers are read here; the compose text stays text until a service is made of it. So the whole
catalogue costs a few milliseconds at start. Our own files must be right: a fault stops the start.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from homeport.catalog import Catalog, Template
from homeport.catalog.entry import MAX_BYTES, is_true, key_problem, read_logo, read_port, template_of
from homeport.errors import SettingsInvalid

BUILT_IN = "homeport"


@lru_cache(maxsize=1)
def load_catalog() -> Catalog:
    """The built-in types, read once in the life of the process. Raises SettingsInvalid, which names every file
    that is wrong."""
    return read_own(files("homeport.catalog").joinpath("templates"))


def read_own(folder: Traversable) -> Catalog:
    """The types of a folder whose files must all be right. Raises SettingsInvalid."""
    templates: list[Template] = []
    problems: list[str] = []
    for file in folder.iterdir():
        key, dot, extension = file.name.rpartition(".")
        if not dot or extension not in ("yaml", "yml"):
            continue
        try:
            template = parse_template(key, text_of(file))
        except ValueError as error:
            problems.append(f"{file.name}: {error}")
            continue
        if template is not None:
            templates.append(template)
    if problems:
        raise SettingsInvalid("The catalogue cannot be loaded.\n" + "\n".join(sorted(problems)))
    return Catalog(templates)


def text_of(file: Traversable) -> str:
    """Raises ValueError for more than 1 MiB, and for what is no UTF-8."""
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError("the file is larger than 1 MiB.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text.") from None


def parse_template(key: str, text: str) -> Template | None:
    """The template in the text of one of our files; None when its header says `ignore: true`.

    Raises ValueError with a sentence for every problem of the header.
    """
    header, compose = split_header(text)
    if is_true(header.get("ignore")):
        return None
    problems = [*_problems(key, header)]
    if not re.search(r"^services:", compose, re.MULTILINE):
        problems.append("there is no line `services:`.")
    if problems:
        raise ValueError(" ".join(problems))
    return template_of(key, header, compose, source=BUILT_IN)


def split_header(text: str) -> tuple[dict[str, str], str]:
    """The metadata (`# key: value` lines at column 0) and the text after it.

    Only the leading block of comments and blank lines is metadata: a comment further down that
    happens to have a colon is not (dialect Q42). Of a key that comes twice the last one counts.
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
    problem = key_problem(key)
    if problem is not None:
        yield problem
    if "slogan" not in header:
        yield "the header has no `# slogan:`."
    documentation = header.get("documentation")
    if documentation is not None and not documentation.startswith(("https://", "http://")):
        yield f"`documentation` must be a URL, not {documentation!r}."
    port = header.get("port")
    if port is not None and str(read_port(port)) != port:
        yield f"`port` must be one port from 1 to 65535, not {port!r}."
    logo = header.get("logo")
    if logo is not None and read_logo(logo) is None:
        yield f"`logo` must be a file name below svgs/, not {logo!r}."
    if "env_file" in header:
        yield "`env_file` is not for our own types; give the variables in `environment`."
