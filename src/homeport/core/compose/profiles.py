"""`profiles`: which components of a document are part of the service.

One whose profiles are all not chosen is left out before anybody else looks, as if it were not
written; what needs it is told so. In what stays nothing is left of profiles, so that the chosen
ones need not be told to Compose again.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from homeport.core.compose.load import Document
from homeport.core.compose.nodes import Node, Path, Spot, map_of

ALL: Final = "*"
"""Stands for every profile, as it does for Compose."""

_MODES: Final = ("network_mode", "ipc", "pid")


def known_profiles(document: Document) -> tuple[str, ...]:
    """All that the document names, in the order in which they are met. Raises ComposeRejected for what is no name."""
    names = (profile for found in _profiles(document).values() for profile in found)
    return tuple(dict.fromkeys(names))


def choose(document: Document, chosen: Collection[str]) -> Document:
    """The document without the components that are not chosen, and without `profiles`.

    Raises ComposeRejected where something that stays needs something that goes.
    """
    profiles = _profiles(document)
    if not profiles:
        return document
    gone = {
        name: found
        for name, found in profiles.items()
        if found and ALL not in chosen and not set(found) & set(chosen)
    }
    kept = {
        name: Spot(spot.line, _kept(document, name, spot.node, gone))
        for name, spot in document.components.items()
        if name not in gone
    }
    if not kept:
        names = ", ".join(known_profiles(document))
        raise document.rejected(f"Every component is left out. Choose a profile: {names}.", ("services",))
    return document.with_components(kept)


def _profiles(document: Document) -> dict[str, tuple[str, ...]]:
    """The profiles of the components that say any."""
    return {
        name: _names(document, name, spot.node.child("profiles"))
        for name, spot in document.components.items()
        if spot.node.spot("profiles")
    }


def _names(document: Document, component: str, profiles: Node | None) -> tuple[str, ...]:
    value = profiles.value if profiles is not None else None
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise document.rejected("Profiles must be a list of names.", ("services", component, "profiles"))
    return tuple(value)


def _kept(document: Document, name: str, node: Node, gone: Mapping[str, Collection[str]]) -> Node:
    if not isinstance(node.children, dict):
        return node
    children = {key: spot for key, spot in node.children.items() if key != "profiles"}
    waived = set()
    for other, path, is_needed in _needs(node):
        if other not in gone:
            continue
        if is_needed:
            raise document.rejected(_sentence(name, other, gone[other]), ("services", name, *path))
        waived.add(other)
    if waived:
        children |= _without(children.pop("depends_on"), waived)
    return map_of(children, node.mark)


def _needs(node: Node) -> Iterator[tuple[str, Path, bool]]:
    """The names of other components that one refers to, where, and whether it cannot be without."""
    depends_on = node.child("depends_on")
    for step, spot in depends_on.spots() if depends_on is not None else ():
        if isinstance(step, str):
            required = spot.node.child("required")
            is_needed = required is None or required.value not in (False, "false")
            yield step, ("depends_on", step), is_needed
        else:
            yield str(spot.node.value), ("depends_on", step), True
    for key in ("links", "volumes_from"):
        items = node.child(key)
        for step, spot in items.spots() if items is not None else ():
            yield str(spot.node.value).partition(":")[0], (key, step), True
    for key in _MODES:
        mode = node.child(key)
        if mode is not None and str(mode.value).startswith("service:"):
            yield str(mode.value).removeprefix("service:"), (key,), True


def _without(depends_on: Spot, names: Collection[str]) -> dict[str, Spot]:
    left = {str(key): spot for key, spot in depends_on.node.spots() if key not in names}
    return {"depends_on": Spot(depends_on.line, map_of(left, depends_on.node.mark))} if left else {}


def _sentence(name: str, other: str, profiles: Collection[str]) -> str:
    known = ", ".join(profiles)
    return f"{name} needs {other}, which is left out because none of its profiles ({known}) is chosen."
