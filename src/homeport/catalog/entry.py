"""One entry of a catalogue: loose metadata, from a file's header or a document, becomes a Template.

Upstream's catalogues have small faults (a port that is a list, no slogan, a logo that is no file name):
those cost the detail, never the type. What makes a type useless raises.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from homeport.catalog import Template
from homeport.core.dotenv import parse_pasted

MAX_BYTES: Final = 1024 * 1024
"""Of a template, and of its variables together."""

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_RESERVED: Final = "sources"
"""The name of a route beside the types."""
_SERVICES: Final = re.compile(r"^([\"']?)services\1\s*:", re.MULTILINE)
_LOGO: Final = re.compile(r"svgs/[A-Za-z0-9][A-Za-z0-9._-]*\.(svg|png|webp|jpe?g)")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,254}")
_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_ADVERTISING: Final = "?utm_source=coolify.io"
_MAX_TEXT: Final = 1000
_MAX_VARIABLES: Final = 1000


def template_of(
    key: str, fields: Mapping[str, Any], compose: str, *, source: str, env_text: str = ""
) -> Template:
    """The template of an entry; `fields` has upstream's names. Raises ValueError with a sentence."""
    problem = key_problem(key) or _compose_problem(compose)
    if problem:
        raise ValueError(problem)
    return Template(
        key=key,
        compose=compose,
        documentation=read_url(fields.get("documentation")),
        slogan=read_text(fields.get("slogan")) or headline(key),
        category=read_list(fields.get("category")),
        tags=read_list(fields.get("tags")),
        logo=read_logo(fields.get("logo")),
        port=read_port(fields.get("port")),
        minversion=read_text(fields.get("minversion")),
        source=source,
        architectures=_architectures(fields),
        variables=read_variables(env_text),
        updated_at=_time(fields.get("template_last_updated_at")),
    )


def key_problem(key: str) -> str | None:
    """Why a key cannot be one."""
    if not _KEY.fullmatch(key):
        return "its name may only have lower-case letters, digits and . _ -, and no more than 100 of them."
    return f"a type cannot be named {key}." if key == _RESERVED else None


def _compose_problem(compose: str) -> str | None:
    if len(compose.encode()) > MAX_BYTES:
        return "it is larger than 1 MiB."
    if "\0" in compose:
        return "it is no text."
    return None if _SERVICES.search(compose) else "there is no line `services:`."


def headline(key: str) -> str:
    """`gitea-with-mysql` as words: upstream's slogan of a type that has none."""
    return " ".join(word.capitalize() for word in re.split(r"[-._]+", key) if word)


def is_true(value: Any) -> bool:
    return str(value).strip().lower() in _TRUE


def read_text(value: Any) -> str | None:
    """One line of text; None for what is none."""
    if not isinstance(value, str):
        return None
    return " ".join("".join(c if c.isprintable() else " " for c in value[:_MAX_TEXT]).split()) or None


def read_url(value: Any) -> str | None:
    text = read_text(value)
    if text is None or not text.startswith(("https://", "http://")):
        return None
    return text.removesuffix(_ADVERTISING)


def read_list(value: Any) -> tuple[str, ...]:
    """A comma list, or a list: lower-case, in order, each item once."""
    given = value if isinstance(value, list) else str(value).split(",") if isinstance(value, str) else []
    items = ((read_text(item) or "").lower() for item in given)
    return tuple(dict.fromkeys(item for item in items if item))


def read_port(value: Any) -> int | None:
    """The first that is a port: `80, 2112` is 80, `80000` none (dialect Q42)."""
    for part in str(value).split(","):
        text = part.strip()
        if re.fullmatch(r"[0-9]{1,5}", text) and 0 < int(text) < 65536:
            return int(text)
    return None


def read_logo(value: Any) -> str | None:
    return value if isinstance(value, str) and _LOGO.fullmatch(value) else None


def read_variables(text: str) -> tuple[tuple[str, str], ...]:
    """The lines of an `env_file`: the text after `=` is the default value (dialect Q34).

    Raises ValueError for a name that a variable cannot have.
    """
    if len(text.encode()) > MAX_BYTES:
        raise ValueError("its variables are larger than 1 MiB.")
    found: dict[str, str] = {}
    for line in parse_pasted(text):
        key = line.key.removeprefix("export ").strip()
        if not _VARIABLE.fullmatch(key):
            raise ValueError(f"{key[:40]!r} cannot be the name of a variable.")
        if "\0" in line.value:
            raise ValueError(f"the value of {key[:40]} is no text.")
        found[key] = line.value
    if len(found) > _MAX_VARIABLES:
        raise ValueError(f"it has more than {_MAX_VARIABLES} variables.")
    return tuple(found.items())


def _architectures(fields: Mapping[str, Any]) -> tuple[str, ...]:
    marks = (("amd_only", "amd64"), ("arm_only", "arm64"))
    return tuple(name for mark, name in marks if is_true(fields.get(mark)))


def _time(value: Any) -> datetime | None:
    """An ISO date, with or without a time."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)
