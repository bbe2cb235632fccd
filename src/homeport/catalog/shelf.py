"""The catalogue as it is now: our own types and those of the sources, kept fresh while the process runs.

A start reads folders, documents, and the copies of what was fetched before; nothing waits for the network.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from homeport.catalog import Catalog, Template
from homeport.catalog.copies import Copies, Copy
from homeport.catalog.load import BUILT_IN
from homeport.catalog.sources import (
    Problem,
    Read,
    Source,
    SourceKind,
    parse_sources,
    read_document,
    read_local,
)
from homeport.errors import SourceFailed

EVERY: Final = timedelta(days=1)
AGAIN_AFTER: Final = timedelta(hours=1)
"""When a fetch that failed is tried again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A source as it is now. `types` can be used, `shadowed` of them have a key that another source wins.

    `fetched_at` is when it was last read, or was last known to be unchanged; `error` is why it could not be since.
    """

    name: str
    kind: SourceKind
    is_first: bool = False
    types: int = 0
    shadowed: int = 0
    fetched_at: datetime | None = None
    error: str | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Held:
    """A source, what was last read of it, and when it was last tried."""

    source: Source
    read: Read = field(default_factory=Read)
    copy: Copy | None = None
    fetched_at: datetime | None = None
    tried_at: datetime | None = None
    error: str | None = None
    task: "asyncio.Task[None] | None" = None

    @property
    def due_at(self) -> datetime:
        """When a URL is asked again: at once if it never answered, daily, sooner after a failure."""
        if self.error is not None and self.tried_at is not None:
            return self.tried_at + AGAIN_AFTER
        return self.fetched_at + EVERY if self.fetched_at else datetime.min.replace(tzinfo=UTC)


class Shelf:
    """Holds the current catalogue. `catalog` is replaced as a whole when a source has changed."""

    def __init__(self, own: Catalog, sources: Sequence[Source] = (), copies: Copies | None = None) -> None:
        """Reads the local sources and the copies. `copies` is needed for sources with a URL."""
        self._own = own
        self._copies = copies
        self._held = [_Held(source=source) for source in sources]
        for held in self._held:
            self._read_at_start(held)
        self._arrange()

    @classmethod
    def open(cls, own: Catalog, given: Sequence[str], folder: Path) -> "Shelf":
        """With the sources of HOMEPORT_CATALOG_SOURCES; copies are kept in `folder`. Raises SettingsInvalid."""
        return cls(own, parse_sources(given), Copies(folder))

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    @property
    def sources(self) -> tuple[SourceState, ...]:
        """The states, in the order in which the sources win."""
        return tuple(self._state(held) for held in self._ordered())

    async def refresh(self) -> tuple[SourceState, ...]:
        """Read every source again, all at once. A source that fails keeps what it had, with its error.

        Raises SourceFailed when there are sources and every one failed.
        """
        await self._renew(self._held)
        failed = [held for held in self._held if held.error is not None]
        if failed and len(failed) == len(self._held):
            raise SourceFailed(" ".join(f"{held.source.name}: {held.error}" for held in failed))
        return self.sources

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncIterator[None]:
        """While the block runs, URLs are asked again when they are due. Without any, nothing runs."""
        urls = [held for held in self._held if held.source.kind == "url"]
        task = asyncio.create_task(self._keep_fresh(urls)) if urls else None
        try:
            yield
        finally:
            tasks = [task, *(held.task for held in self._held)]
            running = [each for each in tasks if each is not None]
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _keep_fresh(self, urls: Sequence[_Held]) -> None:
        while True:
            now = datetime.now(UTC)
            due = [held for held in urls if held.due_at <= now]
            await self._renew(due)
            now = datetime.now(UTC)
            await asyncio.sleep(max(1.0, min((held.due_at - now).total_seconds() for held in urls)))

    async def _renew(self, chosen: Iterable[_Held]) -> None:
        """Who asks while a source is being read waits for the same answer."""
        tasks = []
        for held in chosen:
            if held.task is None or held.task.done():
                held.task = asyncio.create_task(self._read_again(held))
            tasks.append(asyncio.shield(held.task))
        await asyncio.gather(*tasks)

    async def _read_again(self, held: _Held) -> None:
        before = held.error
        try:
            if held.source.kind == "url":
                await self._fetch(held)
            else:
                held.read = await asyncio.to_thread(read_local, held.source)
        except SourceFailed as error:
            held.error = error.message
            if before != held.error:
                _log.warning("catalogue source %s: %s", held.source.name, error.message)
        except Exception:  # noqa: BLE001 - logged; it must not end the others, nor the daily look
            held.error = "It could not be read; the log says why."
            _log.exception("catalogue source %s", held.source.name)
        else:
            held.error, held.fetched_at = None, datetime.now(UTC)
            self._arrange()
        held.tried_at = datetime.now(UTC)

    async def _fetch(self, held: _Held) -> None:
        """Raises SourceFailed."""
        # Imported here: who names no URL does not pay for a client.
        from homeport.catalog.fetch import fetch  # noqa: PLC0415

        url, copy = held.source.place, held.copy
        answer = await fetch(
            url,
            etag=copy.etag if copy else None,
            last_modified=copy.last_modified if copy else None,
        )
        if answer.content is None:
            if copy is None:
                raise SourceFailed("It answers that nothing has changed, but nothing was fetched before.")
            if self._copies is not None:
                await asyncio.to_thread(self._copies.confirm, url, datetime.now(UTC))
            return
        held.read = await asyncio.to_thread(read_document, answer.content, held.source.name)
        # Only the marks stay in memory.
        held.copy = Copy(content=b"", etag=answer.etag, last_modified=answer.last_modified)
        if self._copies is not None:
            kept = Copy(content=answer.content, etag=answer.etag, last_modified=answer.last_modified)
            await asyncio.to_thread(self._copies.save, url, kept)

    def _read_at_start(self, held: _Held) -> None:
        try:
            if held.source.kind != "url":
                held.read, held.fetched_at = read_local(held.source), datetime.now(UTC)
            elif found := self._copies.load(held.source.place) if self._copies else None:
                copy, checked_at = found
                held.read = read_document(copy.content, held.source.name)
                held.copy = Copy(content=b"", etag=copy.etag, last_modified=copy.last_modified)
                held.fetched_at = checked_at
        except SourceFailed as error:
            held.error = error.message
        self._note(held)

    @staticmethod
    def _note(held: _Held) -> None:
        if held.error is not None:
            _log.warning("catalogue source %s: %s", held.source.name, held.error)
        if held.read.problems:
            count = len(held.read.problems)
            _log.warning("catalogue source %s: %d types cannot be used", held.source.name, count)

    def _ordered(self) -> list[_Held]:
        """The sources as they win: those marked first, our own, the others."""
        own = _Held(
            source=Source(kind="built-in", name=BUILT_IN, place=BUILT_IN),
            read=Read(tuple(self._own.values())),
        )
        return [
            *(held for held in self._held if held.source.is_first),
            own,
            *(held for held in self._held if not held.source.is_first),
        ]

    def _arrange(self) -> None:
        winners: dict[str, Template] = {}
        for held in self._ordered():
            for template in held.read.templates:
                winners.setdefault(template.key, template)
        self._catalog = Catalog(winners.values())

    def _state(self, held: _Held) -> SourceState:
        templates = held.read.templates
        return SourceState(
            name=held.source.name,
            kind=held.source.kind,
            is_first=held.source.is_first,
            types=len(templates),
            shadowed=sum(self._catalog[template.key] is not template for template in templates),
            fetched_at=held.fetched_at,
            error=held.error,
            problems=held.read.problems,
        )
