"""What we accept for each key of a component Compose accepts, and what we refuse it refuses."""

import random
from functools import cache
from typing import Any

import pytest

from homeport.core.compose import shape
from homeport.core.compose.keys import COMPONENT
from homeport.core.compose.load import load
from homeport.core.compose.render import render
from homeport.errors import ComposeRejected
from tests.fuzz.documents import ODD, SECTIONS, SETTINGS
from tests.support.compose import make_scope
from tests.support.compose_config import ConfigRefused, read_config
from tests.support.texts import as_yaml

FILES = ("a.env", "l.env")
OURS = frozenset(
    (
        "container_name",
        "env_file",
        "environment",
        "exclude_from_hc",
        "labels",
        "networks",
        "restart",
        "volumes",
    )
)
"""Keys that a render writes anew: what it does with them has tests of its own."""

OF_FILES = frozenset(("label_file",))
"""Whatever stands there is right once there is such a file."""

UNSET = "$X"
CASES = [(key, value) for key in SETTINGS for value in ODD if key not in OURS | OF_FILES and value != UNSET]


def document(components: dict[str, dict[str, Any]]) -> dict[str, Any]:
    sections = {section: values[0] for section, values in SECTIONS.items()}
    return {"services": {**components, "db": {"image": "b"}}, **sections}


@cache
def verdicts() -> list[tuple[str, Any, str]]:
    """Key, value and what we say against it; "" for nothing."""
    return [(key, value, problem({"web": {"image": "a", key: value}})) for key, value in CASES]


def problem(components: dict[str, dict[str, Any]]) -> str:
    made = load(as_yaml(document(components)))
    try:
        shape.check(made, made.data, lambda _: None)
    except ComposeRejected as error:
        return error.sentence
    return ""


def test_every_key_has_examples() -> None:
    assert set(COMPONENT.table) - set(SETTINGS) <= {
        "image",
        "environment",
        "scale",
        "pull_refresh_after",
        "use_api_socket",
    }


def test_all_examples_are_accepted() -> None:
    components = {
        f"{key.replace('_', '-')}-{number}": {"image": "a", key: value}
        for key, values in SETTINGS.items()
        for number, value in enumerate(values)
        if "ssh" not in (value if isinstance(value, dict) else ())  # Compose cannot print one.
        and not (isinstance(value, dict) and {"dockerfile", "dockerfile_inline"} <= set(value))
    }
    rendered = render(load(as_yaml(document(components))), make_scope())
    assert set(read_config(rendered.compose, rendered.dotenv, FILES)["services"]) == {*components, "db"}


def test_all_that_we_accept_is_accepted() -> None:
    accepted = [(key, value) for key, value, said in verdicts() if not said]
    assert len(accepted) > 200
    for start in range(0, len(accepted), 150):
        components = {
            f"c{number}": {"image": "a", key: value}
            for number, (key, value) in enumerate(accepted[start : start + 150])
        }
        rendered = render(load(as_yaml(document(components))), make_scope())
        assert read_config(rendered.compose, rendered.dotenv, FILES)


@pytest.mark.parametrize("part", range(4))
def test_what_we_refuse_is_refused(part: int) -> None:
    """A sample, as each takes a process."""
    refused = [verdict for verdict in verdicts() if verdict[2]]
    for key, value, said in random.Random(part).sample(refused, 15):
        with pytest.raises(ConfigRefused):
            pytest.fail(f"{key}: {value!r} is refused by us only: {said}, {_read(key, value)}")


def _read(key: str, value: Any) -> dict[str, Any]:
    return read_config(as_yaml(document({"web": {"image": "a", key: value}})), "", FILES)
