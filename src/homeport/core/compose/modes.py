"""Modes of files, in the form that Compose reads.

`0440` and `0o440` are numbers to Compose's YAML and text to ours, which keeps whatever would not
print back identically.
"""

import re
from collections.abc import Callable
from typing import Any, Final

_OCTAL: Final = re.compile(r"0o?([0-7]{1,9})")


def with_modes(definition: dict[str, Any]) -> dict[str, Any]:
    """The component with the modes of its configs and secrets as octal text, and those of its tmpfs
    mounts as numbers."""
    written = {
        key: [_with_mode(item, lambda digits: f"0{digits}") for item in definition[key]]
        for key in ("configs", "secrets")
        if isinstance(definition.get(key), list)
    }
    if isinstance(definition.get("volumes"), list):
        written["volumes"] = [_with_tmpfs(item) for item in definition["volumes"]]
    return definition | written


def _with_tmpfs(volume: Any) -> Any:
    if not isinstance(volume, dict) or not isinstance(volume.get("tmpfs"), dict):
        return volume
    return volume | {"tmpfs": _with_mode(volume["tmpfs"], lambda digits: int(digits, 8))}


def _with_mode(item: Any, written: Callable[[str], str | int]) -> Any:
    mode = item.get("mode") if isinstance(item, dict) else None
    found = _OCTAL.fullmatch(mode) if isinstance(mode, str) else None
    return item if found is None else item | {"mode": written(found[1])}
