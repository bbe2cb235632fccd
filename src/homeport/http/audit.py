"""The audit log: who did what. Entries of a change are written with it, in its transaction; those of refused
requests are written in batches, so that a flood of them costs no query each."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from homeport.core.permissions import Actor
from homeport.db.engine import Database
from homeport.db.instance import add_entries
from homeport.db.teams import touch_tokens

log = logging.getLogger(__name__)

_ENTRIES_AFTER_S: Final = 1.0
_USED_AFTER_S: Final = 60.0
_MAX_WAITING: Final = 5000


def entry(
    request: Request, ip: str, event: str, actor: Actor | None, context: Mapping[str, Any]
) -> dict[str, Any]:
    """A row of audit_entries. Every text is cut to its column, so that no request fails for its log."""
    return {
        "at": datetime.now(UTC),
        "event": event[:64],
        "ip": _text(ip, 64),
        "ua": _text(request.headers.get("user-agent"), 200),
        "user_id": actor.user_id if actor else None,
        "user_email": _text(actor.user_email, 255) if actor else None,
        "team_id": actor.team_id if actor else None,
        "token_id": actor.token_id if actor else None,
        "token_name": _text(actor.token_name, 255) if actor else None,
        "method": request.method[:8],
        "path": _text(request.url.path, 2048),
        "context": _plain(context),
    }


def _text(value: str | None, length: int) -> str | None:
    return None if value is None else value.replace("\0", "").encode("utf-8", "replace").decode()[:length]


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    """The context as plain JSON values; what JSON does not know becomes its text."""
    text = orjson.dumps(dict(context), default=str, option=orjson.OPT_NON_STR_KEYS)
    plain: dict[str, Any] = orjson.loads(text.replace(b"\\u0000", b""))
    return plain


class Batches:
    """What can wait is written later, in the background: audit entries after a second, times of last use after a
    minute, both at the end. Nothing is scheduled while there is nothing to write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries: list[dict[str, Any]] = []
        self._used: dict[int, datetime] = {}
        self._lost = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def add_entry(self, row: dict[str, Any]) -> None:
        if len(self._entries) >= _MAX_WAITING:
            self._lost += 1
            return
        self._entries.append(row)
        self._schedule("entries", _ENTRIES_AFTER_S)

    def add_use(self, token_id: int, at: datetime) -> None:
        self._used[token_id] = at
        self._schedule("used", _USED_AFTER_S)

    def _schedule(self, what: str, delay_s: float) -> None:
        if what not in self._timers:
            self._timers[what] = asyncio.get_running_loop().call_later(delay_s, self._start, what)

    def _start(self, what: str) -> None:
        self._timers.pop(what, None)
        task = asyncio.get_running_loop().create_task(self.flush())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def flush(self) -> None:
        """Write what waits. A failure is logged and loses the batch: the log must not grow without end."""
        entries, self._entries = self._entries, []
        used, self._used = self._used, {}
        if self._lost:
            log.warning(
                "%d audit entries were dropped: they came faster than they can be written", self._lost
            )
            self._lost = 0
        if not entries and not used:
            return
        try:
            async with self._database.write() as session:
                await add_entries(session, entries)
                if used:
                    await touch_tokens(session, used)
        except SQLAlchemyError:
            log.exception("audit entries could not be written")

    async def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        await asyncio.gather(*self._tasks)
        await self.flush()
