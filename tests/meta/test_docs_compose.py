"""docs/compose.md says what is so: its examples render, and Compose takes them; its tables are complete."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from homeport.catalog.load import split_header
from homeport.core.compose import limits, magic
from homeport.core.compose.load import MAX_BYTES, MAX_DEPTH, MAX_EXPANDED, MAX_NODES, load
from homeport.core.compose.model import Dialect, Rendered, Scope
from homeport.core.compose.render import render
from homeport.core.policy import GRANTS, find_asks
from homeport.errors import ComposeRejected
from tests.support.compose import UUID, make_scope, user_variables
from tests.support.compose_config import read_config

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "compose.md").read_text()
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"# (refused|grants): (.*)\n")


@dataclass(frozen=True, slots=True)
class Example:
    """A block of the page. `refused` is a part of the sentence that it gets, `grants` are those that it needs."""

    line: int
    text: str
    dialect: Dialect
    refused: str | None
    grants: frozenset[str]


def _example(match: re.Match[str]) -> Example:
    text = match[1]
    mark = _MARK.match(text)
    said: dict[str, str] = {mark[1]: mark[2]} if mark else {}
    return Example(
        line=PAGE.count("\n", 0, match.start()) + 1,
        text=text,
        dialect="template" if "slogan" in split_header(text)[0] else "compose",
        refused=said.get("refused"),
        grants=frozenset(said.get("grants", "").split()),
    )


EXAMPLES = [_example(match) for match in _BLOCK.finditer(PAGE)]
ACCEPTED = [example for example in EXAMPLES if example.refused is None]
REFUSED = [example for example in EXAMPLES if example.refused is not None]


def _line(example: Example) -> str:
    return f"line {example.line}"


def _scope(example: Example, profiles: tuple[str, ...] = ()) -> Scope:
    """With a value for whatever has to have one."""
    first = render(load(example.text), make_scope(dialect=example.dialect, profiles=profiles))
    values = user_variables(**{missing.key: "given" for missing in first.missing})
    return make_scope(dialect=example.dialect, profiles=profiles, variables=values)


def _rendered(example: Example, profiles: tuple[str, ...] = ()) -> Rendered:
    return render(load(example.text), _scope(example, profiles))


def test_the_page_has_examples_of_every_sort() -> None:
    assert any(example.dialect == "template" for example in ACCEPTED)
    assert any(example.grants for example in ACCEPTED)
    assert all("services:" in example.text for example in EXAMPLES)
    assert REFUSED


@pytest.mark.parametrize("example", ACCEPTED, ids=_line)
def test_examples_render_and_compose_takes_them(example: Example) -> None:
    for profiles in ((), ("*",)):
        rendered = _rendered(example, profiles)
        assert not rendered.missing
        services = read_config(rendered.compose, rendered.dotenv)["services"]
        assert set(services) == {component.name for component in rendered.components}


@pytest.mark.parametrize("example", ACCEPTED, ids=_line)
def test_examples_ask_for_the_grants_that_the_page_says(example: Example) -> None:
    document, scope = load(example.text), _scope(example)
    asks = find_asks(
        render(document, scope),
        document,
        folder=scope.folder,
        uuid=scope.uuid,
        proxy=scope.proxy,
        is_local=True,
    )
    assert {ask.grant for ask in asks} == example.grants


@pytest.mark.parametrize("example", REFUSED, ids=_line)
def test_examples_are_refused_with_the_sentence_of_the_page(example: Example) -> None:
    with pytest.raises(ComposeRejected) as refusal:
        render(load(example.text), make_scope(dialect=example.dialect))
    assert refusal.value.message == example.refused


def _quoted() -> tuple[str, ...]:
    """The sentences of the table, without their places, each up to where the page cuts it."""
    table = PAGE.partition("\n## What is refused\n")[2].partition("\n## ")[0]
    spans = (plain or ticked for ticked, plain in re.findall(r"``(.+?)``|`([^`\n]+)`", table))
    return tuple(re.sub(r"^.*\((?:line|column) [^)]*\): ", "", span).removesuffix(" …") for span in spans)


QUOTED = _quoted()


def _component(text: str) -> str:
    return f"services:\n  web: {{image: 'x:1', {text}}}\n"


@pytest.mark.parametrize(
    "text",
    [
        "services: {}",
        "services:\n  web: {image: !secret x:1}\n",
        _component("prots: [80]"),
        _component("privileged: maybe"),
        _component("depends_on: [db]"),
        _component("networks: [front]"),
        _component("volumes: ['$(id):/a']"),
        _component("volumes: ['../up:/a']"),
        _component("volumes: ['db_data:/a', 'db-data:/b']"),
        _component("deploy: {replicas: 2}"),
        _component("provider: {type: x}"),
        "services:\n  web: {restart: always}\n",
        "services:\n  'my web': {image: 'x:1'}\n",
        "include: [other.yml]\nservices:\n  web: {image: 'x:1'}\n",
        "services:\n  web: {image: 'x:1', profiles: [debug]}\n",
    ],
)
def test_the_sentences_of_refusals_are_those_of_the_page(text: str) -> None:
    with pytest.raises(ComposeRejected) as refusal:
        render(load(text), make_scope(dialect="compose"))
    sentence = refusal.value.message.replace(f"web-{UUID}", "web-<uuid>").replace(f"{UUID}_", "<uuid>_")
    assert sentence.startswith(QUOTED), f"{sentence} is not in the table"


def test_every_kind_of_magic_name_is_on_the_page() -> None:
    for kind in magic._KINDS:
        assert f"`{kind}`" in PAGE, f"the kind {kind} is not on the page"


def test_every_grant_has_a_row() -> None:
    rows = re.findall(r"^\| `((?:host|proxy)\.[a-z_]+)` \|", PAGE, re.MULTILINE)
    assert rows == list(GRANTS)


def test_the_limits_are_those_of_the_page() -> None:
    mib = f"{MAX_BYTES >> 20} MiB, and {limits.MAX_TEXT >> 20} MiB with its aliases expanded"
    sizes = f"one value {limits.MAX_VALUE >> 10} KiB, all together {limits.MAX_VALUES >> 20} MiB"
    for said in (
        f"| the text | {mib} |",
        f"| nesting | {MAX_DEPTH} levels |",
        f"| values | {MAX_NODES:,}, and {MAX_EXPANDED:,} with aliases expanded;",
        f"| components | {limits.MAX_COMPONENTS} |",
        f"| variables | {limits.MAX_VARIABLES:,}; {sizes} |",
    ):
        assert said in PAGE, said
