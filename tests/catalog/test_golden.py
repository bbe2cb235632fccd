"""What each built-in type becomes, kept: a change of a template or of the pipeline is read as a diff.

`pytest tests/catalog/test_golden.py --update` rewrites the files. What is kept is also what the real
Compose reads: a file that it refuses cannot stay.
"""

from pathlib import Path

import pytest
import yaml

from homeport.catalog.load import load_catalog
from homeport.core.compose.load import load
from homeport.core.compose.render import render
from tests.support.compose import make_scope
from tests.support.compose_config import read_config
from tests.support.golden import assert_golden, said

FOLDER = Path(__file__).parent / "golden"
CATALOG = load_catalog()


@pytest.mark.parametrize("key", CATALOG)
def test_a_type_renders_to_what_is_kept(key: str, request: pytest.FixtureRequest) -> None:
    template = CATALOG[key]
    scope = make_scope(service_type=key, catalog_port=template.port)
    rendered = render(load(template.compose), scope)
    assert_golden(FOLDER / f"{key}.yaml", said(rendered), is_update=request.config.getoption("update"))


@pytest.mark.parametrize("key", CATALOG)
def test_compose_reads_what_is_kept(key: str) -> None:
    kept = yaml.safe_load((FOLDER / f"{key}.yaml").read_text(encoding="utf-8"))
    project = read_config(kept["compose"], kept["dotenv"])
    assert set(project["services"]) == set(kept["components"])
    for name, definition in project["services"].items():
        assert definition["container_name"].startswith(name)
        assert definition["image"] == kept["components"][name]["image"]


def test_every_golden_file_has_its_template() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} - set(CATALOG) == set()
