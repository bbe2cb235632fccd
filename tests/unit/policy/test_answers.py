"""Who has answered what, and what a subject never says."""

import pytest

from homeport.core.policy import GRANTS, Ask, allowed
from homeport.errors import ComposeRejected
from tests.unit.policy.asking import asks_of, component
from tests.unit.policy.cases import Case


def ask(key: str) -> Ask:
    grant, _, subject = key.partition(" ")
    return Ask(grant=grant, subject=subject, place="services.web", line=1, message="")


@pytest.mark.parametrize(
    ("key", "granted", "approved", "is_missing"),
    [
        ("host.mount /etc", (), (), True),
        ("host.mount /etc", ("host.mount",), (), False),
        ("host.mount /etc", ("host.docker_socket", "host"), (), True),
        ("host.mount /etc", (), ("host.mount /etc",), False),
        ("host.mount /etc", (), ("host.mount /etc:ro", "host.mount /", "host.mount"), True),
        ("host.mount /etc:ro", (), ("host.mount /etc",), False),
        ("host.mount /etc:ro", (), ("host.mount /etc:ro",), False),
        ("host.mount /etc:ro", (), ("host.mount /",), True),
    ],
)
def test_allowed(key: str, granted: tuple[str, ...], approved: tuple[str, ...], *, is_missing: bool) -> None:
    asked = ask(key)
    assert allowed([asked], granted=granted, approved=approved) == ((asked,) if is_missing else ())


def test_every_grant_is_explained() -> None:
    assert len(GRANTS) == 13
    assert all(sentence.endswith(".") for sentence in GRANTS.values())


def test_the_message_names_place_line_and_grant() -> None:
    (found,) = asks_of(component("volumes: ['data:/d', '/var/run/docker.sock:/var/run/docker.sock']"))
    assert found.message == (
        "services.web.volumes[1] (line 4): mounts /var/run/docker.sock of the server, "
        "which needs the grant host.docker_socket."
    )
    assert (found.place, found.line) == ("services.web.volumes[1]", 4)


def test_the_same_ask_is_listed_once_a_place() -> None:
    asks = asks_of(component("cap_add: [SYS_ADMIN]\n    volumes: ['/etc:/a', '/etc/:/b']"))
    assert [ask.place for ask in asks if ask.grant == "host.mount"] == [
        "services.web.volumes[0]",
        "services.web.volumes[1]",
    ]


@pytest.mark.parametrize(
    "keys",
    [
        "cap_add: ['$SERVICE_PASSWORD_DB']",
        "pid: 'container:${SERVICE_PASSWORD_DB}'",
        "runtime: ${MY_API_KEY}",
        "devices: ['/dev/$MY_API_KEY']",
        "env_file: /x/$MY_API_KEY",
    ],
)
def test_no_secret_is_shown(keys: str) -> None:
    values = {"SERVICE_PASSWORD_DB": "Canary1234", "MY_API_KEY": "Canary1234", "OTHER_TOKEN": "elsewhere"}
    (found,) = asks_of(component(keys, values))
    other = dict.fromkeys(values, "Another1234")
    (changed,) = asks_of(component(keys, other))
    assert "canary" not in f"{found.key}{found.message}".lower()
    assert "(secret " in found.subject
    assert found.key != changed.key
    if keys.startswith("env_file"):
        with pytest.raises(ComposeRejected) as caught:
            asks_of(component(keys, values), is_local=False)
        assert "canary" not in caught.value.sentence.lower()


def test_a_required_variable_without_a_value_is_empty() -> None:
    """Until it has one Compose refuses the file, and when it has one it is judged again."""
    keys = "pid: ${P:?say which}"
    assert asks_of(component(keys)) == ()
    assert [ask.key for ask in asks_of(component(keys, {"P": "host"}))] == ["host.namespace pid=host"]


def test_a_large_service_can_be_judged_again() -> None:
    """What a render writes may be longer than what a person may write."""
    components = "".join(f"  c{number}: {{image: a}}\n" for number in range(190))
    asks = asks_of(Case(f"services:\n{components}  last: {{image: a, pid: host}}\n"))
    assert [ask.key for ask in asks] == ["host.namespace pid=host"]


def test_a_domain_needs_no_grant_and_lends_none() -> None:
    text = """
services:
  web:
    image: a
    environment: [SERVICE_URL_WEB_80]
    labels:
      - traefik.http.routers.http-7-u1-web-2567.rule=Host(`victim.example`)
      - traefik.http.routers.http-0-u1-web-2567.priority=1000
"""
    assert [ask.subject for ask in asks_of(Case(text, proxy="TRAEFIK"))] == [
        "traefik.http.routers.http-7-u1-web-2567 victim.example",
        "traefik.http.routers.http-0-u1-web-2567 *",
    ]


def test_a_subject_is_one_short_line() -> None:
    (found,) = asks_of(Case(f'services: {{web: {{image: a, pid: "host\\n{"x" * 5000}"}}}}'))
    assert found.subject.startswith("pid=host\\x0axxx")
    assert len(found.message) < 500
    (other,) = asks_of(Case(f'services: {{web: {{image: a, pid: "host\\n{"x" * 5001}"}}}}'))
    assert found.key != other.key
