"""What a render may cost. A small document can ask for much: aliases repeat long texts, references
multiply values, and every container gets the name of every other one."""

from collections.abc import Mapping
from typing import Any, Final

from homeport.core.compose.load import Document
from homeport.errors import ComposeRejected

MAX_COMPONENTS: Final = 200
MAX_VARIABLES: Final = 5000
MAX_TEXT: Final = 4 * 1024 * 1024
"""Characters of the document with its aliases expanded."""

MAX_VALUE: Final = 128 * 1024
"""What Linux takes as one variable of a process."""

MAX_VALUES: Final = 2 * 1024 * 1024
"""What Linux takes as all variables of a process; all of `.env` goes to every container."""


class Budget:
    """A number of characters that may be made by repetition, before a render is refused."""

    def __init__(self, limit: int, message: str, place: str | None = None) -> None:
        self._left = limit
        self._message = message
        self._place = place

    def spend(self, characters: int) -> None:
        """Raises ComposeRejected when nothing is left."""
        self._left -= characters
        if self._left < 0:
            raise ComposeRejected(self._message, place=self._place)


def check_size(document: Document) -> None:
    """Refuse a document that would grow out of proportion. Raises ComposeRejected."""
    services = document.data.get("services")
    if isinstance(services, dict) and len(services) > MAX_COMPONENTS:
        raise document.rejected(f"A service has at most {MAX_COMPONENTS} components.", ("services",))
    budget = Budget(
        MAX_TEXT, f"The compose file is larger than {MAX_TEXT >> 20} MiB with its aliases expanded."
    )
    waiting: list[Any] = [document.data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            budget.spend(len(value))
        elif isinstance(value, Mapping):
            waiting.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def check_count(variables: int) -> None:
    """Raises ComposeRejected when the document asks for too many variables."""
    if variables > MAX_VARIABLES:
        raise ComposeRejected(f"A service has at most {MAX_VARIABLES} variables.", place="services")
