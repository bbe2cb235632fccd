"""Values as Compose gets them: with the variables of `.env` put in, whatever form they were written in.

A judge must not be fooled by spelling. What is doubtful counts as what would be worse.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeport.core.compose.interpolate import references, split, substitute
from homeport.core.compose.model import Component
from homeport.errors import ComposeRejected

Path = tuple[str | int, ...]
Lookup = Callable[[str], str | None]

_ENTRY: Final = re.compile(
    r"""([A-Za-z_][A-Za-z0-9_.-]*)=(?:'([^']*)'|"((?:\\.|[^"\\])*)"|([^\n'"]*))\n""", re.DOTALL
)
_ESCAPE: Final = re.compile(r"\\(0134|.)", re.DOTALL)
_ESCAPES: Final = {"0134": "\\", "n": "\n", "r": "\r", "t": "\t"}
_OFF: Final = frozenset(("", "false", "no", "off", "n", "f", "0"))
_ON: Final = frozenset(("true", "yes", "on", "y"))
_MAX_DEPTH: Final = 8
_OF_THE_PROCESS: Final = re.compile(r"PWD|DOCKER_(?:CONFIG|HOST)|(?:COMPOSE|DOCKER_CLI|OTEL)_.*", re.DOTALL)
"""Variables that Compose gives itself, or gets from the program that starts it. They win over those of `.env`, and
only it knows their values."""
_PROJECT_NAME: Final = "COMPOSE_PROJECT_NAME"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is the service's own. `components` are by name, those that the document defines. `files` are the
    paths in its folder at which somebody looks for links before they are mounted, `written` those that
    containers may write to."""

    folder: str
    uuid: str
    proxy: str
    socket: str
    components: Mapping[str, Component | None]
    files: frozenset[str]
    written: frozenset[str]

    def owns(self, name: str) -> bool:
        """Whether the engine's name of a network, volume or image is the service's."""
        return name == self.uuid or name.startswith((f"{self.uuid}_", f"{self.uuid}-"))


@dataclass(frozen=True, slots=True)
class Found:
    """Something that needs a grant. `what` is the part of a sentence behind its place.

    `is_by_compose` says that it is Compose that reads or writes there: on Homeport's own machine,
    whatever server the service is put on.
    """

    grant: str
    subject: str
    path: Path
    what: str
    is_by_compose: bool = False


def read_dotenv(text: str) -> dict[str, str]:
    """The text that `core.dotenv.dump` wrote as variables. Raises ValueError for any other."""
    values: dict[str, str] = {}
    at = 0
    while at < len(text):
        entry = _ENTRY.match(text, at)
        if entry is None:
            raise ValueError("this is no .env text of Homeport")
        key, single, double, bare = entry.groups()
        if double is not None:
            bare = _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), double)
        values[key] = single if single is not None else bare
        at = entry.end()
    return values


def compose_lookup(values: Mapping[str, str], *, uuid: str) -> Lookup:
    """What Compose knows, as far as it is known here: the name of the project, which wins, and `.env`."""
    return {**values, _PROJECT_NAME: uuid}.get


def interpolated(value: Any, lookup: Lookup) -> Any:
    """The value with every text in it as Compose reads it. Keys are never interpolated.

    Raises ComposeRejected for references nested so deep that nobody reads them to the end, and for those to
    variables of Compose's own process.
    """
    if isinstance(value, str):
        return _read(value, lookup)
    if isinstance(value, Mapping):
        return {key: interpolated(item, lookup) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [interpolated(item, lookup) for item in value]
    return value


def _read(text: str, lookup: Lookup) -> str:
    if "$" not in text:
        return text
    for reference in references(text):
        if reference.depth >= _MAX_DEPTH:
            raise ComposeRejected("Its variables are nested too deep to be judged.")
        if reference.name != _PROJECT_NAME and _OF_THE_PROCESS.fullmatch(reference.name):
            raise ComposeRejected(
                f"The variable {reference.name} cannot be used here: Compose's own process decides what it is."
            )
    return "".join(_read_piece(text[piece.start : piece.end], lookup) for piece in split(text))


def _read_piece(stretch: str, lookup: Lookup) -> str:
    """A required variable that has no value yet counts as empty: until it has one, nothing runs."""
    try:
        return substitute(stretch, lookup)
    except ComposeRejected:
        return ""


def as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_on(value: Any) -> bool:
    """Whether a switch could be on."""
    return as_text(value).lower() not in _OFF


def is_surely_on(value: Any) -> bool:
    return as_text(value).lower() in _ON


def as_map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def items(value: Any, path: Path) -> Iterator[tuple[Any, Path]]:
    """The entries of a list with their places; a single value counts as a list of one."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield item, (*path, number)
    elif value is not None:
        yield value, path


def pairs(value: Any, path: Path) -> Iterator[tuple[str, str, Path]]:
    """Key, value and place of the entries of a map or of a list of `key=value`."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield key, as_text(item), (*path, key)
        return
    for item, place in items(value, path):
        if isinstance(item, Mapping):
            yield from pairs(item, place)
        else:
            key, _, text = as_text(item).partition("=")
            yield key, text, place
