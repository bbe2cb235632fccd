"""`homeport service`: what people run."""

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from homeport.cli import output, variable
from homeport.cli.client import Client, CliError, open_client
from homeport.cli.deployment import follow, refuse_failure
from homeport.cli.output import AsJson
from homeport.cli.plan import show_plan
from homeport.core.domains import split_fqdn

app = typer.Typer(no_args_is_help=True, help="Services: what you run.")
app.add_typer(variable.app, name="env")

Service = Annotated[
    str, typer.Argument(metavar="SERVICE", help="Its name, its uuid, or the start of its uuid.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what it would do, and do nothing.")]
Apply = Annotated[str | None, typer.Option(metavar="PLAN", help="Do what a --dry-run has shown.")]
URL_HELP = "A domain of a component, such as web=https://wiki.example.com; may be repeated."
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until it is done, and show how it goes.")]


@app.command("create")
def create_service(
    type_: Annotated[str | None, typer.Argument(metavar="TYPE", help="A one-click type.")] = None,
    *,
    compose: Annotated[str | None, typer.Option(metavar="FILE", help="A compose file; - reads it.")] = None,
    name: Annotated[str | None, typer.Option(help="Its name; else one is made.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    project: Annotated[str, typer.Option(help="The project, by name or uuid.")] = "Default",
    environment: Annotated[str, typer.Option(help="The environment, by name or uuid.")] = "production",
    server: Annotated[str | None, typer.Option(help="The server; needed if there are several.")] = None,
    destination: Annotated[str | None, typer.Option(help="Its network, by uuid, if it has several.")] = None,
    urls: Annotated[list[str] | None, typer.Option("--url", metavar="COMPONENT=URL", help=URL_HELP)] = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be repeated.")] = None,
    force_domain: Annotated[bool, typer.Option("--force-domain", help="Use a domain that is taken.")] = False,
    deploy: Annotated[bool, typer.Option("--deploy/--no-deploy", help="Start it at once.")] = True,
    dry_run: DryRun = False,
    apply: Apply = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Create a service from a one-click type or a compose file, and start it."""
    if apply:
        _refuse_more(
            type_, compose, name, description, server, destination, urls, tags, force_domain, dry_run
        )
    wanted = {
        "type": type_,
        "docker_compose_raw": None if apply else _read_compose(type_, compose),
        "name": name,
        "description": description,
        "environment_name": environment,
        "environment_uuid": environment,
        "destination_uuid": destination,
        "urls": read_urls(urls or []) or None,
        "tags": tags or None,
        "force_domain_override": force_domain or None,
        "instant_deploy": deploy,
    }
    with open_client() as client:
        if apply:
            answer = client.post("services", {"plan_id": apply})
        else:
            body = {key: value for key, value in wanted.items() if value is not None}
            body["project_uuid"] = output.pick("project", project, client.get("projects"))["uuid"]
            body["server_uuid"] = _server(client, server)["uuid"]
            answer = client.post("services", body, dry_run=dry_run or None)
            if dry_run:
                show_plan(answer, command="homeport service create", as_json=as_json)
                return
        _finish(client, answer, name or type_ or "The service", wait=wait, as_json=as_json)
        if not as_json:
            _print_service(client.get(f"services/{answer['uuid']}"))


@app.command("change")
def change_service(
    service: Service,
    *,
    compose: Annotated[
        str | None, typer.Option(metavar="FILE", help="Another compose file; - reads it.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    urls: Annotated[list[str] | None, typer.Option("--url", metavar="COMPONENT=URL", help=URL_HELP)] = None,
    force_domain: Annotated[bool, typer.Option("--force-domain", help="Use a domain that is taken.")] = False,
    deploy: Annotated[bool, typer.Option("--deploy/--no-deploy", help="Deploy it at once.")] = False,
    dry_run: DryRun = False,
    apply: Apply = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Change a service: its compose file, its name, its domains."""
    if apply:
        _refuse_more(compose, name, description, urls, force_domain, deploy, dry_run)
    wanted = {
        "docker_compose_raw": None if compose is None else _encoded(compose),
        "name": name,
        "description": description,
        "urls": read_urls(urls or []) or None,
        "force_domain_override": force_domain or None,
        "instant_deploy": deploy or None,
    }
    body = {"plan_id": apply} if apply else {key: value for key, value in wanted.items() if value is not None}
    if not body:
        raise CliError("Say what to change: --compose, --name, --description or --url; or --deploy.")
    with open_client() as client:
        found = find_service(client, service)
        answer = client.patch(f"services/{found['uuid']}", body, dry_run=dry_run or None)
        if dry_run:
            show_plan(answer, command=f"homeport service change {found['uuid']}", as_json=as_json)
            return
        _finish(client, answer, str(found["name"]), wait=wait, as_json=as_json)
        if not as_json:
            _print_service(client.get(f"services/{found['uuid']}"))


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
        _print_service(full)


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
        _finish(client, answer, name, wait=wait, as_json=as_json)
    if not as_json:
        output.say(f"{name} is deleted." if wait and "deployment_uuid" in answer else answer["message"])


def read_urls(given: Sequence[str]) -> list[dict[str, str]]:
    """`component=URL` texts as the API takes them: several URLs of one component are one comma list."""
    urls: dict[str, list[str]] = {}
    for text in given:
        component, equals, url = text.partition("=")
        if not equals or not component.strip() or "://" in component:
            raise CliError(f"--url takes COMPONENT=URL, such as web=https://wiki.example.com, not {text!r}.")
        urls.setdefault(component.strip(), []).append(url.strip())
    return [{"name": name, "url": ",".join(parts)} for name, parts in urls.items()]


def components_of(service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*service.get("applications", ()), *service.get("databases", ())]


def domains_of(service: Mapping[str, Any]) -> list[str]:
    """Every URL that the service answers at, as a person opens it."""
    return [
        url for component in service.get("applications", ()) for url in public_urls(component.get("fqdn"))
    ]


def public_urls(fqdn: str | None) -> list[str]:
    """The URLs of a component without the port: it is the container's, which only the proxy knows."""
    return [domain.public_url for domain in split_fqdn(fqdn)]


def find_service(client: Client, wanted: str) -> Mapping[str, Any]:
    return output.pick("service", wanted, client.get("services"))


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


def _read_compose(type_: str | None, path: str | None) -> str | None:
    """The compose file as the API takes it: base64."""
    if (type_ is None) == (path is None):
        raise CliError("Name a one-click TYPE or a --compose FILE, one of the two.")
    return None if path is None else _encoded(path)


def _refuse_more(*given: object) -> None:
    if any(given):
        raise CliError("--apply does what the plan has shown. It takes no other request beside it.")


def _encoded(path: str) -> str:
    return base64.b64encode(output.read_text(path).encode()).decode()


def _server(client: Client, wanted: str | None) -> Mapping[str, Any]:
    servers: list[Mapping[str, Any]] = client.get("servers")
    if wanted is not None:
        return output.pick("server", wanted, servers)
    if len(servers) == 1:
        return servers[0]
    names = ", ".join(str(server["name"]) for server in servers)
    if not servers:
        raise CliError("There is no server to put it on.")
    raise CliError(f"There are {len(servers)} servers: {names}. Name one with --server.")


def _act(
    wanted: str, action: str, *, wait: bool, as_json: bool, query: Mapping[str, Any] | None = None
) -> None:
    with open_client() as client:
        service = find_service(client, wanted)
        answer = client.post(f"services/{service['uuid']}/{action}", **(query or {}))
        _finish(client, answer, str(service["name"]), wait=wait, as_json=as_json)
        if as_json:
            return
        if not wait or "deployment_uuid" not in answer:
            output.say(answer["message"])
        else:
            _print_service(client.get(f"services/{service['uuid']}"))


def _finish(client: Client, answer: dict[str, Any], name: str, *, wait: bool, as_json: bool) -> None:
    """Follow the deployment that the answer names, if any; with --json print the answer and how it ended."""
    deployment = None
    if wait and "deployment_uuid" in answer:
        deployment = follow(client, answer["deployment_uuid"], is_quiet=as_json)
    if as_json:
        output.print_json(answer if deployment is None else {**answer, "deployment": deployment})
    if deployment is not None:
        refuse_failure(deployment, name)


def _print_service(service: Mapping[str, Any]) -> None:
    output.print_fields(
        {
            "Name": service["name"],
            "State": output.state(service["status"]),
            "Type": service.get("service_type") or "compose",
            "Server": (service.get("server") or {}).get("name"),
            "Uuid": service["uuid"],
        }
    )
    rows = [
        (
            item["name"],
            output.state(item.get("status")),
            ", ".join(public_urls(item.get("fqdn"))),
            item.get("image"),
        )
        for item in components_of(service)
    ]
    typer.echo()
    output.print_table(("Component", "State", "Domains", "Image"), rows, empty="It has no components.")
