"""What a render says is missing is what the real Compose refuses its output for."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeport.core.compose.dump import dump
from homeport.core.compose.model import Rendered, Variable
from homeport.remote.compose_cli import find_compose
from tests.support.compose import render_text

COMPOSE = find_compose()

FORMS = [
    "${A:?a message}",
    "${A?a message}",
    "${A:?}",
    "${A?}",
    "${A:-${B:?inner}}",
    "${A-${B?inner}}",
    "${A:+${B:?inner}}",
    "${A:?needs $B}",
    "${A:?needs ${B:-x}}",
    "${A:?needs ${B:?y}}",
    "$${A:?x}",
    "${A:?it's {braced}}",
    "a?${A}",
    "${A:-?}",
]


def refusal(rendered: Rendered, folder: Path) -> str:
    """What Compose says about the two texts; "" if it takes them."""
    (folder / "docker-compose.yml").write_text(rendered.compose)
    (folder / ".env").write_text(rendered.dotenv)
    done = subprocess.run(
        [*COMPOSE, "--project-directory", str(folder), "--project-name", "u1", "config", "--quiet"],
        capture_output=True,
        check=False,
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder)},
        timeout=60,
    )
    return done.stderr.decode() if done.returncode else ""


@settings(max_examples=25, derandomize=True, deadline=None)
@given(
    texts=st.lists(st.sampled_from(FORMS), min_size=1, max_size=3),
    values=st.fixed_dictionaries({}, optional={key: st.sampled_from(["", "v"]) for key in ("A", "B")}),
    dialect=st.sampled_from(["compose", "template"]),
)
def test_missing_is_what_compose_refuses(
    texts: list[str], values: dict[str, str], dialect: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    variables = {key: Variable(key=key, value=value) for key, value in values.items()}
    image, *command = texts
    document = {"services": {"web": {"image": f"i:{image}", "command": command, "user": "u"}}}
    rendered = render_text(dump(document), variables=variables, dialect=dialect)
    said = refusal(rendered, tmp_path_factory.mktemp("required"))
    # `.env` has an empty line for a variable without a value, which is enough for Compose's `?`.
    is_asked_twice = dialect == "compose" and any("?" in text and ":?" not in text for text in texts)
    if said or not is_asked_twice:
        assert bool(rendered.missing) == bool(said), (rendered.missing, said)
    if said:
        sentences = [f"required variable {one.key} is missing a value" for one in rendered.missing]
        if len(texts) == 1:
            sentences = [
                f"{text}: {one.message}\n" if one.message else text
                for text, one in zip(sentences, rendered.missing, strict=True)
            ]
        assert any(sentence in said for sentence in sentences), (sentences, said)
