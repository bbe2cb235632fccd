"""Find and load templates: the one-click types."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from homeport.core.compose.model import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One one-click type: its key, its compose text, and the metadata of its file or entry.

    `port` is the container port of the main component, when the metadata names one. `source` is the shown
    name of where it came from: "homeport", a path, a URL, or "team". `architectures` are the machines that
    its images are made for, in the words of images (`amd64`, `arm64`); none: it does not say.
    `variables` are further variables of the service as (key, value), as `catalog.variables` reads them.
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
    dialect: Dialect = "template"
    architectures: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    updated_at: datetime | None = None


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
