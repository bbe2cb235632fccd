"""The documents are complete: what the program has, they describe, and what they describe exists."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer.main

from homeport import errors
from homeport.catalog.load import load_catalog
from homeport.cli.main import command_line
from homeport.errors import HomeportError
from homeport.http.errors import status_of
from homeport.settings import load_client_settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


class _Asked(Mapping[str, str]):
    """An environment that notes which variables were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _all_errors(kind: type[HomeportError] = HomeportError) -> Iterator[type[HomeportError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _all_errors(child)


KINDS = list(dict.fromkeys(_all_errors()))


@pytest.mark.parametrize("kind", KINDS, ids=[kind.code for kind in KINDS])
def test_every_error_is_documented_and_has_a_status(kind: type[HomeportError]) -> None:
    row = re.search(rf"^\| `{kind.code}` \|.*$", (DOCS / "errors.md").read_text(), re.MULTILINE)
    assert row, f"docs/errors.md has no row for {kind.code}"
    status = status_of(kind.__new__(kind))
    assert f"| {status} |" in row[0], f"{kind.code} is {status} in http/errors.py"
    assert kind.__name__ in (errors.__doc__ or ""), f"{kind.__name__} is missing in the tree of errors.py"


def test_every_error_has_its_own_code() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(codes) == len(set(codes))


def test_documented_errors_exist() -> None:
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", (DOCS / "errors.md").read_text(), re.MULTILINE))
    assert documented == {kind.code for kind in KINDS}


def test_every_setting_is_documented_and_exists(tmp_path: Path) -> None:
    environ = _Asked({"HOMEPORT_DATA_DIR": str(tmp_path)})
    load_settings(environ)
    load_client_settings(environ)
    documented = set(
        re.findall(r"^\| `(HOMEPORT_[A-Z_]+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE)
    )
    assert documented == {name for name in environ.names if name.startswith("HOMEPORT_")}


def test_every_template_is_documented() -> None:
    documented = set(re.findall(r"^\| `([a-z0-9-]+)` \|", (DOCS / "catalog.md").read_text(), re.MULTILINE))
    catalog = load_catalog()
    assert documented == set(catalog)
    for template in catalog.values():
        assert template.documentation, f"{template.key} does not say where its documentation is"
        assert template.slogan, f"{template.key} does not say what it is for"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_in_the_documents_exist(path: Path) -> None:
    text = path.read_text()
    for script in set(re.findall(r"(?<![\w/.])(bin/[a-z]+)(?![\w/])", text)):
        assert os.access(ROOT / script, os.X_OK), f"{script} is no executable script"
    for words in re.findall(r"^(?:\$ )?homeport ((?:[a-z-]+ ?)+)", text, re.MULTILINE):
        command: Any = typer.main.get_command(command_line(words.split()[0]))
        for word in words.split():
            if not hasattr(command, "commands"):
                break
            assert word in command.commands, f"there is no command `homeport {words}`"
            command = command.commands[word]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_the_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), f"{target} does not exist"
