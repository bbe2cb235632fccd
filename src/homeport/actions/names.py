"""Texts that people give to things, and the ids that things get."""

import re
import string
from collections.abc import Iterable

from homeport.actions.context import Context
from homeport.errors import FieldsRejected

ID_ALPHABET = string.ascii_lowercase + string.digits
_ID_LENGTH = 24
_FAIR_BYTES = 252
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(?!\s)[^>]*(?:>|\Z)", re.DOTALL)


def new_uuid(ctx: Context) -> str:
    """24 characters of a-z and 0-9.

    From one draw of bytes: a service gets a dozen of these. Bytes that would favour the first letters
    are left out; 40 bytes are too few for 24 letters about once in 10^11 times, so it is a loop.
    """
    text = ""
    while len(text) < _ID_LENGTH:
        text += "".join(ID_ALPHABET[byte % 36] for byte in ctx.random_bytes(40) if byte < _FAIR_BYTES)
    return text[:_ID_LENGTH]


def without_markup(text: str) -> str:
    """The text without HTML tags, an unclosed one included, and without white space around it."""
    return _TAG.sub("", text).strip()


def clean_description(text: str | None) -> str:
    """How a description is stored: null becomes ""."""
    return without_markup(text or "")


def clean_tags(names: Iterable[str] | None) -> tuple[str, ...]:
    """The names of tags as they are stored: no markup, lower-case, each once. Raises FieldsRejected."""
    cleaned = tuple(dict.fromkeys(without_markup(name).lower() for name in names or ()))
    if any(len(name) < 2 for name in cleaned):
        raise FieldsRejected({"tags": ["Each tag name must be at least 2 characters after sanitization."]})
    if any(len(name) > 255 for name in cleaned):
        raise FieldsRejected({"tags": ["Each tag name must not be greater than 255 characters."]})
    return cleaned
