"""What `homeport doctor` looks at: everything that must hold for a deployment to work on this machine."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from homeport.db.engine import Database, open_database
from homeport.db.migrate import HEAD, current_revision
from homeport.db.rotation import count_by_key
from homeport.errors import HomeportError, SecretUnreadable
from homeport.remote.compose_cli import find_compose
from homeport.remote.engine import AiodockerEngine
from homeport.settings import Settings


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    is_ok: bool
    says: str


async def check_all(settings: Settings) -> list[Check]:
    """All checks, in the order in which trouble should be looked for. Nothing is changed."""
    return [
        _data_dir(settings),
        *await _database(settings),
        await _compose(),
        *await _engine(settings),
    ]


def _data_dir(settings: Settings) -> Check:
    mode = settings.data_dir.stat().st_mode & 0o777
    if mode & 0o077:
        return Check(
            "data dir", False, f"{settings.data_dir} can be read by others (mode {mode:o}): chmod 700 it"
        )
    return Check("data dir", True, str(settings.data_dir))


async def _database(settings: Settings) -> list[Check]:
    kind = "SQLite" if settings.is_sqlite else "PostgreSQL"
    database = open_database(settings.database_url, settings.secret_keys)
    try:
        revision = await current_revision(database)
        if revision is None:
            return [
                Check("database", False, f"{kind} does not answer or has no tables: run `homeport migrate`")
            ]
        if revision != HEAD:
            return [Check("database", False, f"{kind} has schema {revision}, this Homeport {HEAD}")]
        return [Check("database", True, f"{kind}, schema {revision}"), await _keys(database)]
    except SQLAlchemyError as error:
        return [Check("database", False, f"{kind}: {' '.join(str(error).split())}")]
    finally:
        await database.close()


async def _keys(database: Database) -> Check:
    try:
        current, older = await count_by_key(database)
    except SecretUnreadable as error:
        return Check("secrets", False, error.message)
    note = f"; {older} still need an older key: run `homeport rotate-keys`" if older else ""
    return Check("secrets", True, f"{current + older} stored values can be read{note}")


async def _compose() -> Check:
    try:
        program = await asyncio.to_thread(find_compose)
    except HomeportError as error:
        return Check("compose", False, error.message)
    return Check("compose", True, " ".join(program))


async def _engine(settings: Settings) -> list[Check]:
    engine = AiodockerEngine(settings.docker_socket)
    try:
        version = await engine.version()
        found = await engine.find_container(settings.proxy_container)
    except HomeportError as error:
        return [Check("engine", False, f"{settings.docker_socket}: {error.message}")]
    finally:
        await engine.close()
    checks = [
        Check("engine", True, f"{version.get('Version', 'unknown version')} at {settings.docker_socket}")
    ]
    if found is not None:
        is_running = bool(found["State"].get("Running"))
        says = "runs" if is_running else "is stopped; the next deployment starts it"
        return [*checks, Check("proxy", is_running, f"container {settings.proxy_container} {says}")]
    ports = (
        ("HOMEPORT_PROXY_HTTP_PORT", settings.proxy_http_port),
        ("HOMEPORT_PROXY_HTTPS_PORT", settings.proxy_https_port),
    )
    return [*checks, *(_port(name, port, _can_bind) for name, port in ports)]


def _port(name: str, port: int, can_bind: Callable[[int], bool]) -> Check:
    if can_bind(port):
        return Check("proxy", True, f"port {port} is free for it")
    return Check("proxy", False, f"port {port} is taken by another program: free it or set {name}")


def _can_bind(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - the proxy listens on all addresses
        except OSError:
            return False
    return True
