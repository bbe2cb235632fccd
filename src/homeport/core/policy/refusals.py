"""What no grant allows: what makes Compose act on Homeport's own machine, or read what was never judged."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from homeport.core.commands.compose import COMPOSE_FILE, ENV_FILE
from homeport.core.compose.model import File
from homeport.core.policy.components import HARMLESS, JUDGES
from homeport.core.policy.paths import is_inside
from homeport.core.policy.values import Path, as_map, as_text, items

READ_TOO: Final = ("extends", "image")
"""Keys that ask for nothing, and whose values are looked at here."""

_RUNS_PROGRAMS: Final = {
    "provider": "Compose would run a program of Homeport's own machine for it.",
    "models": "Compose would run a program of Homeport's own machine for them.",
}


def refused(services: Mapping[str, Any], files: Sequence[File], folder: str) -> Iterator[tuple[str, Path]]:
    """Sentences and places; `services` are interpolated."""
    for name, definition in services.items():
        path: Path = ("services", name)
        for key, value in definition.items():
            if sentence := _problem(key, value):
                yield sentence, (*path, key)
    for file in files:
        is_own = any(is_inside(file.path, f"{folder}/{own}") for own in (COMPOSE_FILE, ENV_FILE))
        if is_own and file.content is not None:
            sentence = f"{file.path} is where Compose reads what to run. Give the file another name."
            yield sentence, ("services", file.component, "volumes")


def _problem(key: str, value: Any) -> str:
    if key in _RUNS_PROGRAMS:
        return f"The key {key} cannot be used: {_RUNS_PROGRAMS[key]}"
    if key == "extends" and as_text(as_map(value).get("file")):
        return (
            "A component cannot extend one of another file, which nobody has judged. Write it into this one."
        )
    if key == "image" and as_text(value).startswith("-"):
        return "The name of an image cannot begin with '-'."
    if key == "build" and any(context.startswith("-") for context in _contexts(value)):
        return "A build context cannot begin with '-'."
    if key in JUDGES or key in HARMLESS or key.startswith("x-"):
        return ""
    return f"Compose does not know the key {key[:80]} of a component."


def _contexts(value: Any) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield as_text(value)
        return
    yield as_text(value.get("context"))
    for item, _ in items(value.get("additional_contexts"), ()):
        texts = item.values() if isinstance(item, Mapping) else (as_text(item).partition("=")[2],)
        yield from (as_text(text) for text in texts)
