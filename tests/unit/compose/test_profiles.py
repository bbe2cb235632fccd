"""Components that nobody chose are no part of the service."""

import pytest

from homeport.core.compose.load import load
from homeport.core.compose.profiles import choose, known_profiles
from homeport.errors import ComposeRejected
from tests.support.compose import environment, render_text

TWO = """services:
  web: {image: a, environment: {A: '${WEB:-1}'}}
  debug:
    image: b
    profiles: [debug, tools]
    environment: {A: '${TOOL:-1}', B: $SERVICE_PASSWORD_X}
    volumes: [data:/d, './conf:/c']
    container_name: x
  mail: {image: c, profiles: [mail]}
"""


def names(text: str, *profiles: str) -> list[str]:
    rendered = render_text(text, profiles=profiles)
    assert "profiles" not in rendered.compose
    assert [component.name for component in rendered.components] == list(rendered.document["services"])
    return list(rendered.document["services"])


def refused(text: str, *profiles: str) -> ComposeRejected:
    with pytest.raises(ComposeRejected) as caught:
        render_text(text, profiles=profiles)
    return caught.value


@pytest.mark.parametrize(
    ("profiles", "left"),
    [
        ((), ["web"]),
        (("tools",), ["web", "debug"]),
        (("mail", "debug"), ["web", "debug", "mail"]),
        (("*",), ["web", "debug", "mail"]),
        (("gone",), ["web"]),
    ],
)
def test_who_is_part_of_the_service(profiles: tuple[str, ...], left: list[str]) -> None:
    assert names(TWO, *profiles) == left


def test_all_profiles_are_named_whatever_is_chosen() -> None:
    assert render_text(TWO).profiles == ("debug", "tools", "mail")
    assert render_text(TWO, profiles=("*",)).profiles == ("debug", "tools", "mail")
    assert render_text("services: {web: {image: a}}").profiles == ()


def test_what_is_left_out_makes_no_variable_volume_file_or_name() -> None:
    rendered = render_text(TWO)
    assert [variable.key for variable in rendered.variables] == ["WEB"]
    assert (rendered.volumes, rendered.files) == ((), ())
    assert "SERVICE_NAME_DEBUG" not in rendered.compose
    assert "SERVICE_NAME_DEBUG" in render_text(TWO, profiles=("debug",)).compose


def test_what_is_left_out_may_be_wrong() -> None:
    text = "services:\n  web: {image: a}\n  bad: {image: b, profiles: [p], volumes: ['a:/x;y']}"
    assert names(text) == ["web"]
    assert refused(text, "p").line == 3


@pytest.mark.parametrize("profiles", ["profiles: []", "profiles: "])
def test_no_profile_is_every_profile(profiles: str) -> None:
    assert names(f"services: {{web: {{image: a, {profiles}}}}}") == ["web"]


@pytest.mark.parametrize("profiles", ["debug", "[1]", "{a: b}"])
def test_profiles_that_are_no_names_are_refused(profiles: str) -> None:
    error = refused(f"services:\n  web:\n    image: a\n    profiles: {profiles}")
    assert (error.message, error.place, error.line) == (
        "Profiles must be a list of names.",
        "services.web.profiles",
        4,
    )


def test_somebody_must_be_left() -> None:
    error = refused("services:\n  web: {image: a, profiles: [a, b]}\n  db: {image: a, profiles: [b]}")
    assert (error.message, error.place, error.line) == (
        "Every component is left out. Choose a profile: a, b.",
        "services",
        1,
    )


@pytest.mark.parametrize(
    ("needs", "place"),
    [
        ("depends_on: [db]", "depends_on[0]"),
        (
            "depends_on: {mail: {condition: service_started}, db: {condition: service_started}}",
            "depends_on.db",
        ),
        ("depends_on: {db: {condition: service_healthy, required: true}}", "depends_on.db"),
        ("links: [mail, 'db:database']", "links[1]"),
        ("network_mode: 'service:db'", "network_mode"),
        ("pid: 'service:db'", "pid"),
        ("volumes_from: ['db:ro']", "volumes_from[0]"),
    ],
)
def test_what_stays_must_not_need_what_goes(needs: str, place: str) -> None:
    text = f"services:\n  mail: {{image: a}}\n  db: {{image: a, profiles: [x, y]}}\n  web:\n    image: a\n    {needs}"
    error = refused(text)
    assert (error.message, error.place, error.line) == (
        "web needs db, which is left out because none of its profiles (x, y) is chosen.",
        f"services.web.{place}",
        6,
    )
    assert names(text, "y") == ["mail", "db", "web"]


def test_what_can_be_without_is_without() -> None:
    text = """services:
  db: {image: a, profiles: [x]}
  mail: {image: a}
  web:
    image: a
    depends_on:
      db: {condition: service_started, required: false}
      mail: {condition: service_started}
  cron: {image: a, depends_on: {db: {condition: service_started, required: false}}}
"""
    services = render_text(text).document["services"]
    assert services["web"]["depends_on"] == {"mail": {"condition": "service_started"}}
    assert "depends_on" not in services["cron"]
    assert "db" in render_text(text, profiles=("x",)).document["services"]["web"]["depends_on"]


def test_other_containers_are_not_components() -> None:
    text = (
        "services:\n  db: {image: a, profiles: [x]}\n"
        "  web: {image: a, volumes_from: ['container:db'], network_mode: bridge}"
    )
    assert names(text) == ["web"]


def test_a_component_may_be_extended_that_is_left_out() -> None:
    text = """services:
  base: {image: a, profiles: [never], environment: {A: 1}}
  web: {extends: base, profiles: [web], environment: {B: 2}}
  other: {image: c}
"""
    assert names(text) == ["other"]
    assert environment(render_text(text, profiles=("web",)), "web") == {"A": 1, "B": 2}
    assert names(text, "web") == ["web", "other"]


def test_the_document_stays_as_it_is() -> None:
    document = load(TWO)
    chosen = choose(document, ["debug"])
    assert list(document.data["services"]) == ["web", "debug", "mail"]
    assert known_profiles(document) == ("debug", "tools", "mail")
    assert known_profiles(chosen) == ()
    assert chosen.line(("services", "debug", "environment", "B")) == 6
    assert choose(load("services: {web: }"), []).data == {"services": {"web": None}}
    text = "services:\n  web: \n  db: {image: a, profiles: [a]}"
    assert choose(load(text), ["a"]).data == {"services": {"web": None, "db": {"image": "a"}}}
    assert load("").with_components({}).data == {}
