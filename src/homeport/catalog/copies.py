"""The last good copies of fetched catalogues, so that a start waits for nobody.

One file for each URL, named by the URL's hash: a URL may hold a password. The file's time of change is
when the copy was last known to be good.
"""

import hashlib
import logging
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

_FORMAT: Final = 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A catalogue document as it came, with the marks by which its server knows it again."""

    content: bytes = field(repr=False)
    etag: str | None = None
    last_modified: str | None = None


class Copies:
    """The copies in one folder, which is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, url: str) -> Path:
        return self._folder / f"{hashlib.sha256(url.encode()).hexdigest()}.json"

    def load(self, url: str) -> tuple[Copy, datetime] | None:
        """The copy and when it was last known to be good; None when there is none that can be read."""
        path = self.path(url)
        try:
            checked_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            head, _, content = path.read_bytes().partition(b"\n")
            marks = orjson.loads(head)
        except (OSError, ValueError):
            return None
        if not isinstance(marks, dict) or marks.get("format") != _FORMAT:
            return None
        return Copy(
            content=content, etag=marks.get("etag"), last_modified=marks.get("last_modified")
        ), checked_at

    def save(self, url: str, copy: Copy) -> None:
        """Replace the copy, whole or not at all. A disk that is full costs the copy, not the catalogue."""
        marks = {"format": _FORMAT, "etag": copy.etag, "last_modified": copy.last_modified}
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".new")
        except OSError as error:
            _log.warning("no copy of a catalogue can be kept: %s", error.strerror)
            return
        try:
            with open(handle, "wb") as file:
                file.write(orjson.dumps(marks) + b"\n" + copy.content)
            os.replace(name, self.path(url))  # noqa: PTH105 - the other paths here are names too
        except OSError as error:
            _log.warning("no copy of a catalogue can be kept: %s", error.strerror)
            with suppress(OSError):
                Path(name).unlink()

    def confirm(self, url: str, at: datetime) -> None:
        """The copy is still good."""
        with suppress(OSError):
            os.utime(self.path(url), (at.timestamp(), at.timestamp()))
