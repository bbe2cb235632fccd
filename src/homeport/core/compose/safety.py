"""The checks that a compose file passes before anything else looks at it.

The sentences are upstream's, because clients show them. Nothing here reaches a shell; what is
refused is what could never have been meant as a path or a name.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from homeport.core.compose.interpolate import split
from homeport.core.compose.load import Document
from homeport.core.compose.mounts import split_short
from homeport.errors import ComposeRejected

_FORBIDDEN: Final = (
    ("`", "backtick (command substitution)"),
    ("$(", "command substitution"),
    ("${", "variable substitution with potential command injection"),
    ("|", "pipe operator"),
    ("&", "background/AND operator"),
    (";", "command separator"),
    ("\n", "newline (command separator)"),
    ("\r", "carriage return"),
    ("\t", "tab (token separator)"),
    (">", "output redirection"),
    ("<", "input redirection"),
)
_NAME_HINT: Final = "Service names must not contain shell metacharacters."
_VOLUME_HINT: Final = "Please use safe path names without shell metacharacters."
_TAIL: Final = re.compile(r"[/\w.-]*", re.ASCII)


def check(document: Document) -> None:
    """Raises ComposeRejected for the first name or volume that is not safe, in the order of the document."""
    services = document.data.get("services")
    if not isinstance(services, dict) or not services:
        raise ComposeRejected('Docker Compose file must contain a "services" section')
    for component, definition in services.items():
        path = ("services", component)
        if problem := _problem(component, "service name"):
            message = f"Invalid Docker Compose service name: {problem} {_NAME_HINT}"
            raise document.rejected(message, path)
        volumes = definition.get("volumes") if isinstance(definition, dict) else None
        for number, entry in enumerate(volumes if isinstance(volumes, list) else ()):
            _check_volume(document, entry, (*path, "volumes", number))


def _check_volume(document: Document, entry: Any, path: Sequence[str | int]) -> None:
    source: Any
    target: Any
    if isinstance(entry, str):
        source, target, _ = split_short(entry)
        form = "Invalid Docker volume definition"
    elif isinstance(entry, dict):
        source, target = entry.get("source"), entry.get("target")
        form = "Invalid Docker volume definition (array syntax)"
    else:
        return
    problem = _source_problem(source) if isinstance(source, str) else ""
    if not problem and isinstance(target, str):
        problem = _problem(target, "volume target")
    if problem:
        raise document.rejected(f"{form}: {problem} {_VOLUME_HINT}", path)


def _source_problem(source: str) -> str:
    """A source may begin with one `${...}`: then it is the default that becomes a path, and is checked."""
    if not source.startswith("${"):
        return _problem(source, "volume source")
    reference = next(split(source))
    if reference.kind != "reference" or not _TAIL.fullmatch(source, reference.end):
        return _problem(source, "volume source")
    return _source_problem(reference.argument) if reference.argument and "?" not in reference.operator else ""


def _problem(text: str, context: str) -> str:
    for forbidden, description in _FORBIDDEN:
        if forbidden in text:
            return (
                f"Invalid {context}: contains forbidden character '{forbidden}' ({description}). "
                "Shell metacharacters are not allowed for security reasons."
            )
    return ""
