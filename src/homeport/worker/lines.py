"""The lines of a deployment: stored as they come, in batches, without the service's secrets."""

import asyncio
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from homeport.core.commands import Line
from homeport.db.deployments import NewLine, add_lines, set_status
from homeport.db.engine import Database

FLUSH_AFTER_S: Final = 0.15
BATCH: Final = 200
MASK: Final = "***"
_SHORTEST_SECRET: Final = 6
_LONGEST_LINE: Final = 4096


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Replaces each of the secrets that has 6 characters or more; a secret of several lines line by line."""
    parts = {part.strip() for secret in secrets for part in (secret, *secret.splitlines())}
    known = sorted((part for part in parts if len(part) >= _SHORTEST_SECRET), key=len, reverse=True)
    if not known:
        return lambda text: text
    pattern = re.compile("|".join(map(re.escape, known)))
    return lambda text: pattern.sub(MASK, text)


class Lines:
    """Collects lines and writes them in batches: at once when there are many, else `FLUSH_AFTER_S` later."""

    def __init__(
        self,
        database: Database,
        deployment_id: int,
        *,
        now: Callable[[], datetime],
        secrets: Iterable[str] = (),
    ) -> None:
        self._database = database
        self._deployment_id = deployment_id
        self._now = now
        self.redact = redactor(secrets)
        self.step = "start"
        self._stored_step = ""
        self._waiting: list[NewLine] = []
        self._lock = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None

    def begin(self, step: str, sentence: str) -> None:
        """Note that a step begins; its sentence is a line too."""
        self.step = step
        self.add("step", sentence)

    async def take(self, line: Line) -> None:
        """What a command printed: an `OnLine`."""
        self.add(line.stream, line.text)

    def add(self, stream: Literal["out", "err", "step"], text: str) -> None:
        if not (text := text.strip()):
            return
        # NUL is the one character that PostgreSQL does not store.
        text = self.redact(text.replace("\0", "\ufffd"))[:_LONGEST_LINE]
        self._waiting.append(NewLine(at=self._now(), step=self.step, stream=stream, text=text))
        if self._timer is None or self._timer.done():
            self._timer = asyncio.create_task(self._flush_later())
        elif len(self._waiting) == BATCH:
            self._timer.cancel()
            self._timer = asyncio.create_task(self.flush())

    async def _flush_later(self) -> None:
        await asyncio.sleep(FLUSH_AFTER_S)
        await self.flush()

    async def flush(self) -> None:
        """Write what waits, and the step."""
        async with self._lock:
            if self._waiting or self._stored_step != self.step:
                async with self._database.write() as session:
                    await self.store(session)

    async def store(self, session: AsyncSession) -> None:
        """Write what waits as part of the caller's transaction."""
        waiting, self._waiting = self._waiting, []
        try:
            await add_lines(session, self._deployment_id, waiting)
            if self._stored_step != self.step:
                await set_status(session, self._deployment_id, now=self._now(), step=self.step)
                self._stored_step = self.step
        except BaseException:
            self._waiting = waiting + self._waiting
            raise

    async def close(self) -> None:
        """Stop the timer without writing: whoever ends the deployment stores the rest with its outcome."""
        if self._timer is not None and not self._timer.done():
            self._timer.cancel()
            await asyncio.gather(self._timer, return_exceptions=True)
