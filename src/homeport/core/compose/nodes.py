"""The values of a YAML document together with where they stand: what `load` builds from.

Which text becomes a number, and what `<<` means, is decided here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Protocol, cast

import yaml

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_FLOAT: Final = re.compile(r"-?[0-9]{1,17}\.[0-9]{1,17}(e[-+][0-9]{2,3})?")
_ENTRY: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*)(?:=(.*))?", re.DOTALL)
_CORE: Final = "tag:yaml.org,2002:"
_MERGE: Final = "<<"

Path = Sequence[str | int]


class Mark(Protocol):
    """A place in the text; everything counts from 0."""

    index: int
    line: int
    column: int


class NodeRejected(Exception):
    """What is wrong with a document, and where."""

    def __init__(self, message: str, mark: Mark) -> None:
        super().__init__(message)
        self.message = message
        self.line: int = mark.line
        self.column: int = mark.column


class Spot(NamedTuple):
    """Where in a collection something stands; for a map, `line` is the key's."""

    line: int
    node: "Node"


class Node:
    """One value. `size` counts the values in it with aliases expanded, `height` the levels of
    collections; `text` and `line` are a scalar's; `end` is the offset behind it (-1: none)."""

    __slots__ = ("children", "end", "height", "is_plain", "line", "mark", "size", "style", "text", "value")

    def __init__(self, value: Any, mark: Mark) -> None:
        self.value = value
        self.mark = mark
        self.line: int = mark.line
        self.text = ""
        self.is_plain = False
        self.style = ""
        self.end = -1
        self.size = 1
        self.height = 0
        self.children: dict[str, Spot] | list[Spot] | None = None

    def spot(self, step: str | int) -> Spot | None:
        children = self.children
        if isinstance(children, dict) and isinstance(step, str):
            return children.get(step)
        if isinstance(children, list) and isinstance(step, int) and 0 <= step < len(children):
            return children[step]
        return None

    def child(self, key: str) -> "Node | None":
        """The value of a map's entry; None for whatever has no such entry."""
        spot = self.spot(key)
        return spot.node if spot is not None else None

    def with_child(self, key: str, node: "Node") -> "Node":
        """The map with another value for a key that it has."""
        children = dict(self.children) if isinstance(self.children, dict) else {}
        children[key] = Spot(children[key].line, node)
        return map_of(children, self.mark)

    def spots(self) -> Iterator[tuple[str | int, Spot]]:
        if isinstance(self.children, dict):
            yield from self.children.items()
        elif self.children is not None:
            yield from enumerate(self.children)


def resolve(text: str) -> str | int | float | bool | None:
    """The value of a plain scalar; whatever would not print back identically stays text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    return text


def start_of(event: yaml.Event) -> Mark:
    return cast(Mark, event.start_mark)


def scalar_node(event: yaml.ScalarEvent) -> Node:
    text: str = event.value
    if "\0" in text:
        raise NodeRejected("character U+0000 is not allowed", start_of(event))
    is_plain = event.tag is None and event.implicit[0]
    node = Node(resolve(text) if is_plain else _tagged(event), start_of(event))
    node.text = text
    node.is_plain = is_plain
    node.style = event.style or ""
    node.end = cast(Mark, event.end_mark).index
    return node


def sequence_node(event: yaml.CollectionStartEvent, spots: list[Spot]) -> Node:
    _check_tag(event, "seq")
    return sequence_of(spots, start_of(event))


def map_node(event: yaml.CollectionStartEvent, keys: list[Node], spots: list[Spot]) -> Node:
    """A map whose `<<` are merged. One that merges nothing but a list *is* that list, as
    `volumes: {<<: *list}` means it."""
    _check_tag(event, "map")
    if any(key.is_plain and key.text == _MERGE for key in keys):
        return _merging_node(event, keys, spots)
    children: dict[str, Spot] = {}
    for key, spot in zip(keys, spots, strict=True):
        if key.text in children:
            raise _duplicate(key)
        children[key.text] = spot
    return map_of(children, start_of(event))


def map_of(children: dict[str, Spot], mark: Mark) -> Node:
    """A map of these entries."""
    node = Node({key: spot.node.value for key, spot in children.items()}, mark)
    node.children = children
    return _measured(node, children.values())


def sequence_of(spots: list[Spot], mark: Mark) -> Node:
    """A list of these items."""
    node = Node([spot.node.value for spot in spots], mark)
    node.children = spots
    return _measured(node, spots)


def _merging_node(event: yaml.CollectionStartEvent, keys: list[Node], spots: list[Spot]) -> Node:
    if len(keys) == 1 and _is_list_of_text(spots[0].node):
        return spots[0].node
    own: set[str] = set()
    children: dict[str, Spot] = {}
    for key, spot in zip(keys, spots, strict=True):
        if key.text in own:
            raise _duplicate(key)
        own.add(key.text)
        if key.is_plain and key.text == _MERGE:
            for name, merged in _merged(spot.node, key.mark):
                children.setdefault(name, merged)
        else:
            children[key.text] = spot
    return map_of(children, start_of(event))


def _merged(node: Node, mark: Mark) -> Iterator[tuple[str, Spot]]:
    if isinstance(node.children, dict):
        yield from node.children.items()
    elif _is_list_of_text(node):
        for spot in node.children or ():
            yield _entry(spot)
    elif isinstance(node.children, list) and all(spot.node.height for spot in node.children):
        for spot in node.children:
            yield from _merged(spot.node, spot.node.mark)
    else:
        raise NodeRejected('"<<" needs a map, a list of maps or a list of KEY=value', mark)


def _entry(spot: Spot) -> tuple[str, Spot]:
    """A list item `KEY=value` as an entry of the map that it is merged into."""
    found = _ENTRY.fullmatch(spot.node.text)
    if found is None:
        raise NodeRejected("a list can be merged into a map only if its items are KEY=value", spot.node.mark)
    node = Node(found.group(2) or "", spot.node.mark)
    node.text = node.value
    node.style = spot.node.style
    node.end = spot.node.end
    return found.group(1), Spot(spot.line, node)


def _is_list_of_text(node: Node) -> bool:
    return isinstance(node.children, list) and all(not spot.node.height for spot in node.children)


def _measured(node: Node, spots: Iterable[Spot]) -> Node:
    for spot in spots:
        node.size += spot.node.size
        node.height = max(node.height, spot.node.height)
    node.height += 1
    return node


def _tagged(event: yaml.ScalarEvent) -> Any:
    """The value of a scalar that is quoted, or has a tag of the core schema."""
    tag: str | None = event.tag
    if tag in (None, "!", _CORE + "str"):
        return event.value
    value = resolve(event.value)
    kinds = {"null": type(None), "bool": bool, "int": int, "float": float}
    expected = kinds.get(tag.removeprefix(_CORE)) if tag and tag.startswith(_CORE) else None
    if expected is None or type(value) is not expected:
        raise NodeRejected(f"the tag {_shown(tag)} is not allowed", start_of(event))
    return value


def _check_tag(event: yaml.CollectionStartEvent, kind: str) -> None:
    if event.tag not in (None, "!", _CORE + kind):
        raise NodeRejected(f"the tag {_shown(event.tag)} is not allowed", start_of(event))


def _shown(tag: str | None) -> str:
    return (tag or "").replace(_CORE, "!!")[:80]


def _duplicate(key: Node) -> NodeRejected:
    return NodeRejected(f'duplicate key "{key.text[:80]}"', key.mark)


def place(path: Path) -> str:
    """`services.web.ports[0]` for `("services", "web", "ports", 0)`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text
