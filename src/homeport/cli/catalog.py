"""`homeport catalog`: the one-click types of the server that HOMEPORT_URL names, and a team's own among them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from homeport.cli import output
from homeport.cli.client import CliError, open_client
from homeport.cli.output import AsJson
from homeport.cli.services import Service, find_service

app = typer.Typer(no_args_is_help=True, help="The one-click types a service can be made from.")

Category = Annotated[str | None, typer.Option(help="Only types of this category.")]
Tag = Annotated[str | None, typer.Option(help="Only types with this tag.")]
From = Annotated[
    str | None, typer.Option("--source", help="Only types of this source: homeport, team, a path, a URL.")
]


@app.command("list")
def list_types(
    text: Annotated[str, typer.Option("--search", "-s", help="Only types that match these words.")] = "",
    category: Category = None,
    tag: Tag = None,
    source: From = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the types, where they come from, and which powers over the server they need."""
    _print_types(text, category, tag, source, as_json=as_json)


@app.command("search")
def search_types(
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="What it is, does, or is named.")],
    category: Category = None,
    tag: Tag = None,
    source: From = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Find types, the best first."""
    _print_types(" ".join(words), category, tag, source, as_json=as_json)


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
        if "compose" not in found:
            raise CliError(
                "This token may not read compose files; it needs the ability read:sensitive or root."
            )
        typer.echo(found["compose"], nl=False)
    else:
        output.print_fields(
            {
                "Type": found["key"],
                "What it is": found.get("slogan"),
                "Source": found.get("source"),
                "Category": _joined(found.get("category")),
                "Tags": _joined(found.get("tags")),
                "Port": str(found["port"]) if found.get("port") else None,
                "Machines": _joined(found.get("architectures")),
                "Needs": _joined(found.get("grants")),
                "Profiles": _joined(found.get("profiles")),
                "Problem": found.get("problem"),
                "Documentation": found.get("documentation"),
                "Create it": f"homeport service create {found['key']}",
            }
        )


@app.command("sources")
def list_sources(*, as_json: AsJson = False) -> None:
    """List the sources of types, the one that wins first, and what is wrong with them."""
    with open_client() as client:
        _print_sources(client.get("services/types/sources"), as_json=as_json)


@app.command("refresh")
def refresh(*, as_json: AsJson = False) -> None:
    """Read all sources again, and show how it went."""
    with open_client() as client:
        _print_sources(client.post("services/types/refresh"), as_json=as_json)


@app.command("save")
def save_type(
    service: Service,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key of the new type, such as our-wiki.")],
    *,
    slogan: Annotated[str | None, typer.Option(help="What it is, in a sentence.")] = None,
    documentation: Annotated[str | None, typer.Option(metavar="URL", help="Where it is described.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="A category; may be repeated.")] = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be repeated.")] = None,
    port: Annotated[int | None, typer.Option(help="The port of its main component.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a type of a service, for your team: of its compose file, without the values of its variables."""
    wanted = {
        "key": key,
        "slogan": slogan,
        "documentation": documentation,
        "category": category or None,
        "tags": tags or None,
        "port": port,
    }
    body = {name: value for name, value in wanted.items() if value is not None}
    with open_client() as client:
        found = find_service(client, service)
        made = client.post(f"services/{found['uuid']}/template", body)
    if as_json:
        output.print_json(made)
    else:
        output.say(f"{made['key']} is a type of your team. {made['message']}")


@app.command("remove")
def remove_type(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key of a type of your team.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Remove a type of your team. Services made of it stay."""
    with open_client() as client:
        answer = client.delete(f"services/types/{output.segment(key)}")
    if as_json:
        output.print_json(answer)
    else:
        output.say(f"The type {key} is removed.")


def _print_types(
    text: str, category: str | None, tag: str | None, source: str | None, *, as_json: bool
) -> None:
    with open_client() as client:
        found = client.get("services/types", search=text or None, category=category, tag=tag, source=source)
    if as_json:
        output.print_json(found)
        return
    rows = [(t["key"], _joined(t["category"]), t["slogan"], _source(t), _joined(t["grants"])) for t in found]
    output.print_table(("Type", "Category", "What it is", "Source", "Needs"), rows, empty="No type matches.")


def _source(type_: Mapping[str, Any]) -> str:
    return f"{type_['source']} (shadowed)" if type_["shadowed"] else str(type_["source"])


def _print_sources(sources: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        output.print_json(sources)
        return
    rows = [
        (source["name"], source["kind"], str(source["types"]), source["fetched_at"], source["error"])
        for source in sources
    ]
    output.print_table(("Source", "Kind", "Types", "Read", "Error"), rows, empty="There is no source.")
    for source in sources:
        for problem in source["problems"]:
            output.say(f"{source['name']}: {problem['name']}: {problem['message']}")


def _joined(items: Sequence[str] | None) -> str:
    return ", ".join(items or ())
