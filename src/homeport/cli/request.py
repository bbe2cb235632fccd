"""`homeport service create` and `change`: one request, which can also be planned first and applied as planned."""

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from homeport.cli import output
from homeport.cli.client import Client, CliError, open_client
from homeport.cli.output import AsJson
from homeport.cli.plan import show_plan
from homeport.cli.services import Service, Wait, find_service, finish, print_service

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what it would do, and do nothing.")]
Apply = Annotated[str | None, typer.Option(metavar="PLAN", help="Do what a --dry-run has shown.")]
Profiles = Annotated[
    list[str] | None, typer.Option("--profile", help="A profile of the compose; may be repeated.")
]
Grants = Annotated[
    list[str] | None,
    typer.Option("--grant", metavar="GRANT", help="A host power that you, as an owner, let it have."),
]
URL_HELP = "A domain of a component, such as web=https://wiki.example.com; may be repeated."


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
    profiles: Profiles = None,
    grants: Grants = None,
    force_domain: Annotated[bool, typer.Option("--force-domain", help="Use a domain that is taken.")] = False,
    deploy: Annotated[bool, typer.Option("--deploy/--no-deploy", help="Start it at once.")] = True,
    dry_run: DryRun = False,
    apply: Apply = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Create a service from a one-click type or a compose file, and start it."""
    if apply:
        others = (type_, compose, name, description, server, destination, urls, tags, profiles)
        _refuse_more(*others, force_domain, dry_run)
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
        "profiles": profiles or None,
        "grants": grants or None,
        "force_domain_override": force_domain or None,
        "instant_deploy": deploy,
    }
    with open_client() as client:
        if not apply:
            wanted["project_uuid"] = output.pick("project", project, client.get("projects"))["uuid"]
            wanted["server_uuid"] = _server(client, server)["uuid"]
        body = _applied(apply, grants) if apply else _given(wanted)
        answer = client.post("services", body, dry_run=dry_run or None)
        shown = name or type_ or "The service"
        _conclude(client, answer, "create", shown, dry_run=dry_run, wait=wait, as_json=as_json)


def change_service(
    service: Service,
    *,
    compose: Annotated[
        str | None, typer.Option(metavar="FILE", help="Another compose file; - reads it.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    urls: Annotated[list[str] | None, typer.Option("--url", metavar="COMPONENT=URL", help=URL_HELP)] = None,
    profiles: Profiles = None,
    grants: Grants = None,
    force_domain: Annotated[bool, typer.Option("--force-domain", help="Use a domain that is taken.")] = False,
    deploy: Annotated[bool, typer.Option("--deploy/--no-deploy", help="Deploy it at once.")] = False,
    dry_run: DryRun = False,
    apply: Apply = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Change a service: its compose file, its name, its domains."""
    if apply:
        _refuse_more(compose, name, description, urls, profiles, force_domain, deploy, dry_run)
    wanted = {
        "docker_compose_raw": None if compose is None else _encoded(compose),
        "name": name,
        "description": description,
        "urls": read_urls(urls or []) or None,
        "profiles": [name for name in profiles if name] if profiles is not None else None,
        "grants": grants or None,
        "force_domain_override": force_domain or None,
        "instant_deploy": deploy or None,
    }
    body = _applied(apply, grants) if apply else _given(wanted)
    if not body:
        raise CliError(
            "Say what to change, with --compose, --name, --url, --profile and so on, or --deploy it."
        )
    with open_client() as client:
        found = find_service(client, service)
        answer = client.patch(f"services/{found['uuid']}", body, dry_run=dry_run or None)
        shown = str(found["name"])
        command = f"change {found['uuid']}"
        _conclude(client, answer, command, shown, dry_run=dry_run, wait=wait, as_json=as_json)


def _conclude(
    client: Client, answer: Any, command: str, name: str, *, dry_run: bool, wait: bool, as_json: bool
) -> None:
    """Show the plan, or what was done; `command` is the one that was called."""
    if dry_run:
        show_plan(answer, command=f"homeport service {command}", as_json=as_json)
        return
    finish(client, answer, name, wait=wait, as_json=as_json)
    if not as_json:
        print_service(client.get(f"services/{answer['uuid']}"))


def read_urls(given: Sequence[str]) -> list[dict[str, str]]:
    """`component=URL` texts as the API takes them: several URLs of one component are one comma list."""
    urls: dict[str, list[str]] = {}
    for text in given:
        component, equals, url = text.partition("=")
        if not equals or not component.strip() or "://" in component:
            raise CliError(f"--url takes COMPONENT=URL, such as web=https://wiki.example.com, not {text!r}.")
        urls.setdefault(component.strip(), []).append(url.strip())
    return [{"name": name, "url": ",".join(parts)} for name, parts in urls.items()]


def _read_compose(type_: str | None, path: str | None) -> str | None:
    """The compose file as the API takes it: base64."""
    if (type_ is None) == (path is None):
        raise CliError("Name a one-click TYPE or a --compose FILE, one of the two.")
    return None if path is None else _encoded(path)


def _refuse_more(*given: object) -> None:
    if any(given):
        raise CliError(
            "--apply does what the plan has shown. It takes no other request beside it but --grant."
        )


def _given(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in wanted.items() if value is not None}


def _applied(plan: str, grants: Sequence[str] | None) -> dict[str, Any]:
    return {"plan_id": plan} | ({"grants": list(grants)} if grants else {})


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
