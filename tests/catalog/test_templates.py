"""Every built-in type: its header is complete, it renders, and Compose accepts what comes out.

The answers are the same on every run, so a failure names a template and not a chance.
"""

import os
import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from homeport.catalog import Template
from homeport.catalog.load import load_catalog
from homeport.core.compose.load import Document, load
from homeport.core.compose.model import Domain, Rendered, Scope
from homeport.core.compose.render import render
from homeport.remote.compose_cli import find_compose

CATALOG = load_catalog()
NAMED_IN_THE_API = (
    "actualbudget",
    "calibre-web",
    "ghost",
    "gitea-with-mysql",
    "hello",
    "n8n",
    "nextcloud-with-postgres",
    "redis-insight",
    "umami",
    "uptime-kuma",
    "vaultwarden",
)
UUID = "u1u1u1u1u1u1u1u1u1u1u1u1"
MAGIC = re.compile(r"SERVICE_[A-Z0-9_]+")
every_template = pytest.mark.parametrize("template", CATALOG.values(), ids=lambda template: template.key)


def scope(template: Template) -> Scope:
    return Scope(
        uuid=UUID,
        name=f"{template.key}-{UUID}",
        folder=f"/data/homeport/services/{UUID}",
        base=Domain("http", "localhost"),
        now=datetime(2026, 1, 31, 12, tzinfo=UTC),
        token=lambda alphabet, length: (alphabet * length)[:length],
        random_bytes=lambda count: bytes(range(count % 256)) or b"0",
        service_type=template.key,
        catalog_port=template.port,
    )


def document(template: Template) -> Document:
    return load(template.compose)


def rendered(template: Template) -> Rendered:
    return render(document(template), scope(template))


def test_the_types_that_the_api_names_are_there() -> None:
    assert set(NAMED_IN_THE_API) <= set(CATALOG)
    assert len(CATALOG) >= 12


@every_template
def test_the_header_is_complete(template: Template) -> None:
    assert template.documentation
    assert template.documentation.startswith("https://")
    assert template.slogan
    assert template.slogan.endswith(".")
    assert len(template.slogan) <= 100
    assert template.category
    assert len(template.tags) >= 3
    assert template.logo == f"svgs/{template.key.split('-with-')[0]}.svg"
    assert template.port


@every_template
def test_images_are_pinned(template: Template) -> None:
    for name, definition in document(template).data["services"].items():
        image, colon, tag = definition["image"].rpartition(":")
        assert image, name
        assert colon, name
        assert tag not in ("latest", "stable", "main"), name
        assert re.search(r"\d", tag) or template.key == "hello", f"{name}: {tag} is no version"


@every_template
def test_health_is_checked_and_waited_for(template: Template) -> None:
    services = document(template).data["services"]
    for name, definition in services.items():
        # The proxy's image has no program beside Caddy, and Caddy none that asks a server.
        assert "healthcheck" in definition or template.key == "hello", name
        for other, condition in (definition.get("depends_on") or {}).items():
            assert other in services
            assert condition == {"condition": "service_healthy"}


@every_template
def test_nothing_is_published_on_the_server_or_taken_from_it(template: Template) -> None:
    for definition in document(template).data["services"].values():
        assert not {"ports", "privileged", "network_mode", "cap_add", "devices"} & set(definition)
        for volume in definition.get("volumes", ()):
            source = volume["source"] if isinstance(volume, dict) else volume.split(":")[0]
            assert not source.startswith("/"), "a bind of a path of the server"


@every_template
def test_it_renders_the_same_every_time(template: Template) -> None:
    first, second = rendered(template), rendered(template)
    assert first.compose == second.compose
    assert first.dotenv == second.dotenv
    assert first.warnings == ()


@every_template
def test_a_second_render_keeps_every_value(template: Template) -> None:
    first = rendered(template)
    variables = {variable.key: variable for variable in first.variables}
    again = render(document(template), replace(scope(template), variables=variables))
    assert {v.key: v.value for v in again.variables} == {v.key: v.value for v in first.variables}


@every_template
def test_the_main_component_answers_on_the_port_of_the_header(template: Template) -> None:
    main = [component for component in rendered(template).components if component.domains]
    assert len(main) == 1
    assert main[0].port == template.port
    assert main[0].kind == "application"
    assert [domain.port for domain in main[0].domains or ()] == [template.port]


@every_template
def test_every_magic_variable_has_a_value(template: Template) -> None:
    named = set(MAGIC.findall(template.compose))
    values = {variable.key: variable.value for variable in rendered(template).variables}
    assert {name for name in named if not values.get(name)} == set()


@every_template
def test_databases_are_seen_as_databases(template: Template) -> None:
    for component in rendered(template).components:
        is_database = component.name in ("mysql", "postgres", "postgresql", "redis")
        assert (component.kind == "database") == is_database, component.name


@every_template
def test_compose_accepts_it(template: Template, tmp_path: Path) -> None:
    """The values that containers get are also what the `.env` says: nothing is lost on the way."""
    made = rendered(template)
    (tmp_path / "docker-compose.yml").write_text(made.compose, encoding="utf-8")
    (tmp_path / ".env").write_text(made.dotenv, encoding="utf-8")
    answer = subprocess.run(
        [*find_compose(), "--project-directory", str(tmp_path), "--project-name", UUID, "config"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert "variable is not set" not in answer.stderr
    services = yaml.safe_load(answer.stdout)["services"]
    values = {variable.key: variable.value for variable in made.variables}
    for definition in services.values():
        for key, value in (definition.get("environment") or {}).items():
            if key.startswith("SERVICE_") and values.get(key):
                assert value == values[key], key
