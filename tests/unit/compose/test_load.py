"""From text to values: what stays text, where things stand, and what is refused at once."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeport.core.compose.load import MAX_NODES, Document, load, place
from homeport.errors import ComposeRejected

SOURCE = """\
x-env: &env
  - A=1 # behind a list item
  - 'B=2' # behind a quoted one
services:
  web: # behind a component
    image: x
    environment:
      <<: *env
      C: plain # it's "c"
      "D": "yes # no" # behind the quote
      N: # of nothing
      E: no#comment
    volumes: {<<: *env}
  db:
    environment:
      - 'A=x' # db's own
      - B=y
    ports:
      - 22222:22
      - "80:80"
"""


def value(text: str) -> object:
    return load(f"v: {text}\n").data["v"]


def rejection(text: str) -> ComposeRejected:
    with pytest.raises(ComposeRejected) as caught:
        load(text)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "0755",
        "012",
        "0o12",
        "0x1F",
        "1.10",
        "1_000",
        "1e3",
        "2024-01-01",
        "2024-01-01T10:00:00Z",
        "22:22",
        "22222:22",
        "12:30",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "Yes",
        "NO",
        "-0",
        "+1",
        ".5",
        "1.",
        ".inf",
        ".nan",
        "9" * 19,
        "=",
        "<",
        "nul",
        "tRuE",
        "$X",
        "a b",
    ],
)
def test_what_would_not_print_back_stays_text(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("0", 0),
        ("-17", -17),
        ("8080", 8080),
        ("1.5", 1.5),
        ("-0.25", -0.25),
        ("'8080'", "8080"),
        ('"true"', "true"),
        ("!!str 8080", "8080"),
        ("!!int 8080", 8080),
        ("! 1", "1"),
        ("'null'", "null"),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_values(text: str, expected: object) -> None:
    result = value(text)
    assert result == expected
    assert type(result) is type(expected)


def test_keys_are_text_as_written() -> None:
    assert load("{8080: a, true: b, null: c, 0755: d, ~: e}").data == {
        "8080": "a",
        "true": "b",
        "null": "c",
        "0755": "d",
        "~": "e",
    }


def test_a_document_that_is_no_map_has_no_data() -> None:
    assert [load(text).data for text in ("", "- a", "text", "# nothing", "---\n")] == [{}] * 5


def test_a_byte_order_mark_in_front_is_fine() -> None:
    assert load("\ufeffa: 1\n").data == {"a": 1}


def test_lists_are_merged_into_maps() -> None:
    document = load(SOURCE)
    web = document.data["services"]["web"]
    assert web["environment"] == {
        "A": "1",
        "B": "2",
        "C": "plain",
        "D": "yes # no",
        "N": None,
        "E": "no#comment",
    }
    assert web["volumes"] == ["A=1", "B=2"]


def test_maps_are_merged() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], z: 3}\nd: {z: 4, <<: *b}\n"
    data = load(text).data
    assert data["c"] == {"x": 1, "y": 1, "z": 3}
    assert data["d"] == {"z": 4, "y": 2}


def test_a_quoted_merge_key_is_a_key() -> None:
    assert load("{'<<': 1}").data == {"<<": 1}


def test_comments_by_component_and_key() -> None:
    assert load(SOURCE).comments == {
        ("web", "A"): "behind a list item",
        ("web", "B"): "behind a quoted one",
        ("web", "C"): 'it\'s "c"',
        ("web", "D"): "behind the quote",
        ("web", "N"): "of nothing",
        ("db", "A"): "db's own",
    }


def test_comments_survive_other_line_ends_and_are_cut() -> None:
    text = f"services:\r\n  a:\r\n    environment:\r\n      - é=1 # one\r\n      - B=2 # {'x' * 300}\r\n"
    assert load(text).comments == {("a", "é"): "one", ("a", "B"): "x" * 256}


def test_comments_of_odd_documents() -> None:
    for text in (
        "- a",
        "services: x",
        "services: [a]",
        "services: {a: {environment: x}}",
        "services: {a: 1}",
    ):
        assert load(text).comments == {}
    assert load("services:\n  a:\n    environment:\n      - {b: c} # d\n      - 1 # e\n").comments == {}
    assert load("services:\n  a:\n    environment:\n      B: |\n        x # y\n").comments == {}


def test_lines() -> None:
    document = load(SOURCE)
    assert document.line(("services", "web")) == 5
    assert document.line(("services", "web", "environment", "C")) == 9
    assert document.line(("services", "web", "environment", "B")) == 3
    assert document.line(("services", "db", "ports", 1)) == 20
    assert document.line(("services", "db", "ports", 9)) == 18
    assert document.line(("services", "db", "nothing", "here")) == 14
    assert document.line(()) is None
    assert document.line(("services", 0)) == 4
    assert load("").line(("a",)) is None


def test_an_error_about_a_place() -> None:
    error = load(SOURCE).rejected("No.", ("services", "db", "ports", 0))
    assert error.sentence == "services.db.ports[0] (line 19): No."
    assert place((0, "a")) == "[0].a"


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("a: b: c", "mapping values are not allowed in this context", 1, 5),
        ("a: [1\nb: 2\n", "did not find expected ',' or ']'", 2, 2),
        ("a: @b", "found character that cannot start any token", 1, 4),
        ("a: *b", "found undefined alias 'b'", 1, 4),
        ("a: &a [*a]", "alias 'a' is inside of what it stands for", 1, 8),
        ("---\na: 1\n---\nb: 2", "only one document is allowed", 3, 1),
        ("a: !foo b", "the tag !foo is not allowed", 1, 4),
        ("a: !reset []", "the tag !reset is not allowed", 1, 4),
        ("a: !!set {}", "the tag !!set is not allowed", 1, 4),
        ("a: !!binary aGk=", "the tag !!binary is not allowed", 1, 4),
        ("a: !!int 0x1", "the tag !!int is not allowed", 1, 4),
        ("a:\n  x: 1\n  x: 2\n", 'duplicate key "x"', 3, 3),
        ("a: {<<: {x: 1}, x: 1, x: 2}\n", 'duplicate key "x"', 1, 23),
        ("? [a]\n: b", "a key must be text", 1, 3),
        ("a: {<<: b}", '"<<" needs a map, a list of maps or a list of KEY=value', 1, 5),
        ("a: {<<: [b, {c: d}]}", '"<<" needs a map, a list of maps or a list of KEY=value', 1, 5),
        ("a: {<<: ['/a b'], c: d}", "a list can be merged into a map only if its items are KEY=value", 1, 10),
        ("a: b\0", "character U+0000 is not allowed", 1, 5),
        ("a: b\nc: \x1b", "character U+001B is not allowed", 2, 4),
        ("a: \ud800", "character U+D800 is not allowed", 1, 4),
        ('a: "x\\0"', "character U+0000 is not allowed", 1, 4),
    ],
)
def test_refusals_say_where(text: str, message: str, line: int, column: int) -> None:
    error = rejection(text)
    assert error.message == f"Invalid YAML format: {message}"
    assert (error.line, error.column) == (line, column)


def test_sizes() -> None:
    assert "larger than 1024 KiB" in rejection("x" * (1 << 20) + "y").message
    assert "larger than 1024 KiB" in rejection("é" * 600_000).message


BOMBS = {
    "flow lists": "[" * 100_000,
    "flow maps": "{a: " * 100_000,
    "block lists": "- " * 100_000,
    "complex keys": "? " * 100_000,
    "deep block maps": "\n".join(" " * depth + "a:" for depth in range(1_000)),
    "billion laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)),
    "merge bomb": "a: &a {"
    + ",".join(f"k{n}: 1" for n in range(5_000))
    + "}\n"
    + "".join(f"b{n}: {{<<: *a}}\n" for n in range(5_000)),
    "alias ladder": "a0: &a0 "
    + "[" * 60
    + "]" * 60
    + "\n"
    + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 99)),
    "40k keys": "".join(f"k{n}: v\n" for n in range(40_000)),
    "directives": "%TAG !a! x\n" * 50_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_at_once(name: str) -> None:
    started = time.process_time()
    error = rejection(BOMBS[name])
    assert time.process_time() - started < 2
    assert error.message.startswith("Invalid YAML format: ")


def test_what_the_limits_allow() -> None:
    assert load("a: " + "[" * 63 + "]" * 63).data
    assert len(load("".join(f"k{n}: v\n" for n in range(MAX_NODES // 2 - 1))).data) == MAX_NODES // 2 - 1


def test_aliases_are_values() -> None:
    document: Document = load("a: &x {b: [1]}\nc: *x\nd: &x 2\ne: *x\n")
    assert document.data == {"a": {"b": [1]}, "c": {"b": [1]}, "d": 2, "e": 2}
    assert document.line(("c", "b", 0)) == 1


def test_a_key_may_end_before_a_comma_or_brace() -> None:
    text = "networks: {front:, back: {driver:}, list:[a]} # done\nservices: {a: {environment: {B:, C: 1}}}\n"
    document = load(text)
    assert document.data["networks"] == {"front": None, "back": {"driver": None}, "list": ["a"]}
    assert document.line(("services", "a", "environment", "C")) == 2
    assert "found unexpected ':'" in rejection("{" + "a:," * 60 + "}").message
    assert "found unexpected ':'" in rejection("{" + "a:," * 20_000 + "}").message


@given(
    st.text(max_size=30)
    | st.text(alphabet=st.sampled_from(list("ab:-[]{}&*!|>'\"%@`#,?<= \n\t0\ufeff\x85")), max_size=30)
)
@settings(max_examples=300, derandomize=True, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    problem = None
    try:
        load(text)
    except ComposeRejected as error:
        problem = error
    assert problem is None or problem.line is not None


@pytest.mark.parametrize("text", ["services:\n\tweb: {}\n", "services:\n  web:\n\timage: x\n"])
def test_a_tab_is_named(text: str) -> None:
    with pytest.raises(ComposeRejected, match="a tab cannot indent, use spaces"):
        load(text)
