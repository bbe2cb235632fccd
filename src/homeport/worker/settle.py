"""Waiting until the engine shows that a service runs: told by its events, not by asking again and again."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Self

from homeport.core.commands import Engine
from homeport.core.deploy import Progress, progress, settling_for
from homeport.core.observed import LABEL_SERVICE, Container, Observed
from homeport.errors import EngineFailed, ServerUnreachable
from homeport.worker.runs import Run

TIME_LIMIT_S: Final = 600.0
LOOK_AGAIN_S: Final = 5.0
"""For an event that was lost."""
SETTLE: Final = timedelta(milliseconds=25)
"""How long a component without a healthcheck must have run. What dies later is seen by the observer."""
LAST_LINES: Final = 100


class Bulletin:
    """Says when something happened to a service's containers, from the moment it was entered."""

    def __init__(self, engine: Engine, service_uuid: str) -> None:
        self._engine = engine
        self._filters = {"type": ["container"], "label": [f"{LABEL_SERVICE}={service_uuid}"]}
        self._changed = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._listener = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def _listen(self) -> None:
        try:
            async for _ in self._engine.events(self._filters):
                self._changed.set()
        except (EngineFailed, ServerUnreachable):
            return  # Whoever waits looks again by itself, and meets the error there.

    async def wait(self, timeout_s: float) -> None:
        """Return after the next event, or after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return
        finally:
            self._changed.clear()


async def await_ready(
    run: Run,
    expected: Sequence[str],
    bulletin: Bulletin,
    *,
    settle: timedelta = SETTLE,
    seen: Observed | None = None,
) -> Observed:
    """Wait until every expected component runs, for `settle` at least, longer where it has crashed before
    (is healthy, where it has a healthcheck).
    `seen` is what was seen just now, if anything was.

    Raises DeploymentFailed as soon as one has ended or keeps crashing, or at the time limit; what the
    failed containers printed last is among the lines then.
    """
    deadline = asyncio.get_running_loop().time() + TIME_LIMIT_S
    while True:
        seen = seen or await run.observe()
        now = run.context.now()
        state = progress(expected, run.wanted.components, seen, now=now, settle=settle)
        if state.failed:
            await report(run, seen, state)
            raise run.fail(_sentence(state))
        if state.is_done:
            return seen
        left = deadline - asyncio.get_running_loop().time()
        if left <= 0:
            await report(run, seen, state)
            raise run.fail(f"After {TIME_LIMIT_S:.0f} seconds it still does not run: {state}.")
        settling = [settling_for(item, now, settle).total_seconds() for item in seen.containers]
        await bulletin.wait(min([left, LOOK_AGAIN_S, *(max(0.005, each) for each in settling if each)]))
        seen = None


def _sentence(state: Progress) -> str:
    return "; ".join(f"{name} {why}" for name, why in state.failed.items()) + "."


async def report(run: Run, seen: Observed, state: Progress) -> None:
    """Store the last lines of the containers that are the reason."""
    reasons = state.failed or state.waiting
    for container in seen.containers:
        if container.component in reasons:
            await _report_container(run, container)


async def _report_container(run: Run, container: Container) -> None:
    try:
        text = await run.host.engine.logs(container.name, lines=LAST_LINES)
    except (EngineFailed, ServerUnreachable) as error:
        run.lines.add("err", f"The log of {container.component} cannot be read: {error.message}")
        return
    for line in text.splitlines():
        run.lines.add("out", f"{container.component} | {line}")
