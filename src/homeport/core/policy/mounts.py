"""What a component mounts, read as Compose reads it: variables first, then colons."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeport.core.policy.paths import absolute, reached
from homeport.core.policy.values import (
    Found,
    Ground,
    Path,
    as_map,
    as_text,
    is_on,
    is_surely_on,
    items,
)

_PATH_LIKE: Final = re.compile(r"[./~\\]|[^\W\d_]:")
_RELABELS: Final = frozenset(("z", "Z"))
_WITHOUT_SERVER: Final = ("tmpfs", "image")
_CONTAINER: Final = "container:"


@dataclass(frozen=True, slots=True)
class _Mount:
    kind: str
    source: str
    is_read_only: bool
    is_relabelled: bool


def volumes(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    for item, place in items(value, path):
        yield from _mounted(_mount(item), place, ground)


def written(value: Any, folder: str) -> Iterator[str]:
    """The paths of the server that a component's `volumes` let it write to."""
    for item, _ in items(value, ()):
        mount = _mount(item)
        if _is_of_server(mount) and not mount.is_read_only:
            yield absolute(mount.source, folder)


def volumes_from(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    for item, place in items(value, path):
        text = as_text(item)
        name = text.removeprefix(_CONTAINER).split(":")[0]
        if text.startswith(_CONTAINER) or name not in ground.components:
            what = f"mounts all volumes of the container {name}"
            yield Found("host.external", f"{_CONTAINER}{name}", place, what)


def env_file(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    for item, place in items(value, path):
        name = as_text(item.get("path") if isinstance(item, Mapping) else item)
        yield from read(name, place, ground)


def read(path: str, at: Path, ground: Ground) -> Iterator[Found]:
    """A path from which Compose itself reads."""
    if path:
        yield from reached(path, at, ground, what="reads", is_read_only=True, is_by_compose=True)


def _mounted(mount: _Mount, place: Path, ground: Ground) -> Iterator[Found]:
    if not _is_of_server(mount):
        return
    if mount.kind == "cluster":
        yield Found("host.external", mount.source, place, f"uses the cluster's volume {mount.source}")
        return
    yield from reached(
        mount.source,
        place,
        ground,
        is_read_only=mount.is_read_only,
        is_relabelled=mount.is_relabelled,
    )


def _is_of_server(mount: _Mount) -> bool:
    """Whether its source is a path or the cluster's; a named volume is judged where it is defined."""
    is_named = mount.kind == "volume" and not _PATH_LIKE.match(mount.source)
    return mount.source != "" and mount.kind not in _WITHOUT_SERVER and not is_named


def _mount(item: Any) -> _Mount:
    return _long(item) if isinstance(item, Mapping) else _short(as_text(item))


def _short(text: str) -> _Mount:
    """`source:target:options`. A single letter before a colon is a drive, to Compose on any system."""
    parts = text.split(":")
    if len(parts) > 1 and len(parts[0]) == 1 and parts[0].isalpha():
        parts[:2] = [":".join(parts[:2])]
    if len(parts) < 2:
        return _Mount("volume", "", is_read_only=False, is_relabelled=False)
    options = [option for part in parts[2:] for option in part.split(",")]
    modes = [option for option in options if option in ("ro", "rw")]
    kind = "bind" if _PATH_LIKE.match(parts[0]) else "volume"
    return _Mount(
        kind,
        parts[0],
        is_read_only=modes[-1:] == ["ro"],
        is_relabelled=not _RELABELS.isdisjoint(options),
    )


def _long(definition: Mapping[str, Any]) -> _Mount:
    bind = as_map(definition.get("bind"))
    source = as_text(definition.get("source"))
    kind = as_text(definition.get("type")) or ("bind" if _PATH_LIKE.match(source) else "volume")
    return _Mount(
        kind,
        source,
        is_read_only=is_surely_on(definition.get("read_only")) and bind.get("recursive") != "writable",
        is_relabelled=is_on(bind.get("selinux")),
    )
