from datetime import UTC, datetime
from typing import Any

from homeport.core.observed import Observed, read, read_time


def document(**changes: Any) -> dict[str, Any]:
    state = {
        "Status": "running",
        "Running": True,
        "ExitCode": 0,
        "StartedAt": "2026-01-31T12:00:00.123456789Z",
    }
    labels = {
        "homeport.service": "u1",
        "homeport.component": "web",
        "homeport.revision": "3",
        "com.docker.compose.config-hash": "abc",
    }
    return {
        "Id": "c1",
        "Name": "/web-u1",
        "Image": "sha256:1",
        "RestartCount": 2,
        "State": state | changes.pop("state", {}),
        "Config": {
            "Image": "nginx:1",
            "Labels": labels,
            "ExposedPorts": {"443/tcp": {}, "80/tcp": {}, "53/udp": {}},
        },
        "HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}},
        "NetworkSettings": {"Networks": {"u1": {}, "front": {}}},
    } | changes


def test_a_whole_document() -> None:
    (container,) = read([document(state={"Health": {"Status": "healthy"}})]).containers
    assert container.name == "web-u1"
    assert (container.service_uuid, container.component, container.revision) == ("u1", "web", 3)
    assert (container.state, container.health, container.exit_code) == ("running", "healthy", None)
    assert (container.image, container.image_id, container.config_hash) == ("nginx:1", "sha256:1", "abc")
    assert (container.ports, container.networks) == ((80, 443), ("front", "u1"))
    assert (container.restart_count, container.restart_policy) == (2, "unless-stopped")
    assert container.started_at == datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)


def test_compose_labels_stand_in_for_ours() -> None:
    labels = {"com.docker.compose.project": "u9", "com.docker.compose.service": "db"}
    (container,) = read([document(Config={"Labels": labels})]).containers
    assert (container.service_uuid, container.component, container.revision) == ("u9", "db", None)
    assert container.ports == ()


def test_a_document_that_says_nothing() -> None:
    (container,) = read(
        [{"Id": "c1", "Config": {"Labels": None}, "State": None, "RestartCount": -1}]
    ).containers
    assert container.state == "exited"
    assert container.exit_code is None
    assert container.restart_count == 0
    assert container.started_at is None


def test_a_container_that_vanished_is_left_out() -> None:
    assert read([{"message": "No such container: c1"}]) == Observed()


def test_health_none_and_podman_words() -> None:
    assert read([document(state={"Health": {"Status": "none"}})]).containers[0].health is None
    assert read([document(state={"Status": "configured"})]).containers[0].state == "created"
    assert read([document(state={"Status": "stopped", "ExitCode": 3})]).containers[0].exit_code == 3
    assert read([document(state={"Status": "odd"})]).containers[0].state == "running"


def test_completed_means_ended_well_and_not_coming_back() -> None:
    def completed(policy: str, code: int) -> bool:
        host = {"RestartPolicy": {"Name": policy}}
        seen = read([document(state={"Status": "exited", "ExitCode": code}, HostConfig=host)])
        return seen.containers[0].is_completed

    assert completed("no", 0)
    assert completed("on-failure", 0)
    assert not completed("no", 1)
    assert not completed("unless-stopped", 0)


def test_looking_things_up() -> None:
    other = document(Id="c2", Name="/a-u2")
    other["Config"] = {"Labels": {"homeport.service": "u2", "homeport.component": "a"}}
    seen = read([document(), other])
    assert seen.components == ("a", "web")
    assert [item.id for item in seen.of("web")] == ["c1"]
    assert seen.of_service("u2").components == ("a",)
    assert seen.ports == {"web": 80}


def test_times() -> None:
    assert read_time("0001-01-01T00:00:00Z") is None
    assert read_time("") is None
    assert read_time("yesterday") is None
    assert read_time("2026-01-31T12:00:00Z") == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert read_time("2026-01-31T12:00:00.5Z") == datetime(2026, 1, 31, 12, 0, 0, 500000, tzinfo=UTC)
    assert read_time("2026-01-31T14:00:00.25+02:00") == datetime(2026, 1, 31, 12, 0, 0, 250000, tzinfo=UTC)
