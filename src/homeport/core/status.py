"""Container states to the status of a component, and of a service.

The words are the API's (`running:healthy`, `degraded:unhealthy`, `exited`, …). States are compared
as parsed words, never as substrings. One rule of the original contradicts its own test
(running + paused + exited): the rule is followed, such a service is degraded.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from homeport.core.observed import Container

DEPLOYING = "starting:unhealthy"
NO_COMPONENTS = "unknown:unknown:excluded"
CRASH_LOOP_WINDOW = timedelta(seconds=10)
"""A container that was restarted and has not run for as long as the engine itself wants before it
forgets the failure is still in its crash loop."""


def component_status(
    containers: Sequence[Container], *, is_excluded: bool = False, now: datetime | None = None
) -> str:
    """The status of one component from its containers; `exited` when it has none.

    With `now`, a container that runs between two crashes counts as restarting. A one-shot that did its
    job is `exited:excluded`, so that it does not make its service look degraded.
    """
    if not is_excluded and containers and all(container.is_completed for container in containers):
        return "exited:excluded"
    status = _aggregate([_seen(container, now) for container in containers], keeps_restarting=True)
    return _exclude_component(status) if is_excluded else status


def service_status(components: Sequence[tuple[str, bool]], *, is_deploying: bool = False) -> str:
    """The status of a service from (status, is excluded) of its components.

    While a deployment is queued or runs, it is `starting:unhealthy`.
    """
    if is_deploying:
        return DEPLOYING
    if not components:
        return NO_COMPONENTS
    counted = [status for status, is_excluded in components if not is_excluded and not _is_marked(status)]
    if counted:
        return _aggregate([_parse(status) for status in counted], keeps_restarting=False)
    status = _aggregate([_parse(status) for status, _ in components], keeps_restarting=False)
    return f"{status}:excluded" if ":" in status else status


def is_running(status: str) -> bool:
    """What "already running" means to the API."""
    return "running" in status


def is_exited(status: str) -> bool:
    """What "already stopped" means to the API."""
    return "exited" in status or "stopped" in status


def _seen(container: Container, now: datetime | None) -> tuple[str, str]:
    if container.is_running and now is not None and _is_looping(container, now):
        return "restarting", "unknown"
    health = container.health if container.health in ("healthy", "unhealthy") else "unknown"
    return container.state, health


def _is_looping(container: Container, now: datetime) -> bool:
    if container.restart_count == 0 or container.started_at is None or container.health == "healthy":
        return False
    return now - container.started_at < CRASH_LOOP_WINDOW


def _parse(status: str) -> tuple[str, str]:
    """`running:healthy`, `running (healthy)`, `running:healthy:excluded`, `exited` as (state, health).

    The health `starting` is unknown, as it is where containers are looked at directly.
    """
    state, *rest = _words(status)
    if state == "degraded":
        return state, "unhealthy"
    return state, next((word for word in rest if word in ("healthy", "unhealthy")), "unknown")


def _is_marked(status: str) -> bool:
    return "excluded" in _words(status)[1:]


def _words(status: str) -> list[str]:
    return re.findall(r"[a-z]+", status.lower()) or ["exited"]


def _aggregate(seen: Collection[tuple[str, str]], *, keeps_restarting: bool) -> str:
    """The first rule that matches wins; the order is the API's."""
    states = {state for state, _ in seen}
    if "degraded" in states:
        return "degraded:unhealthy"
    if "restarting" in states:
        return "restarting:unknown" if keeps_restarting else "degraded:unhealthy"
    if "running" in states:
        return _aggregate_running(seen, states)
    if states & {"dead", "removing"}:
        return "degraded:unhealthy"
    if "paused" in states:
        return "paused:unknown"
    if states & {"starting", "created"}:
        return "starting:unknown"
    return "exited"


def _aggregate_running(seen: Collection[tuple[str, str]], states: Collection[str]) -> str:
    if "exited" in states:
        return "degraded:unhealthy"
    if "starting" in states or "created" in states:
        return "starting:unknown"
    healths = {health for state, health in seen if state == "running"}
    for health in ("unhealthy", "unknown"):
        if health in healths:
            return f"running:{health}"
    return "running:healthy"


def _exclude_component(status: str) -> str:
    """How the status of a component that is left out of its service's is marked."""
    state = status.partition(":")[0]
    if state in ("running", "restarting"):
        return f"{status}:excluded"
    return state if state == "exited" else f"{state}:excluded"
