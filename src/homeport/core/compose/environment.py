"""The environment of a component: what the document says, and what the container gets.

References stay as they were written: Compose resolves them from `.env`, where every variable of
the service stands, so that no secret is copied into the compose text. What is no reference is
escaped so that it arrives as it was meant.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeport.core.compose.interpolate import escape, escape_text, split, whole_reference
from homeport.core.compose.limits import Budget
from homeport.core.compose.load import Document, Path
from homeport.core.compose.magic import PREFIX, DomainName, domain_name
from homeport.core.compose.model import ComponentKind, ComponentState, Domain, Variable

Scalar = str | int | float | bool | None

CONTAINER_NAMES: Final = frozenset(
    {"COOLIFY_RESOURCE_UUID", "COOLIFY_CONTAINER_NAME", "COOLIFY_FQDN", "COOLIFY_URL"}
)
"""Variables that every container gets on its own; they are no variables of the service."""

# A `$` in one of these shapes never begins a reference, whatever follows it.
_CRYPT: Final = re.compile(
    r"(?<!\$)\$(?:2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}"
    r"|(?:1|5|6|apr1)\$(?:rounds=\d+\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{22,86}"
    r"|argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+)"
)
_PATH: Final = re.compile(r"/[A-Za-z0-9\-._~!*'+%@:=/]*")
_SHARED: Final = re.compile(r"\{\{\s*(team|project|environment|server)\.([A-Za-z_][A-Za-z0-9_.]*)\s*\}\}")

SharedValues = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of `environment`; `is_bare` for a list item without `=`."""

    key: str
    value: Scalar
    is_bare: bool = False

    @property
    def text(self) -> str | None:
        """The value if it is text, which alone can hold references."""
        return self.value if isinstance(self.value, str) else None


@dataclass(frozen=True, slots=True)
class Declaration:
    """A SERVICE_URL_*/SERVICE_FQDN_* key of an environment, and the path that its value asks for."""

    name: DomainName
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A component on its way through a render."""

    name: str
    definition: Mapping[str, Any]
    entries: tuple[Entry, ...]
    build_args: tuple[Entry, ...]
    kind: ComponentKind
    state: ComponentState | None

    @property
    def told(self) -> tuple[Entry, ...]:
        """All that may declare or refer to a variable: what is told to the container, and to its build."""
        return (*self.entries, *self.build_args)

    @property
    def declarations(self) -> Iterator[Declaration]:
        for entry in self.told:
            if name := domain_name(entry.key):
                yield Declaration(name, declared_path(entry.value))


def read_environment(document: Document, path: Path, environment: object) -> tuple[Entry, ...]:
    """The entries of an `environment` or `build.args` in any of its forms; a key that is given
    twice keeps its place and takes the later value. Raises ComposeRejected for nested values."""
    entries: dict[str, Entry] = {}
    for entry in _entries(environment):
        if not isinstance(entry.value, Scalar):
            raise document.rejected(
                "An environment variable must be a text, a number, true, false or null.",
                (*path, entry.key),
            )
        entries[entry.key] = entry
    return tuple(entries.values())


def _entries(environment: object) -> Iterator[Entry]:
    if isinstance(environment, Mapping):
        for key, value in environment.items():
            yield Entry(str(key), _meant(value))
        return
    items = environment if isinstance(environment, list) else [environment]
    for item in items:
        if isinstance(item, Mapping):
            yield from _entries(item)
        elif item is not None:
            key, equals, value = str(item).partition("=")
            yield Entry(key.strip(), _meant(value), is_bare=not equals)


def _meant(value: Any) -> Any:
    if not isinstance(value, str) or "$" not in value:
        return value
    return _CRYPT.sub(lambda match: escape(match.group()), value)


def declared_path(value: Scalar) -> str:
    """The path in `SERVICE_URL_APP=/path`; "" for every other value."""
    return value.rstrip("/") if isinstance(value, str) and _PATH.fullmatch(value) else ""


def with_shared(text: str, shared: SharedValues, replaced: Callable[[str], str]) -> str:
    """The text with its `{{team.X}}` references resolved; each value passes through `replaced`.
    An unknown one stays as it is."""
    if "{{" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        found = shared.get(match[1], {}).get(match[2])
        return match[0] if found is None else replaced(found)

    return _SHARED.sub(value, text)


def is_magic_reference(text: str) -> bool:
    """Whether a value begins with a reference to a SERVICE_* name."""
    return text.startswith(("$SERVICE_", "${SERVICE_"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a component's environment is written with.

    `own_urls` has the component's own URL for each SERVICE_URL_* key that asks for a path,
    `wanted` the keys that the document itself makes variables of.
    """

    uuid: str
    variables: Mapping[str, Variable]
    wanted: frozenset[str]
    domains: tuple[Domain, ...]
    own_urls: Mapping[str, str]
    component_names: Mapping[str, str]
    shared: SharedValues
    budget: Budget


def write_environment(draft: Draft, around: Surroundings) -> dict[str, Scalar]:
    """The `environment` of the output: declared keys first, then what every container gets."""
    own = container_variables(draft, around)
    written = {
        entry.key: _written(entry, own, around)
        for entry in draft.entries
        if not entry.key.startswith("SERVICE_FQDN_")
    }
    names: dict[str, Scalar] = dict(around.component_names)
    return written | {key: escape(value) for key, value in own.items()} | names


def container_variables(draft: Draft, around: Surroundings) -> dict[str, str]:
    """The COOLIFY_* variables of a component, less those that a person defined."""
    own = {
        "COOLIFY_RESOURCE_UUID": around.uuid,
        "COOLIFY_CONTAINER_NAME": f"{draft.name}-{around.uuid}",
    }
    if around.domains and draft.kind == "application":
        own["COOLIFY_FQDN"] = ",".join(domain.fqdn for domain in around.domains)
        own["COOLIFY_URL"] = ",".join(domain.public_url for domain in around.domains)
    return {key: value for key, value in own.items() if key not in around.variables}


def _written(entry: Entry, own: Mapping[str, str], around: Surroundings) -> Scalar:
    variable = around.variables.get(entry.key)
    if variable is not None and domain_name(entry.key):
        return _written_url(entry, variable, own, around)
    text = entry.text
    if text is None:
        return entry.value
    if not text:
        return _filled(entry, variable, around)
    if variable is not None and _is_overridden(entry.key, text, variable):
        return f"${{{entry.key}}}"
    return _written_text(text, own, around)


def _written_url(entry: Entry, variable: Variable, own: Mapping[str, str], around: Surroundings) -> Scalar:
    """A declared key holds its URL; a path becomes the whole URL (Q4)."""
    if not entry.value or declared_path(entry.value) or entry.value == "/":
        url = variable.value if variable.origin == "user" else around.own_urls.get(entry.key, variable.value)
        return escape(url or "")
    return _written_text(entry.text, own, around) if entry.text else entry.value


def _filled(entry: Entry, variable: Variable | None, around: Surroundings) -> str:
    """An empty value stays empty (Q6) unless the variable is the person's own or a magic one."""
    if variable is None:
        return ""
    is_persons = variable.origin == "user" and entry.key not in around.wanted
    return f"${{{entry.key}}}" if entry.is_bare or is_persons or entry.key.startswith(PREFIX) else ""


def _is_overridden(key: str, text: str, variable: Variable) -> bool:
    """Whether a person's value replaces what the document says (Q36): they edited the row that a
    `K=$SERVICE_...` item made, or emptied the one of `K=${K:-default}`."""
    if variable.origin != "user":
        return False
    if is_magic_reference(text):
        return True
    whole = whole_reference(text)
    return whole is not None and whole.name == key and whole.operator in ("-", ":-") and not variable.value


def _written_text(text: str, own: Mapping[str, str], around: Surroundings) -> str:
    def escaped(value: str) -> str:
        around.budget.spend(len(value))
        return escape(value)

    return with_shared(escape_text(_with_own(text, own)), around.shared, escaped)


def _with_own(text: str, own: Mapping[str, str]) -> str:
    """References to what only this container knows are resolved here: `.env` is everyone's."""
    if "COOLIFY_" not in text:
        return text
    parts = []
    for piece in split(text):
        value = own.get(piece.name) if piece.kind == "reference" else None
        parts.append(text[piece.start : piece.end] if value is None else escape(value))
    return "".join(parts)
