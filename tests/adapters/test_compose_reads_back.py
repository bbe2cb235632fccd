"""What we write is what the real Compose reads: YAML, `.env` files and references in texts."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeport.core import dotenv
from homeport.core.compose import interpolate
from homeport.core.compose.dump import dump
from tests.support.compose_config import print_config

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NASTY_TEXT = st.text(alphabet=st.sampled_from(list("'\"\\$#{}\n\r\t =a0n")), max_size=8)
TEXTS = ANY_TEXT | NASTY_TEXT
REFERENCES = st.text(alphabet=st.sampled_from(list("$${}{}AB:-+ x/2")), max_size=16) | st.sampled_from(
    [
        "${A:-${B:-x}}y",
        "$2y$10$abc/",
        "${B:-{}}",
        "${A+{x}}",
        "$$$A",
        "${B-a$}",
        "${A:+$$x${B}}",
        "${}",
        "${A b}",
    ]
)
FEW = settings(max_examples=6, derandomize=True, deadline=None)
KNOWN = [
    "",
    "pa$word",
    "it's",
    "ends\\",
    '{"a": "b\\\\c"}',
    "'\r\n\t",
    "\ufeff'",
    "'\x85\u2028",
    " blanks ",
    "#x",
    "a #b",
    "\x01\x7f",
    "x" * 5000 + "'",
    "$(id) `id`",
]


def read(document: Mapping[str, Any], *options: str, env: str = "") -> dict[str, Any]:
    """The document as `docker-compose config` prints it."""
    printed: dict[str, Any] = json.loads(print_config(dump(document), env, *options))
    return printed


def one_service(**definition: Any) -> dict[str, Any]:
    return {"services": {"a": {"image": "x", **definition}}}


def assert_dotenv_reads_back(values: Sequence[str]) -> None:
    document = one_service(
        env_file=[".env"], environment={f"L{number}": f"${{K{number}}}" for number in range(len(values))}
    )
    env = dotenv.dump([(f"K{number}", value) for number, value in enumerate(values)])
    seen = read(document, env=env)["services"]["a"]["environment"]
    for number, value in enumerate(values):
        # `config` prints what would have to be written: with every dollar doubled.
        assert seen[f"K{number}"] == value.replace("$", "$$"), "through env_file"
        assert seen[f"L{number}"] == value.replace("$", "$$"), "through interpolation"


def test_known_values_read_back_from_dotenv() -> None:
    assert_dotenv_reads_back(KNOWN)


@given(st.lists(TEXTS, min_size=60, max_size=80))
@FEW
def test_any_value_reads_back_from_dotenv(values: list[str]) -> None:
    assert_dotenv_reads_back(values)


@given(st.lists(TEXTS, min_size=60, max_size=80))
@FEW
def test_any_text_reads_back_from_yaml(texts: list[str]) -> None:
    texts = [*texts, *KNOWN]
    document = one_service(labels={f"k{text}": text for text in texts}, command=texts)
    seen = read(document, "--no-interpolate")["services"]["a"]
    assert seen["command"] == texts
    assert seen["labels"] == document["services"]["a"]["labels"]


def test_other_values_read_back_from_yaml() -> None:
    values: dict[str, Any] = {
        "null": None,
        "yes": [True, False],
        "n": [0, -1, 10**17, 1.5, 1e20],
        "1": "0755",
    }
    document = {**one_service(command=[], volumes=[], labels={}), "x-values": values}
    assert read(document)["x-values"] == values


@given(st.lists(REFERENCES, min_size=60, max_size=80))
@FEW
def test_references_mean_what_compose_means(texts: list[str]) -> None:
    variables = {"A": "value", "B": ""}
    accepted = [text for text in texts if not interpolate.refused(text)]
    both = [*accepted, *map(interpolate.escape_text, texts)]
    document = one_service(environment={f"V{number}": text for number, text in enumerate(both)})
    seen = read(document, env=dotenv.dump(list(variables.items())))["services"]["a"]["environment"]
    for number, text in enumerate(both):
        assert seen[f"V{number}"] == interpolate.escape(interpolate.substitute(text, variables.get)), text


@pytest.mark.parametrize(
    "text", ["${}", "${", "${A", "${9}", "${A b}", "${A:x}", "${A:-a\nb}", "${B:-${}}", "x ${{A}}"]
)
def test_what_we_call_refused_is_refused(text: str) -> None:
    assert interpolate.refused(text)
    with pytest.raises(AssertionError, match="invalid interpolation format"):
        read(one_service(environment={"V": text}))
    assert read(one_service(environment={"V": interpolate.escape_text(text)}))
