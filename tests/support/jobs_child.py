"""A worker process of its own, with jobs that only leave marks: `python -m tests.support.jobs_child URL FOLDER`.

For tests that kill it. A job writes `began-<id>-<pid>`, waits until a file `go` is there, writes `ended-<id>`.
"""

import asyncio
import os
import sys
from pathlib import Path
from uuid import uuid4

from dbos import DBOS

from homeport.db.engine import open_database
from homeport.worker.context import Context
from homeport.worker.jobs import Jobs
from homeport.worker.presence import Presence
from tests.support.app import RecordingHosts, settings_for

_FOLDER = Path(sys.argv[2]) if __name__ == "__main__" else Path()


@DBOS.workflow(name="mark", max_recovery_attempts=10)
async def mark(number: int) -> None:
    (_FOLDER / f"began-{number}-{os.getpid()}").touch()
    while not (_FOLDER / "go").exists():  # noqa: ASYNC110 - it is another process that makes it
        await asyncio.sleep(0.02)
    with (_FOLDER / f"ended-{number}").open("a") as file:
        file.write(f"{os.getpid()}\n")


async def main(url: str) -> None:
    settings = settings_for(url, _FOLDER)
    database = open_database(url, settings.secret_keys)
    executor = "main" if database.is_sqlite else f"w-{uuid4().hex[:12]}"
    jobs = Jobs(database.sync_url, executor, [mark])
    context = Context(database=database, settings=settings, hosts=RecordingHosts(), wake_jobs=jobs.wake)
    keeping = None if database.is_sqlite else await Presence(context, jobs, executor).start()
    await jobs.start()
    (_FOLDER / f"ready-{os.getpid()}").touch()
    await asyncio.Event().wait()
    del keeping


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
