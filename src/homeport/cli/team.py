"""`homeport team`: what the team may do to its servers."""

from typing import Annotated, Any

import typer

from homeport.cli import output
from homeport.cli.client import Client, CliError, open_client
from homeport.cli.output import AsJson

app = typer.Typer(no_args_is_help=True, help="The team: which powers over its servers it has.")
_PATH = "teams/current/grants"
Grant = Annotated[list[str], typer.Argument(metavar="GRANT...", help="Its name, such as host.mount.")]


@app.command("grants")
def list_grants(*, as_json: AsJson = False) -> None:
    """List all powers over a server, and which of them the team has."""
    with open_client() as client:
        _show(client.get(_PATH), as_json=as_json)


@app.command("grant")
def give(grants: Grant, *, as_json: AsJson = False) -> None:
    """Let the team have these powers; its owner's token with the ability root may."""
    with open_client() as client:
        _show(_put(client, {*_names(client), *grants}), as_json=as_json)


@app.command("revoke")
def take(grants: Grant, *, as_json: AsJson = False) -> None:
    """Take these powers from the team; what has them already is refused at its next deployment."""
    with open_client() as client:
        had = _names(client)
        if unknown := sorted(set(grants) - had):
            raise CliError(f"The team does not have {', '.join(unknown)}.")
        _show(_put(client, had - set(grants)), as_json=as_json)


def _names(client: Client) -> set[str]:
    return {item["grant"] for item in client.get(_PATH) if item["is_granted"]}


def _put(client: Client, grants: set[str]) -> Any:
    return client.put(_PATH, {"grants": sorted(grants)})


def _show(grants: Any, *, as_json: bool) -> None:
    if as_json:
        output.print_json(grants)
        return
    rows = [(item["grant"], "yes" if item["is_granted"] else "no", item["description"]) for item in grants]
    output.print_table(("Grant", "Granted", "What it allows"), rows, empty="There are no grants.")
