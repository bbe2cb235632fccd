"""What a plan warns of, each with its code and place."""

import pytest

from homeport.core.compose.load import load
from homeport.core.compose.render import render
from homeport.core.ports import Port
from homeport.core.warnings import Facts, Warned, find_warnings
from tests.support.compose import make_scope, user_variables

GIB = 1024**3
HEALTHY = "healthcheck: {test: [CMD, 'true']}"


def warned(services: str, facts: Facts | None = None, **variables: str) -> list[Warned]:
    """The warnings about components that are healthy and pinned but for what `services` says."""
    document = load(f"services:\n{services}")
    rendered = render(document, make_scope(variables=user_variables(**variables)))
    return list(find_warnings(rendered, document, facts or Facts(is_seen=True)))


def codes(services: str, facts: Facts | None = None, **variables: str) -> list[str]:
    return [warning.code for warning in warned(services, facts, **variables)]


def web(more: str, image: str = "nginx:1.27") -> str:
    return f"  web:\n    image: {image}\n    {HEALTHY}\n    {more}\n"


def test_nothing_to_say() -> None:
    assert warned(web("ports: ['8080:80']"), Facts(is_seen=True, memory_bytes=GIB)) == []


@pytest.mark.parametrize(
    ("setting", "place", "line"),
    [
        ("command: ping $HOSTNAME $HOSTNAME", "command", 5),
        ("command: [sh, -c, 'ping $HOSTNAME']", "command[2]", 5),
        ("entrypoint: run ${HOSTNAME}", "entrypoint", 5),
        ("healthcheck: {test: [CMD-SHELL, 'ping $HOSTNAME']}", "healthcheck.test[1]", 5),
        ("healthcheck: {test: ping $HOSTNAME}", "healthcheck.test", 5),
    ],
)
def test_what_compose_reads_before_the_shell(setting: str, place: str, line: int) -> None:
    text = web(f"environment: [A=b]\n    {setting}").replace(HEALTHY, "init: true")
    found = [warning for warning in warned(text) if warning.code == "variable_unset"]
    assert [(warning.place, warning.line) for warning in found] == [(f"services.web.{place}", line + 1)]
    assert found[0].message.endswith("write $$HOSTNAME.")


@pytest.mark.parametrize(
    "setting",
    [
        "command: ping $$HOSTNAME",
        "command: ping ${HOSTNAME:-web}",
        "command: ping ${HOSTNAME:+web}",
        "command: ping $SERVICE_NAME_WEB $SERVICE_PASSWORD_X $SET",
        "command: [sleep, '5']",
    ],
)
def test_what_is_meant_for_compose_or_for_the_shell(setting: str) -> None:
    assert codes(web(setting), SET="edge") == []


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "nginx:latest",
        "registry:5000/team/app",
        "ghcr.io/a/b:main",
        "app:Stable",
        "app:${TAG:-nightly}",
        "app:$SET",
    ],
)
def test_an_image_that_moves(image: str) -> None:
    (warning,) = warned(web("", f"'{image}'"), SET="edge")
    assert (warning.code, warning.place, warning.line) == ("image_unpinned", "services.web.image", 3)
    assert warning.message.startswith(f"{image} is not pinned")


@pytest.mark.parametrize(
    "image",
    [
        "nginx:1.27",
        "registry:5000/app:v2",
        "nginx@sha256:0123",
        "nginx:latest@sha256:0123",
        "$UNSET",
        "${A?b}",
    ],
)
def test_an_image_that_does_not_move(image: str) -> None:
    assert "image_unpinned" not in codes(web("", f"'{image}'"))


def test_an_image_that_is_built_here_is_pinned_by_its_source() -> None:
    assert "image_unpinned" not in codes(web("build: .", "mine:latest"))


def test_no_healthcheck() -> None:
    (warning,) = warned("  web:\n    image: nginx:1.27\n  job:\n    image: nginx:1.27\n    restart: 'no'\n")
    assert (warning.code, warning.place, warning.line) == ("no_healthcheck", "services.web", 2)
    assert "unless its image has one" in warning.message


@pytest.mark.parametrize(
    "entry",
    ["/var/run/docker.sock:/var/run/docker.sock:ro", "{type: bind, source: /run/docker.sock, target: /s}"],
)
def test_the_engines_socket(entry: str) -> None:
    found = warned(web(f"volumes:\n      - data:/data\n      - {entry}"))
    assert [(each.code, each.place, each.line) for each in found] == [
        ("docker_socket", "services.web.volumes[1]", 7)
    ]


def taken(published: str, by: str, protocol: str = "tcp") -> tuple[Port, str]:
    return Port(component="", published=published, target=published, protocol=protocol), by


def test_a_port_that_somebody_has() -> None:
    facts = Facts(is_seen=True, taken=(taken("8080", "the service Wiki"), taken("8080", "the container x")))
    (warning,) = warned(web("ports: ['8080:80', '8080:80/udp', '8081:81']"), facts)
    assert warning == Warned(
        code="port_taken",
        message="web publishes the port 8080/tcp, which the service Wiki has.",
        place="services.web.ports",
        line=5,
    )


def test_two_components_with_one_port() -> None:
    two = web("ports: ['8080:80']") + f"  api:\n    image: a:1\n    {HEALTHY}\n    ports: ['8000-9000:80']\n"
    (warning,) = warned(two)
    assert warning.message == "api publishes the port 8000-9000/tcp, which web has."


@pytest.mark.parametrize(
    "limit",
    [
        "mem_limit: 2g", "mem_limit: 2048M", "mem_limit: 2147483648", "mem_limit: 2.0 GiB", "mem_limit: $SIZE",
        "deploy: {resources: {limits: {memory: 2gb}}}",
    ],
)  # fmt: skip
def test_a_component_may_take_more_memory_than_there_is(limit: str) -> None:
    found = warned(web(limit), Facts(is_seen=True, memory_bytes=GIB), SIZE="2g")
    assert [each.code for each in found] == ["memory_short"]
    assert found[0].message == "web may take 2.0 GiB of memory; the server has 1.0 GiB."
    assert found[0].place is not None
    assert found[0].place.startswith("services.web.")


def test_together_they_may_take_more() -> None:
    two = web("mem_limit: 600m") + f"  api:\n    image: a:1\n    {HEALTHY}\n    mem_limit: 600m\n"
    (warning,) = warned(two, Facts(is_seen=True, memory_bytes=GIB))
    assert (warning.place, warning.line) == ("services", 1)
    assert warning.message == "Together the components may take 1.2 GiB of memory; the server has 1.0 GiB."


@pytest.mark.parametrize("limit", ["mem_limit: $MUCH", "mem_limit: 512m", "deploy: {}"])
def test_memory_that_is_there_or_not_limited(limit: str) -> None:
    assert "memory_short" not in codes(web(limit), Facts(is_seen=True, memory_bytes=GIB))


def test_a_server_that_did_not_answer() -> None:
    assert codes(web("mem_limit: 900g"), Facts()) == ["server_unchecked"]


def test_what_the_render_says() -> None:
    (warning,) = warned(web("labels: [homeport.managed=false]"))
    assert (warning.code, warning.place) == ("compose", None)
    assert "homeport.managed" in warning.message


def test_a_domain_that_the_proxy_cannot_reach() -> None:
    (warning,) = warned(web("network_mode: host\n    environment: [SERVICE_URL_WEB_80]"))
    assert (warning.code, warning.place, warning.line) == (
        "domain_unreachable",
        "services.web.network_mode",
        5,
    )
    assert codes(web("network_mode: none")) == []


def test_a_url_in_the_environment_sets_nothing() -> None:
    (warning,) = warned(web("environment: {SERVICE_URL_WEB: 'https://wiki.example.com'}"))
    assert (warning.code, warning.place) == ("domain_not_set", "services.web.environment")
    assert "urls" in warning.message
    assert codes(web("environment: {SERVICE_URL_WEB: /docs, OTHER: 'https://wiki.example.com'}")) == []
