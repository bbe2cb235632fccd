"""A secret that cannot be printed by accident."""

from typing import Final


class Secret:
    """A text that shows itself only through `reveal()`: not in repr, str, f-strings, JSON or pickles."""

    __slots__ = ("_text",)
    MASK: Final = "••••••"

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Secret({self.MASK})"

    def __str__(self) -> str:
        return self.MASK

    def __format__(self, spec: str) -> str:
        return format(self.MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled: pass the id of the row that holds it")
