"""Texts that people give to things, and the ids that things get."""

import re
import string
from collections.abc import Iterable

from homeport.actions.context import Context
from homeport.errors import FieldsRejected

ID_ALPHABET = string.ascii_lowercase + string.digits
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(?!\s)[^>]*(?:>|\Z)", re.DOTALL)


def new_uuid(ctx: Context) -> str:
    """24 characters of a-z and 0-9."""
    return ctx.token(ID_ALPHABET, 24)


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
