"""What the system whose dialect this is gets wrong about domains, and what Homeport makes of it.

Numbers are those of the compatibility list; "Upstream" says its result for the same text. That all
forms of a domain agree at all times is tested in test_domain_truth.py.
"""

import pytest

from homeport.core.compose.load import load
from homeport.core.compose.model import Rendered, Variable
from homeport.core.compose.render import render
from homeport.core.domains import join_fqdn
from tests.support.compose import (
    environment,
    kept,
    make_scope,
    render_text,
    user_variables,
    values,
    with_domains,
)
from tests.unit.compose.quirks.seen import app_with, container_of, dotenv_of

HOST = "1.2.3.4.sslip.io"


def fqdn(rendered: Rendered, component: str = "app") -> str | None:
    return next(join_fqdn(c.domains) for c in rendered.components if c.name == component)


def test_q04_a_declared_path_becomes_the_whole_url_in_the_container() -> None:
    # Upstream: SERVICE_URL_APP is `/path` in the container.
    rendered = app_with("SERVICE_URL_APP=/path")
    assert environment(rendered, "app") == {"SERVICE_URL_APP": f"http://app-u1.{HOST}/path"}


@pytest.mark.parametrize("form", ["[SERVICE_URL_APP=/path]", "{SERVICE_URL_APP: /path}"])
def test_q04_the_url_with_its_path_follows_the_domain(form: str) -> None:
    text = f"services: {{app: {{image: a, environment: {form}}}}}"
    rendered = render_text(text, components=with_domains(app="https://a.example.com/base"))
    assert container_of(rendered, "app")["SERVICE_URL_APP"] == "https://a.example.com/base/path"


def test_q05_a_port_is_understood_in_a_reference() -> None:
    # Upstream: the host is `app-3000-u1`, which leads nowhere.
    rendered = app_with("A=${SERVICE_URL_APP_3000}", "B=$SERVICE_FQDN_APP_3000", "C=$SERVICE_URL_APP")
    seen = container_of(rendered, "app")
    assert seen["A"] == f"http://app-u1.{HOST}:3000"
    assert seen["B"] == f"app-u1.{HOST}:3000"
    # The URL for people is the one without the container's port.
    assert seen["C"] == seen["COOLIFY_URL"] == f"http://app-u1.{HOST}"
    assert fqdn(rendered) == f"http://app-u1.{HOST}:3000"


def test_q05_a_reference_to_another_components_port_follows_its_domain() -> None:
    text = """
services:
  api: {image: a, environment: ['WEB=${SERVICE_URL_WEB_3000}', 'SHOWN=${SERVICE_URL_WEB}']}
  web: {image: b, environment: [SERVICE_URL_WEB_3000]}
"""
    rendered = render_text(text, components=with_domains(web="https://a.example.com:3000"))
    seen = container_of(rendered, "api")
    assert (seen["WEB"], seen["SHOWN"]) == ("https://a.example.com:3000", "https://a.example.com")


def test_q05_a_number_with_a_leading_zero_belongs_to_the_name() -> None:
    rendered = app_with("SERVICE_URL_APP_007")
    assert environment(rendered, "app") == {"SERVICE_URL_APP_007": f"http://app-007-u1.{HOST}"}


APPWRITE = """
services:
  realtime: {image: a, environment: [SERVICE_URL_APPWRITE=/v1/realtime]}
  console: {image: b, environment: [SERVICE_URL_APPWRITE=/console, 'SITE=$SERVICE_URL_APPWRITE']}
  appwrite: {image: c, environment: [SERVICE_URL_APPWRITE=/, 'HOST=$SERVICE_FQDN_APPWRITE']}
"""


def test_q06_the_base_pair_has_no_path_and_each_component_keeps_its_own() -> None:
    # Upstream: SERVICE_FQDN_APPWRITE is `…/v1/realtime` for every component: the last declaration wins.
    rendered = render_text(APPWRITE)
    base = f"http://appwrite-u1.{HOST}"
    assert dotenv_of(rendered)["SERVICE_FQDN_APPWRITE"] == f"appwrite-u1.{HOST}"
    assert container_of(rendered, "console")["SITE"] == base
    for name, path in (("realtime", "/v1/realtime"), ("console", "/console"), ("appwrite", "")):
        assert container_of(rendered, name)["SERVICE_URL_APPWRITE"] == base + path
        assert fqdn(rendered, name) == base + path


def test_q10_a_declared_name_of_several_words_makes_a_valid_host() -> None:
    # Upstream: `new_api-u1`, for which no authority gives a certificate; a reference makes `new-api-u1`.
    rendered = app_with("SERVICE_URL_NEW_API_80", "A=$SERVICE_URL_NEW_API")
    assert fqdn(rendered) == f"http://new-api-u1.{HOST}:80"
    assert container_of(rendered, "app")["A"] == f"http://new-api-u1.{HOST}"


def test_q10_a_long_name_makes_a_label_that_dns_accepts() -> None:
    # Upstream: as long as the name, which no resolver accepts past 63 characters.
    rendered = app_with(f"SERVICE_URL_{'LONG_' * 30}NAME_80")
    label = (fqdn(rendered) or "").removeprefix("http://").partition(".")[0]
    assert len(label) <= 63
    assert label.endswith("-u1")


def test_q10_names_that_make_one_host_are_one_name() -> None:
    text = """
services:
  a: {image: a, environment: {SERVICE_URL_MY.API: ''}}
  my-api: {image: b, environment: {SERVICE_URL_MY_API_80: ''}}
"""
    rendered = render_text(text)
    assert (fqdn(rendered, "a"), fqdn(rendered, "my-api")) == (None, f"http://my-api-u1.{HOST}:80")


def test_q11_every_declared_name_has_a_domain_of_its_own() -> None:
    # Upstream: fqdn `http://one-u1…:80`, SERVICE_URL_TWO_81 `http://one-u1…:81`, which is not routed.
    rendered = app_with("SERVICE_URL_ONE_80", "SERVICE_FQDN_TWO_81")
    assert fqdn(rendered) == f"http://one-u1.{HOST}:80,http://two-u1.{HOST}:81"
    pairs = dotenv_of(rendered)
    assert pairs["SERVICE_URL_ONE_80"] == f"http://one-u1.{HOST}:80"
    assert pairs["SERVICE_URL_TWO_81"] == f"http://two-u1.{HOST}:81"
    assert pairs["SERVICE_URL_TWO"] == f"http://two-u1.{HOST}"


def test_q11_two_names_for_one_port_stay_apart() -> None:
    rendered = app_with("SERVICE_URL_ONE_80", "SERVICE_URL_TWO_80")
    pairs = dotenv_of(rendered)
    assert pairs["SERVICE_URL_ONE_80"] == f"http://one-u1.{HOST}:80"
    assert pairs["SERVICE_URL_TWO_80"] == f"http://two-u1.{HOST}:80"


def test_q12_a_new_reference_to_itself_leaves_a_chosen_domain_alone() -> None:
    # Upstream: the generated URL replaces `https://mine.example.com`.
    rendered = render_text(
        "services: {app: {image: a, environment: ['A=$SERVICE_URL_APP']}}",
        components=with_domains(app="https://mine.example.com"),
    )
    assert fqdn(rendered) == "https://mine.example.com"
    assert container_of(rendered, "app")["A"] == "https://mine.example.com"


def test_q12_a_reference_to_itself_takes_no_name_that_another_declares() -> None:
    text = """
services:
  web: {image: a, environment: ['A=$SERVICE_URL_WEB']}
  proxy: {image: b, environment: [SERVICE_URL_WEB_80]}
"""
    rendered = render_text(text)
    assert (fqdn(rendered, "web"), fqdn(rendered, "proxy")) == (None, f"http://web-u1.{HOST}:80")
    assert container_of(rendered, "web")["A"] == f"http://web-u1.{HOST}"


def test_q13_a_name_that_is_only_referenced_follows_a_change_and_a_clearing() -> None:
    # Upstream: the row is made once and keeps the first host.
    text = "services: {api: {image: a, environment: ['WEB=$SERVICE_FQDN_MY_WEB']}, my-web: {image: b}}"
    scope = make_scope()
    for chosen, host in (
        ("https://one.example.com", "one.example.com"),
        ("http://two.org", "two.org"),
        ("", ""),
    ):
        scope = kept(scope, render(load(text), scope))
        scope = make_scope(variables=scope.variables, components=with_domains(**{"my-web": chosen}))
        assert container_of(render(load(text), scope), "api")["WEB"] == host


def test_q14_a_cleared_domain_stays_cleared() -> None:
    # Upstream: the next parse generates it again.
    text = "services: {app: {image: a, environment: [SERVICE_URL_APP_3000]}}"
    scope = make_scope(components=with_domains(app=""))
    for _ in range(3):
        rendered = render(load(text), scope)
        assert fqdn(rendered) is None
        assert rendered.components[0].domains == ()
        seen = container_of(rendered, "app")
        assert {seen[f"SERVICE_{form}_APP{port}"] for form in ("URL", "FQDN") for port in ("", "_3000")} == {
            ""
        }
        assert "COOLIFY_URL" not in seen
        scope = kept(scope, rendered)


def test_q35_the_port_stands_between_host_and_path() -> None:
    # Upstream: `http://h/v1:8080`, and `/v1:8080/v1` after the next parse.
    text = "services: {app: {image: a, environment: [SERVICE_URL_APP_8080=/v1]}}"
    scope = make_scope()
    for _ in range(3):
        rendered = render(load(text), scope)
        assert fqdn(rendered) == f"http://app-u1.{HOST}:8080/v1"
        assert container_of(rendered, "app")["SERVICE_URL_APP_8080"] == f"http://app-u1.{HOST}:8080/v1"
        scope = kept(scope, rendered)


def test_q35_the_port_stands_before_the_path_of_a_chosen_domain() -> None:
    # Upstream: `https://h.example.com/sub:80`.
    text = "services: {app: {image: a, environment: [SERVICE_URL_APP_80]}}"
    rendered = render_text(text, components=with_domains(app="https://h.example.com/sub"))
    assert container_of(rendered, "app")["SERVICE_URL_APP_80"] == "https://h.example.com:80/sub"


def test_q36_a_url_that_a_person_wrote_before_it_was_derived_stays() -> None:
    # Upstream: overwritten by every parse.
    text = "services: {app: {image: a, environment: [SERVICE_URL_APP]}}"
    rendered = render_text(text, variables=user_variables(SERVICE_URL_APP="https://cdn.example.com"))
    again = render(load(text), kept(make_scope(), rendered))
    assert container_of(again, "app")["SERVICE_URL_APP"] == "https://cdn.example.com"
    assert fqdn(again) == f"http://app-u1.{HOST}"


def test_q43_a_service_fqdn_is_a_host_and_the_field_fqdn_holds_urls() -> None:
    # Upstream: two meanings of one word. Both are on the wire, so both stay; docs/variables.md tells them apart.
    rendered = app_with("SERVICE_FQDN_APP_80")
    assert dotenv_of(rendered)["SERVICE_FQDN_APP"] == f"app-u1.{HOST}"
    assert fqdn(rendered) == f"http://app-u1.{HOST}:80"


MINIO = """
services:
  minio:
    image: minio/minio:latest
    environment: [MINIO_SERVER_URL=$MINIO_SERVER_URL, MINIO_BROWSER_REDIRECT_URL=$MINIO_BROWSER_REDIRECT_URL]
"""


def test_a_url_that_a_person_gave_to_a_special_image_becomes_its_domain_once() -> None:
    # Upstream: the rows are the domains, so that both exist twice: here the variable follows from then on.
    rendered = render_text(MINIO, variables=user_variables(MINIO_SERVER_URL="https://s3.example.com/"))
    assert fqdn(rendered, "minio") == f"https://console-u1.{HOST}:9001,https://s3.example.com:9000"
    scope = make_scope(variables=kept(make_scope(), rendered).variables)
    moved = render(
        load(MINIO), make_scope(variables=scope.variables, components=with_domains(minio="http://m.org"))
    )
    assert container_of(moved, "minio")["MINIO_SERVER_URL"] == "http://m.org"


@pytest.mark.parametrize("value", ["", "no url", "https://s3.example.com:9443"])
def test_another_text_that_a_person_gave_to_a_special_image_stays(value: str) -> None:
    stored = {"MINIO_SERVER_URL": Variable(key="MINIO_SERVER_URL", value=value)}
    rendered = render_text(MINIO, variables=stored)
    assert container_of(rendered, "minio")["MINIO_SERVER_URL"] == value


def test_of_two_components_with_a_special_image_one_answers_to_its_variables() -> None:
    text = MINIO + "  second: {image: minio/minio, environment: [SERVICE_URL_SECOND_9000]}\n"
    rendered = render_text(text)
    assert fqdn(rendered, "minio") == f"https://console-u1.{HOST}:9001,https://minio-u1.{HOST}:9000"
    assert fqdn(rendered, "second") == f"http://second-u1.{HOST}:9000"
    assert values(rendered)["MINIO_SERVER_URL"] == f"https://minio-u1.{HOST}"


def test_a_path_that_only_one_port_asks_for_is_that_ports() -> None:
    rendered = app_with("SERVICE_URL_APP_80", "SERVICE_URL_APP_81=/admin")
    pairs = dotenv_of(rendered)
    assert pairs["SERVICE_URL_APP"] == f"http://app-u1.{HOST}"
    assert pairs["SERVICE_URL_APP_80"] == f"http://app-u1.{HOST}:80"
    assert pairs["SERVICE_URL_APP_81"] == f"http://app-u1.{HOST}:81/admin"
    assert container_of(rendered, "app")["SERVICE_URL_APP_81"] == pairs["SERVICE_URL_APP_81"]


def test_a_name_that_a_database_declares_belongs_to_the_application_that_is_called_so() -> None:
    text = """
services:
  db: {image: 'postgres:16', environment: [SERVICE_URL_WEB]}
  web: {image: a}
"""
    rendered = render_text(text, components=with_domains(web="https://a.example.com"))
    assert container_of(rendered, "db")["SERVICE_URL_WEB"] == "https://a.example.com"
