"""Labels, Traefik's routers, and the stamps by which Compose sees what changed."""

import json
from dataclasses import replace
from typing import Any

import pytest

from homeport.core.compose.labels import stamp
from homeport.core.compose.load import load
from homeport.core.compose.model import Component, File, Rendered
from homeport.core.compose.traefik import router_name, traefik_labels
from homeport.core.domains import split_fqdn
from tests.support.compose import render_text, user_variables

DEFAULTS = [
    "homeport.managed=true",
    "homeport.service=u1",
    "homeport.component=a",
    "homeport.type=application",
]


def labels(given: Any, **scope: Any) -> list[str]:
    rendered = render_text(f"services: {{a: {{image: x, labels: {json.dumps(given)}}}}}", **scope)
    found: list[str] = rendered.document["services"]["a"]["labels"]
    return found


def test_the_documents_labels_come_first_and_ours_follow() -> None:
    assert labels(["x=1", "y"]) == ["x=1", "y", *DEFAULTS]


def test_q23_booleans_are_words_and_maps_in_lists_are_read() -> None:
    assert labels({"a": True, "b": False, "c": None, "d": 5})[:4] == ["a=true", "b=false", "c=", "d=5"]
    assert labels([{"a": True}, None, "b=1"])[:2] == ["a=true", "b=1"]


def test_dollars_are_doubled_unless_that_is_switched_off() -> None:
    assert labels(["x=$A$$"])[0] == "x=$$A$$$$"
    assert labels(["x=$A"], is_label_escape_enabled=False)[0] == "x=$A"


def test_a_name_is_no_label() -> None:
    """A service can be renamed, and its container is the same afterwards."""
    assert labels([], name="Wiki") == labels([], name="Notes")


def test_our_own_labels_cannot_be_set_by_the_document() -> None:
    rendered = render_text("services: {a: {image: x, labels: [homeport.service=other, homeport.x, ok=1]}}")
    assert rendered.document["services"]["a"]["labels"] == ["ok=1", *DEFAULTS]
    assert rendered.warnings == (
        "services.a: the label homeport.service is Homeport's own and was left out.",
        "services.a: the label homeport.x is Homeport's own and was left out.",
    )


def component(fqdn: str, **more: Any) -> Component:
    return Component(name="web", kind="application", domains=split_fqdn(fqdn), **more)


def traefik(fqdn: str, own: tuple[str, ...] = (), **more: Any) -> list[str]:
    return traefik_labels(component(fqdn, **more), "u1", own, has_network_mode=False)


class TestTraefik:
    def test_the_example_of_the_dialect(self) -> None:
        chain = "https-0-u1-web-2567-stripprefix,u1-web-2567-gzip"
        assert traefik("https://example.com:8080/api") == [
            "traefik.docker.network=u1",
            "traefik.enable=true",
            "traefik.http.middlewares.https-0-u1-web-2567-stripprefix.stripprefix.prefixes=/api",
            "traefik.http.middlewares.u1-web-2567-gzip.compress=true",
            "traefik.http.middlewares.u1-web-2567-redirect-to-https.redirectscheme.scheme=https",
            "traefik.http.routers.http-0-u1-web-2567.entryPoints=http",
            "traefik.http.routers.http-0-u1-web-2567.middlewares=u1-web-2567-redirect-to-https",
            "traefik.http.routers.http-0-u1-web-2567.rule=Host(`example.com`) && PathPrefix(`/api`)",
            "traefik.http.routers.http-0-u1-web-2567.service=http-0-u1-web-2567",
            "traefik.http.routers.https-0-u1-web-2567.entryPoints=https",
            f"traefik.http.routers.https-0-u1-web-2567.middlewares={chain}",
            "traefik.http.routers.https-0-u1-web-2567.rule=Host(`example.com`) && PathPrefix(`/api`)",
            "traefik.http.routers.https-0-u1-web-2567.service=https-0-u1-web-2567",
            "traefik.http.routers.https-0-u1-web-2567.tls.certresolver=letsencrypt",
            "traefik.http.routers.https-0-u1-web-2567.tls=true",
            "traefik.http.services.http-0-u1-web-2567.loadbalancer.server.port=8080",
            "traefik.http.services.https-0-u1-web-2567.loadbalancer.server.port=8080",
        ]

    def test_router_names(self) -> None:
        assert router_name("umami", "U") == "U-umami-dba9"
        assert router_name("...", "U").startswith("U-service-")
        assert router_name("my.app", "U") != router_name("my-app", "U")

    def test_direction_www(self) -> None:
        found = traefik("https://example.com,https://www.example.com:3000", redirect="www")
        name = "u1-web-2567"
        assert f"traefik.http.routers.https-0-{name}.middlewares={name}-gzip,0-u1-to-www" in found
        assert f"traefik.http.routers.https-1-{name}.middlewares={name}-gzip" in found
        assert "traefik.http.middlewares.0-u1-to-www.redirectregex.replacement=$${1}://www.$${2}" in found

    def test_without_forced_https_both_entry_points_share_the_chain(self) -> None:
        found = traefik("https://example.com", is_force_https_enabled=False, is_gzip_enabled=False)
        assert not [label for label in found if ".middlewares=" in label]
        assert not [label for label in found if "gzip" in label]

    def test_noindex_stands_before_the_redirect(self) -> None:
        found = traefik("https://example.com", noindex_domains=("example.com",))
        name = "u1-web-2567"
        chain = f"0-u1-noindex,{name}-redirect-to-https"
        assert f"traefik.http.routers.http-0-{name}.middlewares={chain}" in found

    def test_ghost_has_its_own_middleware_in_place_of_stripprefix(self) -> None:
        found = traefik("http://example.com/blog", image="ghost:5")
        assert "traefik.http.routers.http-0-u1-web-2567.middlewares=u1-web-2567-gzip,redir-ghost-u1" in found
        assert "traefik.http.middlewares.redir-ghost-u1.redirectregex.regex=^/blog/(.*)" in found

    def test_the_documents_middlewares_join_the_chain(self) -> None:
        own = (
            "traefik.http.middlewares.auth.basicauth.users=x",
            "traefik.http.middlewares.auth.basicauth.realm=y",
            "coolify.traefik.middlewares= a, ,b",
            "traefik.docker.network=mine",
        )
        found = traefik("http://example.com", own)
        assert found[0] == "traefik.enable=true"
        assert "traefik.http.routers.http-0-u1-web-2567.middlewares=u1-web-2567-gzip,auth,a,b" in found

    def test_the_port_for_the_proxy_serves_domains_without_one(self) -> None:
        assert [label for label in traefik("http://example.com", port=81) if "server.port" in label] == [
            "traefik.http.services.http-0-u1-web-2567.loadbalancer.server.port=81"
        ]

    def test_only_applications_with_domains_get_them(self) -> None:
        assert traefik("") == []
        database = replace(component("http://example.com"), kind="database")
        assert traefik_labels(database, "u1", (), has_network_mode=False) == []

    def test_no_network_label_beside_a_network_mode(self) -> None:
        found = traefik_labels(component("http://e.com"), "u1", (), has_network_mode=True)
        assert "traefik.docker.network=u1" not in found


COMPOSE = """
services:
  web: {image: a, environment: ['A=${A:-1}'], labels: [x=1]}
  db: {image: postgres}
configs: {c: {content: x}}
"""


def stamps(text: str, component: str) -> list[str]:
    found = load(text).data["services"][component]["labels"]
    return [label for label in found if label.startswith(("homeport.revision", "homeport.files"))]


def with_file(rendered: Rendered, content: str | None, **more: Any) -> Rendered:
    file = File(component="web", path="/data/f", target="/f", content=content, **more)
    return replace(rendered, files=(file,))


class TestStamp:
    def test_everything_is_new_at_first(self) -> None:
        text, marks = stamp(render_text(COMPOSE), {}, 1)
        assert stamps(text, "web") == stamps(text, "db") == ["homeport.revision=1"]
        assert {name: revision for name, (_, revision) in marks.items()} == {"web": 1, "db": 1}

    def test_what_did_not_change_keeps_its_number_and_its_bytes(self) -> None:
        text, marks = stamp(render_text(COMPOSE), {}, 1)
        assert stamp(render_text(COMPOSE), marks, 2) == (text, marks)

    def test_only_the_changed_component_gets_the_new_number(self) -> None:
        _, marks = stamp(render_text(COMPOSE), {}, 1)
        text, marks = stamp(render_text(COMPOSE.replace("x=1", "x=2")), marks, 2)
        assert (stamps(text, "web"), stamps(text, "db")) == (["homeport.revision=2"], ["homeport.revision=1"])
        assert (marks["web"][1], marks["db"][1]) == (2, 1)

    def test_a_changed_value_changes_every_component_that_reads_dotenv(self) -> None:
        _, marks = stamp(render_text(COMPOSE), {}, 1)
        _, marks = stamp(render_text(COMPOSE, variables=user_variables(A="2")), marks, 2)
        assert [revision for _, revision in marks.values()] == [2, 2]

    def test_a_changed_file_changes_its_component_and_its_label(self) -> None:
        rendered = render_text(COMPOSE)
        first, marks = stamp(with_file(rendered, "one"), {}, 1)
        second, marks = stamp(with_file(rendered, "two"), marks, 2)
        assert (marks["web"][1], marks["db"][1]) == (2, 1)
        assert stamps(first, "web")[1] != stamps(second, "web")[1]
        assert len(stamps(second, "db")) == 1

    @pytest.mark.parametrize(("content", "is_managed"), [(None, True), ("x", False)])
    def test_files_that_are_not_written_do_not_count(self, content: str | None, is_managed: bool) -> None:
        text, _ = stamp(with_file(render_text(COMPOSE), content, is_managed=is_managed), {}, 1)
        assert stamps(text, "web") == ["homeport.revision=1"]

    def test_shared_configs_count_for_those_that_use_them(self) -> None:
        text = COMPOSE.replace("labels: [x=1]", "configs: [c]")
        _, marks = stamp(render_text(text), {}, 1)
        _, marks = stamp(render_text(text.replace("content: x", "content: y")), marks, 2)
        assert (marks["web"][1], marks["db"][1]) == (2, 1)

    def test_stamping_leaves_the_render_as_it_is(self) -> None:
        rendered = render_text(COMPOSE)
        before = rendered.compose
        stamp(rendered, {}, 1)
        assert render_text(COMPOSE).document == rendered.document
        assert rendered.compose == before
