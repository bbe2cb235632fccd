"""Find and load templates: the one-click types."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One one-click type: its key, its compose text, and the metadata header of its file.

    `port` is the container port of the main component, when the header names one.
    """

    key: str
    compose: str = field(repr=False)
    documentation: str | None = None
    slogan: str | None = None
    category: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    logo: str | None = None
    port: int | None = None
    minversion: str | None = None
    source: str = "homeport"


class Catalog(Mapping[str, Template]):
    """The templates by key, sorted."""

    def __init__(self, templates: Iterable[Template]) -> None:
        self._templates = {t.key: t for t in sorted(templates, key=lambda t: t.key)}

    def __getitem__(self, key: str) -> Template:
        return self._templates[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._templates)

    def __len__(self) -> int:
        return len(self._templates)
