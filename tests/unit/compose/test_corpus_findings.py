"""What a trial with other people's templates found, each in a few lines of our own."""

import pytest

from tests.support.compose import render_text


def test_the_port_of_another_name_is_another_domains() -> None:
    """A domain without a port belongs to the name that has none; the header says where it leads."""
    rendered = render_text(
        """
services:
  relay:
    image: relay
    environment: [SERVICE_URL_RELAY, SERVICE_URL_METRICS_2112]
  db: {image: postgres:17}
""",
        service_type="relay",
        catalog_port=80,
    )
    relay = rendered.components[0]
    assert [domain.url for domain in relay.domains or ()] == [
        "http://relay-u1.1.2.3.4.sslip.io",
        "http://metrics-u1.1.2.3.4.sslip.io:2112",
    ]
    assert relay.port == 80


def test_the_port_of_a_name_that_comes_twice_is_its_own() -> None:
    rendered = render_text(
        "services:\n  app:\n    image: a\n    environment: [SERVICE_URL_APP, SERVICE_FQDN_APP_3000]\n"
    )
    assert rendered.components[0].port == 3000


def test_a_name_that_is_only_a_port_says_where_the_container_listens() -> None:
    rendered = render_text("services:\n  app:\n    image: a\n    environment: [SERVICE_URL_3001]\n")
    app = rendered.components[0]
    assert [domain.url for domain in app.domains or ()] == ["http://3001-u1.1.2.3.4.sslip.io:3001"]
    assert app.port == 3001
    assert rendered.document["services"]["app"]["environment"]["SERVICE_URL_3001"] == (
        "http://3001-u1.1.2.3.4.sslip.io"
    )


@pytest.mark.parametrize("name", ["os-release", "lsb-release", "mtab", "subuid", "subgid"])
def test_what_every_server_has_as_a_file_is_one(name: str) -> None:
    rendered = render_text(f"services:\n  app:\n    image: a\n    volumes: ['/etc/{name}:/etc/{name}:ro']\n")
    (file,) = rendered.files
    assert not file.is_directory
