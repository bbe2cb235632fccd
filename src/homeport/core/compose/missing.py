"""`${V:?message}` and `${V?message}`: what a person has to fill in before Compose takes the file.

Asked is the output of a render, read as Compose will read it. The places are those of the document
that a person sees.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from homeport.core.compose.interpolate import Reference, references, substitute
from homeport.core.compose.load import Document, place
from homeport.core.compose.model import Missing
from homeport.errors import ComposeRejected

_SECTIONS: Final = ("services", "volumes", "networks", "configs", "secrets")
_OF_COMPOSE: Final = dict.fromkeys(("COMPOSE_PROJECT_NAME", "DOCKER_CONFIG", "DOCKER_HOST"), "set")
"""What Compose's own process has."""

Steps = tuple[str | int, ...]
Texts = Iterator[tuple[Steps, str]]


def required_places(document: Document) -> dict[str, Steps]:
    """Every variable that the document requires, with the first place that does."""
    places: dict[str, Steps] = {}
    for path, text in _texts(document.data):
        for reference in _required(text):
            places.setdefault(reference.name, path)
    return places


def required_outside(document: Document, *, is_label_read: bool) -> list[str]:
    """The variables that are required in what Compose reads of the document, environments aside.

    `is_label_read` says that Compose sees the references in labels.
    """
    found: dict[str, None] = {}
    for path, text in _texts(document.data):
        if not _is_dropped(path, is_label_read=is_label_read):
            found.update(dict.fromkeys(reference.name for reference in _required(text)))
    return list(found)


def find_missing(
    document: Document, output: Mapping[str, Any], values: Mapping[str, str], *, with_mounts: bool
) -> tuple[Missing, ...]:
    """The variables without which Compose refuses `output`, each once.

    `values` are those of `.env` that are set. `with_mounts` also asks the sources of the document's
    mounts, which a render replaces.
    """
    lookup = {**_OF_COMPOSE, **values}.get
    texts = [text for _, text in _texts(output)]
    if with_mounts:
        texts += [text for path, text in _texts(document.data) if _is_mount(path)]
    messages: dict[str, str] = {}
    for text in texts:
        for reference in _required(text):
            value = lookup(reference.name)
            if value is None or (not value and reference.operator == ":?"):
                messages.setdefault(reference.name, _message(reference, values))
    places = required_places(document) if messages else {}
    return tuple(
        Missing(
            key=key, message=message, place=_place(places.get(key)), line=document.line(places.get(key, ()))
        )
        for key, message in messages.items()
    )


def _required(text: str) -> Iterator[Reference]:
    """Those inside of arguments too: Compose reads an argument even when it does not need it."""
    if "?" in text:
        yield from (found for found in references(text) if found.operator.endswith("?"))


def _message(reference: Reference, values: Mapping[str, str]) -> str:
    argument = reference.argument or ""
    try:
        return substitute(argument, values.get)
    except ComposeRejected:
        return argument


def _texts(data: Mapping[str, Any]) -> Texts:
    for section in _SECTIONS:
        yield from _texts_in(data.get(section), (section,))


def _texts_in(value: Any, path: Steps) -> Texts:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts_in(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts_in(item, (*path, number))


def _is_mount(path: Steps) -> bool:
    return path[0] == "services" and path[2:3] == ("volumes",) and path[4:] in ((), ("source",))


def _is_dropped(path: Steps, *, is_label_read: bool) -> bool:
    """Whether a render reads the place on its own, or puts something of its own there."""
    if path[0] == "volumes":
        return path[2:3] == ("name",)
    if path[0] != "services":
        return False
    own = (path[2:3], path[2:4])
    if ("environment",) in own or ("build", "args") in own or ("container_name",) in own:
        return True
    if ("labels",) in own:
        return not is_label_read
    return path[2:3] == ("volumes",) and path[4:] == ("content",)


def _place(path: Steps | None) -> str | None:
    return None if path is None else place(path)
