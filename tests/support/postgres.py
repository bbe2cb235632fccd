"""A PostgreSQL of our own: one cluster for the test run, on a unix socket, on a memory disk where there is one.

Nothing of it is durable, so a database from a template takes milliseconds.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from time import monotonic
from uuid import uuid4

import psycopg

_PREFIX = "homeport-pg-"
_SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "jit=off")


class PostgresMissing(RuntimeError):
    """PostgreSQL's server binaries are not installed."""


class Cluster:
    """A running cluster; `folder` has its socket."""

    def __init__(self, folder: Path, server: "subprocess.Popen[bytes]") -> None:
        self.folder = folder
        self.server = server

    def url(self, database: str) -> str:
        """As HOMEPORT_DATABASE_URL has it."""
        return f"postgresql+psycopg://homeport@/{database}?host={self.folder}"

    def create(self, database: str, template: str | None = None) -> str:
        """Make a database, as a copy of `template` if that is named; its URL."""
        source = f' TEMPLATE "{template}"' if template else ""
        self._execute(f'CREATE DATABASE "{database}"{source}')
        return self.url(database)

    def drop(self, database: str) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with psycopg.connect(
            f"host={self.folder} user=homeport dbname=postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        self.server.terminate()
        try:
            self.server.wait(10)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def ensure_cluster() -> Cluster:
    """The run's cluster, started at its first use and removed at the end."""
    programs = _programs()
    user = _unprivileged()
    memory = Path("/dev/shm")  # a memory disk
    parent = memory if memory.is_dir() and os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    _remove_orphans(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    if user is not None:
        os.chown(folder, user, -1)
    data = folder / "data"
    subprocess.run(
        [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "homeport",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C",
        ],
        check=True,
        capture_output=True,
        user=user,
        cwd=folder,
    )
    settings = [part for each in (*_SPEED, "listen_addresses=") for part in ("-c", each)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *settings],
            stdout=log,
            stderr=log,
            user=user,
            cwd=folder,
        )
    cluster = Cluster(folder, server)
    atexit.register(cluster.stop)
    _await_ready(cluster, programs)
    return cluster


def new_name(prefix: str = "t") -> str:
    return f"{prefix}_{uuid4().hex[:12]}"


def _remove_orphans(parent: Path) -> None:
    """Stop and remove the clusters of runs that were killed: the run's process id is in the folder's name."""
    for folder in parent.glob(f"{_PREFIX}*-*"):
        run = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not run.isdigit() or Path("/proc", run).exists():
            continue
        lock = folder / "data" / "postmaster.pid"
        try:
            server = int(lock.read_text().splitlines()[0])
            if str(folder).encode() in Path("/proc", str(server), "cmdline").read_bytes():
                os.kill(server, signal.SIGQUIT)
        except (OSError, ValueError, IndexError):
            pass  # It ended by itself, or never came up.
        shutil.rmtree(folder, ignore_errors=True)


def _await_ready(cluster: Cluster, programs: Path) -> None:
    """`pg_isready` answers at once while there is no socket, so it is asked until the server says yes or ends."""
    deadline = monotonic() + 30
    while monotonic() < deadline and cluster.server.poll() is None:
        ready = subprocess.run([programs / "pg_isready", "-h", cluster.folder, "-q"], check=False, timeout=30)
        if ready.returncode == 0:
            return
    raise PostgresMissing((cluster.folder / "log").read_text())


def _programs() -> Path:
    """The newest version's binaries, in Debian's place or on the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise PostgresMissing("PostgreSQL's server is not installed: apt-get install postgresql")
    return Path(on_path).parent


def _unprivileged() -> int | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise PostgresMissing("no unprivileged user to run PostgreSQL as")
