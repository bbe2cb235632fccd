"""The durable queue: what is promised of it, on both databases, with the private names of the job library that
it uses (a new version of the library that changes one of them fails here)."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from dbos import DBOS

from homeport.db.engine import Database, open_database
from homeport.errors import SettingsInvalid
from homeport.queue import enqueue, migrate_jobs
from homeport.settings import Settings
from homeport.worker.jobs import AT_ONCE, SAFETY_POLL_S, Jobs
from homeport.worker.run import worker
from tests.support.app import RecordingHosts

_ROOT = Path(__file__).parents[2]
_SOON_S = 20.0

only_sqlite = pytest.mark.parametrize("backend", ["sqlite"])
only_postgresql = pytest.mark.parametrize("backend", [pytest.param("postgresql", marks=pytest.mark.postgres)])


class Journal:
    """What the jobs of a test did, in order; each waits for `gate`."""

    def __init__(self) -> None:
        self.began: list[int] = []
        self.ended: list[int] = []
        self.gate = asyncio.Event()
        self.changed = asyncio.Condition()

    async def note(self, entries: list[int], number: int) -> None:
        async with self.changed:
            entries.append(number)
            self.changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(_SOON_S), self.changed:
            await self.changed.wait_for(condition)


_journals: list[Journal] = []
_wakes: list[Callable[[], None]] = []


@DBOS.workflow(name="test-note")
async def note(number: int) -> None:
    journal = _journals[-1]
    task = asyncio.current_task()
    assert task is not None
    task.add_done_callback(lambda _: _wakes[-1]())
    await journal.note(journal.began, number)
    await journal.gate.wait()
    await journal.note(journal.ended, number)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = open_database(settings.database_url, settings.secret_keys)
    yield database
    await database.close()


@pytest.fixture
def journal() -> Iterator[Journal]:
    _journals.append(Journal())
    yield _journals[-1]
    _journals.pop()


@asynccontextmanager
async def queue(database: Database) -> AsyncIterator[Jobs]:
    executor = "main" if database.is_sqlite else f"w-{uuid4().hex[:8]}"
    jobs = Jobs(database.sync_url, executor, [note])
    await jobs.start()
    _wakes.append(jobs.wake)
    try:
        yield jobs
    finally:
        _wakes.pop()
        await jobs.stop()


async def add(database: Database, *numbers: int, key: str = "a", job: str = "test-note") -> None:
    async with database.write() as session:
        for number in numbers:
            await enqueue(session, job, number, key=key, priority=number)


async def stored(database: Database, table: str = "workflow_status") -> list[dict[str, object]]:
    table = table if database.is_sqlite else f"dbos.{table}"
    async with database.read() as session:
        rows = await session.execute(sa.text(f"SELECT * FROM {table} ORDER BY workflow_uuid"))
        return [dict(row) for row in rows.mappings()]


async def test_a_job_is_committed_with_its_transaction_and_rolled_back_with_it(database: Database) -> None:
    await add(database, 1)
    with pytest.raises(ValueError, match="no"):
        await _add_and_fail(database)
    assert [row["workflow_uuid"] for row in await stored(database)] == ["test-note-1"]


async def _add_and_fail(database: Database) -> None:
    async with database.write() as session:
        await enqueue(session, "test-note", 2, key="a", priority=2)
        raise ValueError("no")


async def test_a_job_carries_its_id_and_nothing_else(database: Database) -> None:
    await add(database, 7, key="service-uuid")
    (row,) = await stored(database)
    (inputs,) = await stored(database, "workflow_input")
    assert json.loads(str(inputs["inputs"])) == {"positionalArgs": [7], "namedArgs": {}}
    assert row["queue_partition_key"] == "service-uuid"


async def test_enqueueing_twice_is_one_job(database: Database) -> None:
    await add(database, 1)
    await add(database, 1)
    assert len(await stored(database)) == 1


async def test_priorities_wrap_before_the_largest_that_is_possible(database: Database) -> None:
    await add(database, 2**31 - 1, 2**31)
    assert sorted(int(str(row["priority"])) for row in await stored(database)) == [1, 2**31 - 1]


async def test_a_ring_starts_a_job_long_before_the_safety_poll(database: Database, journal: Journal) -> None:
    assert SAFETY_POLL_S > _SOON_S
    async with queue(database) as jobs:
        for number in (1, 2, 3):
            await add(database, number, key=str(number))
            jobs.wake()
            await journal.until(lambda number=number: number in journal.began)  # type: ignore[misc]
        journal.gate.set()
        await journal.until(lambda: len(journal.ended) == 3)


async def test_jobs_of_one_key_run_one_at_a_time_in_order(database: Database, journal: Journal) -> None:
    async with queue(database) as jobs:
        await add(database, 11, 12, 13, key="a")
        await add(database, 21, key="b")
        jobs.wake()
        await journal.until(lambda: set(journal.began) == {11, 21})
        journal.gate.set()
        await journal.until(lambda: len(journal.ended) == 4)
    assert [number for number in journal.began if number < 20] == [11, 12, 13]
    assert [number for number in journal.ended if number < 20] == [11, 12, 13]


async def test_only_some_keys_run_at_once(database: Database, journal: Journal) -> None:
    async with queue(database) as jobs:
        for number in range(1, AT_ONCE + 3):
            await add(database, number, key=str(number))
        jobs.wake()
        await journal.until(lambda: len(journal.began) == AT_ONCE)
        jobs.wake()
        assert {row["status"] for row in await stored(database)} == {"PENDING", "ENQUEUED"}
        assert len(journal.began) == AT_ONCE
        journal.gate.set()
        await journal.until(lambda: len(journal.ended) == AT_ONCE + 2)


async def test_a_job_that_waits_while_nobody_works_begins_with_the_worker(
    database: Database, journal: Journal
) -> None:
    await add(database, 1)
    journal.gate.set()
    async with queue(database):
        await journal.until(lambda: journal.ended == [1])


async def test_an_idle_worker_has_one_thread_that_waits(database: Database) -> None:
    before = set(threading.enumerate())
    async with queue(database) as jobs:
        deadline = asyncio.get_running_loop().time() + _SOON_S
        while True:
            names = {thread.name.partition("_")[0] for thread in set(threading.enumerate()) - before}
            polling = {name for name in names if "queue" in name or "jobs" in name or "scheduler" in name}
            if polling == {"homeport-jobs"} or asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(0.05)
        assert polling == {"homeport-jobs"}
        assert jobs is not None


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    await asyncio.to_thread(migrate_jobs, database.sync_url)
    await asyncio.to_thread(migrate_jobs, database.sync_url)
    assert await stored(database) == []


@only_sqlite
async def test_a_sqlite_file_has_one_worker(database: Database, settings: Settings) -> None:
    async with worker(database, settings, RecordingHosts(), is_observing=False):
        with pytest.raises(SettingsInvalid, match="Another Homeport"):
            async with worker(database, settings, RecordingHosts(), is_observing=False):
                pass


# What follows kills real processes.


@contextmanager
def child(url: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.jobs_child", url, str(folder)],
        cwd=_ROOT,
        env=os.environ | {"PYTHONPATH": f"{_ROOT}:{_ROOT / 'src'}"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def until(condition: Callable[[], object]) -> None:
    """Another process can only be asked again and again."""
    async with asyncio.timeout(_SOON_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def count(folder: Path, pattern: str) -> int:
    return len(list(folder.glob(pattern)))


async def test_a_killed_worker_resumes_its_job_once(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    await add(database, 1, job="mark")
    with child(settings.database_url, tmp_path) as first:
        await until(lambda: count(tmp_path, "began-1-*"))
        first.send_signal(signal.SIGKILL)
        first.wait()
    (tmp_path / "go").touch()
    with child(settings.database_url, tmp_path) as second:
        await until((tmp_path / "ended-1").exists)
        assert (tmp_path / "ended-1").read_text().split() == [str(second.pid)]
        assert count(tmp_path, "began-1-*") == 2
        async with asyncio.timeout(_SOON_S):
            while not await _is_over(database):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def _is_over(database: Database) -> bool:
    return {row["status"] for row in await stored(database)} == {"SUCCESS"}


@only_postgresql
async def test_another_worker_takes_over_from_one_that_died(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    await add(database, 1, job="mark")
    with child(settings.database_url, tmp_path) as first:
        await until(lambda: count(tmp_path, "began-1-*"))
        with child(settings.database_url, tmp_path) as second:
            await until((tmp_path / f"ready-{second.pid}").exists)
            assert count(tmp_path, "began-1-*") == 1
            first.send_signal(signal.SIGKILL)
            first.wait()
            (tmp_path / "go").touch()
            await until((tmp_path / "ended-1").exists)
            assert (tmp_path / "ended-1").read_text().split() == [str(second.pid)]


@only_postgresql
async def test_a_worker_in_another_process_hears_of_a_job_at_the_commit(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "go").touch()
    with child(settings.database_url, tmp_path) as process:
        await until((tmp_path / f"ready-{process.pid}").exists)
        await add(database, 1, job="mark")
        await until((tmp_path / "ended-1").exists)
