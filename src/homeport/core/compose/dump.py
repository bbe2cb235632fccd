"""From plain values to the YAML that Compose reads.

Compose's parser and ours do not agree on every plain scalar (`0o12`, `1e3`, `yes`), so a text is
written plain only when it cannot be anything but text in any YAML version. No anchors, no folded
lines, keys in the order given: equal values give equal bytes.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z/$](?:[A-Za-z0-9_./${}@+=,:-]*[A-Za-z0-9_./${}@+=,-])?")
_WORDS: Final = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_UNPRINTABLE: Final = re.compile(
    r"[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_COLLECTIONS: Final = (dict, list, tuple, Mapping)
_MAX_SIMPLE_KEY: Final = 1000
"""YAML 1.2 allows 1024 characters on one line before the colon."""


def dump(document: Mapping[str, Any]) -> str:
    """YAML text that reads back as exactly these values: maps with text keys, lists, text, numbers,
    bools and None. Raises TypeError for anything else."""
    if not document:
        return "{}\n"
    lines: list[str] = []
    _write_map(document, "", "", lines)
    lines.append("")
    return "\n".join(lines)


def _write_map(value: Mapping[str, Any], lead: str, indent: str, lines: list[str]) -> None:
    """Appends the lines of a map that is not empty; the first one begins with `lead` instead of `indent`."""
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"a key must be text, not {type(key).__name__}")
        head = _text(key)
        if len(head) > _MAX_SIMPLE_KEY:
            lines.append(f"{lead}? {head}")
            lead, head = indent, ""
        if isinstance(item, _COLLECTIONS) and item:
            lines.append(f"{lead}{head}:")
            inner = indent + "  "
            if isinstance(item, Mapping):
                _write_map(item, inner, inner, lines)
            else:
                _write_list(item, inner, inner, lines)
        else:
            lines.append(f"{lead}{head}: {_scalar(item)}")
        lead = indent


def _write_list(value: Sequence[Any], lead: str, indent: str, lines: list[str]) -> None:
    for item in value:
        if not (isinstance(item, _COLLECTIONS) and item):
            lines.append(f"{lead}- {_scalar(item)}")
        elif isinstance(item, Mapping):
            _write_map(item, lead + "- ", indent + "  ", lines)
        else:
            _write_list(item, lead + "- ", indent + "  ", lines)
        lead = indent


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f"'{value}'"
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    raise TypeError(f"a {type(value).__name__} cannot be written to a compose file")


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if _UNPRINTABLE.search(text) is None:
        return "'" + text.replace("'", "''") + "'"
    # JSON's escapes are YAML's; only what YAML counts as unprintable is still missing.
    return _UNPRINTABLE.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found.group()):04x}"
