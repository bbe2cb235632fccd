"""Texts that break readers, and YAML that says them without our own writer."""

import json
import string
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st

_PLAIN: Final = frozenset(string.ascii_letters + string.digits + " _./:=+,-$(){}[]'#&*!|>%@`~?^;<")
_ODD: Final = "\t\n\r\x01\x7f\x85\xa0\u061c\u200b\u200f\u2028\u2029\u202e\ufeff\ufffdאع日é😀\U0010ffff"
LOOK_ALIKES: Final = (
    *(
        "yes",
        "no",
        "on",
        "off",
        "y",
        "N",
        "true",
        "False",
        "null",
        "~",
        "",
        "<<",
        "=",
        "-",
        "?",
        ":",
        "---",
        "...",
    ),
    *(
        "0o12",
        "012",
        "0x1F",
        "0b1",
        "1e3",
        "1_000",
        "1.0",
        "-0",
        ".5",
        "5.",
        ".inf",
        ".NaN",
        "+1",
        "12:30:45",
    ),
    *(
        "2001-01-01",
        "2001-12-14t21:59:43.10-05:00",
        "22222:22",
        "!!str",
        "!x y",
        "&a b",
        "*a",
        "@a",
        "`a`",
        "%x",
    ),
    *(
        "a: b",
        "a #b",
        "#a",
        "- a",
        "? a",
        "[a, b]",
        "{a: b}",
        "{",
        "]",
        "'",
        '"',
        "''",
        "|",
        ">-",
        "a:",
        ": a",
        " a",
    ),
    *(
        "a ",
        "\ta",
        "a\n",
        "\n",
        "\r\n",
        "a\\",
        "\\",
        "\\n",
        "\\'",
        "\\$",
        "a\\\nb",
        "export A=b",
        "A=b",
        "#\n'",
        "'\"$",
    ),
)
DOLLARS: Final = (
    *(
        "$",
        "$$",
        "$$$",
        "$x",
        "$X_1",
        "$$x",
        "$(id)",
        "$/",
        "$1",
        "$ a",
        "a$",
        "$'",
        '$"',
        "\\$x",
        "$\n",
        "$=",
        "$é",
    ),
    *(
        "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
        "$apr1$abcdefgh$abcdefghijklmnopqrstu0",
    ),
)
BRACES: Final = (
    "${",
    "${}",
    "${x}",
    "${x",
    "$${x}",
    "${x:-y}",
    "${x:?y}",
    "{{x}}",
    "${x:-${y}}",
    "${x:-'}'}",
    "}",
)
JSON_TEXTS: Final = (
    '{"a": "b\\"c", "d": ["\\\\", "\\n", null, 1e3]}',
    "[]",
    json.dumps({"key": "pa$$w'o\"rd", "nested": {"ünï": "\n"}}, indent=2, ensure_ascii=False),
)

LONG_TEXTS: Final = ("a'$\\\n é" * 600, "\\" * 3000, "'" * 3000, "$" * 2999, '"\n' * 1999)

pieces = st.sampled_from(
    (*LOOK_ALIKES, *DOLLARS, *JSON_TEXTS, *_ODD, "'", '"', "\\", "#", "=", ":", " ", "a")
)
letters = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
nasty = st.text(alphabet=st.sampled_from(list("'\"\\$#=: \n\r\ta0(`" + _ODD)), max_size=10)
texts = st.one_of(
    pieces,
    letters,
    nasty,
    st.builds("".join, st.lists(pieces, min_size=2, max_size=4)),
)
"""Any text that holds no opening of a reference: what it means does not depend on who reads `${`."""

any_texts = st.one_of(
    texts, st.sampled_from(BRACES), st.builds("".join, st.lists(pieces | st.sampled_from(BRACES)))
)
"""Any text at all."""


def as_yaml(value: Any) -> str:
    """One line of YAML for a value, with every text quoted and every odd character as a number."""
    if isinstance(value, str):
        return '"' + "".join(c if c in _PLAIN else f"\\U{ord(c):08x}" for c in value) + '"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"? {as_yaml(key)} : {as_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(as_yaml(item) for item in value) + "]"
    return json.dumps(value)


def doubled(text: str) -> str:
    """The text with which a Compose file says `text`."""
    return text.replace("$", "$$")
