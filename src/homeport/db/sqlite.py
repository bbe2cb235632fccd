"""A SQLite driver for SQLAlchemy's asyncio that runs statements where they are cheapest.

aiosqlite hands every call to a thread: four hops and about 130 µs for a statement that takes 10 µs.
A read in WAL mode waits for nobody, and neither does a statement of a transaction that holds the
write lock already, so those run on the event loop. What can wait, for another writer or for the
disk, runs in a thread: `BEGIN IMMEDIATE` and `COMMIT`. Two hops for a write, none for a read.

The class below has the shape that SQLAlchemy's aiosqlite dialect adapts (`async_creator`), so the
dialect, its types and its errors stay SQLAlchemy's own.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, Self

_BUSY_TIMEOUT_S = 30.0


class Cursor:
    """A cursor whose coroutines do not suspend, except to begin a write transaction."""

    __slots__ = ("_connection", "_cursor")

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._cursor = connection.raw.cursor()

    async def __aenter__(self) -> Self:
        return self

    @property
    def description(self) -> Any:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid

    @property
    def arraysize(self) -> int:
        return self._cursor.arraysize

    @arraysize.setter
    def arraysize(self, value: int) -> None:
        self._cursor.arraysize = value

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> Self:
        await self._connection.begin()
        self._cursor.execute(operation, parameters)
        return self

    async def executemany(self, operation: str, parameters: Sequence[Sequence[Any]]) -> Self:
        await self._connection.begin()
        self._cursor.executemany(operation, parameters)
        return self

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        return self._cursor.fetchmany(self._cursor.arraysize if size is None else size)

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    async def close(self) -> None:
        self._cursor.close()


class Connection:
    """One connection. With `thread` it is the writer's: its first statement begins an immediate transaction."""

    isolation_level = None

    def __init__(self, raw: sqlite3.Connection, thread: Executor | None) -> None:
        self.raw = raw
        self._thread = thread
        # SQLAlchemy's adapter asks for this name to see whether the connection is still open.
        self._connection: sqlite3.Connection | None = raw

    def cursor(self) -> Cursor:
        return Cursor(self)

    async def begin(self) -> None:
        """Take the write lock, unless this is a reader or holds it. A reader stays in autocommit: each statement
        sees the newest commit, as PostgreSQL's READ COMMITTED does."""
        if self._thread is not None and not self.raw.in_transaction:
            await self._in_thread(self._thread, self.raw.execute, "BEGIN IMMEDIATE")

    async def commit(self) -> None:
        if self._thread is not None and self.raw.in_transaction:
            await self._in_thread(self._thread, self.raw.commit)

    async def rollback(self) -> None:
        if self.raw.in_transaction:
            self.raw.rollback()

    async def create_function(self, *args: Any, **options: Any) -> None:
        self.raw.create_function(*args, **options)

    async def close(self) -> None:
        """Close in the writer's thread: after a cancelled BEGIN or COMMIT that may still run there."""
        if self._thread is None:
            self.stop()
        else:
            await self._in_thread(self._thread, self.stop)

    def stop(self) -> None:
        self._connection = None
        self.raw.close()

    @staticmethod
    async def _in_thread(thread: Executor, function: Callable[..., Any], *args: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(thread, function, *args)


def prepare(raw: sqlite3.Connection, *, is_reader: bool = False) -> None:
    """The pragmas of every connection, also those of the worker and of migrations."""
    raw.execute(f"PRAGMA busy_timeout={int(_BUSY_TIMEOUT_S * 1000)}")
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=NORMAL")
    raw.execute("PRAGMA foreign_keys=ON")
    # A page cache of 8 MiB a connection, and sorting in memory: the file of an installation fits.
    raw.execute("PRAGMA cache_size=-8192")
    raw.execute("PRAGMA temp_store=MEMORY")
    if is_reader:
        raw.execute("PRAGMA query_only=ON")


def opener(path: str, thread: Executor | None) -> Callable[..., Any]:
    """What `create_async_engine(async_creator=…)` takes: with `thread` writers, without it readers."""

    async def open_connection(*_: Any, **__: Any) -> Connection:
        raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT_S)
        try:
            prepare(raw, is_reader=thread is None)
        except BaseException:
            raw.close()
            raise
        return Connection(raw, thread)

    return open_connection
