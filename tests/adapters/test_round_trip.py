"""Whatever text a person, a template or a document gives: what a container gets is that text.

The meaning is computed from the text itself, never by our own reader or writer, and the judge is
the real Compose. One process reads some hundred values.
"""

import os
import posixpath
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from homeport.core.compose.interpolate import refused
from homeport.core.compose.load import load
from homeport.core.compose.model import Rendered, Variable
from homeport.core.compose.render import render
from tests.support.compose import make_scope
from tests.support.compose_config import read_config
from tests.support.texts import LONG_TEXTS, any_texts, as_yaml, doubled, texts

FEW = settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    phases=[
        Phase.explicit,
        Phase.generate,
    ],  # A document of hundreds shrinks for minutes; the difference is short.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
SOME = 200
FOLDER = make_scope().folder


def many(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Some hundred values; every list ends with all the known ones, so that none is left to chance."""
    return st.lists(strategy, min_size=SOME, max_size=SOME)


def rendered_from(definition: Mapping[str, Any], variables: Sequence[Variable] = (), **more: Any) -> Rendered:
    document = {"services": {"app": {"image": "x", **definition}}, **more}
    scope = make_scope(variables={variable.key: variable for variable in variables})
    return render(load(as_yaml(document)), scope)


def read_app(rendered: Rendered) -> dict[str, Any]:
    app: dict[str, Any] = read_config(rendered.compose, rendered.dotenv)["services"]["app"]
    return app


@given(many(any_texts))
@FEW
@pytest.mark.parametrize("how", ["plain", "is_literal", "is_multiline"])
def test_what_a_person_stores_arrives_verbatim(how: str, values: list[str]) -> None:
    """Through `env_file`, and through a reference in the middle of a text, an item and a label."""
    given_values = [*values, *LONG_TEXTS]
    variables = [
        Variable(
            key=f"ZQ_{n}_ZQ",
            value=value,
            is_literal=how == "is_literal",
            is_multiline=how == "is_multiline",
        )
        for n, value in enumerate(given_values)
    ]
    references = [f"<${{ZQ_{n}_ZQ}}>" for n in range(len(given_values))]
    rendered = rendered_from(
        {"environment": {f"E{n}": text for n, text in enumerate(references)}, "command": references},
        variables,
    )
    app = read_app(rendered)
    environment = app["environment"]
    assert [environment[variable.key] for variable in variables] == given_values
    assert [environment[f"E{n}"] for n in range(len(given_values))] == [
        f"<{value}>" for value in given_values
    ]
    assert app["command"] == [f"<{value}>" for value in given_values]


@given(many(texts))
@FEW
def test_defaults_of_a_template_arrive(values: list[str]) -> None:
    """A default ends at its brace and on its line; everything else may stand in it."""
    defaults = [text.replace("\n", " ").replace("{", "(").replace("}", ")") for text in values]
    written = {f"E{n}": f"${{ZQ_{n}_ZQ-{doubled(text)}}}" for n, text in enumerate(defaults)}
    rendered = rendered_from({"environment": written})
    environment = read_app(rendered)["environment"]
    assert [environment[f"E{n}"] for n in range(len(defaults))] == defaults
    assert [environment[f"ZQ_{n}_ZQ"] for n in range(len(defaults))] == defaults


@given(many(any_texts))
@FEW
def test_what_a_document_says_arrives(values: list[str]) -> None:
    said = [*values, *LONG_TEXTS]
    written = [doubled(text) for text in said]
    rendered = rendered_from(
        {
            "environment": {f"E{n}": text for n, text in enumerate(written)},
            "labels": {f"l{n}": text for n, text in enumerate(said)},
            "command": written,
            "entrypoint": written,
            "healthcheck": {"test": ["CMD", *written]},
            "configs": [f"c{n}" for n in range(len(said))],
            "x-more": {f"{n} {text}": [{"a": text}] for n, text in enumerate(written)},
        },
        configs={f"c{n}": {"content": text} for n, text in enumerate(written)},
    )
    project = read_config(rendered.compose, rendered.dotenv)
    app = project["services"]["app"]
    assert [app["environment"][f"E{n}"] for n in range(len(said))] == said
    assert [app["labels"][f"l{n}"] for n in range(len(said))] == said
    assert app["command"] == app["entrypoint"] == app["healthcheck"]["test"][1:] == said
    assert [project["configs"][f"c{n}"].get("content", "") for n in range(len(said))] == said


@given(many(any_texts))
@FEW
def test_items_of_lists_arrive(values: list[str]) -> None:
    rendered = rendered_from(
        {
            "environment": [f"E{n}={doubled(text)}" for n, text in enumerate(values)],
            "labels": [f"l{n}={text}" for n, text in enumerate(values)],
        }
    )
    app = read_app(rendered)
    assert [app["environment"][f"E{n}"] for n in range(len(values))] == values
    assert [app["labels"][f"l{n}"] for n in range(len(values))] == values


REFERENCES = (
    st.lists(
        st.sampled_from(
            [
                *(
                    "$ZA",
                    "${ZA}",
                    "${ZB}",
                    "$ZB",
                    "${ZC}",
                    "${ZA:-x}",
                    "${ZB:-x}",
                    "${ZC-x}",
                    "${ZB-x}",
                    "${ZA:+x}",
                ),
                *(
                    "${ZB+x}",
                    "${ZC:+x}",
                    "${ZC:-${ZA}}",
                    "${ZC:-a${ZB:-b}c}",
                    "${ZC:-{}}",
                    "${ZA:?m}",
                    "$$ZA",
                    "$${ZA}",
                ),
                *("$", "$$", "$/", "$1", "a", "}", ":", "\n", "'", '"', "\\", "é", "$2y$10$x", "-"),
            ]
        ),
        max_size=6,
    )
    .map("".join)
    .filter(lambda text: not refused(text))
)


@given(many(REFERENCES))
@FEW
def test_a_document_means_what_it_means_to_compose(values: list[str]) -> None:
    """The same document, as it was written and as we write it: the container gets the same."""
    variables = {"ZA": "va$l'ue", "ZB": ""}
    environment = {f"E{n}": text for n, text in enumerate(values)}
    definition = {"environment": environment, "command": values}
    stored = [Variable(key=key, value=value, is_literal=True) for key, value in variables.items()]
    rendered = rendered_from(definition, [*stored, Variable(key="ZC", value=None)])
    dotenv = "ZA='va$l\\'ue'\nZB=\n".replace("'va$l\\'ue'", '"va\\$l\'ue"')
    written = as_yaml({"services": {"app": {"image": "x", **definition}}})
    theirs = read_config(written, dotenv + "ZC=\n")["services"]["app"]
    ours = read_app(rendered)
    assert {key: ours["environment"][key] for key in environment} == theirs["environment"]
    assert ours["command"] == theirs["command"]


# `${` and `$(` are refused in a path, whatever they mean.
PATHS = st.text(
    alphabet=st.sampled_from(list("abé日😀 '\"#=$,.{}[]()!*?@~-_%\u200f\ufeff\u2028A/")),
    min_size=1,
    max_size=12,
).map(lambda path: re.sub(r"\$+(?=[{(])", "", path))


@given(st.lists(PATHS, min_size=SOME, max_size=SOME))
@FEW
def test_paths_of_files_arrive(paths: list[str]) -> None:
    """In the long form, whose source is no text to split; what a file holds is no business of Compose."""
    sources = [f"./{number}{path}" for number, path in enumerate(paths)]
    rendered = rendered_from(
        {
            "volumes": [
                {"type": "bind", "source": doubled(source), "target": f"/t{number}", "content": source}
                for number, source in enumerate(sources)
            ]
        }
    )
    mounted = {volume["target"]: volume["source"] for volume in read_app(rendered)["volumes"]}
    expected = [posixpath.normpath(f"{FOLDER}/{source}") for source in sources]
    assert [mounted[f"/t{number}"] for number in range(len(sources))] == expected
    assert [(file.path, file.content) for file in rendered.files] == list(zip(expected, sources, strict=True))


@given(st.lists(PATHS, min_size=SOME, max_size=SOME))
@FEW
def test_paths_of_short_binds_arrive(paths: list[str]) -> None:
    sources = [f"./{number}{path}" for number, path in enumerate(paths)]
    rendered = rendered_from(
        {"volumes": [f"{doubled(source)}:/t{number}" for number, source in enumerate(sources)]}
    )
    mounted = {volume["target"]: volume["source"] for volume in read_app(rendered)["volumes"]}
    expected = [posixpath.normpath(f"{FOLDER}/{source}") for source in sources]
    assert [mounted[f"/t{number}"] for number in range(len(sources))] == expected


def test_other_processes_render_the_same_bytes() -> None:
    """Whatever order Python's sets have there."""
    program = (
        "import hashlib\n"
        "from homeport.catalog.load import load_catalog\n"
        "from homeport.core.compose.load import load\n"
        "from homeport.core.compose.render import render\n"
        "from tests.support.compose import make_scope\n"
        "for key, template in load_catalog().items():\n"
        "    rendered = render(load(template.compose), make_scope(service_type=key, proxy='TRAEFIK'))\n"
        "    print(key, hashlib.sha256(repr(rendered).encode()).hexdigest())\n"
        "    print(rendered.compose, rendered.dotenv)\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parents[2],
            env={"PATH": os.defpath, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(said) == 1
    assert b"actualbudget" in said.pop()
