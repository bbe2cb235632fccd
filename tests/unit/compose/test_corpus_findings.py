"""What a trial with other people's templates found, each in a few lines of our own."""

import pytest

from homeport.core.compose.load import load
from homeport.core.compose.render import render
from tests.support.compose import kept, make_scope, render_text, user_variables, values, with_domains


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


PROXIED = """
services:
  chat:
    image: chat
    environment: ['API=${SERVICE_URL_AI_PROXY:-https://api.example.com/v1}', 'NONE=${SERVICE_FQDN_GONE:-}']
"""


def test_a_domain_that_nothing_answers_to_gives_way_to_the_default_of_its_reference() -> None:
    rendered = render_text(PROXIED)
    assert values(rendered)["SERVICE_URL_AI_PROXY"] == "https://api.example.com/v1"
    assert values(rendered)["SERVICE_FQDN_GONE"] == ""
    again = render(load(PROXIED), kept(make_scope(), rendered))
    assert again == rendered


def test_it_is_a_domain_as_soon_as_something_answers_and_no_longer_than_that() -> None:
    rendered = render_text(PROXIED)
    answered = load(PROXIED + "  ai-proxy:\n    image: p\n    environment: [SERVICE_URL_AI_PROXY_80]\n")
    owned = render(answered, kept(make_scope(), rendered))
    assert values(owned)["SERVICE_URL_AI_PROXY"] == "http://ai-proxy-u1.1.2.3.4.sslip.io"
    gone = render(load(PROXIED), kept(make_scope(), owned))
    assert values(gone)["SERVICE_URL_AI_PROXY"] == "https://api.example.com/v1"


@pytest.mark.parametrize(
    ("label", "proxy", "is_warned"),
    [
        ("traefik.http.middlewares.auth.forwardauth.address=http://auth:9091", "CADDY", True),
        ("traefik.udp.routers.video.entrypoints=video", "CADDY", True),
        ("traefik.enable=false", "CADDY", False),
        ("traefik.udp.routers.video.entrypoints=video", "TRAEFIK", False),
        ("traefik.udp.routers.video.entrypoints=video", "NONE", False),
    ],
)
def test_labels_for_another_proxy_are_said_to_do_nothing(label: str, proxy: str, is_warned: bool) -> None:
    rendered = render_text(f"services:\n  app:\n    image: a\n    labels: ['{label}']\n", proxy=proxy)
    assert label in rendered.document["services"]["app"]["labels"]
    said = ("services.app: its labels for Traefik do nothing" in warning for warning in rendered.warnings)
    assert list(said) == [True] * is_warned


STORE = """
services:
  store:
    image: minio/minio:1
    environment: [MINIO_SERVER_URL=$MINIO_SERVER_URL, MINIO_BROWSER_REDIRECT_URL=$MINIO_BROWSER_REDIRECT_URL]
"""


@pytest.mark.parametrize(
    ("stored", "written", "becomes"),
    [
        # The place of its port.
        ("https://c.org:9001,https://m.org:9000", "https://s3.org", "https://c.org:9001,https://s3.org:9000"),
        (
            "https://m.org:9000,https://n.org:9000",
            "https://s3.org/",
            "https://s3.org:9000,https://n.org:9000",
        ),
        (
            "https://m.org:9000,https://minio-u1.x.org:9000",
            "https://s3.org",
            "https://m.org:9000,https://s3.org:9000",
        ),
        # None has it.
        ("https://c.org:9001", "https://s3.org", "https://c.org:9001,https://s3.org:9000"),
        # A domain without a port gets the variable's.
        ("https://c.org,https://s3.org", "https://s3.org", "https://c.org,https://s3.org:9000"),
        # Texts that are no domain of this component.
        ("https://c.org,https://s3.org:8000", "https://s3.org", "https://c.org,https://s3.org:8000"),
        ("https://c.org:9001", "https://s3.org:9443", "https://c.org:9001"),
        ("https://c.org:9001", "none", "https://c.org:9001"),
        ("", "https://s3.org", ""),
    ],
)
def test_a_url_that_a_person_writes_for_a_special_image_later_is_its_domain(
    stored: str, written: str, becomes: str
) -> None:
    scope = make_scope(
        variables=user_variables(MINIO_SERVER_URL=written), components=with_domains(store=stored)
    )
    rendered = render(load(STORE), scope)
    assert ",".join(domain.url for domain in rendered.components[0].domains or ()) == becomes
    said = values(rendered)["MINIO_SERVER_URL"]
    assert said == (written.rstrip("/") if written == "https://s3.org/" else written)
    assert render(load(STORE), kept(scope, rendered)) == rendered
