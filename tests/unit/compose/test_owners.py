"""Which component answers to a name, and which domains it gets. The quirks are in quirks/test_quirks_domains.py."""

import json
from typing import Any

import pytest

from homeport.core.compose.model import Domain, Rendered
from homeport.core.domains import join_fqdn
from tests.support.compose import environment, render_text, user_variables, values, with_domains


def one(*items: str, image: str = "acme/app", **scope: Any) -> Rendered:
    """The render of one component `app` with these environment items."""
    listed = json.dumps(list(items))
    return render_text(f"services: {{app: {{image: {image}, environment: {listed}}}}}", **scope)


def fqdn(rendered: Rendered, component: str) -> str | None:
    return next(join_fqdn(c.domains) for c in rendered.components if c.name == component)


def test_the_declaring_component_gets_the_domain_whatever_the_name_says() -> None:
    assert fqdn(one("SERVICE_URL_OTHER_3000"), "app") == "http://other-u1.1.2.3.4.sslip.io:3000"


def test_fqdn_keys_reach_the_container_through_dotenv_only() -> None:
    rendered = one("SERVICE_FQDN_APP_80")
    assert environment(rendered, "app") == {}
    assert "SERVICE_FQDN_APP_80=app-u1.1.2.3.4.sslip.io:80" in rendered.dotenv.splitlines()


def test_a_path_in_another_variable_is_a_value() -> None:
    rendered = one("SERVICE_URL_APP", "DATA=/srv")
    assert environment(rendered, "app")["DATA"] == "/srv"


def test_an_empty_literal_takes_the_value_that_only_a_person_gave() -> None:
    assert environment(one("URL=", variables=user_variables(URL="x")), "app") == {"URL": "${URL}"}


def test_of_several_that_declare_one_name_one_gets_the_domain() -> None:
    text = """
services:
  worker: {image: a, environment: [SERVICE_URL_APP]}
  app: {image: b, environment: [SERVICE_URL_APP_3000]}
"""
    rendered = render_text(text)
    assert fqdn(rendered, "worker") is None
    assert fqdn(rendered, "app") == "http://app-u1.1.2.3.4.sslip.io:3000"
    moved = render_text(text, components=with_domains(app="https://a.example.com"))
    assert environment(moved, "worker") == {"SERVICE_URL_APP": "https://a.example.com"}


def test_one_name_with_and_without_port_is_one_domain() -> None:
    assert (
        fqdn(one("SERVICE_FQDN_APP", "SERVICE_URL_APP_3000"), "app") == "http://app-u1.1.2.3.4.sslip.io:3000"
    )


def test_a_component_that_asks_for_its_own_url_gets_a_domain() -> None:
    assert fqdn(one("A=$SERVICE_URL_APP"), "app") == "http://app-u1.1.2.3.4.sslip.io"
    assert fqdn(one("A=$SERVICE_URL_OTHER"), "app") is None


def test_q35_path_and_port_of_a_declaration() -> None:
    rendered = one("SERVICE_URL_APP_8080=/v1")
    assert fqdn(rendered, "app") == "http://app-u1.1.2.3.4.sslip.io:8080/v1"
    assert values(rendered) == {
        "SERVICE_FQDN_APP": "app-u1.1.2.3.4.sslip.io/v1",
        "SERVICE_URL_APP": "http://app-u1.1.2.3.4.sslip.io/v1",
        "SERVICE_FQDN_APP_8080": "app-u1.1.2.3.4.sslip.io:8080/v1",
        "SERVICE_URL_APP_8080": "http://app-u1.1.2.3.4.sslip.io:8080/v1",
    }


@pytest.mark.parametrize("value", ["/a b", "/${X}", "/a,b", "/a;b", "/a?b"])
def test_what_cannot_be_a_path_is_a_value(value: str) -> None:
    rendered = one(f"SERVICE_URL_APP={value}")
    assert fqdn(rendered, "app") == "http://app-u1.1.2.3.4.sslip.io"
    assert environment(rendered, "app") == {"SERVICE_URL_APP": value}


@pytest.mark.parametrize("port", [0, 99999])
def test_a_port_that_cannot_be_is_only_a_part_of_the_name(port: int) -> None:
    rendered = one(f"SERVICE_URL_APP_{port}")
    assert fqdn(rendered, "app") == "http://app-u1.1.2.3.4.sslip.io"
    assert rendered.components[0].port is None
    assert values(rendered)[f"SERVICE_URL_APP_{port}"] == f"http://app-u1.1.2.3.4.sslip.io:{port}"


def test_a_database_gets_rows_but_no_domain() -> None:
    rendered = one("SERVICE_URL_DB_5432", image="postgres:16")
    assert rendered.components[0].domains is None
    assert values(rendered)["SERVICE_URL_DB"] == "http://db-u1.1.2.3.4.sslip.io"


def test_a_special_image_without_its_variables_is_like_any_other() -> None:
    assert (
        fqdn(one("SERVICE_URL_APP_9000", image="minio/minio"), "app") == "http://app-u1.1.2.3.4.sslip.io:9000"
    )


def test_a_special_image_takes_the_urls_that_a_person_gave() -> None:
    rendered = one(
        "MINIO_SERVER_URL=$MINIO_SERVER_URL",
        "MINIO_BROWSER_REDIRECT_URL=$MINIO_BROWSER_REDIRECT_URL",
        image="minio/minio",
        variables=user_variables(MINIO_SERVER_URL="https://s3.example.com", MINIO_BROWSER_REDIRECT_URL="bad"),
    )
    assert fqdn(rendered, "app") == "https://console-u1.1.2.3.4.sslip.io:9001,https://s3.example.com:9000"


def test_a_wildcard_base_gives_scheme_and_path() -> None:
    base = Domain(scheme="https", host="apps.example.com", path="/base")
    assert fqdn(one("SERVICE_URL_APP=/v1", base=base), "app") == "https://app-u1.apps.example.com/base/v1"
