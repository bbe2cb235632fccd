"""Values to YAML: exact, stable, and plain only where nothing else could be meant."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from homeport.core.compose.dump import dump
from homeport.core.compose.load import load

TEXT = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
) | st.sampled_from(
    ["yes", "0755", "1e3", "22:22", "null", "~", "<<", "a: b", "a #b", "- a", "x:", "${A:-b}", " a "]
)
SCALAR = (
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.sampled_from([0.5, -1.25, 1.0]) | TEXT
)
VALUE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)


def test_layout() -> None:
    document = {
        "services": {
            "web": {
                "image": "postgres:16-alpine",
                "environment": {
                    "A": "",
                    "B": None,
                    "C": "it's",
                    "D": "a\nb",
                    "E": "${X:-d}",
                    "F": "${X:-a b}",
                },
                "command": [],
                "labels": {},
                "ports": ["22222:22", "80"],
                "volumes": ["u_data:/data:ro", {"type": "bind", "read_only": True, "target": "/x"}],
                "cpus": 1.5,
                "mode": "0440",
                "nested": [["a", ["b"]], [{"c": ["d"]}]],
            }
        },
        "volumes": {"u_data": {"name": "u_data"}},
    }
    assert dump(document) == (
        """\
services:
  web:
    image: postgres:16-alpine
    environment:
      A: ''
      B: null
      C: 'it''s'
      D: "a\\nb"
      E: ${X:-d}
      F: '${X:-a b}'
    command: []
    labels: {}
    ports:
      - '22222:22'
      - '80'
    volumes:
      - u_data:/data:ro
      - type: bind
        read_only: true
        target: /x
    cpus: 1.5
    mode: '0440'
    nested:
      - - a
        - - b
      - - c:
            - d
volumes:
  u_data:
    name: u_data
"""
    )


@pytest.mark.parametrize("word", ["yes", "No", "ON", "off", "y", "N", "true", "Null", "NULL", "null"])
def test_words_of_any_yaml_are_quoted(word: str) -> None:
    assert dump({"a": word, word: 1}) == f"a: '{word}'\n'{word}': 1\n"


@pytest.mark.parametrize(
    "text", ["0o12", "1_000", "1e3", "0x1F", ".5", "-", "2024-01-01", "a:", "_1", "=", "*a", "&a"]
)
def test_what_some_yaml_reads_as_something_else_is_quoted(text: str) -> None:
    assert dump({"a": text}) == f"a: '{text}'\n"


def test_unprintable_text_is_escaped() -> None:
    assert (
        dump({"a": '\x1b[0m\x85\u2028\ufeff\t"\\é😀'})
        == 'a: "\\u001b[0m\\u0085\\u2028\\ufeff\\t\\"\\\\é😀"\n'
    )


def test_long_keys() -> None:
    document = {"k" * 2000: "v", "l" * 2000: ["v"]}
    assert load(dump(document)).data == document


def test_nothing_and_shared_parts() -> None:
    shared = ["x"]
    assert dump({}) == "{}\n"
    assert dump({"a": shared, "b": shared}) == "a:\n  - x\nb:\n  - x\n"
    assert dump({"a": ("x",), "b": ()}) == "a:\n  - x\nb: []\n"
    assert dump({"a": float("inf")}) == "a: 'inf'\n"


def test_other_values_are_refused() -> None:
    with pytest.raises(TypeError, match="a set cannot be written"):
        dump({"a": {"b"}})
    with pytest.raises(TypeError, match="a key must be text, not int"):
        dump({"a": {1: "b"}})


@given(st.dictionaries(TEXT, VALUE, max_size=3))
@settings(max_examples=100, derandomize=True, deadline=None)
def test_reads_back_here_and_in_yaml_1_1(document: dict[str, object]) -> None:
    text = dump(document)
    assert load(text).data == document
    assert yaml.safe_load(text) == document
