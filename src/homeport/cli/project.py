"""`homeport project`: the projects of the team, and their environments."""

from typing import Annotated

import typer

from homeport.cli import output
from homeport.cli.client import open_client
from homeport.cli.output import AsJson

app = typer.Typer(no_args_is_help=True, help="Projects: what services belong together.")
Project = Annotated[
    str, typer.Argument(metavar="PROJECT", help="Its name, its uuid, or the start of its uuid.")
]


@app.command("list")
def list_projects(*, as_json: AsJson = False) -> None:
    """List the projects."""
    with open_client() as client:
        projects = client.get("projects")
    if as_json:
        output.print_json(projects)
        return
    rows = [(p["name"], p.get("description"), p["uuid"]) for p in projects]
    output.print_table(("Name", "Description", "Uuid"), rows, empty="There are no projects.")


@app.command("show")
def show_project(project: Project, *, as_json: AsJson = False) -> None:
    """Show one project with its environments."""
    with open_client() as client:
        found = output.pick("project", project, client.get("projects"))
        full = client.get(f"projects/{found['uuid']}")
    if as_json:
        output.print_json(full)
        return
    environments = ", ".join(environment["name"] for environment in full["environments"])
    output.print_fields(
        {
            "Name": full["name"],
            "Description": full.get("description"),
            "Environments": environments,
            "Uuid": full["uuid"],
        }
    )


@app.command("create")
def create_project(
    name: Annotated[str, typer.Argument(help="Its name.")],
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Create a project, with the environment `production`."""
    body = {"name": name} | ({"description": description} if description is not None else {})
    with open_client() as client:
        made = client.post("projects", body)
    if as_json:
        output.print_json(made)
    else:
        typer.echo(made["uuid"])


@app.command("delete")
def delete_project(
    project: Project,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Delete an empty project."""
    with open_client() as client:
        found = output.pick("project", project, client.get("projects"))
        if not yes:
            output.confirm_by_name(found["name"], [f"This deletes the project {found['name']}."])
        answer = client.delete(f"projects/{found['uuid']}")
    if as_json:
        output.print_json(answer)
    else:
        output.say(f"The project {found['name']} is deleted.")
