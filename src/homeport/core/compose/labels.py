"""Labels: by them the engine's containers are found again, and by them Compose sees what changed.

No label of another system is emitted: one that runs on the same machine must not adopt our
containers. Ours cannot be set by the document, for the same reason.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from homeport.core.compose.dump import dump
from homeport.core.compose.interpolate import escape
from homeport.core.compose.model import Component, Rendered, Scope

PREFIX: Final = "homeport."
REVISION: Final = "homeport.revision"
FILES: Final = "homeport.files"
_DIGEST_LENGTH: Final = 12

Marks = Mapping[str, tuple[str, int]]
"""For each component the digest of its definition, and the revision in which it last changed."""


def user_labels(labels: object) -> list[str]:
    """The document's labels in list form: booleans as `true`/`false`, null as empty (Q23)."""
    return list(_user_labels(labels))


def _user_labels(labels: object) -> Iterator[str]:
    if isinstance(labels, Mapping):
        for key, value in labels.items():
            yield f"{key}={_text(value)}"
    elif isinstance(labels, list):
        for item in labels:
            if isinstance(item, Mapping):
                yield from _user_labels(item)
            elif item is not None:
                yield _text(item)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def reserved(labels: list[str]) -> list[str]:
    """Those labels of a document that only Homeport may set."""
    return [label for label in labels if label.startswith(PREFIX)]


def owned(given: object, uuid: str) -> Any:
    """The labels of a volume or a network with Homeport's own, which stand last and so are what counts: by them a
    service's things are found again when it is deleted."""
    own = {"homeport.managed": "true", "homeport.service": uuid}
    if isinstance(given, list):
        kept = [label for label in given if str(label).partition("=")[0] not in own]
        return [*kept, *(f"{key}={value}" for key, value in own.items())]
    return {**(given if isinstance(given, Mapping) else {}), **own}


def component_labels(labels: list[str], component: Component, scope: Scope) -> list[str]:
    """The document's labels and then our own, without the proxy's."""
    kept = [label for label in labels if not label.startswith(PREFIX)]
    if scope.is_label_escape_enabled:
        kept = [escape(label) for label in kept]
    return [*kept, *(f"{key}={value}" for key, value in _own(component, scope).items())]


def _own(component: Component, scope: Scope) -> dict[str, str]:
    return {
        "homeport.managed": "true",
        "homeport.service": scope.uuid,
        "homeport.component": component.name,
        "homeport.type": component.kind,
    }


def stamp(rendered: Rendered, previous: Marks, number: int) -> tuple[str, dict[str, tuple[str, int]]]:
    """The compose text of revision `number`, and the marks to store with it.

    A component that is the same as in `previous` keeps the number it had there, so that Compose
    leaves its containers alone; one of which anything changed gets the new number and is recreated.
    """
    components: dict[str, Any] = {}
    marks: dict[str, tuple[str, int]] = {}
    for name, definition in rendered.document["services"].items():
        digest = _digest(name, definition, rendered)
        before = previous.get(name)
        revision = before[1] if before is not None and before[0] == digest else number
        marks[name] = (digest, revision)
        stamps = [f"{REVISION}={revision}"]
        if content := _file_contents(name, rendered):
            stamps.append(f"{FILES}={_sha256(content)[:_DIGEST_LENGTH]}")
        components[name] = {**definition, "labels": [*_unstamped(definition), *stamps]}
    return dump({**rendered.document, "services": components}), marks


def _unstamped(definition: Mapping[str, Any]) -> list[str]:
    stamps = (f"{REVISION}=", f"{FILES}=")
    return [label for label in definition.get("labels", []) if not label.startswith(stamps)]


def _digest(name: str, definition: Mapping[str, Any], rendered: Rendered) -> str:
    """Of everything that makes a difference to a running container of this component."""
    shared = {
        section: rendered.document.get(section)
        for section in ("configs", "secrets")
        if definition.get(section)
    }
    return _sha256(
        {
            "definition": {**definition, "labels": _unstamped(definition)},
            "shared": shared,
            "files": _file_contents(name, rendered),
            "dotenv": rendered.dotenv if _reads_dotenv(definition) else None,
        }
    )


def _file_contents(name: str, rendered: Rendered) -> list[tuple[str, str, str]]:
    return sorted(
        (file.path, file.target, file.content)
        for file in rendered.files
        if file.component == name and file.is_managed and file.content is not None
    )


def _reads_dotenv(definition: Mapping[str, Any]) -> bool:
    files = definition.get("env_file") or []
    return any(file == ".env" or (isinstance(file, Mapping) and file.get("path") == ".env") for file in files)


def _sha256(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
