"""Finds types by what a person types: the key first, then tags and category, then the slogan."""

import re
from collections.abc import Iterable

from homeport.catalog import Template

_WORD = re.compile(r"[a-z0-9]+")


def search(
    templates: Iterable[Template], text: str, category: str | None = None, tag: str | None = None
) -> list[Template]:
    """The types that every word of `text` matches, best first; all of them for an empty text.

    `category` and `tag` keep only the types that have exactly that one.
    """
    words = _WORD.findall(text.lower())
    kept = [
        template
        for template in templates
        if (category is None or category.lower() in template.category)
        and (tag is None or tag.lower() in template.tags)
    ]
    scored = ((_score(template, words), template) for template in kept)
    found = [(score, template) for score, template in scored if score is not None]
    return [template for score, template in sorted(found, key=lambda pair: (-pair[0], pair[1].key))]


def _score(template: Template, words: list[str]) -> int | None:
    """How well all the words match; None when one of them does not."""
    scores = [_score_word(template, word) for word in words]
    if not all(scores):
        return None
    whole = "".join(words)
    return sum(scores) + (100 if whole and whole == _compact(template.key) else 0)


def _score_word(template: Template, word: str) -> int:
    name = template.key.lower()
    rules = (
        (80, word in _WORD.findall(name)),
        (60, _compact(name).startswith(word)),
        (50, word in template.tags),
        (40, any(part.startswith(word) for part in _WORD.findall(name))),
        (35, word in _compact(name)),
        (30, word in template.category),
        (25, any(part.startswith(word) for tag in template.tags for part in _WORD.findall(tag))),
        (15, any(part.startswith(word) for part in _WORD.findall((template.slogan or "").lower()))),
        (5, any(word in part for part in (*template.tags, *template.category))),
    )
    return max((points for points, matches in rules if matches), default=0)


def _compact(text: str) -> str:
    return "".join(_WORD.findall(text.lower()))
