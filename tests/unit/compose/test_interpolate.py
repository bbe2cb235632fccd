"""References in texts: the Compose specification's grammar, and text that only looks like it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeport.core.compose.interpolate import (
    Reference,
    escape,
    escape_text,
    references,
    refused,
    split,
    substitute,
    whole_reference,
)
from homeport.errors import ComposeRejected

VALUES = {"SET": "value", "EMPTY": "", "OTHER": "o"}
TEXTS = st.text(alphabet=st.sampled_from(list("$${}{}AB_:-+?x y/2\n")), max_size=40)


def names(text: str) -> list[str]:
    return [reference.name for reference in references(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$X", Reference("X", is_whole=True)),
        ("${X}", Reference("X", is_whole=True)),
        ("${X:-d}", Reference("X", ":-", "d", is_whole=True)),
        ("${X-d}", Reference("X", "-", "d", is_whole=True)),
        ("${X:?m}", Reference("X", ":?", "m", is_whole=True)),
        ("${X?m}", Reference("X", "?", "m", is_whole=True)),
        ("${X:+a}", Reference("X", ":+", "a", is_whole=True)),
        ("${X+a}", Reference("X", "+", "a", is_whole=True)),
        ("${X:-}", Reference("X", ":-", "", is_whole=True)),
        ("${A-b:-c}", Reference("A", "-", "b:-c", is_whole=True)),
        ("a-${X}", Reference("X")),
        ("$X/path", Reference("X")),
        ("${X:-h}/tail", Reference("X", ":-", "h")),
        ('${X:-{"a":1}}', Reference("X", ":-", '{"a":1}', is_whole=True)),
    ],
)
def test_one_reference(text: str, expected: Reference) -> None:
    assert references(text) == (expected,)


def test_every_variable_of_a_value_counts() -> None:
    assert names("postgres://$USER:${PASS:-x}@db/${DB}") == ["USER", "PASS", "DB"]


def test_arguments_are_searched_after_the_reference_that_holds_them() -> None:
    text = "${X:-a${Y:-e}b$Z}${W}"
    assert [(reference.name, reference.depth) for reference in references(text)] == [
        ("X", 0),
        ("Y", 1),
        ("Z", 1),
        ("W", 0),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "plain", "$$X", "$${X}", "$/", "$", "a$", "$2y$10$", "${}", "${", "${9}", "$-", "${X", "${X:-a\nb}"],
)
def test_text_that_is_no_reference(text: str) -> None:
    assert references(text) == ()


def test_a_bcrypt_hash_refers_only_to_what_compose_would_read() -> None:
    assert names("$2y$10$abcDEF/xy") == ["abcDEF"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$SET", "value"),
        ("$EMPTY|$UNSET|", "||"),
        ("${EMPTY:-d}${EMPTY-d}${UNSET-e}", "de"),
        ("${SET:-d}${SET-d}", "valuevalue"),
        ("${SET:+a}${EMPTY:+b}${EMPTY+c}${UNSET+d}", "ac"),
        ("${SET:?m}${EMPTY?m}", "value"),
        ("${UNSET:-${OTHER}-$SET}", "o-value"),
        ("${UNSET-x${EMPTY:-y}-z}", "xy-z"),
        ("$$SET $${SET} $$$SET", "$SET ${SET} $value"),
        ("${UNSET:-$$x}", "$x"),
        ("$/ ${} $2y$10$", "$/ ${} $2y$10$"),
        ("$SET-é", "value-é"),
    ],
)
def test_substitute(text: str, expected: str) -> None:
    assert substitute(text, VALUES.get) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${UNSET:?tell me}", "required variable UNSET is missing a value: tell me"),
        ("${EMPTY:?}", "required variable EMPTY is missing a value"),
        ("${UNSET?see $OTHER}", "required variable UNSET is missing a value: see o"),
        ("${SET:-${UNSET?}}", "required variable UNSET is missing a value"),
    ],
)
def test_a_required_variable_is_missing(text: str, message: str) -> None:
    with pytest.raises(ComposeRejected, match="required variable") as caught:
        substitute(text, VALUES.get)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$2y$10$abc/", "$$2y$$10$abc/"),
        ("${} $/ $$ ${A}", "$${} $$/ $$ ${A}"),
        ("${A:-$2y}", "${A:-$$2y}"),
        ("plain", "plain"),
        ("${A:-x}", "${A:-x}"),
        ("${A b}", "$${A b}"),
    ],
)
def test_escape_text(text: str, expected: str) -> None:
    assert escape_text(text) == expected


def test_nesting_beyond_reason_is_text() -> None:
    text = "${A:-" * 20 + "$B" + "}" * 20
    assert len(references(text)) == 16
    assert escape_text(text).count("$$") == 5
    assert substitute(text, VALUES.get) == substitute(escape_text(text), VALUES.get).replace("$$", "$")
    assert refused(text) == ()


def test_refused() -> None:
    assert refused("a ${} b ${A:-${9}} ${X $/") == ("${}", "${9}", "${X $/")
    assert refused("$2y$10$") == ()
    assert refused("no dollar") == ()


def test_whole_reference() -> None:
    assert whole_reference("${A:-$B}") == Reference("A", ":-", "$B", is_whole=True)
    assert whole_reference("${A}${B}") is None
    assert whole_reference("x$A") is None
    assert whole_reference("$$") is None


@given(TEXTS)
@settings(max_examples=100, derandomize=True, deadline=None)
def test_pieces_cover_the_text(text: str) -> None:
    assert "".join(text[piece.start : piece.end] for piece in split(text)) == text


@given(TEXTS)
@settings(max_examples=100, derandomize=True, deadline=None)
def test_escaped_text_reads_back(text: str) -> None:
    assert substitute(escape(text), VALUES.get) == text
    escaped = escape_text(text)
    assert refused(escaped) == ()
    assert escape_text(escaped) == escaped


@pytest.mark.parametrize("opening", ["${A:-", "${A:-x\n", "${", "$", "${A:-{", "${A:-}", "${A:?${B}"])
def test_cost_grows_with_the_text_only(opening: str) -> None:
    text = opening * (50_000 // len(opening)) + "\n}"
    started = time.process_time()
    references(text)
    refused(text)
    escape_text(text)
    assert time.process_time() - started < 2
