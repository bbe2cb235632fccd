"""`homeport service`: what people run."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from homeport.cli import output, request, variable
from homeport.cli.client import CliError, open_client
from homeport.cli.output import AsJson
from homeport.cli.services import (
    Service,
    Wait,
    components_of,
    domains_of,
    find_service,
    finish,
    print_service,
)

app = typer.Typer(no_args_is_help=True, help="Services: what you run.")
app.add_typer(variable.app, name="env")
app.command("create")(request.create_service)
app.command("change")(request.change_service)


@app.command("list")
def list_services(*, as_json: AsJson = False) -> None:
    """List the services."""
    with open_client() as client:
        services = client.get("services")
    if as_json:
        output.print_json(services)
        return
    rows = [
        (
            service["name"],
            output.state(service["status"]),
            service.get("service_type") or "compose",
            ", ".join(domains_of(service)),
            (service.get("server") or {}).get("name"),
            service["uuid"],
        )
        for service in sorted(services, key=lambda service: str(service["name"]).lower())
    ]
    columns = ("Name", "State", "Type", "Domains", "Server", "Uuid")
    output.print_table(
        columns, rows, empty="There are no services. `homeport service create hello` makes one."
    )


@app.command("show")
def show_service(
    service: Service,
    compose: Annotated[
        bool, typer.Option("--compose", help="Print its compose file and nothing else.")
    ] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Show one service and its components."""
    with open_client() as client:
        full = client.get(f"services/{find_service(client, service)['uuid']}")
    if compose:
        if "docker_compose_raw" not in full:
            raise CliError(
                "This token may not read compose files; it needs the ability read:sensitive or root."
            )
        typer.echo(full["docker_compose_raw"], nl=False)
    elif as_json:
        output.print_json(full)
    else:
        print_service(full)


@app.command("start")
def start_service(service: Service, *, wait: Wait = True, as_json: AsJson = False) -> None:
    """Start a service."""
    _act(service, "start", wait=wait, as_json=as_json)


@app.command("stop")
def stop_service(service: Service, *, wait: Wait = True, as_json: AsJson = False) -> None:
    """Stop a service; its data stays."""
    _act(service, "stop", wait=wait, as_json=as_json)


@app.command("restart")
def restart_service(
    service: Service,
    pull: Annotated[bool, typer.Option("--pull", help="Look for newer images first.")] = False,
    *,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Restart a service, with what was changed since it started."""
    _act(service, "restart", wait=wait, as_json=as_json, query={"latest": True} if pull else {})


@app.command("logs")
def show_logs(
    service: Service,
    component: Annotated[
        str | None, typer.Argument(metavar="COMPONENT", help="One component; else all.")
    ] = None,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=1, max=10000, help="How many of the newest lines.")
    ] = 100,
    timestamps: Annotated[
        bool, typer.Option("--timestamps", "-t", help="With the time of each line.")
    ] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Print what the containers of a service wrote."""
    with open_client() as client:
        found = find_service(client, service)
        names = [component] if component else [item["name"] for item in components_of(found)]
        logs: dict[str, str] = {}
        for name in names:
            query = {"sub_service_name": name, "lines": lines, "show_timestamps": timestamps}
            try:
                logs[name] = client.get(f"services/{found['uuid']}/logs", **query)["logs"]
            except CliError as error:
                if component or error.status not in (400, 404):
                    raise
                output.say(f"{name}: {error.message}")
    if as_json:
        output.print_json(logs)
        return
    for name, text in logs.items():
        prefix = f"{name} | " if len(names) > 1 else ""
        for line in text.splitlines():
            typer.echo(f"{prefix}{line}")


@app.command("delete")
def delete_service(
    service: Service,
    volumes: Annotated[
        bool, typer.Option("--volumes", help="Delete its volumes too, with all data in them.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    *,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Delete a service. Its volumes stay unless --volumes is given."""
    with open_client() as client:
        found = client.get(f"services/{find_service(client, service)['uuid']}")
        name = str(found["name"])
        if not yes:
            output.confirm_by_name(name, losses(found, with_volumes=volumes))
        answer = client.delete(f"services/{found['uuid']}", delete_volumes=volumes)
        finish(client, answer, name, wait=wait, as_json=as_json)
    if not as_json:
        output.say(f"{name} is deleted." if wait and "deployment_uuid" in answer else answer["message"])


def losses(service: Mapping[str, Any], *, with_volumes: bool) -> list[str]:
    """What a delete takes away, in sentences."""
    components = ", ".join(item["name"] for item in components_of(service)) or "no components"
    sentences = [
        f"This deletes the service {service['name']} ({components}) with its variables, files and history."
    ]
    if domains := domains_of(service):
        sentences.append(f"Nothing will answer at {', '.join(domains)}.")
    volumes = _volumes_of(service)
    if volumes == []:
        return sentences
    named = f" ({', '.join(volumes)})" if volumes else ""
    if with_volumes:
        sentences.append(f"Its volumes{named} and all data in them are deleted too.")
    else:
        sentences.append(f"Its volumes{named} stay on the server.")
    return sentences


def _volumes_of(service: Mapping[str, Any]) -> list[str] | None:
    """The volumes by name; None when the token may not see the compose file."""
    if "docker_compose" not in service:
        return None
    from homeport.core.compose.load import load  # noqa: PLC0415  # A YAML parser, which other commands do not need.

    volumes = load(service["docker_compose"] or "services: {}").data.get("volumes") or {}
    return [str((definition or {}).get("name") or key) for key, definition in volumes.items()]


def _act(
    wanted: str, action: str, *, wait: bool, as_json: bool, query: Mapping[str, Any] | None = None
) -> None:
    with open_client() as client:
        service = find_service(client, wanted)
        answer = client.post(f"services/{service['uuid']}/{action}", **(query or {}))
        finish(client, answer, str(service["name"]), wait=wait, as_json=as_json)
        if as_json:
            return
        if not wait or "deployment_uuid" not in answer:
            output.say(answer["message"])
        else:
            print_service(client.get(f"services/{service['uuid']}"))
