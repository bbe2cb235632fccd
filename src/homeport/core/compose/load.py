"""From the text of a compose file to plain values, without trusting the text.

Stock YAML loaders crash the process on 100 KB of `[[[[`, read `22222:22` as a number and
`restart: no` as False. Here PyYAML's C parser only finds the events. The composer below builds the
values from them without recursion: it counts depth, nodes and what aliases expand to, keeps as
text whatever would not print back identically (`0755`, `1.10`, `yes`, dates), and remembers where
everything stands.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

import yaml

from homeport.core.compose.extend import extended
from homeport.core.compose.nodes import (
    Node,
    NodeRejected,
    Path,
    Spot,
    map_node,
    map_of,
    place,
    scalar_node,
    sequence_node,
    start_of,
)
from homeport.errors import ComposeRejected

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 64
MAX_NODES: Final = 50_000
MAX_EXPANDED: Final = 200_000
MAX_DIRECTIVES: Final = 20
MAX_COMMENT: Final = 256
MAX_SPACED: Final = 50
MAX_SPACED_LENGTH: Final = 32 * 1024

# YAML 1.2, production c-printable; a byte order mark counts only in front.
_UNPRINTABLE: Final = re.compile(
    r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_DIRECTIVE: Final = re.compile(r"^%", re.MULTILINE)
_COMMENT: Final = re.compile(r"[ \t]+#[ \t]*([^\r\n]*)")
_BLOCK_STYLES: Final = ("|", ">")

__all__ = ["Document", "Path", "load", "place"]


def load(text: str) -> "Document":
    """The document, with every `extends` resolved. Raises ComposeRejected, with line and column, for
    whatever is no single safe document, and with the place for an `extends` that leads nowhere."""
    text = text.removeprefix("\ufeff")
    _check_text(text)
    spaces_left = MAX_SPACED if len(text) <= MAX_SPACED_LENGTH else 0
    while True:
        try:
            return _compose(text)
        # The parser's errors without a mark are about characters, and those are checked above.
        except yaml.MarkedYAMLError as error:
            spaced = _with_space(text, error)
            if spaced is None or spaces_left == 0:
                raise _not_yaml(text, error) from error
            text = spaced
            spaces_left -= 1


class Document:
    """A compose file as values. `data` is the top-level map, {} if there is none.

    Every key is text. Parts that the file shares through aliases are shared in `data` too, so it
    must not be changed.
    """

    def __init__(self, text: str, root: Node | None) -> None:
        self._text = text
        self._root = root
        self._services = root.child("services") if root is not None else None
        value = root.value if root is not None else None
        self.data: dict[str, Any] = value if isinstance(value, dict) else {}

    @property
    def components(self) -> Mapping[str, Spot]:
        """What stands in `services`; {} if that is no map."""
        children = self._services.children if self._services is not None else None
        return children if isinstance(children, dict) else {}

    def with_components(self, components: Mapping[str, Spot]) -> "Document":
        """The document with these in its `services`."""
        root, services = self._root, self._services
        if root is not None and services is not None:
            root = root.with_child("services", map_of(dict(components), services.mark))
        return Document(self._text, root)

    def line(self, path: Path) -> int | None:
        """The line (from 1) of what `path` leads to, or of the nearest thing around it."""
        line, node = None, self._root
        for step in path:
            spot = node.spot(step) if node is not None else None
            if spot is None:
                break
            line, node = spot.line, spot.node
        return line

    def rejected(self, message: str, path: Path) -> ComposeRejected:
        """The error to raise about what `path` leads to."""
        return ComposeRejected(message, place=place(path), line=self.line(path))

    @cached_property
    def comments(self) -> Mapping[tuple[str, str], str]:
        """The comments behind environment entries, by component and key."""
        return dict(self._comments())

    def _comments(self) -> Iterator[tuple[tuple[str, str], str]]:
        for component, spot in self.components.items():
            environment = spot.node.child("environment")
            for step, entry in environment.spots() if environment is not None else ():
                comment = self._comment_behind(entry.node)
                key = _variable_name(step, entry.node)
                if comment and key:
                    yield (component, key), comment

    def _comment_behind(self, node: Node) -> str:
        if node.style in _BLOCK_STYLES or node.end < 0:
            return ""
        found = _COMMENT.match(self._text, node.end)
        return found.group(1).strip()[:MAX_COMMENT] if found else ""


def _variable_name(step: str | int, node: Node) -> str:
    if isinstance(step, str):
        return step
    return node.value.partition("=")[0].strip() if isinstance(node.value, str) else ""


def _compose(text: str) -> Document:
    composer = _Composer()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            composer.take(event)
    except NodeRejected as problem:
        raise _rejected(problem.message, problem.line, problem.column) from None
    return Document(text, extended(composer.root))


def _with_space(text: str, error: yaml.MarkedYAMLError) -> str | None:
    """The text with a space after the colon in `{front:, back: x}`: YAML 1.2 ends a key there, the C
    parser, which knows 1.1, does not."""
    mark = error.problem_mark
    if mark is None or error.problem != "found unexpected ':'":
        return None
    behind = mark.index + 1
    return (
        f"{text[:behind]} {text[behind:]}" if text[behind : behind + 1] in (",", "[", "]", "{", "}") else None
    )


def _not_yaml(text: str, error: yaml.MarkedYAMLError) -> ComposeRejected:
    mark = error.problem_mark or error.context_mark
    at = (mark.line, mark.column) if mark is not None else (0, 0)
    problem = error.problem or "the text is no YAML"
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        problem = "a tab cannot indent, use spaces"
    return _rejected(problem, *at)


def _rejected(message: str, line: int, column: int) -> ComposeRejected:
    return ComposeRejected(f"Invalid YAML format: {message}", line=line + 1, column=column + 1)


def _check_text(text: str) -> None:
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise ComposeRejected(f"The compose file is larger than {MAX_BYTES // 1024} KiB.")
    if found := _UNPRINTABLE.search(text):
        before = text[: found.start()]
        line = before.count("\n")
        column = len(before) - (before.rfind("\n") + 1)
        raise _rejected(f"character U+{ord(found.group()):04X} is not allowed", line, column)
    # The C parser compares every directive with every other one.
    if len(_DIRECTIVE.findall(text)) > MAX_DIRECTIVES:
        raise _rejected("too many directives", 0, 0)


class _Frame:
    """A collection whose end has not come yet. `key` is the key that waits for its value."""

    __slots__ = ("event", "is_map", "key", "keys", "spots")

    def __init__(self, event: yaml.CollectionStartEvent) -> None:
        self.event = event
        self.is_map = isinstance(event, yaml.MappingStartEvent)
        self.key: Node | None = None
        self.keys: list[Node] = []
        self.spots: list[Spot] = []


class _Composer:
    """Takes events and builds nodes; `root` is the document's, None for an empty stream."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._documents = 0
        self._nodes = 0
        self._expanded = 0
        self._frames: list[_Frame] = []
        self._anchors: dict[str, Node | None] = {}

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._count(event)
            self._finish(scalar_node(event), event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self._frames.pop()
            self._finish(_collection_node(frame), frame.event)
        elif isinstance(event, yaml.AliasEvent):
            self._count(event)
            self._place(self._aliased(event), event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise NodeRejected("only one document is allowed", start_of(event))

    def _count(self, event: yaml.NodeEvent) -> None:
        self._nodes += 1
        self._expanded += 1
        if self._nodes > MAX_NODES:
            raise NodeRejected(f"more than {MAX_NODES} values", start_of(event))

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        self._count(event)
        if len(self._frames) >= MAX_DEPTH:
            raise NodeRejected(f"nested deeper than {MAX_DEPTH} levels", start_of(event))
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._frames.append(_Frame(event))

    def _finish(self, node: Node, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._place(node, event)

    def _aliased(self, event: yaml.AliasEvent) -> Node:
        name = event.anchor
        if name not in self._anchors:
            raise NodeRejected(f"found undefined alias {name!r}", start_of(event))
        node = self._anchors[name]
        if node is None:
            raise NodeRejected(f"alias {name!r} is inside of what it stands for", start_of(event))
        self._expanded += node.size
        if self._expanded > MAX_EXPANDED:
            raise NodeRejected(f"aliases expand to more than {MAX_EXPANDED} values", start_of(event))
        if len(self._frames) + node.height > MAX_DEPTH:
            raise NodeRejected(f"nested deeper than {MAX_DEPTH} levels", start_of(event))
        return node

    def _place(self, node: Node, event: yaml.NodeEvent) -> None:
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        if not frame.is_map:
            frame.spots.append(Spot(start_of(event).line + 1, node))
        elif frame.key is None:
            if node.height:
                raise NodeRejected("a key must be text", start_of(event))
            frame.key = node
        else:
            frame.keys.append(frame.key)
            frame.spots.append(Spot(frame.key.line + 1, node))
            frame.key = None


def _collection_node(frame: _Frame) -> Node:
    return (
        map_node(frame.event, frame.keys, frame.spots)
        if frame.is_map
        else sequence_node(frame.event, frame.spots)
    )
