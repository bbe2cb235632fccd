"""Follows a deployment until it ends: its steps with their durations, and the newest lines below.

The lines come as server-sent events. When the connection breaks it is taken up again after the
last line that was seen, so a deployment outlives a flaky network and shows each line once.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from homeport.cli import output
from homeport.cli.client import Client, CliError

UNFINISHED = ("queued", "in_progress")
SHOWN_LINES = 8
PATIENCE_S = 120.0
"""How long the API may be away (a restart, an update) before the command gives up watching."""


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event: its name, its id (the line's, to resume after) and its JSON."""

    name: str
    id: str
    data: Mapping[str, Any]


class View(Protocol):
    """What shows a deployment while it runs."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def line(self, line: Mapping[str, Any]) -> None: ...
    def end(self, status: str) -> None: ...


def follow(client: Client, uuid: str, *, is_quiet: bool = False) -> dict[str, Any]:
    """Wait until the deployment ends, showing it on standard error unless `is_quiet`.

    Gives the deployment as the API describes it at its end. Raises CliError when the API stays
    away; whether the deployment reached its goal is for the caller to judge (`refuse_failure`).
    """
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    view: View = Quiet() if is_quiet else Drawn(err) if err.is_terminal else Plain()
    with view:
        _watch(client, uuid, view)
        deployment: dict[str, Any] = client.get(f"deployments/{uuid}")
        view.end(deployment["status"])
    return deployment


def refuse_failure(deployment: Mapping[str, Any], name: str) -> None:
    """Raise CliError with the reason unless the deployment reached its goal."""
    status = deployment["status"]
    if status == "finished":
        return
    if status == "superseded":
        raise CliError(f"This deployment of {name} did not run: a newer request took its place.")
    if status.startswith("cancelled"):
        raise CliError(f"The deployment of {name} was cancelled.")
    reason = str(deployment.get("error") or "the API gives no reason")
    goal = {"stop": "stopped", "delete": "deleted"}.get(deployment.get("action", ""), "deployed")
    raise CliError(f"{name} was not {goal}. {reason[:1].upper()}{reason[1:]}")


def _watch(client: Client, uuid: str, view: View) -> None:
    last_id = ""
    answered = monotonic()
    while True:
        try:
            with client.stream(
                f"deployments/{uuid}/events", {"Last-Event-ID": last_id} if last_id else {}
            ) as lines:
                for event in read_events(lines):
                    answered = monotonic()
                    last_id = event.id or last_id
                    if "text" in event.data:
                        view.line(event.data)
                    elif event.data.get("status", "queued") not in UNFINISHED:
                        return
            if client.get(f"deployments/{uuid}", wait=10)["status"] not in UNFINISHED:
                return
        except CliError as error:
            if error.status is not None or monotonic() - answered > PATIENCE_S:
                raise


def read_events(lines: Iterator[str]) -> Iterator[Event]:
    """The events of a stream (WHATWG's event-stream format); comments, which keep it alive, are skipped."""
    name, id_, data = "message", "", list[str]()
    for line in lines:
        if not line:
            if data:
                yield Event(name, id_, json.loads("\n".join(data)))
            name, data = "message", []
            continue
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if key == "event":
            name = value
        elif key == "id":
            id_ = value
        elif key == "data":
            data.append(value)


class Quiet:
    """Shows nothing: for --json."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def line(self, line: Mapping[str, Any]) -> None: ...

    def end(self, status: str) -> None: ...


class Plain(Quiet):
    """Lines as they come, for logs and pipes: a step's sentence stands alone, its output is indented."""

    def line(self, line: Mapping[str, Any]) -> None:
        output.say(line["text"] if line.get("stream") == "step" else f"  {line['text']}")


@dataclass(slots=True)
class Step:
    text: str
    started: datetime
    ended: datetime | None = None
    has_failed: bool = False


@dataclass(slots=True)
class Drawn:
    """Steps and the newest lines, redrawn in place."""

    console: Console
    steps: list[Step] = field(default_factory=list)
    lines: list[Mapping[str, Any]] = field(default_factory=list)
    newest: datetime | None = None
    live: Live | None = None

    def __enter__(self) -> Self:
        self.live = Live(console=self.console, get_renderable=self._render, refresh_per_second=8)
        self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live is not None:
            self.live.stop()

    def line(self, line: Mapping[str, Any]) -> None:
        at = datetime.fromisoformat(line["at"])
        self.newest = at
        if line.get("stream") != "step":
            self.lines = [*self.lines, line][-SHOWN_LINES:]
            return
        if self.steps:
            self.steps[-1].ended = at
        self.steps.append(Step(line["text"], at))
        self.lines = []

    def end(self, status: str) -> None:
        if self.steps:
            self.steps[-1].ended = self.newest
            self.steps[-1].has_failed = status == "failed"
        if status != "failed":
            self.lines = []

    def _render(self) -> RenderableType:
        rows = [_step_row(step) for step in self.steps] or [
            Text("◌ Waiting for its turn", style="bright_black")
        ]
        rows += [
            Text(f"    {line['text']}", style="bright_black", overflow="ellipsis", no_wrap=True)
            for line in self.lines
        ]
        return Group(*rows)


def _step_row(step: Step) -> Text:
    if step.has_failed:
        mark, colour = "■", "red"
    elif step.ended is None:
        mark, colour = "◐", "cyan"
    else:
        mark, colour = "✓", "green"
    duration = f"  {(step.ended - step.started).total_seconds():.1f} s" if step.ended else ""
    return Text.assemble((mark, colour), " ", step.text, (duration, "bright_black"))
