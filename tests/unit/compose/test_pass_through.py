"""What stays as it was written, in every form that Compose knows; and the forms of what is rewritten.

Dialect 3 to 7: all keys that are not named there pass untouched.
"""

from typing import Any

import pytest

from homeport.core.compose.load import load
from tests.support.compose import environment, render_text


def written(settings: str, more: str = "") -> dict[str, Any]:
    """The component as Compose reads it back."""
    text = f"services:\n  web:\n    image: a\n    {settings}\n{more}"
    found: dict[str, Any] = load(render_text(text).compose).data["services"]["web"]
    return found


OTHERS = """  db: {image: b}
  cache: {image: b}
  other: {image: b}
configs: {c: {content: x}, d: {content: x}}
secrets: {s: {environment: S}, t: {environment: T}}
"""


@pytest.mark.parametrize(
    "settings",
    [
        "logging: {driver: json-file, options: {max-size: 10m}}",
        "links: [db, 'cache:redis']",
        "external_links: ['other:alias']",
        "volumes_from: [db, 'other:ro', 'container:third:ro']",
        "tmpfs: /run",
        "tmpfs: ['/run', '/tmp:size=5m']",
        "configs: [c, {source: d, target: /d, mode: 0440}]",
        "secrets: [s, {source: t, target: /t}]",
        "depends_on: [db, cache]",
        "depends_on: {db: {condition: service_healthy, restart: true}, cache: {condition: service_started}}",
        "extra_hosts: ['a:1.2.3.4', 'host.docker.internal:host-gateway']",
        "extra_hosts: {a: 1.2.3.4}",
        "sysctls: [net.core.somaxconn=1024]",
        "sysctls: {net.core.somaxconn: 1024}",
        "healthcheck: {test: curl -f http://localhost, interval: 5s}",
        "healthcheck: {test: [CMD, curl, '$$X']}",
        "healthcheck: {disable: true}",
        "build: {context: ., args: {A: '1', B: }}",
        "build: {context: ., args: [A=1, B]}",
        "build: ./src",
        "command: echo $$HOME ${X:-y}",
        "command: [echo, '22222:22']",
        "entrypoint: []",
        "ports: ['8080:80', {target: 53, published: '5353', protocol: udp}, 22222:22]",
        "expose: [80, '81-83']",
        "ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}",
        "deploy: {resources: {limits: {cpus: '0.5', memory: 1g}}, labels: {a: b}}",
        "cap_add: [NET_ADMIN]",
        "cap_drop: []",
        "devices: ['/dev/a:/dev/b:rwm']",
        "dns: 1.1.1.1",
        "user: 0755",
        "hostname: n",
        "platform: linux/amd64",
        "annotations: {a: b}",
        "x-mine: {a: [1, 2.5, true, null, '']}",
        "stop_grace_period: 1m30s",
        "shm_size: 64m",
        "blkio_config: {weight: 300}",
    ],
)
def test_these_settings_stay_as_they_are(settings: str) -> None:
    key = settings.partition(":")[0]
    given = load(f"services:\n  web:\n    {settings}\n").data["services"]["web"][key]
    assert written(settings, OTHERS)[key] == given


def test_configs_and_secrets_of_the_document_stay() -> None:
    sections = "configs: {c: {content: 'a $$b'}, d: {file: ./d}}\nsecrets: {s: {environment: S}, t: {external: true}}"
    text = f"services: {{web: {{image: a}}}}\n{sections}\n"
    output = load(render_text(text).compose).data
    assert {key: output[key] for key in ("configs", "secrets")} == load(sections).data


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "unless-stopped"),
        ("restart: ", "unless-stopped"),
        ("restart: always", "always"),
        ("restart: no", "no"),
        ("restart: false", "no"),
        ("restart: 'on-failure:3'", "on-failure:3"),
        ("restart: '${R:-no}'", "${R:-no}"),
    ],
)
def test_restart(given: str, expected: str) -> None:
    assert written(given)["restart"] == expected


def test_exclude_from_hc_is_no_setting_of_compose() -> None:
    assert "exclude_from_hc" not in written("exclude_from_hc: true")
    assert "exclude_from_hc" not in written("exclude_from_hc: false")


def test_the_name_of_the_container_is_always_ours() -> None:
    assert written("container_name: mine")["container_name"] == "web-u1"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", [".env"]),
        ("env_file: ", [".env"]),
        ("env_file: []", [".env"]),
        ("env_file: a.env", ["a.env", ".env"]),
        ("env_file: [.env, a.env]", [".env", "a.env"]),
        ("env_file: [{path: a.env, required: false}]", [{"path": "a.env", "required": False}, ".env"]),
        ("env_file: [{path: .env, format: raw}]", [{"path": ".env", "format": "raw"}]),
    ],
)
def test_env_file(given: str, expected: list[Any]) -> None:
    assert written(given)["env_file"] == expected


@pytest.mark.parametrize("form", ["[A=1, B=, C, 'D=$X']", "{A: '1', B: '', C: '', D: $X}"])
def test_both_forms_of_environment(form: str) -> None:
    rendered = render_text(f"services: {{web: {{image: a, environment: {form}}}}}")
    assert environment(rendered, "web") == {"A": "1", "B": "", "C": "", "D": "$X"}
    assert [variable.key for variable in rendered.variables] == ["X"]


def test_typed_values_of_environment() -> None:
    rendered = render_text("services: {web: {image: a, environment: {A: 5, B: 1.5, C: true, D: , E: 0755}}}")
    assert environment(rendered, "web") == {"A": 5, "B": 1.5, "C": True, "D": None, "E": "0755"}


@pytest.mark.parametrize("form", ["[A=1, 'B=$SERVICE_PASSWORD_X']", "{A: 1, B: $SERVICE_PASSWORD_X}"])
def test_build_args_make_variables_and_stay_where_they_are(form: str) -> None:
    rendered = render_text(f"services: {{web: {{build: {{context: ., args: {form}}}}}}}")
    assert environment(rendered, "web") == {}
    assert "SERVICE_PASSWORD_X" in {variable.key for variable in rendered.variables}


@pytest.mark.parametrize("form", ["[a=1, b]", "{a: 1, b: }"])
def test_both_forms_of_labels(form: str) -> None:
    labels = written(f"labels: {form}")["labels"]
    assert [label.rstrip("=") for label in labels[:2]] == ["a=1", "b"]
    assert "homeport.service=u1" in labels


@pytest.mark.parametrize("form", ["[front, back]", "{front: , back: }"])
def test_both_forms_of_networks(form: str) -> None:
    networks = written(f"networks: {form}", "networks: {front: {driver: bridge}, back: }")["networks"]
    assert networks == {"front": None, "back": None, "u1": None}


def test_network_settings_stay() -> None:
    settings = "{ipv4_address: 10.0.0.2, priority: 5, aliases: [x]}"
    assert written(f"networks: {{front: {settings}}}", "networks: {front: }")["networks"] == {
        "front": load(settings).data,
        "u1": None,
    }


@pytest.mark.parametrize("mode", ["host", "none", "service:db", "container:x"])
def test_a_network_mode_stays_alone(mode: str) -> None:
    component = written(f"network_mode: '{mode}'", OTHERS)
    assert component["network_mode"] == mode
    assert "networks" not in component


def test_the_order_of_keys() -> None:
    component = written("command: x\n    restart: always")
    own = ["image", "command", "restart"]
    assert list(component) == [*own, "container_name", "labels", "networks", "environment", "env_file"]


def test_no_label_of_another_system_is_made() -> None:
    rendered = render_text("services: {web: {image: a, environment: [SERVICE_URL_WEB_80]}}")
    labels = rendered.document["services"]["web"]["labels"]
    assert {label.partition(".")[0] for label in labels} == {"homeport"}
