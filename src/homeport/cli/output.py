"""How commands speak: tables and states for people, plain tab-separated lines for pipes, JSON for programs.

Colour and drawing are used only on a terminal; NO_COLOR turns the colour off (Rich sees to that).
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from homeport.cli.client import CliError

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]

MASK = "••••••••"
Cell = str | Text | None

_STATES = {
    "running:healthy": ("●", "green", "Healthy", ""),
    "running:unknown": ("●", "green", "Running", ""),
    "running:unhealthy": ("▲", "yellow", "Unhealthy", "yellow"),
    "degraded:unhealthy": ("▲", "yellow", "Degraded", "yellow"),
    "starting:unknown": ("◐", "cyan", "Starting", "cyan"),
    "starting:unhealthy": ("◐", "cyan", "Deploying", "cyan"),
    "paused:unknown": ("○", "bright_black", "Paused", ""),
    "exited": ("○", "bright_black", "Stopped", ""),
    "queued": ("◐", "cyan", "Queued", "cyan"),
    "in_progress": ("◐", "cyan", "Deploying", "cyan"),
    "finished": ("●", "green", "Finished", ""),
    "failed": ("■", "red", "Failed", "red"),
    "superseded": ("○", "bright_black", "Superseded", ""),
    "cancelled": ("○", "bright_black", "Cancelled", ""),
    "cancelled-by-user": ("○", "bright_black", "Cancelled", ""),
}


def console() -> Console:
    """Standard output, as it is now (not as it was at import)."""
    return Console(highlight=False, soft_wrap=True)


def say(sentence: str) -> None:
    """A sentence for a person: on standard error, so that standard output stays what was asked for."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(sentence, markup=False)


def print_json(data: Any) -> None:
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def state(status: str | None) -> Text:
    """A state as a shape, a colour and a word; only states that ask for action colour the word."""
    plain = (status or "").removesuffix(":excluded")
    shape, colour, word, word_colour = _STATES.get(plain, ("?", "bright_black", plain or "Unknown", ""))
    return Text.assemble((shape, colour), " ", (word, word_colour))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, empty: str) -> None:
    """A table on a terminal, else one line a row with tabs between the cells and no heading.

    `empty` is said when there are no rows.
    """
    out = console()
    if not rows:
        say(empty)
    elif not out.is_terminal:
        for row in rows:
            typer.echo("\t".join(_flat(cell) for cell in row))
    else:
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bright_black")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(cell if isinstance(cell, Text) else Text(cell or "") for cell in row))
        out.print(table, soft_wrap=False)


def print_fields(fields: Mapping[str, Cell]) -> None:
    """Names and values, one pair a line; what has no value is left out."""
    shown = {name: value for name, value in fields.items() if value not in (None, "")}
    out = console()
    if not out.is_terminal:
        for name, value in shown.items():
            typer.echo(f"{name}\t{_flat(value)}")
        return
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(style="bright_black", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in shown.items():
        grid.add_row(name, value if isinstance(value, Text) else Text(value or ""))
    out.print(grid, soft_wrap=False)


def confirm_by_name(name: str, losses: Sequence[str]) -> None:
    """Say what is lost and let the name be typed. Raises CliError when it is not, or nobody is there."""
    if not console().is_terminal:
        raise CliError("Nobody is here to confirm. Add --yes to do it without a question.")
    for loss in losses:
        say(loss)
    if typer.prompt(f"Type {name} to go on", default="", show_default=False, err=True).strip() != name:
        raise CliError("Nothing was deleted: the name does not match.")


def read_text(path: str) -> str:
    """The text of a file, or of standard input for `-`. Raises CliError."""
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CliError(f"{path} cannot be read: {reason}.") from error


def pick(kind: str, wanted: str, items: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The item that `wanted` means: its uuid, the start of one, or its name. Raises CliError unless exactly one."""
    for found in (
        [item for item in items if item["uuid"] == wanted],
        [item for item in items if item["name"] == wanted],
        [item for item in items if item["uuid"].startswith(wanted)],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(f"{item['name']} ({item['uuid']})" for item in found)
            raise CliError(f"{wanted!r} could be any of {names}. Name the {kind} by its uuid.")
    raise CliError(f"There is no {kind} {wanted!r}. `homeport {kind} list` shows what there is.")


def _flat(cell: Cell) -> str:
    text = cell.plain if isinstance(cell, Text) else cell or ""
    return " ".join(text.split())


def segment(text: str) -> str:
    """A user's text as one segment of a URL path."""
    return quote(text, safe="")
