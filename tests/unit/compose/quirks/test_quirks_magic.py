"""What the system whose dialect this is gets wrong about variables, and what Homeport makes of it.

Numbers are those of the compatibility list; "Upstream" says its result for the same text.
"""

import base64
import json

import pytest

from homeport.core import dotenv
from homeport.core.compose.load import load
from homeport.core.compose.magic import SYMBOLS
from homeport.core.compose.model import Variable
from homeport.core.compose.render import render
from homeport.core.domains import join_fqdn
from tests.support.compose import environment, kept, make_scope, render_text, user_variables, values
from tests.unit.compose.quirks.seen import app_with, container_of, dotenv_of


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("SERVICE_PASSWORD_MY_DB", 32),
        ("SERVICE_PASSWORD_64_MY_DB", 64),
        ("SERVICE_BASE64_64_SESSION_SECRET", 64),
        ("SERVICE_REALBASE64_32_APP_KEY", 44),
        ("SERVICE_HEX_32_COOKIE_KEY", 32),
        ("SERVICE_USER_MY_DB", 16),
    ],
)
def test_q01_a_name_with_underscores_is_still_a_secret(name: str, length: int) -> None:
    # Upstream: the kind is found by counting underscores; there are too many here, and the secret is empty.
    rendered = app_with(f"SECRET=${name}")
    assert len(container_of(rendered, "app")["SECRET"]) == length


def test_q01_a_url_with_underscores_is_still_a_url() -> None:
    # Upstream: SERVICE_URL_A_B_C is null.
    rendered = app_with("SITE=$SERVICE_URL_A_B_C")
    assert container_of(rendered, "app")["SITE"] == "http://a-b-c-u1.1.2.3.4.sslip.io"


@pytest.mark.parametrize(
    "name", ["SERVICE_X_API", "SERVICE_OPENAI_KEY", "SERVICE_EMAIL_SMTP", "SERVICE_HEX_A"]
)
def test_q01_a_kind_that_is_unknown_is_a_blank_for_a_person(name: str) -> None:
    rendered = app_with(f"KEY=${name}")
    assert values(rendered)[name] is None
    filled = render_text(rendered.compose, variables=user_variables(**{name: "sk-1"}))
    assert container_of(filled, "app")["KEY"] == "sk-1"


@pytest.mark.parametrize("order", [1, -1])
def test_q02_a_token_is_made_whether_its_key_stands_before_or_behind_it(order: int) -> None:
    # Upstream: ANON stays null for ever when it is met before SERVICE_PASSWORD_JWT.
    items = ["ANON=$SERVICE_SUPABASEANON_KEY", "JWT=$SERVICE_PASSWORD_JWT"][::order]
    seen = container_of(app_with(*items), "app")
    claims = seen["ANON"].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["role"] == "anon"
    assert len(seen["JWT"]) == 32


def test_q02_a_token_whose_key_nobody_names_makes_its_key() -> None:
    # Upstream: null, for ever.
    rendered = app_with("ROLE=$SERVICE_SUPABASESERVICE_KEY")
    assert values(rendered)["SERVICE_PASSWORD_JWT"]
    assert container_of(rendered, "app")["ROLE"].count(".") == 2


def test_q02_a_blank_that_an_older_parse_left_is_filled() -> None:
    # Upstream: the row exists, so it is never looked at again.
    blank = {"SERVICE_PASSWORD_X": Variable(key="SERVICE_PASSWORD_X", origin="template")}
    rendered = render_text(
        "services: {app: {image: a, environment: [P=$SERVICE_PASSWORD_X]}}", variables=blank
    )
    assert len(container_of(rendered, "app")["P"]) == 32


def test_q03_the_name_of_a_component_is_not_shadowed_by_an_empty_row() -> None:
    # Upstream: a null row SERVICE_NAME_DB; `.env` has the name twice, and the empty one wins.
    text = "services: {app: {image: a, environment: [HOST=$SERVICE_NAME_DB]}, db: {image: postgres:16}}"
    rendered = render_text(text)
    assert "SERVICE_NAME_DB" not in values(rendered)
    assert rendered.dotenv.count("SERVICE_NAME_DB=") == 1
    assert container_of(rendered, "app")["HOST"] == "db"


DIFY = """
services:
  api: {image: a, environment: {CONSOLE_API_URL: '', MODE: '${MODE:-api}'}}
  web: {image: b, environment: ['CONSOLE_API_URL=$SERVICE_URL_WEB', 'MODE=${MODE:-web}', 'SERVICE_X_API=']}
  tool: {image: c, environment: ['KEY=$SERVICE_X_API']}
"""


def test_q06_an_empty_literal_stays_empty() -> None:
    # Upstream: `api` gets the URL that `web` gives the variable of the same name.
    rendered = render_text(DIFY)
    assert container_of(rendered, "api")["CONSOLE_API_URL"] == ""
    assert container_of(rendered, "web")["CONSOLE_API_URL"] == "http://web-u1.1.2.3.4.sslip.io"
    again = render(load(DIFY), kept(make_scope(), rendered))
    assert container_of(again, "api")["CONSOLE_API_URL"] == ""


def test_q06_a_blank_magic_key_takes_what_a_person_gave() -> None:
    rendered = render_text(DIFY, variables=user_variables(SERVICE_X_API="k"))
    assert container_of(rendered, "web")["SERVICE_X_API"] == "k"


def test_q06_one_name_in_two_components_is_one_variable() -> None:
    # Upstream too: the first default counts. A person who sets it sets it for both.
    assert values(render_text(DIFY))["MODE"] == "api"
    rendered = render_text(DIFY, variables=user_variables(MODE="both"))
    assert {container_of(rendered, name)["MODE"] for name in ("api", "web")} == {"both"}


BCRYPT = "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        ("$$HOME", "$HOME"),
        ("$$SERVICE_PASSWORD_X", "$SERVICE_PASSWORD_X"),
        ("$X/tail", "x/tail"),
        (BCRYPT, BCRYPT),
        ("${X:+y}", "y"),
        ("${X+y}", "y"),
        ("${GONE:+y}", ""),
        ("${}", "${}"),
        ("${Y:-d}/tail", "d/tail"),
    ],
)
def test_q07_what_a_value_begins_with_stops_nothing(value: str, arrives: str) -> None:
    # Upstream: the parse of the whole file ends with an error about the name of a key.
    text = f"services: {{app: {{image: a, environment: ['A={value}', 'B=${{X:-x}}']}}}}"
    assert container_of(render_text(text), "app")["A"] == arrives


def test_q07_every_variable_of_a_value_is_one_that_a_person_can_set() -> None:
    # Upstream: no row for NOPE, and only the first of two at the start; the others are silently empty.
    rendered = app_with("LIT=a-${NOPE}", "'TWO=${A1:-1}${B1:-2}'", "'DEEP=${A:-x${B:-y${C:-z}}}'")
    assert values(rendered) == {
        "NOPE": None,
        "A1": "1",
        "B1": "2",
        "A": "x${B:-y${C:-z}}",
        "B": "y${C:-z}",
        "C": "z",
    }
    seen = container_of(rendered, "app")
    assert (seen["LIT"], seen["TWO"], seen["DEEP"]) == ("a-", "12", "xyz")


def test_q08_a_dollar_in_a_stored_value_arrives() -> None:
    # Upstream: the value is copied into `environment` as it is, and Compose makes `pa` of `pa$word`.
    text = "services: {app: {image: a, environment: ['P=${P:-x}', 'URL=db://u:${P}@h']}}"
    rendered = render_text(text, variables=user_variables(P="pa$word"))
    seen = container_of(rendered, "app")
    assert (seen["P"], seen["URL"]) == ("pa$word", "db://u:pa$word@h")
    assert "pa$word" not in rendered.compose
    assert "P='pa$word'" in rendered.dotenv.splitlines()


COMMENTED = """
services:
  app:
    image: a
    environment:
      - 'QUOTED=${QUOTED}' # quoted
      - "P=$SERVICE_PASSWORD_X"   # made once
      - SAME=${SAME:-1} # of the app
  other:
    image: b
    environment:
      SAME: ${SAME:-2} # of the other
      MAPPED: "${MAPPED:-a # b}" # mapped
"""


def test_q09_comments_are_seen_behind_quotes_and_stay() -> None:
    # Upstream: quoted items lose theirs, overwritten rows at the second parse, and of one name in two
    # components the last counts.
    first = render_text(COMMENTED)
    comments = {v.key: v.comment for v in first.variables if v.comment}
    assert comments == {"QUOTED": "quoted", "P": "made once", "SAME": "of the app", "MAPPED": "mapped"}
    second = render(load(COMMENTED), kept(make_scope(), first))
    assert {v.key: v.comment for v in second.variables if v.comment} == comments


def test_q36_an_edit_of_a_row_that_a_magic_name_made_stays() -> None:
    # Upstream: `P` is set back to `$SERVICE_PASSWORD_X` by every parse.
    text = "services: {app: {image: a, environment: [P=$SERVICE_PASSWORD_X]}}"
    first = render_text(text)
    stored = kept(make_scope(), first).variables
    edited = render(load(text), make_scope(variables={**stored, "P": Variable(key="P", value="mine")}))
    for rendered in (edited, render(load(text), kept(make_scope(), edited))):
        assert container_of(rendered, "app")["P"] == "mine"
        assert values(rendered)["SERVICE_PASSWORD_X"] == values(first)["SERVICE_PASSWORD_X"]


def test_q36_a_magic_value_that_a_person_changed_stays() -> None:
    text = "services: {app: {image: a, environment: [P=$SERVICE_PASSWORD_X]}}"
    rendered = render_text(text, variables=user_variables(SERVICE_PASSWORD_X="mine"))
    assert container_of(render(load(text), kept(make_scope(), rendered)), "app")["P"] == "mine"


def test_q37_the_text_behind_a_question_mark_is_the_default_in_a_template() -> None:
    # Upstream: the same in its rows, but Compose then takes the text for its error message.
    rendered = app_with("'MAIL=${MAIL_FROM:?noreply@example.com}'")
    (variable,) = rendered.variables
    assert (variable.key, variable.value, variable.is_required) == ("MAIL_FROM", "noreply@example.com", True)
    assert container_of(rendered, "app")["MAIL"] == "noreply@example.com"


def test_q38_build_args_stay_with_the_build() -> None:
    # Upstream: `0: B` in the environment, which Compose refuses; K and A of the build reach the container.
    text = """
services:
  app:
    build: {context: ., args: {K: '${KARG:-1}', A: build}}
    environment: [A=run, B]
"""
    rendered = render_text(text)
    assert environment(rendered, "app") == {"A": "run", "B": ""}
    assert rendered.document["services"]["app"]["build"]["args"] == {"K": "${KARG:-1}", "A": "build"}
    assert values(rendered) == {"KARG": "1"}


def test_q38_a_url_that_only_the_build_asks_for_makes_a_domain() -> None:
    text = "services: {app: {build: {context: ., args: ['SITE=$SERVICE_URL_APP']}}}"
    rendered = render_text(text)
    assert environment(rendered, "app") == {}
    assert values(rendered)["SERVICE_URL_APP"] == "http://app-u1.1.2.3.4.sslip.io"
    assert [join_fqdn(component.domains) for component in rendered.components] == [
        "http://app-u1.1.2.3.4.sslip.io"
    ]


def test_q38_items_that_are_no_text_are_not_lost() -> None:
    # Upstream: `5` and the map vanish.
    text = "services: {app: {image: a, environment: [A=1, 5, {B: 2, C: '${D:-3}'}]}}"
    assert environment(render_text(text), "app") == {"A": "1", "5": "", "B": 2, "C": "${D:-3}"}


def test_q38_a_name_alone_is_the_variable_of_that_name() -> None:
    # Upstream: empty, unless some other component made a row of that name.
    text = "services: {app: {image: a, environment: [TZ]}}"
    assert container_of(render_text(text), "app")["TZ"] == ""
    rendered = render_text(text, variables=user_variables(TZ="Europe/Berlin"))
    assert container_of(rendered, "app")["TZ"] == "Europe/Berlin"


@pytest.mark.parametrize("bad", [r"a1$x${y", "a1\\", r"a1{[}]\n", "a1;#|&~", "a1$$"])
def test_q39_a_password_with_symbols_arrives_exactly(bad: str) -> None:
    # Upstream: written without quotes, so `$x` is expanded and an unclosed `${` breaks the whole file.
    def token(alphabet: str, length: int) -> str:
        assert set(SYMBOLS) < set(alphabet)
        return bad.ljust(length, "$")

    text = "services: {app: {image: a, environment: ['P=$SERVICE_PASSWORDWITHSYMBOLS_X']}}"
    rendered = render_text(text, token=token)
    password = bad.ljust(32, "$")
    assert container_of(rendered, "app")["P"] == password
    line = dotenv.dump([("SERVICE_PASSWORDWITHSYMBOLS_X", dotenv_of(rendered)["P"])])
    assert line in rendered.dotenv
    assert line.partition("=")[2][0] in "'\""
