"""One component's settings laid over another's, by the rules that Compose has for `extends`.

Maps merge key by key, lists grow, texts are replaced. Where one thing may be written as a list or as
a map (`environment`, `labels`, `depends_on`, ...) both forms meet as one map. The rules are pinned
against the real Compose by tests/adapters/test_compose_extends.py. What is merged are nodes, not
values, so that each line and each comment is still found where it was written.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from homeport.core.compose.classify import port_texts
from homeport.core.compose.mounts import split_short
from homeport.core.compose.nodes import Node, Spot, map_of, sequence_of

Keys = tuple[str, ...]
"""Where in a component something stands: `("build", "args")`."""


class MergeRefused(Exception):
    """Two things that cannot become one. `keys` and `line` (from 1) are those of the upper one."""

    def __init__(self, keys: Keys, line: int, below: Node, above: Node) -> None:
        super().__init__(f"It is {_form(above)} here and {_form(below)} in what this component extends.")
        self.keys = keys
        self.line = line


def merge(below: Node, above: Node) -> Node:
    """The map of a component that has all of `below`, with `above` over it. Raises MergeRefused."""
    return _map(Spot(0, below), Spot(0, above), ()).node


def _merge(below: Spot, above: Spot, keys: Keys) -> Spot:
    if keys in _REPLACED or keys[:-1] == ("ulimits",):
        return above
    if above.node.value is None:
        return below
    if below.node.value is None:
        return above
    return _RULES.get(keys, _plain)(below, above, keys)


def _plain(below: Spot, above: Spot, keys: Keys) -> Spot:
    if isinstance(below.node.children, dict):
        return _map(below, above, keys)
    return _list(below, above, keys) if below.node.children is not None else above


def _map(below: Spot, above: Spot, keys: Keys) -> Spot:
    entries, others = below.node.children, above.node.children
    if not isinstance(entries, dict) or not isinstance(others, dict):
        raise MergeRefused(keys, above.line, below.node, above.node)
    merged = dict(entries)
    for key, spot in others.items():
        known = merged.get(key)
        merged[key] = spot if known is None else _merge(known, spot, (*keys, key))
    return Spot(above.line, map_of(merged, above.node.mark))


def _list(below: Spot, above: Spot, keys: Keys) -> Spot:
    """The items of both; one that stands for the same thing as an earlier one takes its place."""
    items, others = below.node.children, above.node.children
    if not isinstance(items, list) or not isinstance(others, list):
        raise MergeRefused(keys, above.line, below.node, above.node)
    return _listed(above, [*items, *others], _IDENTITIES.get(keys, repr))


def _listed(above: Spot, items: Iterable[Spot], identity: Callable[[Any], str]) -> Spot:
    merged: dict[str, Spot] = {}
    for item in items:
        merged[identity(item.node.value)] = item
    return Spot(above.line, sequence_of(list(merged.values()), above.node.mark))


def _texts(below: Spot, above: Spot, keys: Keys) -> Spot:
    """A list that may be written as one text."""
    return _list(_as_list(below), _as_list(above), keys)


def _pairs(below: Spot, above: Spot, keys: Keys) -> Spot:
    """`KEY=value` items or a map; a key's value is replaced, also by null."""
    below, above = _as_list(below), _as_list(above)
    if isinstance(below.node.children, list) and isinstance(above.node.children, list):
        return _listed(above, [*below.node.children, *above.node.children], _pair_key)
    entries = _as_map(below, keys, _pair) | _as_map(above, keys, _pair)
    return Spot(above.line, map_of(entries, above.node.mark))


def _hosts(below: Spot, above: Spot, keys: Keys) -> Spot:
    """`name=address` items or a map; a name keeps all its addresses."""
    lists = [
        list(_host_items(spot)) if isinstance(spot.node.children, dict) else spot.node.children
        for spot in (below, above)
    ]
    if not all(isinstance(items, list) for items in lists):
        raise MergeRefused(keys, above.line, below.node, above.node)
    return _listed(above, [item for items in lists for item in items or ()], _host_key)


def _names(fill: Mapping[str, Any] | None) -> Callable[[Spot, Spot, Keys], Spot]:
    """A list of names, or a map whose entries are `fill` for a name of a list."""

    def entries(spot: Spot, keys: Keys) -> Spot:
        if spot.node.children is None:
            raise MergeRefused(keys, spot.line, map_of({}, spot.node.mark), spot.node)
        named = _as_map(spot, keys, lambda item: [_filled(item, fill)])
        return Spot(spot.line, map_of(named, spot.node.mark))

    def rule(below: Spot, above: Spot, keys: Keys) -> Spot:
        if isinstance(below.node.children, list) and isinstance(above.node.children, list):
            return _list(below, above, keys)
        return _map(entries(below, keys), entries(above, keys), keys)

    return rule


def _build(below: Spot, above: Spot, keys: Keys) -> Spot:
    return _map(_as_build(below), _as_build(above), keys)


def _logging(below: Spot, above: Spot, keys: Keys) -> Spot:
    """Options belong to their driver."""
    given, wanted = below.node.child("driver"), above.node.child("driver")
    is_other = given is not None and wanted is not None and given.value != wanted.value
    return above if is_other else _map(below, above, keys)


def _as_list(spot: Spot) -> Spot:
    return spot if spot.node.children is not None else Spot(spot.line, sequence_of([spot], spot.node.mark))


def _as_build(spot: Spot) -> Spot:
    is_map = spot.node.children is not None
    return spot if is_map else Spot(spot.line, map_of({"context": spot}, spot.node.mark))


def _as_map(
    spot: Spot, keys: Keys, entries_of: Callable[[Spot], Iterable[tuple[str, Spot]]]
) -> dict[str, Spot]:
    children = spot.node.children
    if isinstance(children, dict):
        return dict(children)
    entries: dict[str, Spot] = {}
    for item in children or ():
        if isinstance(item.node.children, dict):
            entries.update(item.node.children)
        elif isinstance(item.node.value, str):
            entries.update(entries_of(item))
        elif item.node.value is not None:
            raise MergeRefused(keys, item.line, map_of({}, item.node.mark), item.node)
    return entries


def _pair(item: Spot) -> list[tuple[str, Spot]]:
    key, equals, value = str(item.node.value).partition("=")
    return [(key.strip(), _scalar(value if equals else None, item))]


def _filled(item: Spot, fill: Mapping[str, Any] | None) -> tuple[str, Spot]:
    if fill is None:
        return str(item.node.value), _scalar(None, item)
    settings = {key: _scalar(value, item) for key, value in fill.items()}
    return str(item.node.value), Spot(item.line, map_of(settings, item.node.mark))


def _scalar(value: Any, like: Spot) -> Spot:
    """A value that stands where `like` does, with the comment behind it."""
    node = Node(value, like.node.mark)
    node.style, node.end = like.node.style, like.node.end
    return Spot(like.line, node)


def _host_items(spot: Spot) -> Iterable[Spot]:
    for name, entry in spot.node.spots():
        addresses = entry.node.children if isinstance(entry.node.children, list) else [entry]
        for address in addresses:
            yield _scalar(f"{name}={address.node.value}", address)


def _host_key(value: Any) -> str:
    return str(value).replace("=", ":", 1)


def _pair_key(value: Any) -> str:
    return str(value).partition("=")[0].strip() if isinstance(value, str) else repr(value)


def _mount_key(value: Any) -> str:
    """The target of an entry of `volumes`."""
    target = value.get("target") if isinstance(value, dict) else split_short(str(value))[1]
    return str(target)


def _device_key(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("target"))
    source, _, rest = str(value).partition(":")
    return rest.partition(":")[0] or source


def _grant_key(folder: str) -> Callable[[Any], str]:
    """Where an entry of `configs` or `secrets` is mounted."""

    def key(value: Any) -> str:
        if not isinstance(value, dict):
            return f"{folder}/{value}"
        return str(value.get("target") or f"{folder}/{value.get('source')}")

    return key


def _port_key(value: Any) -> str:
    return ",".join(port_texts([value])) or repr(value)


def _path_key(value: Any) -> str:
    return str(value.get("path")) if isinstance(value, dict) else str(value)


def _form(node: Node) -> str:
    if isinstance(node.children, dict):
        return "a map"
    return "a list" if node.children is not None else "a single value"


_REPLACED: Final[frozenset[Keys]] = frozenset({("command",), ("entrypoint",), ("healthcheck", "test")})

_RULES: Final[Mapping[Keys, Callable[[Spot, Spot, Keys], Spot]]] = {
    **dict.fromkeys((("annotations",), ("environment",), ("labels",), ("sysctls",)), _pairs),
    **dict.fromkeys((("build", key) for key in ("additional_contexts", "args", "labels")), _pairs),
    ("deploy", "labels"): _pairs,
    ("extra_hosts",): _hosts,
    ("build", "extra_hosts"): _hosts,
    **dict.fromkeys(
        ((key,) for key in ("dns", "dns_opt", "dns_search", "env_file", "label_file", "tmpfs")), _texts
    ),
    ("depends_on",): _names({"condition": "service_started", "required": True}),
    ("networks",): _names(None),
    ("models",): _names(None),
    ("build",): _build,
    ("logging",): _logging,
}

_IDENTITIES: Final[Mapping[Keys, Callable[[Any], str]]] = {
    ("configs",): _grant_key(""),
    ("secrets",): _grant_key("/run/secrets"),
    ("devices",): _device_key,
    ("env_file",): _path_key,
    ("expose",): str,
    ("ports",): _port_key,
    ("tmpfs",): lambda value: str(value).partition(":")[0],
    ("volumes",): _mount_key,
}
