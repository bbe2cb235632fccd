"""`homeport service env`: the variables of a service. Values are masked unless --show is given."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from homeport.cli import output
from homeport.cli.client import Client, CliError, open_client
from homeport.cli.output import AsJson
from homeport.core.dotenv import parse_pasted

app = typer.Typer(no_args_is_help=True, help="The variables of a service.")

Service = Annotated[
    str, typer.Argument(metavar="SERVICE", help="Its name, its uuid, or the start of its uuid.")
]


@app.command("list")
def list_variables(
    service: Service,
    show: Annotated[bool, typer.Option("--show", help="Show the values.")] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """List the variables."""
    with open_client() as client:
        variables = client.get(f"services/{_service(client, service)['uuid']}/envs")
    if as_json:
        output.print_json(variables if show else [_without_value(item) for item in variables])
        return
    rows = [(item["key"], _shown(item, show=show), _note(item)) for item in variables]
    output.print_table(("Key", "Value", "Note"), rows, empty="It has no variables.")


@app.command("set")
def set_variables(
    service: Service,
    pairs: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="One or more.")],
    literal: Annotated[bool, typer.Option("--literal", help="Take $ in the values as it stands.")] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Create or change variables."""
    items: list[dict[str, Any]] = []
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise CliError(f"A variable is given as KEY=VALUE, not {pair!r}.")
        items.append({"key": key.strip(), "value": value} | ({"is_literal": True} if literal else {}))
    _store(service, items, as_json=as_json)


@app.command("unset")
def unset_variables(
    service: Service,
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="One or more.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Remove variables."""
    with open_client() as client:
        found = _service(client, service)
        path = f"services/{found['uuid']}/envs"
        uuids = {item["key"]: item["uuid"] for item in client.get(path)}
        if missing := [key for key in keys if key not in uuids]:
            raise CliError(f"{found['name']} has no variable {', '.join(missing)}. Nothing was removed.")
        for key in keys:
            client.delete(f"{path}/{uuids[key]}")
    if as_json:
        output.print_json({"removed": keys})
    else:
        _say_changed(str(found["name"]), len(keys), "removed")


@app.command("import")
def import_variables(
    service: Service,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A .env file; - reads standard input.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Create or change the variables that a .env file has."""
    items: list[dict[str, Any]] = [
        {"key": key, "value": value} | ({"comment": comment} if comment else {})
        for key, value, comment in parse_pasted(output.read_text(file))
    ]
    if not items:
        raise CliError(f"{file} has no line KEY=VALUE.")
    _store(service, items, as_json=as_json)


def _store(wanted: str, items: list[dict[str, Any]], *, as_json: bool) -> None:
    with open_client() as client:
        service = _service(client, wanted)
        stored = client.patch(f"services/{service['uuid']}/envs/bulk", {"data": items})
    if as_json:
        output.print_json([_without_value(item) for item in stored])
    else:
        _say_changed(str(service["name"]), len(items), "stored")


def _say_changed(name: str, count: int, verb: str) -> None:
    what = "1 variable is" if count == 1 else f"{count} variables are"
    output.say(f"{what} {verb}. `homeport service restart {name}` puts it into use.")


def _service(client: Client, wanted: str) -> Mapping[str, Any]:
    return output.pick("service", wanted, client.get("services"))


def _without_value(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key not in ("value", "real_value")}


def _shown(item: Mapping[str, Any], *, show: bool) -> str:
    if "value" not in item:
        return "(hidden)"
    if item["value"] in (None, ""):
        return "(empty)"
    return str(item["value"]) if show else output.MASK


def _note(item: Mapping[str, Any]) -> str:
    notes = [item.get("comment")]
    if item.get("is_really_required"):
        notes.insert(0, "needs a value")
    return "; ".join(note for note in notes if note)
