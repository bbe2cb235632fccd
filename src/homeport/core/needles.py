"""Taking secret texts out of other texts, however many there are of both."""

from collections.abc import Iterable
from typing import Final

MASK: Final = "***"
SHORTEST: Final = 4
"""A shorter text is found everywhere, and hidden nowhere by hiding it."""


class Needles:
    """Texts that must not be shown. Those that are shorter than `SHORTEST` are left out.

    Looked up by their first characters and their lengths: thousands of values in a large file would take minutes
    if each was searched for on its own.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = frozenset(text for text in texts if len(text) >= SHORTEST)
        lengths: dict[str, set[int]] = {}
        for text in self._texts:
            lengths.setdefault(text[:SHORTEST], set()).add(len(text))
        self._lengths = {start: sorted(found, reverse=True) for start, found in lengths.items()}

    def hide(self, text: str) -> str:
        """The text with `***` for each stretch that such texts cover, also where they overlap or touch."""
        parts: list[str] = []
        shown_to = covered_to = 0
        for at in self._starts(text):
            end = self._end(text, at)
            if end <= covered_to:
                continue
            if at > covered_to or not parts:
                parts += (text[shown_to:at], MASK)
            shown_to = covered_to = end
        return "".join((*parts, text[shown_to:])) if parts else text

    def _starts(self, text: str) -> list[int]:
        lengths = self._lengths
        if not lengths:
            return []
        return [at for at in range(len(text) - SHORTEST + 1) if text[at : at + SHORTEST] in lengths]

    def _end(self, text: str, at: int) -> int:
        """Behind the longest text that begins here; 0 when none does."""
        lengths = self._lengths[text[at : at + SHORTEST]]
        return next((at + length for length in lengths if text[at : at + length] in self._texts), 0)
