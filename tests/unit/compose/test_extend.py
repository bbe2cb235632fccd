"""`extends` within one document. That the result is Compose's: tests/adapters/test_compose_extends.py."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeport.core.compose.dump import dump
from homeport.core.compose.extend import MAX_INHERITED
from homeport.core.compose.load import load
from homeport.errors import ComposeRejected
from tests.support.compose import environment, render_text


def component(text: str, name: str = "web") -> dict[str, Any]:
    resolved: dict[str, Any] = load(f"services:{text}").data["services"][name]
    return resolved


def refused(text: str) -> ComposeRejected:
    with pytest.raises(ComposeRejected) as caught:
        load(text)
    return caught.value


def test_what_is_taken_over_comes_first_and_what_is_said_wins() -> None:
    web = component("\n  base: {image: a, user: u}\n  web: {extends: base, init: true, image: b}")
    assert list(web.items()) == [("image", "b"), ("user", "u"), ("init", True)]


def test_the_component_that_is_extended_stays_as_it_is() -> None:
    text = "\n  base: {image: a, environment: [A=1]}\n  web: {extends: base, environment: [A=2]}"
    assert component(text, "base") == {"image": "a", "environment": ["A=1"]}
    assert component(text) == {"image": "a", "environment": ["A=2"]}


def test_a_chain_is_resolved_whatever_its_order() -> None:
    web = component("\n  web: {extends: {service: mid}}\n  mid: {extends: base, user: u}\n  base: {image: a}")
    assert web == {"image": "a", "user": "u"}


def test_a_long_chain_is_no_deep_recursion() -> None:
    links = "".join(f"\n  c{number}: {{extends: c{number + 1}}}" for number in range(3000))
    assert component(f"{links}\n  c3000: {{image: a}}", "c0") == {"image": "a"}


def test_a_document_without_it_is_left_alone() -> None:
    for text in ("", "[]", "services: []", "services: {web: {image: a}}", "x-a: 1"):
        load(text)


def test_an_empty_component_gives_nothing() -> None:
    assert component("\n  base:\n  web: {extends: base, image: a}") == {"image": "a"}


@pytest.mark.parametrize(
    ("base", "own", "merged"),
    [
        (
            "environment: {A: 1, B: }",
            "environment: [B=, C, 'A =x']",
            {"environment": {"A": "x", "B": "", "C": None}},
        ),
        ("environment: A=1", "environment: {B: 2}", {"environment": {"A": "1", "B": 2}}),
        ("environment: [A=1, {B: 2}, 7]", "environment: [B=3]", {"environment": ["A=1", {"B": 2}, 7, "B=3"]}),
        ("environment: [A=1, {B: 2}, ~]", "environment: {B: 3}", {"environment": {"A": "1", "B": 3}}),
        ("environment: [A=1]", "environment: ", {"environment": ["A=1"]}),
        ("labels: ", "labels: [a=b]", {"labels": ["a=b"]}),
        (
            "ports: ['81:81']",
            "ports: [{target: 81, published: 81}, 5]",
            {"ports": [{"target": 81, "published": 81}, 5]},
        ),
        ("ports: [{}]", "ports: [{}, '1']", {"ports": [{}, "1"]}),
        ("devices: [{source: /a, target: /b}]", "devices: ['/c:/b']", {"devices": ["/c:/b"]}),
        ("volumes: ['${V:-./a}:/x']", "volumes: ['b:/x']", {"volumes": ["b:/x"]}),
        ("tmpfs: '/run:size=1m'", "tmpfs: [/run]", {"tmpfs": ["/run"]}),
        ("networks: [a, ~]", "networks: {a: {priority: 1}}", {"networks": {"a": {"priority": 1}}}),
        ("user: a", "user: {b: c}", {"user": {"b": "c"}}),
        ("command: [a, b]", "command: c", {"command": "c"}),
        ("entrypoint: a", "entrypoint: ", {"entrypoint": None}),
        ("group_add: [a, b]", "group_add: [b, c]", {"group_add": ["a", "b", "c"]}),
        ("environment: {A: 1}", "environment: {A: , B: }", {"environment": {"A": None, "B": None}}),
        ("build: x", "build: {target: y}", {"build": {"context": "x", "target": "y"}}),
        ("dns: a", "dns: [b, a]", {"dns": ["a", "b"]}),
        (
            "extra_hosts: {a: 1, b: [2, 3]}",
            "extra_hosts: ['a:1', 'a=4']",
            {"extra_hosts": ["a:1", "b=2", "b=3", "a=4"]},
        ),
        (
            "depends_on: {a: {condition: service_healthy}}",
            "depends_on: [a, b]",
            {
                "depends_on": {
                    "a": {"condition": "service_started", "required": True},
                    "b": {"condition": "service_started", "required": True},
                }
            },
        ),
        ("depends_on: [a]", "depends_on: [b, a]", {"depends_on": ["a", "b"]}),
        (
            "logging: {driver: a, options: {x: y}}",
            "logging: {options: {z: z}}",
            {"logging": {"driver": "a", "options": {"x": "y", "z": "z"}}},
        ),
        (
            "logging: {driver: a, options: {x: y}}",
            "logging: {driver: b}",
            {"logging": {"driver": "b"}},
        ),
        (
            "volumes: ['a:/x', {type: tmpfs, target: /y}]",
            "volumes: ['b:/y']",
            {"volumes": ["a:/x", "b:/y"]},
        ),
        ("devices: [/a, '/b:/c']", "devices: ['/d:/a', '/e:/c:r']", {"devices": ["/d:/a", "/e:/c:r"]}),
        (
            "secrets: [s, {source: t, target: /x}]",
            "secrets: [{source: s}, {source: u, target: /x}]",
            {"secrets": [{"source": "s"}, {"source": "u", "target": "/x"}]},
        ),
        (
            "env_file: a",
            "env_file: [{path: a, required: false}]",
            {"env_file": [{"path": "a", "required": False}]},
        ),
    ],
)
def test_forms_meet(base: str, own: str, merged: dict[str, Any]) -> None:
    text = f"\n  base:\n    {base}\n  web:\n    extends: base\n    {own}"
    assert component(text) == merged


@pytest.mark.parametrize(
    ("base", "own", "message"),
    [
        (
            "cap_add: [A]",
            "cap_add: A",
            "It is a single value here and a list in what this component extends.",
        ),
        (
            "healthcheck: {a: b}",
            "healthcheck: [A]",
            "It is a list here and a map in what this component extends.",
        ),
        (
            "extra_hosts: [a]",
            "extra_hosts: b",
            "It is a single value here and a list in what this component extends.",
        ),
        (
            "networks: [b]",
            "networks: a",
            "It is a single value here and a map in what this component extends.",
        ),
        ("networks: {a: }", "networks: [[a]]", "It is a list here and a map in what this component extends."),
    ],
)
def test_what_cannot_meet_is_refused_where_it_stands(base: str, own: str, message: str) -> None:
    error = refused(f"services:\n  base:\n    {base}\n  web:\n    extends: base\n    {own}")
    assert (error.message, error.place, error.line) == (message, f"services.web.{own.partition(':')[0]}", 6)


@pytest.mark.parametrize(
    ("text", "message", "place", "line"),
    [
        (
            "services:\n  a: {extends: b}\n  b:\n    extends: c\n  c:\n    extends: {service: b}",
            "Components cannot extend each other in a circle: b → c → b.",
            "services.c.extends",
            6,
        ),
        (
            "services:\n  a: {extends: a}",
            "Components cannot extend each other in a circle: a → a.",
            "services.a.extends",
            2,
        ),
        ("services:\n  a:\n    extends: b", "There is no component b to extend.", "services.a.extends", 3),
        (
            "services:\n  a: {extends: }",
            "Name the component to extend: `extends: name`.",
            "services.a.extends",
            2,
        ),
        (
            "services:\n  a: {extends: {}}",
            "Name the component to extend: `extends: name`.",
            "services.a.extends",
            2,
        ),
        (
            "services:\n  a:\n    extends: {file: common.yml, service: b}",
            (
                "Another file cannot be given to Homeport. Put the component b into this document, and name "
                "it without a file."
            ),
            "services.a.extends",
            3,
        ),
        (
            "services: {a: {image: b}}\ninclude: [common.yml]",
            "Other files cannot be given to Homeport. Put what they contain into this document.",
            "include",
            2,
        ),
    ],
)
def test_what_leads_nowhere_is_refused(text: str, message: str, place: str, line: int) -> None:
    error = refused(text)
    assert (error.message, error.place, error.line) == (message, place, line)


def test_an_empty_include_is_nothing() -> None:
    assert load("include: []\nservices: {a: {image: b}}").data["services"] == {"a": {"image": "b"}}


KEYS = st.sampled_from(
    [
        *("build", "command", "configs", "depends_on", "deploy", "devices", "dns", "env_file", "environment"),
        *(
            "extra_hosts",
            "healthcheck",
            "labels",
            "logging",
            "networks",
            "ports",
            "tmpfs",
            "ulimits",
            "volumes",
        ),
        *("args", "driver", "options", "test", "target", "a"),
    ]
)
VALUES = st.recursive(
    st.sampled_from(["a:/b", "a=b", "", None, 1, True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=2, max_size=3))
def test_any_two_components_meet_or_are_refused(chain: list[dict[str, Any]]) -> None:
    components = {f"c{n}": {**({"extends": f"c{n - 1}"} if n else {}), **own} for n, own in enumerate(chain)}
    try:
        resolved = load(dump({"services": components})).data["services"]
    except ComposeRejected as error:
        assert error.line  # noqa: PT017  # Some of them cannot meet.
    else:
        for number, own in enumerate(chain):
            assert set(resolved[f"c{number}"]) == set().union(*chain[: number + 1]), own


def test_copies_do_not_grow_out_of_proportion() -> None:
    many = ", ".join(f"A{number}=1" for number in range(3000))
    copies = "".join(f"\n  c{number}: {{extends: c, environment: [B=1]}}" for number in range(80))
    error = refused(f"services:\n  c: {{environment: [{many}]}}{copies}")
    assert error.message == f"Components take over more than {MAX_INHERITED} values."


TAKEN_OVER = """services:
  base:
    image: a
    environment:
      A: 1  # first
      B: 2  # second
    ports:
      - 80:80
  web:
    extends: base
    environment:
      - B=3  # third
      - C=4
    ports:
      - 81:81
"""


def test_lines_and_comments_stay_those_of_the_text() -> None:
    document = load(TAKEN_OVER)
    places: list[tuple[str | int, ...]] = [
        ("image",),
        ("environment",),
        ("environment", "A"),
        ("environment", "B"),
        ("environment", "C"),
        ("ports", 0),
        ("ports", 1),
        ("ports", 2),
    ]
    lines = [document.line(("services", "web", *place)) for place in places]
    assert lines == [3, 11, 5, 12, 13, 8, 15, 14]
    assert document.comments["web", "A"] == "first"
    assert document.comments["web", "B"] == "third"


def test_everything_after_sees_what_was_taken_over() -> None:
    rendered = render_text(TAKEN_OVER)
    assert environment(rendered, "web") == {"A": 1, "B": "3", "C": "4"}
    assert [c.image for c in rendered.components] == ["a", "a"]
    assert "extends" not in rendered.compose
    with pytest.raises(ComposeRejected) as caught:
        render_text("services:\n  base: {volumes: ['a:/x;y']}\n  web: {extends: base}")
    assert caught.value.line == 2
