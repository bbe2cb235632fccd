from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from homeport.core.observed import Container
from homeport.core.status import component_status, is_exited, is_running, service_status

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def container(state: Any, health: Any = None, **more: Any) -> Container:
    known = {
        "id": "c",
        "name": "web-u1",
        "service_uuid": "u1",
        "component": "web",
        "restart_policy": "always",
    }
    return Container(**(known | {"state": state, "health": health} | more))


@pytest.mark.parametrize(
    ("seen", "status", "excluded"),
    [
        ([], "exited", "exited"),
        ([("running", "healthy")], "running:healthy", "running:healthy:excluded"),
        ([("running", "unhealthy")], "running:unhealthy", "running:unhealthy:excluded"),
        ([("running", "starting")], "running:unknown", "running:unknown:excluded"),
        ([("running", None)], "running:unknown", "running:unknown:excluded"),
        ([("restarting", None)], "restarting:unknown", "restarting:unknown:excluded"),
        ([("created", None)], "starting:unknown", "starting:excluded"),
        ([("paused", None)], "paused:unknown", "paused:excluded"),
        ([("dead", None)], "degraded:unhealthy", "degraded:excluded"),
        ([("removing", None)], "degraded:unhealthy", "degraded:excluded"),
        ([("exited", None)], "exited", "exited"),
        ([("running", "healthy"), ("exited", None)], "degraded:unhealthy", "degraded:excluded"),
        ([("running", "healthy"), ("created", None)], "starting:unknown", "starting:excluded"),
        ([("running", "healthy"), ("running", None)], "running:unknown", "running:unknown:excluded"),
        ([("running", "healthy"), ("restarting", None)], "restarting:unknown", "restarting:unknown:excluded"),
    ],
)
def test_component_table(seen: list[tuple[Any, Any]], status: str, excluded: str) -> None:
    containers = [container(state, health, exit_code=1) for state, health in seen]
    assert component_status(containers) == status
    assert component_status(containers, is_excluded=True) == excluded


def test_a_one_shot_that_did_its_job_does_not_degrade_its_service() -> None:
    done = component_status([container("exited", exit_code=0, restart_policy="no")])
    assert done == "exited:excluded"
    assert service_status([("running:healthy", False), (done, False)]) == "running:healthy"
    assert component_status([container("exited", exit_code=1, restart_policy="no")]) == "exited"
    assert service_status([(done, False)]) == "exited"


def test_a_container_between_two_crashes_is_restarting() -> None:
    def seen(ran_s: float, **more: Any) -> str:
        item = container("running", started_at=NOW - timedelta(seconds=ran_s), **{"restart_count": 3, **more})
        return component_status([item], now=NOW)

    assert seen(2) == "restarting:unknown"
    assert seen(11) == "running:unknown"
    assert seen(2, restart_count=0) == "running:unknown"
    assert seen(2, health="healthy") == "running:healthy"
    assert component_status([container("running", restart_count=3)], now=NOW) == "running:unknown"


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (["running:healthy", "running:healthy"], "running:healthy"),
        (["running:healthy", "running:unknown"], "running:unknown"),
        (["running:unknown", "running:unhealthy"], "running:unhealthy"),
        (["running (healthy)", "running:healthy"], "running:healthy"),
        (["running (unhealthy)"], "running:unhealthy"),
        (["running:starting"], "running:unknown"),
        (["running:healthy", "exited"], "degraded:unhealthy"),
        (["running:healthy", "paused:unknown", "exited"], "degraded:unhealthy"),
        (["running:healthy", "starting:unknown"], "starting:unknown"),
        (["running:healthy", "created"], "starting:unknown"),
        (["running:healthy", "restarting:unknown"], "degraded:unhealthy"),
        (["running:healthy", "degraded:unhealthy"], "degraded:unhealthy"),
        (["running:healthy", "paused:unknown"], "running:healthy"),
        (["dead", "paused:unknown"], "degraded:unhealthy"),
        (["removing"], "degraded:unhealthy"),
        (["paused:unknown", "starting:unknown"], "paused:unknown"),
        (["paused:unknown", "exited"], "paused:unknown"),
        (["starting:unknown", "exited"], "starting:unknown"),
        (["exited", "exited"], "exited"),
        (["degraded:excluded", "running:healthy"], "running:healthy"),
        (["running:healthy:excluded"], "running:healthy:excluded"),
        (["running (unhealthy, excluded)"], "running:unhealthy:excluded"),
        (["exited", "exited:excluded"], "exited"),
    ],
)
def test_service_table(statuses: list[str], status: str) -> None:
    assert service_status([(item, False) for item in statuses]) == status


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([], "unknown:unknown:excluded"),
        (["running:healthy"], "running:healthy:excluded"),
        (["running:healthy:excluded", "exited"], "degraded:unhealthy:excluded"),
        (["starting:excluded"], "starting:unknown:excluded"),
        (["exited"], "exited"),
    ],
)
def test_service_with_only_excluded_components(statuses: list[str], status: str) -> None:
    assert service_status([(item, True) for item in statuses]) == status


def test_excluded_components_do_not_count_beside_others() -> None:
    assert service_status([("running:healthy", False), ("exited", True)]) == "running:healthy"


def test_while_deploying() -> None:
    assert service_status([("exited", False)], is_deploying=True) == "starting:unhealthy"
    assert service_status([], is_deploying=True) == "starting:unhealthy"


def test_what_the_api_calls_running_and_stopped() -> None:
    assert is_running("running:unhealthy")
    assert not is_running("exited")
    assert is_exited("exited")
    assert not is_exited("running:healthy")
