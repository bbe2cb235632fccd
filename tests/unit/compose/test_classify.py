"""Application or database: the table of cases."""

from typing import Any

import pytest

from homeport.core.compose.classify import classify, image_name, port_texts
from homeport.core.compose.model import ComponentState


def kind(
    image: str | None, *, env: dict[str, Any] | None = None, state: ComponentState | None = None, **more: Any
) -> str:
    return classify({"image": image, **more}, (env or {}).items(), state)


CURL = {"test": ["CMD-SHELL", "curl -f http://localhost"]}


@pytest.mark.parametrize(
    "image",
    ["nginx", "ghcr.io/acme/app:1", None, "percona-server-mongodb:6", "metabase/metabase", "POSTGRES:16"],
)
def test_other_images_are_applications(image: str | None) -> None:
    assert kind(image) == "application"


@pytest.mark.parametrize(
    "image", ["postgres", "postgres:16-alpine", "ghcr.io/x/mariadb:11", "bitnami/redis", "mysql/mysql-server"]
)
def test_database_images(image: str) -> None:
    assert kind(image) == "database"


@pytest.mark.parametrize(
    "image",
    [
        "localhost:5000/postgres",
        "localhost:5000/team/postgres:16",
        "postgres@sha256:0123",
        "postgres:16@sha256:0123",
        "${IMG:-postgres:16}",
        "postgres:${TAG:-16}",
        "valkey/valkey:8",
        "eqalpha/keydb",
        "docker.dragonflydb.io/dragonflydb/dragonfly",
        "elasticsearch:8.1",
    ],
)
def test_q28_image_references_of_every_shape(image: str) -> None:
    assert kind(image) == "database"


def test_a_required_image_is_no_database() -> None:
    assert image_name("${IMG:?which}") == ""


def test_the_examples_of_the_dialect() -> None:
    depends = {"redis": {"condition": "service_started"}}
    env = {"POSTGRES_PASSWORD": "x"}
    assert kind("postgres:16", env=env, depends_on=depends) == "database"
    assert kind("postgres:16", env=env, depends_on=depends, healthcheck=CURL) == "application"
    assert kind("postgres:16", depends_on=depends) == "application"


def test_q28_list_form_of_depends_on_counts() -> None:
    assert kind("postgres:16", depends_on=["redis"]) == "application"


def test_an_application_that_is_built_on_a_database_image() -> None:
    env = {"APP_KEY": "x", "POSTGRES_PASSWORD": "y"}
    assert kind("postgres", env=env, depends_on=["my-mysql"]) == "application"
    assert kind("postgres", env=env) == "database"


@pytest.mark.parametrize("check", ["wget -q localhost", "http://localhost:8123/ping", "/health"])
def test_http_checks_make_applications(check: str) -> None:
    assert kind("clickhouse/clickhouse-server", healthcheck={"test": check}) == "application"


def test_port_and_check_of_a_database() -> None:
    check = {"test": ["CMD-SHELL", "pg_isready -U x"]}
    assert kind("postgres", healthcheck=check, ports=["5432:5432"], depends_on=["mysql"]) == "database"
    assert kind("postgres", healthcheck=check, depends_on=["mysql"]) == "application"


def test_q28_long_ports_on_a_database_do_not_crash() -> None:
    ports = [{"target": 5432, "published": "5433"}]
    assert (
        kind("postgres", healthcheck={"test": "pg_isready"}, ports=ports, depends_on=["mysql"]) == "database"
    )


def test_q28_a_database_with_http_that_declares_a_url_is_an_application() -> None:
    env = {"SERVICE_URL_NEO4J_7474": ""}
    assert kind("neo4j:5", env=env) == "application"
    assert kind("postgres:16", env={"SERVICE_URL_DB_5432": ""}) == "database"


def test_a_persons_choice_decides() -> None:
    state = ComponentState(name="db", kind="application", is_migrated=True)
    assert kind("postgres", state=state) == "application"
    assert kind("postgres", state=ComponentState(name="db", kind="application")) == "database"


def test_port_texts() -> None:
    ports = [
        "8080:80",
        443,
        {"target": 53, "published": 5353, "protocol": "udp"},
        {"target": 80, "host_ip": "127.0.0.1", "published": "8000"},
        {"target": 9000},
        {"published": 1},
        None,
    ]
    assert port_texts(ports) == ["8080:80", "443", "5353:53/udp", "127.0.0.1:8000:80", "9000"]
    assert port_texts("8080:80") == []
