"""How a plan is shown: one row for each thing that a request would touch, then the difference as text."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from homeport.cli import output

Plan = Mapping[str, Any]
Row = tuple[str, str, str, str]

_COLUMNS = ("What", "Name", "Change", "Details")


def show_plan(plan: Plan, *, command: str, as_json: bool) -> None:
    """Print a plan; `command` is the one that applies it."""
    if as_json:
        output.print_json(plan)
        return
    output.print_fields({"Name": plan["name"], "Type": plan["type"] or "compose", "Uuid": plan["uuid"]})
    typer.echo()
    output.print_table(_COLUMNS, list(_rows(plan)), empty="It has no components.")
    if plan["diff"]:
        typer.echo(f"\n{plan['diff']}", nl=False)
    output.say("Nothing was done.")
    missing = [item["key"] for item in plan["missing_variables"]]
    if missing and plan["will_deploy"]:
        output.say(
            f"It cannot be deployed before {', '.join(missing)} has a value: create it with --no-deploy, set what is "
            "missing, and start it."
        )
        return
    if _confirming(plan):
        output.say("An owner of the team has to confirm what it asks of the server.")
    then = "and deploys it" if plan["will_deploy"] else "without deploying it"
    output.say(f"Until {plan['expires_at'][11:16]} UTC this does exactly that {then}:")
    output.say(f"  {command} --apply {plan['plan_id']}{_confirming(plan)}")


def _confirming(plan: Plan) -> str:
    """The options that confirm what is not granted."""
    names = dict.fromkeys(item["grant"] for item in plan["grants"] if not item["is_granted"])
    return "".join(f" --grant {name}" for name in names)


def _rows(plan: Plan) -> Iterator[Row]:
    for item in plan["components"]:
        details = [item["image"], *item["domains"]]
        yield "component", item["name"], item["change"], ", ".join(text for text in details if text)
    for item in plan["variables"]:
        if item["change"] != "unchanged":
            yield "variable", item["key"], item["change"], item["origin"]
    for item in plan["missing_variables"]:
        yield "variable", item["key"], "missing", item["message"]
    for item in plan["volumes"]:
        yield "volume", item["name"], item["change"], f"{item['component']}:{item['target']}"
    for item in plan["files"]:
        yield "file", item["path"], "", f"{item['component']}:{item['target']}"
    for item in plan["ports"]:
        published = ":".join(part for part in (item["host_ip"], item["published"]) if part)
        yield "port", f"{published}/{item['protocol']}", "", f"{item['component']}:{item['target']}"
    for item in plan["grants"]:
        yield "grant", item["grant"], "granted" if item["is_granted"] else "missing", item["message"]
    for item in plan["warnings"]:
        line = f" (line {item['line']})" if item["line"] else ""
        yield "warning", item["code"], "", f"{item['message']}{line}"
