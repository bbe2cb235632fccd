"""What the commands about services have in common: finding one, showing it, waiting for what becomes of it."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from homeport.cli import output
from homeport.cli.client import Client
from homeport.cli.deployment import follow, refuse_failure
from homeport.core.domains import split_fqdn

Service = Annotated[
    str, typer.Argument(metavar="SERVICE", help="Its name, its uuid, or the start of its uuid.")
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until it is done, and show how it goes.")]


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


def finish(client: Client, answer: dict[str, Any], name: str, *, wait: bool, as_json: bool) -> None:
    """Follow the deployment that the answer names, if any; with --json print the answer and how it ended."""
    deployment = None
    if wait and "deployment_uuid" in answer:
        deployment = follow(client, answer["deployment_uuid"], is_quiet=as_json)
    if as_json:
        output.print_json(answer if deployment is None else {**answer, "deployment": deployment})
    if deployment is not None:
        refuse_failure(deployment, name)


def print_service(service: Mapping[str, Any]) -> None:
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
