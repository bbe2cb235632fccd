"""The database: one way to read, one way to write, on SQLite and on PostgreSQL.

Writers on SQLite queue at one lock, in this process, in front of one connection that begins with
`BEGIN IMMEDIATE`: with the driver's defaults concurrent read-then-write loses updates without an
error, and writers that meet at the file's lock poll for it with a p99 of a second.
Readers use other connections that cannot write, so that a read never waits for a writer.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from homeport.core.secret import Secret
from homeport.db.crypto import KeyRing
from homeport.db.sqlite import opener
from homeport.db.types import use_keys
from homeport.errors import SettingsInvalid

_READERS, _MORE_READERS = 4, 28  # More: those that wait for a deployment hold a session without using it.
_WRITERS, _MORE_WRITERS = 5, 5


class Database:
    """Gives sessions. `keys` is the ring that its Encrypted columns use."""

    def __init__(
        self,
        url: sa.URL,
        keys: KeyRing,
        *,
        writer: AsyncEngine,
        reader: AsyncEngine,
        thread: ThreadPoolExecutor | None,
    ) -> None:
        self.url = url
        self.keys = keys
        self.writer_engine = writer
        self.reader_engine = reader
        self._thread = thread
        self._lock = asyncio.Lock()
        self._writers = async_sessionmaker(writer, expire_on_commit=False)
        self._readers = async_sessionmaker(reader, expire_on_commit=False, autoflush=False)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def sync_url(self) -> str:
        """The URL for those that are not async: migrations and the job queue. It holds the password."""
        driver = "sqlite" if self.is_sqlite else "postgresql+psycopg"
        return self.url.set(drivername=driver).render_as_string(hide_password=False)

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session that cannot write; each of its statements sees what was committed before it."""
        return self._readers()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction: committed once on a clean exit, rolled back on an error.

        On SQLite nobody else writes meanwhile: keep it short and do not talk to a network in it.
        """
        async with self._write_lock(), self._writers() as session:
            yield session
            await session.commit()

    def _write_lock(self) -> AbstractAsyncContextManager[object]:
        return self._lock if self.is_sqlite else nullcontext()

    async def close(self) -> None:
        await self.reader_engine.dispose()
        await self.writer_engine.dispose()
        if self._thread is not None:
            self._thread.shutdown()


def open_database(url: str, keys: Sequence[Secret]) -> Database:
    """Make the engines; nothing connects before the first statement. Raises SettingsInvalid for weak keys and for what
    is no URL of a database."""
    parsed = _parse(url)
    ring = KeyRing([key.reveal() for key in keys])
    use_keys(ring)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, ring)
    return _open_postgresql(parsed, ring)


def _parse(url: str) -> sa.URL:
    """The reason is not shown: it quotes the URL, which may hold a password."""
    try:
        parsed = sa.make_url(url)
    except (ValueError, sa.exc.ArgumentError):
        raise SettingsInvalid("HOMEPORT_DATABASE_URL is not the URL of a database.") from None
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise SettingsInvalid("HOMEPORT_DATABASE_URL must name a file: sqlite:////folder/homeport.db.")
    return parsed


def _open_sqlite(url: sa.URL, ring: KeyRing) -> Database:
    thread = ThreadPoolExecutor(1, thread_name_prefix="homeport-writer")
    path = url.database or ""
    return Database(
        url,
        ring,
        thread=thread,
        writer=create_async_engine(
            url, async_creator=opener(path, thread), pool_size=1, max_overflow=0, pool_reset_on_return=None
        ),
        reader=create_async_engine(
            url,
            async_creator=opener(path, None),
            pool_size=_READERS,
            max_overflow=_MORE_READERS,
            pool_reset_on_return=None,
        ),
    )


def _open_postgresql(url: sa.URL, ring: KeyRing) -> Database:
    """Readers are in autocommit, which saves the BEGIN and ROLLBACK round trips of every read."""
    return Database(
        url,
        ring,
        thread=None,
        writer=create_async_engine(url, pool_size=_WRITERS, max_overflow=_MORE_WRITERS),
        reader=create_async_engine(
            url,
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
            pool_size=_READERS,
            max_overflow=_MORE_READERS,
            connect_args={"options": "-c default_transaction_read_only=on"},
        ),
    )
