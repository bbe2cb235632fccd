"""Required variables, in both readings of a compose (ADR 0007)."""

from typing import Any

import pytest

from homeport.core.compose.model import Missing, Rendered, Variable
from tests.support.compose import environment, kept, make_scope, render_text, user_variables, values

REQUIRED = """services:
  web:
    image: a:${TAG:?which version}
    command: [serve, '--key=${KEY?}']
    environment:
      - NAME=${NAME:?a name is needed}
      - OTHER=${OTHER:-x}
    ports:
      - ${PORT:?}:80
"""


def written(text: str, **more: Any) -> Rendered:
    return render_text(text, **{"dialect": "compose", **more})


def missing(text: str, **more: Any) -> dict[str, str]:
    return {one.key: one.message for one in written(text, **more).missing}


def test_what_a_person_wrote_has_the_sentence_of_what_is_missing_and_no_default() -> None:
    rendered = written(REQUIRED)
    assert values(rendered) == {"NAME": None, "OTHER": "x", "TAG": None, "KEY": None, "PORT": None}
    required = {variable.key for variable in rendered.variables if variable.is_required}
    assert required == {"NAME", "TAG", "KEY", "PORT"}
    assert rendered.missing == (
        Missing(key="TAG", message="which version", place="services.web.image", line=3),
        Missing(key="KEY", message="", place="services.web.command[1]", line=4),
        Missing(key="NAME", message="a name is needed", place="services.web.environment[0]", line=6),
        Missing(key="PORT", message="", place="services.web.ports[0]", line=9),
    )


def test_what_a_template_says_is_a_default() -> None:
    text = "services: {web: {image: a, environment: {A: '${A:?dflt}', B: '${B?}', C: '${C:?}'}}}"
    rendered = render_text(text)
    assert values(rendered) == {"A": "dflt", "B": "", "C": ""}
    assert [one.key for one in rendered.missing] == ["C"]


def test_a_template_makes_no_variable_of_what_it_requires_elsewhere() -> None:
    rendered = render_text(REQUIRED)
    assert set(values(rendered)) == {"NAME", "OTHER"}
    assert [one.key for one in rendered.missing] == ["TAG", "KEY", "PORT"]


def test_a_value_is_all_that_is_needed() -> None:
    given = user_variables(TAG="1", KEY="", PORT="80", NAME="n")
    assert missing(REQUIRED, variables=given) == {}
    given["TAG"] = Variable(key="TAG", value="")
    assert missing(REQUIRED, variables=given) == {"TAG": "which version"}


def test_a_default_elsewhere_does_not_fill_what_is_required() -> None:
    text = "services: {web: {image: a, environment: {A: '${A:-x}', B: '${A:?say it}', C: '${A-y}'}}}"
    rendered = written(text)
    assert values(rendered) == {"A": None}
    assert [one.message for one in rendered.missing] == ["say it"]
    assert environment(rendered, "web")["A"] == "${A:-x}"


def test_rendering_again_changes_nothing() -> None:
    scope = make_scope(dialect="compose")
    text = REQUIRED.replace("ports", "labels: ['a=${BARE:?b}']\n    ports").replace(
        "- OTHER", "- BARE\n      - OTHER"
    )
    first = written(text)
    again = written(text, variables=kept(scope, first).variables)
    assert (again.compose, again.dotenv, again.missing) == (first.compose, first.dotenv, first.missing)
    assert again.variables == first.variables


@pytest.mark.parametrize(
    ("value", "given", "found"),
    [
        ("${A:-${B:?inner}}", {}, {"B": "inner"}),
        ("${A:-${B:?inner}}", {"A": "set"}, {"B": "inner"}),
        ("${A:?needs ${B:-beta}}", {}, {"A": "needs beta"}),
        ("${A:?needs ${B}}", {"B": "b"}, {"A": "needs b"}),
        ("${A:?needs ${B:?more}}", {}, {"A": "needs ${B:?more}", "B": "more"}),
        ("${A:?one} ${A:?two}", {}, {"A": "one"}),
        ("$${A:?x}", {}, {}),
        ("a?b $A", {}, {}),
        ("${SERVICE_PASSWORD_X:?x}", {}, {}),
        ("${COMPOSE_PROJECT_NAME:?x}", {}, {}),
    ],
)
def test_every_form_is_read_as_compose_reads_it(
    value: str, given: dict[str, str], found: dict[str, str]
) -> None:
    text = f"services: {{web: {{image: a, command: ['{value}']}}}}"
    assert missing(text, variables=user_variables(**given)) == found


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("services: {web: {image: a, volumes: ['${D:?d}:/d']}}", "services.web.volumes[0]"),
        (
            "services: {web: {image: a, volumes: [{type: volume, source: '${D:?d}', target: /d}]}}",
            "services.web.volumes[0].source",
        ),
        (
            "services: {web: {image: a, networks: [n]}}\nnetworks: {n: {driver: '${D:?d}'}}",
            "networks.n.driver",
        ),
        (
            "services: {web: {image: a, volumes: ['v:/v']}}\nvolumes: {v: {driver: '${D:?d}'}}",
            "volumes.v.driver",
        ),
        ("services: {web: {build: {context: '${D:?d}'}}}", "services.web.build.context"),
        ("services: {web: {build: {context: ., args: ['A=${D:?d}']}}}", "services.web.build.args[0]"),
    ],
)
def test_wherever_it_stands_it_can_be_filled_in(text: str, place: str) -> None:
    rendered = written(text)
    assert values(rendered) == {"D": None}
    assert rendered.missing == (Missing(key="D", message="d", place=place, line=rendered.missing[0].line),)


@pytest.mark.parametrize(
    "text",
    [
        "services: {web: {image: a, container_name: '${D:?d}'}}",
        "services: {web: {image: a, labels: ['x=${D:?d}']}}",
        "services: {web: {image: a, volumes: [{type: bind, source: ./f, target: /f, content: '${D:?d}'}]}}",
        "services: {web: {image: a, volumes: ['v:/v']}}\nvolumes: {v: {name: '${D:?d}'}}",
        "services: {web: {image: a}}\nx-more: '${D:?d}'",
        "services: {web: {image: a}, db: {image: '${D:?d}', profiles: [p]}}",
    ],
)
def test_what_compose_does_not_get_is_not_asked_for(text: str) -> None:
    rendered = written(text)
    assert (values(rendered), rendered.missing) == ({}, ())


def test_labels_that_compose_reads_are_asked_for() -> None:
    text = "services: {web: {image: a, labels: ['x=${D:?d}']}}"
    rendered = written(text, is_label_escape_enabled=False)
    assert (values(rendered), [one.key for one in rendered.missing]) == ({"D": None}, ["D"])
