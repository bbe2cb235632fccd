"""`homeport server`: the machines that services run on."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from homeport.cli import output
from homeport.cli.client import open_client
from homeport.cli.output import AsJson

app = typer.Typer(no_args_is_help=True, help="Servers: the machines that services run on.")


@app.command("list")
def list_servers(*, as_json: AsJson = False) -> None:
    """List the servers."""
    with open_client() as client:
        servers = client.get("servers")
    if as_json:
        output.print_json(servers)
        return
    rows = [(s["name"], _reach(s), s.get("ip"), s["uuid"]) for s in servers]
    output.print_table(("Name", "State", "Address", "Uuid"), rows, empty="There are no servers.")


@app.command("show")
def show_server(
    server: Annotated[
        str, typer.Argument(metavar="SERVER", help="Its name, its uuid, or the start of its uuid.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one server and what runs on it."""
    with open_client() as client:
        found = output.pick("server", server, client.get("servers"))
        full = client.get(f"servers/{found['uuid']}")
        resources = client.get(f"servers/{found['uuid']}/resources")
    if as_json:
        output.print_json({**full, "resources": resources})
        return
    output.print_fields(
        {
            "Name": full["name"],
            "State": _reach(full),
            "Address": f"{full['user']}@{full['ip']}:{full['port']}",
            "Proxy": str((full.get("proxy") or {}).get("type") or "") or None,
            "Wildcard domain": (full.get("settings") or {}).get("wildcard_domain"),
            "Uuid": full["uuid"],
        }
    )
    if resources:
        typer.echo()
        rows = [(item["name"], output.state(item.get("status")), item["uuid"]) for item in resources]
        output.print_table(("Service", "State", "Uuid"), rows, empty="")


def _reach(server: Mapping[str, Any]) -> Text:
    """`is_reachable` and `is_usable` are in the settings, and in lists beside them too."""
    settings = server.get("settings") or {}
    if not settings.get("is_reachable", server.get("is_reachable")):
        return Text.assemble(("■", "red"), " ", ("Unreachable", "red"))
    if not settings.get("is_usable", server.get("is_usable")):
        return Text.assemble(("▲", "yellow"), " ", ("Not usable", "yellow"))
    return Text.assemble(("●", "green"), " Ready")
