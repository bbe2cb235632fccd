"""Q22 to Q33, Q40 and Q41: networks, labels, ports, status, kinds, `.env` and servers' addresses.

Each test says first what goes wrong upstream (Coolify 4.3.11). Q29 is in tests/contract/test_quirks_rows.py, with
the other halves of Q26 and Q41: they are about rows and requests.
"""

from dataclasses import replace
from typing import Any

import pytest

from homeport.core.compose.load import load
from homeport.core.compose.model import Domain, Rendered
from homeport.core.compose.render import render
from homeport.core.domains import base_domain, split_fqdn
from homeport.errors import ComposeRejected
from tests.support.compose import (
    environment,
    kept,
    make_scope,
    render_text,
    user_variables,
    values,
    with_domains,
)

NAME = "u1-web-2567"


def definition(text: str, component: str = "web", **scope: Any) -> dict[str, Any]:
    found: dict[str, Any] = render_text(text, **scope).document["services"][component]
    return found


def traefik(labels: str, fqdn: str = "https://example.com", **scope: Any) -> list[str]:
    text = f"services: {{web: {{image: a, labels: {labels}}}}}"
    found: list[str] = definition(text, proxy="TRAEFIK", components=with_domains(web=fqdn), **scope)["labels"]
    return [label for label in found if not label.startswith("homeport.")]


def chain(labels: list[str], router: str = f"https-0-{NAME}") -> list[str]:
    start = f"traefik.http.routers.{router}.middlewares="
    return next(label for label in labels if label.startswith(start)).removeprefix(start).split(",")


def test_q22_a_network_without_settings_is_kept() -> None:
    # Upstream: `{back: {aliases: [b]}, u1: null}`; the component is not on `front` (jitsi).
    text = "services: {web: {image: a, networks: {front:, back: {aliases: [b]}}}}\nnetworks: {front:, back:}"
    assert definition(text)["networks"] == {"front": None, "back": {"aliases": ["b"]}, "u1": None}


def test_q23_booleans_are_words() -> None:
    # Upstream: `a=1`, `b=`; the map in a list stays a map, which Compose refuses.
    labels = definition("services: {web: {image: a, labels: {a: true, b: false, c: }}}")["labels"]
    assert labels[:3] == ["a=true", "b=false", "c="]
    assert definition("services: {web: {image: a, labels: [{a: true}, b=1]}}")["labels"][:2] == [
        "a=true",
        "b=1",
    ]


def test_q24_what_the_document_says_stands() -> None:
    # Upstream: its own label comes later, and the later one wins.
    rule = "traefik.http.routers.https-0-u1-web-2567.rule"
    found = traefik(f"[traefik.enable=false, '{rule}=Host(`x`)', traefik.docker.network=mine]")
    for key, value in (("traefik.enable", "false"), (rule, "Host(`x`)"), ("traefik.docker.network", "mine")):
        assert [label for label in found if label.startswith(f"{key}=")] == [f"{key}={value}"]


def test_q24_middlewares_are_the_components_own() -> None:
    # Upstream: every component of every service defines `gzip` and `redirect-to-https`.
    found = traefik("[]")
    assert chain(found) == [f"{NAME}-gzip"]
    assert chain(found, f"http-0-{NAME}") == [f"{NAME}-redirect-to-https"]
    assert not [label for label in found if label.startswith("traefik.http.middlewares.gzip")]


def test_q24_the_plain_names_are_there_for_a_document_that_uses_them() -> None:
    # Upstream: they always are; a document with a router of its own relies on it.
    found = traefik("['traefik.http.routers.mine.middlewares=gzip, redirect-to-https@docker']")
    assert "traefik.http.middlewares.gzip.compress=true" in found
    assert "traefik.http.middlewares.redirect-to-https.redirectscheme.scheme=https" in found
    defined = traefik(
        "[traefik.http.routers.mine.middlewares=gzip, traefik.http.middlewares.gzip.compress.x=1]"
    )
    assert "traefik.http.middlewares.gzip.compress=true" not in defined


def test_q24_a_middleware_is_where_the_document_puts_it() -> None:
    # Upstream: it is on every router, also when a router or a chain of the document names it.
    auth = "traefik.http.middlewares.auth.basicauth.users=x"
    assert chain(traefik(f"[{auth}]")) == [f"{NAME}-gzip", "auth"]
    assert chain(traefik(f"[{auth}, traefik.http.routers.mine.middlewares=auth]")) == [f"{NAME}-gzip"]
    chained = f"[{auth}, traefik.http.middlewares.all.chain.middlewares=auth]"
    assert chain(traefik(chained)) == [f"{NAME}-gzip", "all"]
    listed = f"[{auth}, traefik.http.routers.mine.middlewares=auth, coolify.traefik.middlewares=auth]"
    assert chain(traefik(listed)) == [f"{NAME}-gzip", "auth"]


def test_q24_a_middleware_on_one_of_our_routers_protects_the_others_too() -> None:
    # Upstream: the label has no effect, but the middleware is on every router; it must not get lost.
    auth = "traefik.http.middlewares.auth.basicauth.users=x"
    found = traefik(
        f"[{auth}, 'traefik.http.routers.https-0-{NAME}.middlewares=auth']", "https://a.b,https://c.d"
    )
    assert chain(found) == ["auth"]
    assert chain(found, f"https-1-{NAME}") == [f"{NAME}-gzip", "auth"]


def test_q24_lists_with_spaces_and_bare_hosts() -> None:
    # Upstream: Host(``) for what follows a comma and a space, and `caddy_0=://h` for a bare host.
    found = traefik("[]", "http://a.example.com, http://b.example.com")
    rules = [label for label in found if ".rule=" in label]
    assert [rule.partition("`")[2].partition("`")[0] for rule in rules] == ["a.example.com", "b.example.com"]
    with pytest.raises(ValueError, match="Invalid URL: "):
        split_fqdn("example.com")


class TestQ25:
    """Upstream: Caddy alone asks the port of whichever template is called as the container is."""

    TEXT = "services: {registry: {image: a}, web: {image: b, environment: [SERVICE_URL_WEB]}}"

    def port(self, component: str, text: str = TEXT, **scope: Any) -> int | None:
        return next(c.port for c in render_text(text, **scope).components if c.name == component)

    def test_a_name_does_not_point_into_another_template(self) -> None:
        # Upstream: `registry` gets 5000, the port of the template docker-registry.
        assert self.port("registry") is None
        assert self.port("registry", service_type="other", catalog_port=3000) is None
        assert self.port("registry", service_type="docker-registry", catalog_port=5000) is None

    def test_the_own_templates_port_is_the_main_components(self) -> None:
        # Upstream: the same, by the name alone.
        assert self.port("web", service_type="web", catalog_port=3000) == 3000
        only = "services: {app: {image: b}, db: {image: postgres}}"
        assert self.port("app", only, service_type="thing", catalog_port=3000) == 3000
        assert self.port("db", only, service_type="thing", catalog_port=3000) is None
        assert self.port("web", service_type="web") is None
        assert self.port("web", catalog_port=3000) is None

    def test_both_proxies_are_told_the_same(self) -> None:
        # Upstream: Traefik is told no port.
        scope: dict[str, Any] = {"service_type": "web", "catalog_port": 3000}
        found = traefik("[]", "http://example.com", **scope)
        assert f"traefik.http.services.http-0-{NAME}.loadbalancer.server.port=3000" in found
        assert self.port("web", **scope, proxy="CADDY") == 3000


@pytest.mark.parametrize(
    ("text", "is_excluded"),
    [
        ("exclude_from_hc: true", True),
        ("restart: 'no'", True),
        ("restart: no", True),
        ("restart: always", False),
    ],
)
def test_q26_what_counts_for_the_status_is_read_anew(text: str, is_excluded: bool) -> None:
    # Upstream: once set, the flag is never cleared. That a later document clears it is in test_quirks_rows.py.
    (component,) = render_text(f"services: {{web: {{image: a, {text}}}}}").components
    assert component.is_excluded is is_excluded


def test_q27_empty_lists_stay_lists() -> None:
    # Upstream: `command: {  }`, which Compose refuses.
    text = (
        "services: {web: {image: a, command: [], volumes: [], entrypoint: [], ports: [], tmpfs: [], dns: []}}"
    )
    rendered = render_text(text)
    read = load(rendered.compose).data["services"]["web"]
    for key in ("command", "volumes", "entrypoint", "ports", "tmpfs", "dns"):
        assert read[key] == []


def kind(text: str) -> str:
    others = "mysql: {image: m}, redis: {image: r}"
    return render_text(f"services: {{x: {{{text}}}, {others}}}").components[0].kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Upstream: the image is cut at its first colon, so that all of these are applications.
        ("image: 'localhost:5000/postgres'", "database"),
        ("image: 'postgres@sha256:0123'", "database"),
        ("image: '${IMG:-postgres:16}'", "database"),
        # Upstream: these images are not known.
        ("image: 'valkey/valkey:8'", "database"),
        ("image: eqalpha/keydb", "database"),
        ("image: docker.dragonflydb.io/dragonflydb/dragonfly", "database"),
        ("image: 'elasticsearch:8'", "database"),
        # Upstream: keys of a map are not seen, and a list of dependencies is not either.
        (
            "image: postgres, environment: {APP_KEY: x}, depends_on: {mysql: {condition: service_started}}",
            "application",
        ),
        ("image: postgres, depends_on: [redis]", "application"),
        ("image: postgres, environment: {POSTGRES_PASSWORD: x}, depends_on: [redis]", "database"),
        # Upstream: a URL is no hint.
        ("image: neo4j, environment: [SERVICE_URL_NEO4J_7474]", "application"),
        # Upstream: a long port stops the parse.
        ("image: postgres, healthcheck: {test: pg_isready}, ports: [{target: 5432}]", "database"),
    ],
)
def test_q28_kinds(text: str, expected: str) -> None:
    assert kind(text) == expected


SETTLING = {
    "minio": """
  m: {image: minio/minio, environment: [A=$MINIO_SERVER_URL, B=$MINIO_BROWSER_REDIRECT_URL]}""",
    "logto": """
  l: {image: svhd/logto, environment: [E=$LOGTO_ENDPOINT, A=$LOGTO_ADMIN_ENDPOINT]}""",
    "garage": """
  g: {image: dxflrs/garage, environment: [S=$GARAGE_S3_API_URL, W=$GARAGE_WEB_URL, A=$GARAGE_ADMIN_URL]}""",
    "dify": """
  a: {image: a, environment: {CONSOLE_API_URL: ''}}
  b: {image: b, environment: [CONSOLE_API_URL=$SERVICE_URL_WEB]}
  c: {image: c, environment: [SERVICE_URL_WEB_80, 'N2=${N3:-v}', N3=$SERVICE_PASSWORD_X]}""",
}


@pytest.mark.parametrize("name", SETTLING)
def test_q30_one_render_is_enough(name: str) -> None:
    # Upstream: the second parse changes the output of the first.
    document = load(f"services:{SETTLING[name]}\n")
    scope = make_scope()
    first = render(document, scope)
    assert render(document, kept(make_scope(seed=2), first)) == first
    assert all(values(first).values())


AWKWARD = {
    "QUOTE": "pa\"ss'word",
    "BACKSLASH": "a\\b\\n",
    "DOLLAR": "pa$word$$",
    "LINES": "one\ntwo #\n",
    "HASH": "a #b",
    "SPACES": "  x  ",
}


def test_q31_any_value_can_be_written() -> None:
    # Upstream: `pa\\"ss` arrives with its backslash, `$word` is expanded, a line break ends the value. That the
    # real Compose reads these back byte for byte is tested in tests/adapters/test_compose_reads_back.py.
    items = ", ".join(f"'{key}=${{{key}}}'" for key in AWKWARD)
    rendered = render_text(
        f"services: {{web: {{image: a, environment: [{items}]}}}}", variables=user_variables(**AWKWARD)
    )
    assert {key: values(rendered)[key] for key in AWKWARD} == AWKWARD
    assert "\nBACKSLASH='a\\b\\n'\n" in rendered.dotenv
    assert "DOLLAR='pa$word$$'\n" in rendered.dotenv
    assert all(line.count("\n") == 0 for line in rendered.dotenv.splitlines())


def test_q31_the_order_of_variables_does_not_matter() -> None:
    # Upstream: `$NAME` sees earlier lines only, so that N2 is empty (paymenter).
    text = "services: {web: {image: a, environment: ['N1=${N2:-x$N3}', 'OTHER=${N3:-v}']}}"
    assert render_text(text).dotenv.splitlines() == ["SERVICE_NAME_WEB=web", "N2=xv", "N3=v"]


def test_q31_the_values_of_all_reach_all() -> None:
    # Upstream: every container gets all of `.env`. Giving each only its own was considered and not done: templates
    # use in one component what another one declares, and Compose interpolates from the one file.
    text = "services: {web: {image: a, environment: ['A=$SERVICE_PASSWORD_X']}, db: {image: postgres}}"
    assert definition(text, "db")["env_file"] == definition(text, "web")["env_file"] == [".env"]


SHARED = {scope: {"V": f"the {scope}'s $1"} for scope in ("team", "project", "environment", "server")}


@pytest.mark.parametrize("scope", SHARED)
def test_q32_shared_values_of_every_scope_are_resolved(scope: str) -> None:
    # Upstream: `{{server.V}}` stays as it is in `environment`, which beats the right value in `.env`.
    text = f"services: {{web: {{image: a, environment: ['A={{{{ {scope}.V }}}}/x', 'B={{{{other.V}}}}']}}}}"
    rendered = render_text(text, shared=SHARED)
    assert environment(rendered, "web") == {"A": f"the {scope}'s $$1/x", "B": "{{other.V}}"}


def test_q32_shared_values_are_read_at_each_render() -> None:
    # Upstream: the value at the time of the first parse is frozen.
    text = "services: {web: {image: a, environment: ['A={{team.V}}']}}"
    scope = make_scope(shared={"team": {"V": "old"}})
    later = replace(kept(scope, render(load(text), scope)), shared={"team": {"V": "new"}})
    assert environment(render(load(text), later), "web") == {"A": "new"}


@pytest.mark.parametrize("default", ["$(id)", "a;b", "`id`", "a|b", "a&b"])
@pytest.mark.parametrize("form", ["'{}:/x'", "{{type: bind, source: '{}', target: /x}}"])
def test_q33_defaults_of_both_forms_are_checked(default: str, form: str) -> None:
    # Upstream: the default of a long source is never checked.
    volume = form.format(f"${{V:-{default}}}")
    with pytest.raises(ComposeRejected, match="contains forbidden character"):
        render_text(f"services: {{web: {{image: a, volumes: [{volume}]}}}}")


def test_q33_a_path_is_never_text_of_a_shell() -> None:
    # Upstream: one helper writes paths unquoted into a shell on the server. Here files are written through
    # descriptors (remote/files.py), and a path with blanks and quotes is a path like any other.
    (file,) = render_text('services: {web: {image: a, volumes: ["./a \'b\\" *(c:/x"]}}').files
    assert file.path == "/data/homeport/services/u1/a 'b\" *(c"


class TestQ40:
    TEXT = "services: {web: {image: a, environment: [SERVICE_URL_WEB_3000, 'U=$SERVICE_URL_WEB']}}"

    def rendered(self, base: Domain) -> Rendered:
        return render_text(self.TEXT, base=base)

    def test_the_port_of_a_wildcard_is_where_people_go(self) -> None:
        # Upstream: it is dropped, and every generated URL leads to the scheme's own port.
        rendered = self.rendered(base_domain("https://apps.example.com:8443/base", "1.2.3.4", None))
        found = values(rendered)
        assert found["SERVICE_URL_WEB"] == "https://web-u1.apps.example.com:8443/base"
        assert found["SERVICE_FQDN_WEB"] == "web-u1.apps.example.com:8443/base"
        assert found["SERVICE_URL_WEB_3000"] == "https://web-u1.apps.example.com:3000/base"
        written = rendered.document["services"]["web"]["environment"]
        assert written["COOLIFY_URL"] == "https://web-u1.apps.example.com:8443/base"
        assert written["COOLIFY_FQDN"] == "web-u1.apps.example.com:8443/base"

    def test_the_port_in_a_domain_stays_the_containers(self) -> None:
        # Upstream: the same; `fqdn` is what clients see and send.
        rendered = self.rendered(base_domain("https://apps.example.com:8443", "1.2.3.4", None))
        assert [domain.url for domain in rendered.components[0].domains or ()] == [
            "https://web-u1.apps.example.com:3000"
        ]

    def test_it_settles_at_once_and_leaves_foreign_hosts_alone(self) -> None:
        # Upstream: nothing to settle.
        scope = make_scope(base=base_domain("https://apps.example.com:8443", "1.2.3.4", None))
        first = render(load(self.TEXT), scope)
        assert render(load(self.TEXT), kept(scope, first)) == first
        moved = replace(scope, components=with_domains(web="https://mine.example.com"))
        assert values(render(load(self.TEXT), moved))["SERVICE_URL_WEB"] == "https://mine.example.com"

    @pytest.mark.parametrize("wildcard", ["http://apps.example.com:80", "https://apps.example.com:443"])
    def test_the_schemes_own_port_is_not_shown(self, wildcard: str) -> None:
        # Upstream: it is dropped, as every port.
        url = values(self.rendered(base_domain(wildcard, "1.2.3.4", None)))["SERVICE_URL_WEB"]
        assert url == f"{wildcard.rpartition(':')[0].replace('apps', 'web-u1.apps')}"

    @pytest.mark.parametrize(
        ("address", "host"),
        [
            # Upstream: `node1.example.com.sslip.io` and `localhost.sslip.io`, which nobody resolves.
            ("node1.example.com", "node1.example.com"),
            ("localhost", "localhost"),
            ("host.docker.internal", "localhost"),
            ("203.0.113.7", "203.0.113.7.sslip.io"),
            ("2001:db8::1", "2001-db8--1.sslip.io"),
        ],
    )
    def test_a_host_name_needs_no_sslip(self, address: str, host: str) -> None:
        assert values(self.rendered(base_domain(None, address, None)))["SERVICE_FQDN_WEB"] == f"web-u1.{host}"


@pytest.mark.parametrize("text", ["services: {web: [image: a}", "a: b: c", "services: {web: *nothing}"])
def test_q41_what_cannot_be_read_is_an_error(text: str) -> None:
    # Upstream: the parse ends without a word, and what was made of an older text stays. Requests and deployments
    # are in test_quirks_rows.py.
    with pytest.raises(ComposeRejected, match="Invalid YAML format: ") as caught:
        load(text)
    assert caught.value.line == 1
