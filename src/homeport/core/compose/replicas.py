"""How many containers a component asks for: one is all that a name of its own allows."""

from collections.abc import Callable
from typing import Any

from homeport.core.compose.interpolate import substitute
from homeport.core.compose.load import Document, Path
from homeport.errors import ComposeRejected

Lookup = Callable[[str], str | None]


def check(document: Document, uuid: str, lookup: Lookup) -> None:
    """Raises ComposeRejected for the first component that asks for another number than one.

    `lookup` gives the value of a variable. What is no number is left to Compose.
    """
    for name, definition in document.data["services"].items():
        for value, path in _asked(definition):
            count = _number(value, lookup)
            if count is not None and count != 1:
                raise document.rejected(
                    f"{count:g} containers of {name} cannot run: Homeport gives each component one container, "
                    f"with the name {name}-{uuid}.",
                    ("services", name, *path),
                )


def _asked(definition: Any) -> list[tuple[Any, Path]]:
    if not isinstance(definition, dict):
        return []
    asked: list[tuple[Any, Path]] = [(definition.get("scale"), ("scale",))]
    deploy = definition.get("deploy")
    if isinstance(deploy, dict):
        asked.append((deploy.get("replicas"), ("deploy", "replicas")))
    return asked


def _number(value: Any, lookup: Lookup) -> float | None:
    if isinstance(value, str):
        try:
            value = float(substitute(value, lookup))
        except (ComposeRejected, ValueError):
            return None
    return value if isinstance(value, int | float) else None
