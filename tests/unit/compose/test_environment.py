"""Variables: which ones a document makes, what they hold, what reaches the container and `.env`.

Tests named q<n> pin a behaviour in which Homeport is meant to differ from the system whose dialect
it reads.
"""

import json
from typing import Any

import pytest

from homeport.core.compose.load import load
from homeport.core.compose.model import Rendered, Variable
from homeport.core.compose.render import render
from homeport.core.compose.resolve import env_pairs
from homeport.core.domains import join_fqdn
from tests.support.compose import (
    environment,
    kept,
    make_scope,
    render_text,
    user_variables,
    values,
)


def one(*items: str, image: str = "acme/app", **scope: Any) -> Rendered:
    """The render of one component `app` with these environment items."""
    listed = json.dumps(list(items))
    return render_text(f"services: {{app: {{image: {image}, environment: {listed}}}}}", **scope)


def dotenv(rendered: Rendered) -> list[str]:
    return rendered.dotenv.splitlines()


def fqdn(rendered: Rendered, component: str) -> str | None:
    return next(join_fqdn(c.domains) for c in rendered.components if c.name == component)


class TestForms:
    def test_list_and_map_and_text(self) -> None:
        text = """
services:
  a: {image: a, environment: [A=1, 'B=x=y', C, 5, {D: 2}]}
  b: {image: b, environment: {A: 1, B: null, C: true, D: 1.5}}
  c: {image: c, environment: A=1}
  d: {image: d}
"""
        rendered = render_text(text)
        assert environment(rendered, "a") == {"A": "1", "B": "x=y", "C": "", "5": "", "D": 2}
        assert environment(rendered, "b") == {"A": 1, "B": None, "C": True, "D": 1.5}
        assert environment(rendered, "c") == {"A": "1"}
        assert environment(rendered, "d") == {}

    def test_a_key_given_twice_keeps_its_place_and_takes_the_later_value(self) -> None:
        assert list(environment(one("A=1", "B=2", "A=3"), "app").items()) == [("A", "3"), ("B", "2")]


class TestContainer:
    def test_what_every_container_gets(self) -> None:
        rendered = render_text(
            "services: {web: {image: a, environment: [SERVICE_URL_WEB]}, 'my.x-y': {image: b}}"
        )
        written = rendered.document["services"]["my.x-y"]["environment"]
        assert written == {
            "COOLIFY_RESOURCE_UUID": "u1",
            "COOLIFY_CONTAINER_NAME": "my.x-y-u1",
            "SERVICE_NAME_WEB": "web",
            "SERVICE_NAME_MY_X_Y": "my.x-y",
        }
        web = rendered.document["services"]["web"]["environment"]
        assert web["COOLIFY_URL"] == "http://web-u1.1.2.3.4.sslip.io"
        assert web["COOLIFY_FQDN"] == "web-u1.1.2.3.4.sslip.io"

    def test_a_persons_own_variable_of_that_name_wins(self) -> None:
        rendered = one("A=1", variables=user_variables(COOLIFY_RESOURCE_UUID="mine"))
        assert "COOLIFY_RESOURCE_UUID" not in rendered.document["services"]["app"]["environment"]
        assert "COOLIFY_RESOURCE_UUID=mine" in dotenv(rendered)

    def test_references_to_what_only_this_container_knows_are_resolved_in_place(self) -> None:
        rendered = one("SERVICE_URL_APP", "A=$COOLIFY_URL/x-${COOLIFY_CONTAINER_NAME}-$B")
        assert environment(rendered, "app")["A"] == "http://app-u1.1.2.3.4.sslip.io/x-app-u1-$B"
        assert "COOLIFY_URL" not in values(rendered)

    def test_what_a_document_says_of_such_a_name_is_neither_kept_nor_told_to_others(self) -> None:
        text = """
services:
  web: {image: a, environment: [SERVICE_URL_WEB, 'COOLIFY_URL=$SERVICE_URL_API']}
  api: {image: b, environment: [SERVICE_URL_API]}
"""
        rendered = render_text(text)
        assert "COOLIFY_URL" not in values(rendered)
        services = rendered.document["services"]
        assert services["web"]["environment"]["COOLIFY_URL"] == "http://web-u1.1.2.3.4.sslip.io"
        assert services["api"]["environment"]["COOLIFY_URL"] == "http://api-u1.1.2.3.4.sslip.io"

    def test_env_file_is_added_once(self) -> None:
        text = """
services:
  a: {image: a, env_file: a.env}
  b: {image: b, env_file: [.env, b.env]}
  c: {image: c, env_file: [{path: .env, required: false}]}
"""
        services = render_text(text).document["services"]
        assert services["a"]["env_file"] == ["a.env", ".env"]
        assert services["b"]["env_file"] == [".env", "b.env"]
        assert services["c"]["env_file"] == [{"path": ".env", "required": False}]

    def test_keys_keep_their_place_and_new_ones_follow(self) -> None:
        text = "services: {a: {restart: no, environment: [A=1], exclude_from_hc: true, image: a, container_name: x}}"
        definition = render_text(text).document["services"]["a"]
        assert list(definition) == [
            "restart",
            "environment",
            "image",
            "container_name",
            "labels",
            "networks",
            "env_file",
        ]
        assert (definition["restart"], definition["container_name"]) == ("no", "a-u1")


class TestReferences:
    def test_no_secret_is_copied_into_the_compose_text(self) -> None:
        rendered = one("A=$SERVICE_PASSWORD_X", "B=${TOKEN}", variables=user_variables(TOKEN="t0p$ecret"))
        assert (values(rendered)["SERVICE_PASSWORD_X"] or "?") not in rendered.compose
        assert "ecret" not in rendered.compose

    def test_q7_every_variable_of_a_value_is_found(self) -> None:
        rendered = one("A=a-${X}", "B=${P:-1}${Q:-2}", "C=${R:-x${S:-y${T}}}", "D=$U/tail", "E=${V:+w$W}")
        assert values(rendered) == {
            "X": None,
            "P": "1",
            "Q": "2",
            "R": "x${S:-y${T}}",
            "S": "y${T}",
            "T": None,
            "U": None,
            "V": None,
            "W": None,
        }
        assert "R=xy" in dotenv(rendered)

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            ("$$X", "$$X"),
            ("$$", "$$"),
            ("${}", "$${}"),
            ("${X", "$${X"),
            ("$/x", "$$/x"),
            ("costs 5$", "costs 5$$"),
            ("{{ .Name }}", "{{ .Name }}"),
        ],
    )
    def test_q7_what_is_no_reference_arrives_as_it_was_meant(self, value: str, written: str) -> None:
        rendered = one(f"A={value}")
        assert environment(rendered, "app") == {"A": written}
        assert rendered.variables == ()

    @pytest.mark.parametrize(
        "value",
        [
            "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
            "me:$2b$05$abcdefghijklmnopqrstuuEUzLpq8uFQ3a0y0D2ETmqIlsVwL1Kh.",
            "$apr1$salt1234$abcdefghijklmnopqrstu.",
            "$6$rounds=5000$salt$" + "a" * 86,
            "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
        ],
    )
    def test_q7_a_password_hash_is_a_text(self, value: str) -> None:
        rendered = one(f"A={value}")
        assert environment(rendered, "app") == {"A": value.replace("$", "$$")}
        assert rendered.variables == ()

    def test_the_first_default_counts_wherever_it_stands(self) -> None:
        text = """
services:
  a: {image: a, environment: ['X=/$DB']}
  b: {image: b, environment: ['DB=${DB:-main}', 'Y=${DB-x}']}
"""
        assert values(render_text(text)) == {"DB": "main"}

    def test_the_text_after_a_question_mark_is_a_default_of_a_required_variable(self) -> None:
        (variable,) = one("A=${B:?some text}").variables
        assert (variable.key, variable.value, variable.is_required) == ("B", "some text", True)
        assert environment(one("A=${B:?some text}"), "app") == {"A": "${B:?some text}"}

    def test_a_stored_value_is_never_replaced_by_a_default(self) -> None:
        stored = {"B": Variable(key="B", value="old", origin="template")}
        assert values(one("A=${B:-new}", variables=stored)) == {"B": "old"}

    def test_a_default_that_comes_later_fills_a_blank(self) -> None:
        stored = {"B": Variable(key="B", origin="template")}
        assert values(one("A=${B:-new}", variables=stored)) == {"B": "new"}

    def test_variables_are_never_forgotten(self) -> None:
        first = one("A=${B:-1}")
        second = render(load("services: {app: {image: a}}"), kept(make_scope(), first))
        assert values(second) == {"B": "1"}

    def test_a_variable_emptied_by_a_person_is_empty(self) -> None:
        rendered = one("B=${B:-default}", variables=user_variables(B=""))
        assert environment(rendered, "app") == {"B": "${B}"}

    def test_a_reference_to_nothing_of_ours_does_not_stop_a_magic_looking_value(self) -> None:
        rendered = one("A=${SERVICE_ }", "B=$SERVICE_")
        assert environment(rendered, "app")["A"] == "$${SERVICE_ }"


class TestMagic:
    def test_unknown_kinds_are_blanks_to_fill(self) -> None:
        rendered = one("A=$SERVICE_OPENAI_KEY", "B=${SERVICE_X_API:-none}")
        assert values(rendered)["SERVICE_OPENAI_KEY"] is None
        assert values(rendered)["SERVICE_X_API"] == "none"

    def test_q2_blank_magic_rows_are_filled_later(self) -> None:
        stored = {"SERVICE_PASSWORD_X": Variable(key="SERVICE_PASSWORD_X", origin="template")}
        rendered = one("A=$SERVICE_PASSWORD_X", variables=stored)
        assert [
            (v.origin, len(v.value or "")) for v in rendered.variables if v.key == "SERVICE_PASSWORD_X"
        ] == [("generated", 32)]

    def test_a_magic_value_that_a_person_emptied_stays_empty(self) -> None:
        rendered = one("A=$SERVICE_PASSWORD_X", variables=user_variables(SERVICE_PASSWORD_X=""))
        assert values(rendered)["SERVICE_PASSWORD_X"] == ""

    def test_q3_names_of_components_are_never_stored(self) -> None:
        rendered = one("A=$SERVICE_NAME_APP", "B=x-${SERVICE_NAME_GONE}")
        assert list(values(rendered)) == ["A"]
        assert dotenv(rendered) == ["SERVICE_NAME_APP=app", "A=app"]

    def test_q3_a_stored_name_cannot_shadow_the_component(self) -> None:
        rendered = one("A=1", variables=user_variables(SERVICE_NAME_APP=""))
        assert dotenv(rendered) == ["SERVICE_NAME_APP=app"]

    def test_names_behind_two_dollars_are_found_too(self) -> None:
        rendered = one("A=$$SERVICE_PASSWORD_X")
        assert "SERVICE_PASSWORD_X" in values(rendered)
        assert environment(rendered, "app") == {"A": "$$SERVICE_PASSWORD_X"}

    def test_names_in_a_command_get_a_value(self) -> None:
        text = "services: {a: {image: a, command: [x, '--pass=$SERVICE_PASSWORD_X', '$SERVICE_X_API']}}"
        assert list(values(render_text(text))) == ["SERVICE_PASSWORD_X"]

    def test_names_in_file_contents_do_not(self) -> None:
        mount = "{type: bind, source: ./f, target: /f, content: $SERVICE_PASSWORD_X}"
        text = f"services: {{a: {{image: a, volumes: [{mount}]}}}}"
        assert values(render_text(text)) == {}

    def test_a_bare_magic_key_is_filled_when_a_value_asks_for_it(self) -> None:
        assert environment(one("SERVICE_PASSWORD_X"), "app") == {"SERVICE_PASSWORD_X": ""}
        rendered = one("SERVICE_PASSWORD_X", "A=$SERVICE_PASSWORD_X")
        assert environment(rendered, "app")["SERVICE_PASSWORD_X"] == "${SERVICE_PASSWORD_X}"

    def test_q36_an_edited_row_stays_and_reaches_the_container(self) -> None:
        first = one("P=$SERVICE_PASSWORD_X")
        assert values(first)["P"] == "$SERVICE_PASSWORD_X"
        edited = one("P=$SERVICE_PASSWORD_X", variables=user_variables(P="mine"))
        assert values(edited)["P"] == "mine"
        assert environment(edited, "app") == {"P": "${P}"}

    def test_an_unedited_row_follows_the_document(self) -> None:
        stored = {"P": Variable(key="P", value="$SERVICE_PASSWORD_OLD", origin="template")}
        assert values(one("P=$SERVICE_PASSWORD_X", variables=stored))["P"] == "$SERVICE_PASSWORD_X"

    def test_q39_passwords_with_symbols_arrive_exactly(self) -> None:
        class Symbols:
            def __call__(self, alphabet: str, length: int) -> str:
                return ("a1" + "$\\'\"{}#"[:length])[:length].ljust(length, "$")

        rendered = one("A=$SERVICE_PASSWORDWITHSYMBOLS_X", token=Symbols())
        value = values(rendered)["SERVICE_PASSWORDWITHSYMBOLS_X"] or ""
        pairs, _ = env_pairs(rendered.variables, {}, {})
        assert dict(pairs)["A"] == value
        assert "$" in value


class TestComponents:
    @pytest.mark.parametrize(
        ("settings", "port"),
        [
            ("environment: [SERVICE_URL_X, SERVICE_FQDN_X_8000], expose: [80]", 8000),
            ("expose: ['53/udp', '3000-3010/tcp'], ports: ['80:81']", 3000),
            ("ports: ['127.0.0.1:8080:80/tcp']", 80),
            ("ports: ['53:53/udp', '${P:-9000}:9001']", 9001),
            ("ports: [{target: 8443, published: 443}]", 8443),
            ("ports: ['${P:?no}']", None),
            ("command: x", None),
        ],
    )
    def test_the_port_for_the_proxy(self, settings: str, port: int | None) -> None:
        assert render_text(f"services: {{a: {{image: a, {settings}}}}}").components[0].port == port

    def test_the_catalogues_port_is_the_main_components(self) -> None:
        template = {"service_type": "app", "catalog_port": 8080}
        alone = "services: {other: {image: a}, db: {image: postgres}}"
        both = "services: {other: {image: a}, app: {image: b}}"
        assert [c.port for c in render_text(alone, **template).components] == [8080, None]
        assert [c.port for c in render_text(both, **template).components] == [None, 8080]
        assert render_text(alone, catalog_port=8080).components[0].port is None

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("1m30s", 90.0), ("10s", 10.0), ("500ms", 0.5), ("1h", 3600.0), ("$G", None)],
    )
    def test_stop_grace_period(self, text: str, seconds: float | None) -> None:
        rendered = render_text(f"services: {{a: {{image: a, stop_grace_period: {text}}}}}")
        assert rendered.components[0].stop_grace_period_s == seconds

    @pytest.mark.parametrize(
        ("given", "written"), [("no", "no"), ("false", "no"), ("always", "always"), ("", "unless-stopped")]
    )
    def test_restart(self, given: str, written: str) -> None:
        rendered = render_text(f"services: {{a: {{image: a, restart: {given}}}}}")
        assert rendered.document["services"]["a"]["restart"] == written
        assert rendered.components[0].is_excluded == (written == "no")

    def test_q26_exclusion_is_read_anew(self) -> None:
        first = render_text("services: {a: {image: a, exclude_from_hc: true}, b: {image: b, restart: no}}")
        assert [c.is_excluded for c in first.components] == [True, True]
        scope = kept(make_scope(), first)
        again = render(load("services: {a: {image: a}, b: {image: b, restart: always}}"), scope)
        assert [c.is_excluded for c in again.components] == [False, False]

    def test_healthchecks(self) -> None:
        text = """
services:
  a: {image: a, healthcheck: {test: [CMD, x]}}
  b: {image: b, healthcheck: {disable: true, test: x}}
  c: {image: c, healthcheck: {test: [NONE]}}
  d: {image: d, healthcheck: {interval: 5s}}
"""
        assert [c.has_healthcheck for c in render_text(text).components] == [True, False, False, False]

    def test_gzip_is_off_where_it_would_hold_streams_back(self) -> None:
        text = "services: {beszel: {image: henrygd/beszel}, pb: {image: 'x/pocketbase:1'}}"
        assert [c.is_gzip_enabled for c in render_text(text, service_type="beszel").components] == [
            False,
            False,
        ]


class TestComments:
    def test_q9_comments_are_read_once_and_kept(self) -> None:
        text = """
services:
  app:
    image: a
    environment:
      - 'QUOTED=${QUOTED}' # quoted
      - KEY=${KEY:-v} # the key
      - RAW=$SERVICE_PASSWORD_X # raw
      - HARD=1 # nothing to keep it with
"""
        first = render_text(text)
        comments = {v.key: v.comment for v in first.variables}
        assert comments == {"SERVICE_PASSWORD_X": None, "QUOTED": "quoted", "KEY": "the key", "RAW": "raw"}
        second = render(load(text.replace("# raw", "# changed")), kept(make_scope(), first))
        assert {v.key: v.comment for v in second.variables} == comments
