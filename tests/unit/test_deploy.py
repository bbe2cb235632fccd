from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from homeport.core.compose.model import Component, Domain, File
from homeport.core.deploy import missing_images, plan, progress, settling_for, to_restart
from homeport.core.observed import Container, Observed
from homeport.core.revision import Snapshot

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
WEB = Component(
    name="web", kind="application", image="nginx:1", domains=(Domain("https", "a.example.com", 8080, "/x"),)
)
DB = Component(name="db", kind="database", image="postgres:16", has_healthcheck=True)
JOB = Component(name="job", kind="application", image="job:1", is_excluded=True)
OOM = "web exited with code 137 (out of memory)"
IMAGES = {"nginx:1": "sha256:n", "postgres:16": "sha256:p"}
HASHES = {"web": "w", "db": "d"}


def snapshot(*components: Component, **more: Any) -> Snapshot:
    known: dict[str, Any] = {
        "service_uuid": "u1",
        "service_name": "shop",
        "number": 4,
        "folder": "/data/services/u1",
        "compose": "",
        "dotenv": "",
        "components": components or (WEB, DB),
        "networks": ("u1",),
    }
    return Snapshot(**(known | more))


def container(component: str, **more: Any) -> Container:
    known: dict[str, Any] = {
        "id": component,
        "name": f"{component}-u1",
        "service_uuid": "u1",
        "component": component,
        "state": "running",
        "revision": 4,
        "config_hash": HASHES.get(component),
        "image_id": {"web": "sha256:n", "db": "sha256:p"}.get(component, ""),
        "restart_policy": "unless-stopped",
    }
    return Container(**(known | more))


def seen(*containers: Container) -> Observed:
    return Observed(containers)


def test_the_first_start_reads_as() -> None:
    files = (
        File(component="web", path="/data/services/u1/a.conf", target="/a"),
        File(component="web", path="/etc/hosts", target="/h", is_managed=False),
    )
    wanted = snapshot(files=files, destination_network="homeport")
    assert str(plan(wanted, seen(), "start", images={"nginx:1": "sha256:n"}, hashes=HASHES)) == (
        "1. files: Write docker-compose.yml, .env and 1 more file to /data/services/u1.\n"
        "2. pull: Pull postgres:16: not on the server.\n"
        "3. networks: Make sure that the network u1 exists.\n"
        "4. up: Create web: it has no container. Create db: it has no container.\n"
        "5. connect: Connect web and db to the network homeport.\n"
        "6. wait: Wait until web is running and db is healthy.\n"
        "7. proxy: Route https://a.example.com/x to web."
    )


def test_only_what_changed_is_recreated() -> None:
    observed = seen(container("web", config_hash="old"), container("db"), container("gone"))
    made = plan(snapshot(), observed, "start", images=IMAGES, hashes=HASHES)
    assert made.step_names == ("files", "networks", "up", "wait", "proxy")
    assert [str(change) for change in made.changes] == [
        "Recreate web: its definition changed.",
        "Keep db: nothing changed.",
        "Remove gone: it is not part of the service any more.",
    ]


@pytest.mark.parametrize(
    ("changed", "hashes", "sentence"),
    [
        ({"image_id": "sha256:old"}, HASHES, "Recreate web: its image changed."),
        ({"state": "exited"}, HASHES, "Start web: it is exited."),
        ({}, HASHES, "Keep web: nothing changed."),
        ({}, None, "Keep web: nothing changed."),
        ({"revision": 3}, None, "Compare web: it was made for revision 3, its definition is of revision 4."),
        (
            {"revision": None},
            None,
            "Compare web: it was made for another revision, its definition is of revision 4.",
        ),
    ],
)
def test_what_happens_to_a_component(
    changed: dict[str, Any], hashes: dict[str, str] | None, sentence: str
) -> None:
    made = plan(snapshot(), seen(container("web", **changed)), "start", images=IMAGES, hashes=hashes)
    assert str(made.changes[0]) == sentence


def test_the_marks_tell_what_changed_in_which_revision() -> None:
    wanted = snapshot(marks={"web": ("digest", 2), "db": ("digest", 4)})
    made = plan(
        wanted, seen(container("web", revision=2), container("db", revision=2)), "start", images=IMAGES
    )
    assert [str(change) for change in made.changes] == [
        "Keep web: nothing changed.",
        "Recreate db: it was made for revision 2, its definition is of revision 4.",
    ]


def test_containers_of_other_services_are_not_looked_at() -> None:
    other = seen(container("web", service_uuid="u2"))
    assert str(plan(snapshot(WEB), other, "start").changes[0]) == "Create web: it has no container."


def test_a_component_of_an_inactive_profile_is_not_expected() -> None:
    assert plan(snapshot(), seen(), "start", hashes={"web": "w"}).expected == ("web",)


def test_pulling() -> None:
    asked = plan(snapshot(), seen(), "start", images=IMAGES, is_pull_wanted=True).find("pull")
    assert asked is not None
    assert str(asked) == "pull: Pull the newest images, as asked for."
    assert asked.names == ("web", "db")
    built = Component(name="built", kind="application")
    assert plan(snapshot(built), seen(), "start", is_pull_wanted=True).find("pull") is None
    assert plan(snapshot(), seen(), "start").find("pull") is None
    assert missing_images(snapshot(WEB, DB, WEB, built), {"nginx:1"}) == ("postgres:16",)


def test_a_restart_names_its_step_after_up() -> None:
    made = plan(snapshot(networks=()), seen(), "restart", has_proxy=False)
    assert made.step_names == ("files", "up", "restart", "wait")


def test_only_untouched_containers_are_restarted() -> None:
    before = seen(container("web", started_at=NOW), container("db", started_at=NOW))
    after = seen(container("web", started_at=NOW), container("db", id="new", started_at=NOW))
    assert to_restart(before, after) == ("web",)
    later = seen(container("web", started_at=NOW + timedelta(seconds=1)))
    assert to_restart(before, later) == ()
    assert to_restart(seen(), seen(container("web"))) == ()


def test_stop_reads_as() -> None:
    observed = seen(container("web"), container("db", state="exited"), container("gone"))
    assert str(plan(snapshot(), observed, "stop")) == (
        "1. proxy: Withdraw all routes.\n"
        "2. down: Stop web and gone, each within its own grace period, and remove the containers.\n"
        "3. verify: Check by label that no container is left."
    )
    assert plan(snapshot(), seen(), "stop", has_proxy=False).step_names == ("down", "verify")


def test_delete_reads_as() -> None:
    volumes = ["u1_data", "u1_cache"]
    made = plan(snapshot(networks=("u1", "u1_front")), seen(), "delete", volumes_to_remove=volumes)
    assert str(made) == (
        "1. proxy: Withdraw all routes.\n"
        "2. down: Remove the containers.\n"
        "3. containers: Remove what else carries the service's label.\n"
        "4. disconnect: Take everything off the networks u1 and u1_front.\n"
        "5. networks: Remove the networks u1 and u1_front.\n"
        "6. volumes: Remove the volumes u1_data and u1_cache with all data, as asked for.\n"
        "7. folder: Remove /data/services/u1.\n"
        "8. verify: Check by label that nothing is left."
    )
    kept = plan(snapshot(networks=()), seen(), "delete", has_proxy=False, is_folder_kept=True)
    assert kept.step_names == ("down", "containers", "verify")


def test_a_plan_never_shows_a_secret() -> None:
    wanted = snapshot(dotenv="PASSWORD=hunter2", compose="services: {web: {environment: {P: hunter2}}}")
    assert "hunter2" not in repr(plan(wanted, seen(), "start"))


def test_without_domains_the_routes_are_withdrawn() -> None:
    step = plan(snapshot(DB), seen(), "start").find("proxy")
    assert str(step) == "proxy: Withdraw all routes."
    assert "wait: Wait for nothing" in str(plan(snapshot(JOB), seen(), "start"))


@pytest.mark.parametrize(
    ("changed", "kind", "text"),
    [
        ({"health": "healthy"}, "ready", "all components run"),
        ({"health": "starting"}, "waiting", "web is not healthy yet"),
        ({"health": "unhealthy"}, "failed", "web is unhealthy"),
        ({"started_at": NOW - timedelta(seconds=5)}, "ready", "all components run"),
        ({"started_at": NOW}, "waiting", "web has just started"),
        ({"restart_count": 1, "started_at": NOW - timedelta(seconds=1)}, "waiting", "web has just started"),
        ({"restart_count": 1, "started_at": NOW - timedelta(seconds=2)}, "ready", "all components run"),
        ({"started_at": NOW + timedelta(seconds=1)}, "waiting", "web has just started"),
        ({"started_at": None}, "ready", "all components run"),
        ({"state": "created"}, "waiting", "web is created"),
        ({"state": "restarting", "restart_count": 2}, "waiting", "web keeps restarting (2 times)"),
        ({"state": "restarting", "restart_count": 7}, "failed", "web keeps restarting (7 times)"),
        ({"restart_count": 7}, "failed", "web keeps restarting (7 times)"),
        ({"state": "exited", "exit_code": 3}, "failed", "web exited with code 3"),
        ({"state": "exited", "exit_code": 137, "is_oom_killed": True}, "failed", OOM),
        ({"state": "dead", "exit_code": 1, "error": "no mount"}, "failed", "web exited with code 1: no mount"),
        ({"state": "exited", "exit_code": 0, "restart_policy": "no"}, "ready", "all components run"),
    ],
)  # fmt: skip
def test_progress_table(changed: dict[str, Any], kind: str, text: str) -> None:
    made = progress(["web"], [WEB], seen(container("web", **changed)), now=NOW)
    assert ("ready" if made.ready else "failed" if made.failed else "waiting") == kind
    assert str(made) == text
    assert made.is_done == (kind == "ready")


def test_how_much_longer_a_container_must_run() -> None:
    settle = timedelta(seconds=1)
    for started, restarts, left in [
        (NOW, 0, 1),
        (NOW, 3, 2),
        (NOW - 3 * settle, 3, 0),
        (NOW + 9 * settle, 0, 10),
    ]:
        item = container("web", started_at=started, restart_count=restarts)
        assert settling_for(item, NOW, settle) == left * settle
    assert not settling_for(container("web", started_at=None), NOW, settle)


def test_progress_of_what_is_missing_or_excluded() -> None:
    assert str(progress(["web"], [WEB], seen(), now=NOW)) == "web has no container"
    assert progress(["job"], [JOB], seen(), now=NOW).is_done
    running = seen(container("job", health="unhealthy", restart_policy="no"))
    assert progress(["job"], [JOB], running, now=NOW).is_done
    ended_badly = seen(container("job", state="exited", exit_code=1, restart_policy="no"))
    assert progress(["job"], [JOB], ended_badly, now=NOW).failed == {"job": "exited with code 1"}
    assert progress(["job"], [JOB], seen(container("job", state="exited", exit_code=1)), now=NOW).is_done
