"""Variables as `.env` text, and pasted `.env` text as variables.

Compose's reader (compose-go's dotenv) unescapes nothing in single quotes, everything in double
quotes, expands `$` outside of single quotes, and looks for a closing quote by the single byte
before it. Each value is therefore written in the plainest of three forms that cannot be misread;
tests/adapters/test_compose_reads_back.py holds this against the real reader.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_BARE: Final = re.compile(r"[A-Za-z0-9_./:@%+=,-]*")
_ESCAPES: Final = {
    "\\": "\\0134",  # Octal: a closing quote must not follow a backslash, whatever that one means.
    '"': '\\"',
    "$": "\\$",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_ESCAPED: Final = re.compile(r'[\\"$\n\r\t]')
_LINE_END: Final = re.compile(r"\r\n|[\r\n]")
_COMMENT: Final = re.compile(r"\s#.*")


class Pasted(NamedTuple):
    """One line of pasted text."""

    key: str
    value: str
    comment: str | None


def dump(pairs: Sequence[tuple[str, str]]) -> str:
    """One `KEY=value` each, in order. Raises ValueError for a name or a NUL that no reader accepts."""
    return "".join(f"{_checked_key(key)}={_value(value)}\n" for key, value in pairs)


def parse_pasted(text: str) -> list[Pasted]:
    """What a person pasted, line by line; lines without `=` and comment lines are skipped.

    A quoted value ends at the next same quote and knows no escapes; behind it, and behind
    whitespace in an unquoted value, `#` starts a comment: `#` right behind `=` begins a value.
    """
    pasted = []
    for line in _LINE_END.split(text):
        if line.lstrip().startswith("#") or "=" not in line:
            continue
        key, _, rest = line.partition("=")
        if key.strip():
            pasted.append(Pasted(key.strip(), *_pasted_value(rest)))
    return pasted


def _checked_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} cannot be the name of a variable")
    return key


def _value(value: str) -> str:
    if _BARE.fullmatch(value):
        return value
    if "\0" in value:
        raise ValueError("a variable cannot hold a NUL character")
    if "'" not in value and "\r" not in value and not value.endswith("\\"):
        return f"'{value}'"
    return '"' + _ESCAPED.sub(lambda found: _ESCAPES[found.group()], value) + '"'


def _pasted_value(rest: str) -> tuple[str, str | None]:
    text = rest.strip()
    closing = text.find(text[0], 1) if text.startswith(('"', "'")) else -1
    if closing > 0:
        return text[1:closing], _comment(text[closing + 1 :])
    found = _COMMENT.search(rest)
    if found is None:
        return text, None
    return rest[: found.start()].strip(), _comment(found.group())


def _comment(text: str) -> str | None:
    _, mark, comment = text.partition("#")
    return comment.strip() or None if mark else None
