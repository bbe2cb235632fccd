"""Which networks a component is on: those it names, and always the service's own.

The service's network is made before Compose runs, so that the proxy can be on it first; hence
`external`. A component with a `network_mode` is left as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeport.core.compose.labels import owned
from homeport.core.compose.load import Document
from homeport.core.compose.model import Scope


@dataclass(frozen=True, slots=True)
class Joined:
    """`lists` has the `networks:` of each component that gets some, `top_level` the section of the
    document, `networks` those that must exist before Compose runs."""

    lists: Mapping[str, Mapping[str, Any]]
    top_level: Mapping[str, Any]
    networks: tuple[str, ...]


def rewrite(document: Document, scope: Scope) -> Joined:
    """Raises ComposeRejected with the place. The document stays as it is."""
    declared = document.data.get("networks")
    if declared is not None and not isinstance(declared, dict):
        raise document.rejected("The networks of a compose file must be a map.", ("networks",))
    lists = {
        component: _joined(document, component, definition, scope.uuid)
        for component, definition in document.data["services"].items()
        if not isinstance(definition, dict) or definition.get("network_mode") is None
    }
    top_level = {name: _labelled(settings, scope.uuid) for name, settings in (declared or {}).items()}
    if lists:
        top_level[scope.uuid] = {"name": scope.uuid, "external": True}
    return Joined(lists, top_level, (scope.uuid,) if lists else ())


def _labelled(settings: Any, uuid: str) -> Any:
    """A network of which the document says labels has ours too, so that it cannot pass for another service's."""
    if not isinstance(settings, dict) or not settings.get("labels"):
        return settings
    return {**settings, "labels": owned(settings["labels"], uuid)}


def _joined(document: Document, component: str, definition: Any, own: str) -> dict[str, Any]:
    given = definition.get("networks") if isinstance(definition, dict) else None
    path = ("services", component, "networks")
    joined: dict[str, Any] = {}
    if isinstance(given, list):
        for number, name in enumerate(given):
            if not isinstance(name, str):
                raise document.rejected("The name of a network must be text.", (*path, number))
            joined[name] = None
    elif isinstance(given, dict):
        for name, settings in given.items():
            if settings is not None and not isinstance(settings, dict):
                raise document.rejected("A network of a component must be a map of settings.", (*path, name))
            joined[name] = settings
    elif given is not None:
        raise document.rejected("The networks of a component must be a list or a map.", path)
    return {**joined, own: joined.get(own)}
