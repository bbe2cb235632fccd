"""What a compose may say, seen in the containers: plans, profiles, grants, files and values on a real engine."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support import checks
from tests.support.checks import eventually
from tests.support.engine import engine_socket
from tests.support.scenario import Answer, Homeport, compose

pytestmark = pytest.mark.engine

VALUES = {
    "QUOTES": 'she said "no", twice: ""',
    "APOSTROPHE": "it's 5 o'clock",
    "DOLLARS": "$HOME ${NOBODY} $$ $1 ${X:-y} cost: 5$",
    "HASH": "#a # b #",
    "LINES": "first\nsecond\n\n  fourth",
    "UNICODE": "Grüße 漢字 🚢 \u200d e\u0301",
    "JSON": '{"a": ["b\'c", "d\\n", null], "e": "${f}"}',
    "SLASHES": "C:\\new\\table\\",
    "BRACES": "{{team.NAME}} %s ${",
    "EQUALS": "=a=b;c&d|e`f`!g*",
}
"""What readers of `.env` files and of compose files trip over."""


def calm(text: str) -> str:
    """The scenario `planned`, wanting nothing of the server that it cannot give."""
    return text.replace("18080:8080", "8080").replace("4096g", "64m")


def test_a_plan_warns_and_leaves_nothing(homeport: Homeport, taken_port: int) -> None:
    before = homeport.row_counts()
    plan = homeport.plan(
        compose=compose("planned").replace("18080", str(taken_port)), name="planned", instant_deploy=True
    )
    uuid = plan["uuid"]
    told = {(each["code"], each["place"]): each["message"] for each in plan["warnings"]}
    assert f"the port {taken_port}/tcp, which" in told["port_taken", "services.web.ports"]
    assert "homeport-e2e-stranger" in told["port_taken", "services.web.ports"]
    assert "4096.0 GiB" in told["memory_short", "services.web.mem_limit"]
    assert homeport.ask("GET", f"/services/{uuid}").status == 404
    assert checks.leftovers(uuid, homeport.root / "services" / uuid) == []
    after = homeport.row_counts()
    assert {name for name, count in after.items() if before[name] != count} <= {"plans"}


def test_what_is_applied_is_what_was_planned(homeport: Homeport) -> None:
    plan = homeport.plan(compose=calm(compose("planned")), instant_deploy=True)
    assert [(each["code"], each["place"]) for each in plan["warnings"]] == [
        ("no_healthcheck", "services.keeper")
    ]
    generated = [variable["key"] for variable in plan["variables"] if variable["is_generated"]]
    assert generated == ["SERVICE_PASSWORD_SHARED"]

    applied = homeport.apply(plan)
    assert applied.status == 201, applied
    assert (applied.body["uuid"], applied.body["domains"]) == (plan["uuid"], plan["domains"])
    homeport.await_outcome(applied.body["deployment_uuid"])
    uuid, (url,) = plan["uuid"], plan["domains"]
    assert homeport.visit(url).body == "busybox\n"
    password = checks.environment_of(f"web-{uuid}")["PASSWORD"]
    assert len(password) == 32
    assert checks.environment_of(f"keeper-{uuid}")["ADDRESS"] == f"web:{password}@web"
    assert password not in json.dumps(plan)

    again = homeport.apply(plan)
    assert again.status == 409
    assert again.body["message"] == "This plan was applied already."


def test_a_planned_change_recreates_what_it_says(homeport: Homeport) -> None:
    text = compose("two_components")
    uuid = homeport.create(compose=text)["uuid"]
    ids = {name: checks.id_of(f"{name}-{uuid}") for name in ("web", "keeper")}

    plan = homeport.plan(uuid, compose=text.replace("first edition", "second edition"), instant_deploy=True)
    changed = [line for line in plan["diff"].splitlines() if line.startswith(("-", "+"))]
    assert changed[:2] == ["--- a/docker-compose.yml", "+++ b/docker-compose.yml"]
    assert [line[0] for line in changed[2:]] == ["-", "+"]
    assert "first edition" in changed[2]
    assert "second edition" in changed[3]
    assert {component["name"]: component["change"] for component in plan["components"]} == {
        "web": "unchanged",
        "keeper": "recreate",
    }
    assert checks.id_of(f"keeper-{uuid}") == ids["keeper"], "a plan does nothing"

    applied = homeport.apply(plan)
    assert applied.status == 200, applied
    homeport.await_outcome(applied.body["deployment_uuid"])
    assert checks.id_of(f"web-{uuid}") == ids["web"]
    assert checks.id_of(f"keeper-{uuid}") != ids["keeper"]
    assert checks.run_in(f"keeper-{uuid}", "cat", "/data/edition") == "second edition\n"


def test_a_profile_comes_and_goes_and_its_volume_stays(homeport: Homeport) -> None:
    uuid = homeport.create(compose=compose("profiles"))["uuid"]
    assert checks.containers_of(uuid) == [f"web-{uuid}"]
    assert checks.volumes_of(uuid) == []

    homeport.change(uuid, profiles=["debug"])
    assert checks.containers_of(uuid) == [f"tool-{uuid}", f"web-{uuid}"]
    assert checks.is_running(f"tool-{uuid}")
    checks.run_in(f"tool-{uuid}", "sh", "-c", "echo kept > /notes/note")

    homeport.change(uuid, profiles=[])
    assert checks.containers_of(uuid) == [f"web-{uuid}"]
    assert checks.volumes_of(uuid) == [f"{uuid}_notes"]
    assert homeport.status(uuid).startswith("running")

    homeport.change(uuid, profiles=["debug"])
    assert checks.run_in(f"tool-{uuid}", "cat", "/notes/note") == "kept\n"


def test_a_required_value_is_asked_for_before_anything_starts(homeport: Homeport) -> None:
    created = homeport.request_service(compose=compose("requires"))
    assert created.status == 201, created
    uuid = created.body["uuid"]
    refused = homeport.ask("POST", f"/services/{uuid}/start")
    assert refused.status == 422
    assert "Give the licence that you bought" in refused.body["errors"]["LICENCE"][0]
    assert checks.containers_of(uuid) == []

    homeport.set_variables(uuid, {"LICENCE": "AB-12 34"})
    homeport.act(uuid, "start")
    assert checks.environment_of(f"web-{uuid}")["LICENCE"] == "AB-12 34"


def test_the_engines_socket_is_for_those_who_were_granted_it(strict_homeport: Homeport) -> None:
    homeport, text = strict_homeport, compose("socket").replace("/var/run/docker.sock", engine_socket())
    confirmed = ["host.docker_socket"]
    before = homeport.row_counts()["services"]
    refuse_socket(homeport.request_service(compose=text, instant_deploy=True))
    writer = homeport.new_token("writer", "write", "deploy")
    assert homeport.request_service(compose=text, grants=confirmed, token=writer).status == 403
    assert homeport.row_counts()["services"] == before

    created = homeport.begin(compose=text, grants=confirmed)
    uuid = created["uuid"]
    name = f"web-{uuid}"
    eventually(lambda: checks.is_running(name), what="it was started")
    assert checks.run_in(name, "sh", "-c", "test -S /engine.sock && echo a socket") == "a socket\n"

    # The first deployment still waits for health, so the second one was judged when it was asked for, and is
    # judged again when its turn comes.
    queued = homeport.ask("POST", f"/services/{uuid}/restart")
    assert queued.status == 200, queued
    homeport.query("UPDATE services SET grants = NULL WHERE uuid = ?", uuid)
    container = checks.id_of(name)
    checks.run_in(name, "touch", "/tmp/ready")
    homeport.await_outcome(created["deployment_uuid"])
    deployment = homeport.await_outcome(queued.body["deployment_uuid"], "failed")
    assert "needs the grant host.docker_socket" in deployment["error"]
    refuse_socket(homeport.ask("POST", f"/services/{uuid}/restart"))
    assert checks.id_of(name) == container
    assert checks.is_running(name), "what runs stays up"


def refuse_socket(answer: Answer) -> None:
    """It was refused for the one volume of the scenario `socket`."""
    assert answer.status == 422, answer
    (missing,) = answer.body["missing_grants"]
    assert missing["grant"] == "host.docker_socket"
    assert (missing["place"], missing["line"]) == ("services.web.volumes[0]", 8)
    assert answer.body["errors"] == {"grants": [missing["message"]]}


def test_a_link_that_a_component_made_is_not_mounted(strict_homeport: Homeport, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the server")
    uuid = strict_homeport.create(compose=compose("linked"), grants=["host.mount"])["uuid"]
    ids = {name: checks.id_of(name) for name in checks.containers_of(uuid)}
    script = 'rmdir /shared/part && ln -s "$0" /shared/part'
    checks.run_in(f"writer-{uuid}", "sh", "-c", script, str(tmp_path))
    asked = strict_homeport.ask("POST", f"/services/{uuid}/restart")
    deployment = strict_homeport.await_outcome(asked.body["deployment_uuid"], "failed")
    assert "shared/part is a link, and links are not mounted." in deployment["error"]
    assert {name: checks.id_of(name) for name in checks.containers_of(uuid)} == ids
    assert checks.run_in(f"reader-{uuid}", "ls", "/part") == ""
    assert strict_homeport.status(uuid).startswith("running")


def test_a_base_a_config_and_an_empty_file(homeport: Homeport) -> None:
    uuid = homeport.create(compose=compose("extended"))["uuid"]
    base, web, worker = (f"{name}-{uuid}" for name in ("base", "web", "worker"))
    assert checks.containers_of(uuid) == [base, web, worker]
    told = {name: checks.environment_of(name) for name in (base, web, worker)}
    assert {name: own["QUEUE"] for name, own in told.items()} == {base: "none", web: "none", worker: "mails"}
    assert {own["LEVEL"] for own in told.values()} == {"info"}
    assert checks.run_in(web, "cat", "/www/index.html") == "welcome, it costs $5\n"
    assert checks.run_in(web, "stat", "-c", "%F", "/etc/extra.json") == "regular empty file\n"


def test_a_service_becomes_a_type_of_which_others_are_made(homeport: Homeport) -> None:
    first = homeport.create(compose=calm(compose("planned")))
    key = f"planned-{uuid4().hex[:8]}"
    saved = homeport.ask("POST", f"/services/{first['uuid']}/template", {"key": key})
    assert saved.status == 201, saved

    second = homeport.create(type=key)
    (url,) = second["domains"]
    assert url not in first["domains"]
    assert homeport.visit(url).body == "busybox\n"
    passwords = {checks.environment_of(f"web-{made['uuid']}")["PASSWORD"] for made in (first, second)}
    assert len(passwords) == 2
    assert all(len(password) == 32 for password in passwords)
    assert not any(password in json.dumps(saved.body) for password in passwords)


def test_values_arrive_as_they_were_given(homeport: Homeport) -> None:
    created = homeport.request_service(compose=compose("values"))
    assert created.status == 201, created
    uuid = created.body["uuid"]
    homeport.set_variables(uuid, VALUES | {"GREETING": "of ${EQUALS}"})
    literal = {"LITERAL": "of ${EQUALS} and $$HASH"}
    homeport.set_variables(uuid, literal, is_literal=True)
    homeport.act(uuid, "start")
    given = {"GREETING": f"of {VALUES['EQUALS']}"}
    for key, value in (VALUES | literal).items():
        given |= {key: value, f"COPY_{key}": value}
    told = checks.environment_of(f"web-{uuid}")
    assert {key: told.get(key) for key in given} == given
    process = checks.run_in(f"web-{uuid}", "cat", "/proc/1/environ").split("\0")
    assert set(process) >= {f"{key}={value}" for key, value in given.items()}
