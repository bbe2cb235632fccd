"""The `homeport` command: its groups, and THE table of exit codes.

    0  done
    1  refused or failed; the reason is on standard error
    2  the command line is wrong
  130  interrupted

Only the group that is called is imported: `homeport token create` does not pay for the client,
nor a client command for the server.
"""

import importlib
import os
import sys
from typing import Annotated, Final

import typer

from homeport.errors import HomeportError

FAILED: Final = 1
INTERRUPTED: Final = 130

CLIENT_GROUPS: Final = {
    "service": "Services: what you run.",
    "project": "Projects and their environments.",
    "server": "Servers: where services run.",
    "team": "Powers over its servers that the team has.",
    "catalog": "The one-click types.",
}
ADMIN_COMMANDS: Final = {
    "serve": "Run the API and the worker; the first start creates everything.",
    "worker": "Run a worker alone (PostgreSQL).",
    "migrate": "Bring the database to the newest schema.",
    "token": "API tokens.",
    "rotate-keys": "Encrypt all stored secrets with the first key of HOMEPORT_SECRET_KEY.",
    "doctor": "Check this installation, a line each.",
}


def command_line(wanted: str | None) -> typer.Typer:
    """The whole command line, with only the group or command named `wanted` ready to run; all have their help."""
    root = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Run services on servers you own.",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.callback()(options)
    for name, says in CLIENT_GROUPS.items():
        group = importlib.import_module(f"homeport.cli.{name}").app if name == wanted else typer.Typer()
        root.add_typer(
            group, name=name, help=says, rich_help_panel="Over HTTP (HOMEPORT_URL, HOMEPORT_TOKEN)"
        )
    if wanted in ADMIN_COMMANDS:
        root.add_typer(importlib.import_module("homeport.cli.admin").app)
    for name, says in ADMIN_COMMANDS.items():
        if wanted not in ADMIN_COMMANDS:
            root.command(name, help=says, rich_help_panel="On the machine itself")(_nothing)
    return root


def _nothing() -> None:
    """Stands in the help for a command that is not called."""


def _show_version(is_asked: bool) -> None:
    if is_asked:
        from homeport import __version__  # noqa: PLC0415 - reads the package's metadata

        typer.echo(f"homeport {__version__}")
        raise typer.Exit


def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Run services on servers you own."""


def main() -> None:
    """Run the command line and exit with a code of the table above."""
    wanted = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    try:
        command_line(wanted)(prog_name="homeport")
    except HomeportError as error:
        typer.echo(f"homeport: {error.message}", err=True)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of a pipe has gone (`| head`); nothing is wrong, and Python shall not complain at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
