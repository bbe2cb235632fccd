"""Commands for the machine that Homeport runs on: they use its settings and its database, not its API."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from homeport.errors import SettingsInvalid
from homeport.settings import Settings, load_settings

if TYPE_CHECKING:
    from homeport.db.engine import Database

T = TypeVar("T")

_MAX_ID: Final = 2**31 - 1
_MAX_DAYS: Final = 36500

app = typer.Typer()
token_app = typer.Typer(no_args_is_help=True, help="API tokens.")
app.add_typer(token_app, name="token")


@app.command("serve")
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on (HOMEPORT_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on (HOMEPORT_PORT).")] = None,
) -> None:
    """Run the API and the worker; the first start creates everything."""
    # What a start makes stays: without the collector it is ready a tenth earlier, and later collections
    # pass over it.
    gc.disable()
    import uvicorn  # noqa: PLC0415 - only this command serves

    from homeport.app import create_app  # noqa: PLC0415

    settings = load_settings()
    log_to_stderr(settings)
    # Here and not only in the server's own start, which would tell of a wrong database in a traceback.
    _run(settings, _ready)
    config = uvicorn.Config(
        create_app(settings),
        host=host or settings.host,
        port=port or settings.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level=settings.log_level.lower(),
        # Who is behind a proxy is decided by HOMEPORT_TRUSTED_PROXIES.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    gc.enable()
    gc.freeze()
    server.run()
    if not server.started:
        raise SettingsInvalid("Homeport did not start; the reason is above.")


@app.command("worker")
def run_worker() -> None:
    """Run a worker alone, beside the processes that serve the API (PostgreSQL)."""
    settings = load_settings()
    log_to_stderr(settings)
    if settings.is_sqlite:
        raise SettingsInvalid(
            "With SQLite the worker runs in `homeport serve`; set HOMEPORT_DATABASE_URL to a PostgreSQL database."
        )
    _run(settings, _work)


@app.command("migrate")
def migrate_database() -> None:
    """Bring the database to the newest schema, and make what the first start makes."""
    _run(load_settings(), _ready)
    typer.echo("The database is up to date.")


@app.command("rotate-keys")
def rotate() -> None:
    """Encrypt all stored secrets with the first key of HOMEPORT_SECRET_KEY; then old keys may go."""
    from homeport.db.rotation import rotate_keys  # noqa: PLC0415

    changed = _run(load_settings(), rotate_keys)
    typer.echo(f"{changed} values were encrypted with the first key.")


@app.command("doctor")
def doctor() -> None:
    """Check this installation, a line each; exit 1 if something is wrong."""
    from homeport.cli.doctor import check_all  # noqa: PLC0415

    settings = load_settings()
    is_well = True
    for check in asyncio.run(check_all(settings)):
        typer.echo(f"{'ok ' if check.is_ok else 'BAD'}  {check.name}: {check.says}")
        is_well = is_well and check.is_ok
    if not is_well:
        raise SettingsInvalid("Something is wrong; see the lines that start with BAD.")


@token_app.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What or whom the token is for.")],
    *,
    ability: Annotated[list[str] | None, typer.Option(help="What it may do; may be repeated.")] = None,
    team: Annotated[int, typer.Option(min=0, max=_MAX_ID, help="The id of the team it acts in.")] = 0,
    expires_days: Annotated[
        int | None, typer.Option(min=1, max=_MAX_DAYS, help="Days until it ends; else it does not.")
    ] = None,
) -> None:
    """Make a token and print it, alone; it is shown only now."""
    from homeport.actions.tokens import create_token  # noqa: PLC0415
    from homeport.http.auth import digest_of, new_plain  # noqa: PLC0415
    from homeport.http.deps import random_text  # noqa: PLC0415

    def new_secret() -> tuple[str, str]:
        plain = new_plain(random_text)
        return plain, digest_of(plain)

    async def make(database: "Database") -> str:
        await _ready(database)
        async with database.write() as session:
            return await create_token(
                session,
                name=name,
                abilities=ability or ["read"],
                team_id=team,
                expires_days=expires_days,
                now=datetime.now(UTC),
                new_plain=new_secret,
            )

    typer.echo(_run(load_settings(), make))


@token_app.command("list")
def show_tokens() -> None:
    """List the tokens: id, name, team, abilities, when they were used and when they end."""
    from homeport.db.teams import list_tokens  # noqa: PLC0415

    async def read(database: "Database") -> None:
        await _ready(database)
        async with database.read() as session:
            for token in await list_tokens(session):
                used = f"{token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "never"
                ends = f"{token.expires_at:%Y-%m-%d %H:%M} UTC" if token.expires_at else "never"
                abilities = ",".join(token.abilities)
                typer.echo(
                    f"{token.id}\t{token.name}\tteam {token.team_id}\t{abilities}\tused {used}\tends {ends}"
                )

    _run(load_settings(), read)


@token_app.command("revoke")
def revoke(
    token_id: Annotated[
        int, typer.Argument(metavar="ID", min=0, max=_MAX_ID, help="The number before the bar.")
    ],
) -> None:
    """End a token. A running Homeport refuses it within five seconds."""
    from homeport.actions.tokens import revoke_token  # noqa: PLC0415

    async def end(database: "Database") -> None:
        await _ready(database)
        async with database.write() as session:
            await revoke_token(session, token_id)

    _run(load_settings(), end)


def log_to_stderr(settings: Settings) -> None:
    """One line an event, on standard error. Raises SettingsInvalid for a level that does not exist."""
    import logging  # noqa: PLC0415

    if settings.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise SettingsInvalid("HOMEPORT_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Alembic tells each step and httpx each request at INFO: nobody who runs a server wants to read that.
    for chatty in ("alembic", "httpx", "aiosqlite"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


async def _ready(database: "Database") -> None:
    from homeport.app import prepare_database  # noqa: PLC0415

    await prepare_database(database)


async def _work(database: "Database") -> None:
    """Work until SIGTERM or SIGINT."""
    import signal  # noqa: PLC0415

    from homeport.remote.hosts import Hosts  # noqa: PLC0415
    from homeport.worker.run import worker  # noqa: PLC0415

    settings = load_settings()
    await _ready(database)
    is_over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, is_over.set)
    hosts = Hosts(root=settings.server_root, socket=settings.docker_socket)
    try:
        async with worker(database, settings, hosts):
            await is_over.wait()
    finally:
        await hosts.close()


def _run(settings: Settings, do: Callable[["Database"], Awaitable[T]]) -> T:
    """Do something with the database in an event loop of its own. Raises SettingsInvalid for a database that is not
    there, or is none."""
    from sqlalchemy.exc import DatabaseError, OperationalError  # noqa: PLC0415

    from homeport.db.engine import open_database  # noqa: PLC0415

    async def run() -> T:
        database = open_database(settings.database_url, settings.secret_keys)
        try:
            return await do(database)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except DatabaseError as error:
        # Its other subclasses are mistakes of ours, whose traceback is wanted.
        if type(error) not in (DatabaseError, OperationalError):
            raise
        reason = " ".join(str(error.orig).split())
        raise SettingsInvalid(f"The database of HOMEPORT_DATABASE_URL cannot be used: {reason}") from error
