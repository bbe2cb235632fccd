"""`homeport catalog`: the one-click types of the server that HOMEPORT_URL names."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from homeport.catalog import Catalog, Template
from homeport.catalog.search import search
from homeport.cli import output
from homeport.cli.client import Client, open_client
from homeport.cli.output import AsJson

app = typer.Typer(no_args_is_help=True, help="The one-click types a service can be made from.")


@app.command("list")
def list_types(
    text: Annotated[str, typer.Option("--search", "-s", help="Only types that match these words.")] = "",
    category: Annotated[str | None, typer.Option(help="Only types of this category.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only types with this tag.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the types, or search them."""
    with open_client() as client:
        types = _types(client)
    found = search(_catalog(types).values(), text, category, tag)
    if as_json:
        output.print_json([types[template.key] for template in found])
        return
    rows = [(t.key, ", ".join(t.category), t.slogan or "") for t in found]
    output.print_table(("Type", "Category", "What it is"), rows, empty="No type matches.")


@app.command("show")
def show_type(
    type_: Annotated[
        str, typer.Argument(metavar="TYPE", help="The key of a type, such as gitea-with-mysql.")
    ],
    compose: Annotated[
        bool, typer.Option("--compose", help="Print its compose file and nothing else.")
    ] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Show one type."""
    with open_client() as client:
        found = client.get(f"services/types/{output.segment(type_)}")
    if as_json:
        output.print_json(found)
    elif compose:
        typer.echo(found["compose"], nl=False)
    else:
        output.print_fields(
            {
                "Type": found["key"],
                "What it is": found.get("slogan"),
                "Category": ", ".join(found.get("category") or ()),
                "Tags": ", ".join(found.get("tags") or ()),
                "Port": str(found["port"]) if found.get("port") else None,
                "Documentation": found.get("documentation"),
                "Create it": f"homeport service create {found['key']}",
            }
        )


def _types(client: Client) -> dict[str, Mapping[str, Any]]:
    return {item["key"]: item for item in client.get("services/types")}


def _catalog(types: Mapping[str, Mapping[str, Any]]) -> Catalog:
    return Catalog(
        Template(
            key=key,
            compose="",
            slogan=item.get("slogan"),
            category=tuple(item.get("category") or ()),
            tags=tuple(item.get("tags") or ()),
        )
        for key, item in types.items()
    )
