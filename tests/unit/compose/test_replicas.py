"""A component is one container."""

import pytest

from homeport.core.compose.model import Variable
from homeport.errors import ComposeRejected
from tests.support.compose import render_text


@pytest.mark.parametrize(
    ("settings", "place", "count"),
    [
        ("scale: 2", "scale", "2"),
        ("scale: 0", "scale", "0"),
        ("deploy: {replicas: 3}", "deploy.replicas", "3"),
        ("deploy: {replicas: '${N}'}", "deploy.replicas", "4"),
        ("deploy: {replicas: '${M:-5}'}", "deploy.replicas", "5"),
    ],
)
def test_another_number_than_one_is_refused(settings: str, place: str, count: str) -> None:
    with pytest.raises(ComposeRejected) as caught:
        render_text(
            f"services:\n  web:\n    image: a\n    {settings}", variables={"N": Variable(key="N", value="4")}
        )
    error = caught.value
    assert (error.message, error.place, error.line) == (
        f"{count} containers of web cannot run: Homeport gives each component one container, with the name web-u1.",
        f"services.web.{place}",
        4,
    )


@pytest.mark.parametrize(
    "settings",
    [
        "scale: 1",
        "deploy: {replicas: 1}",
        "deploy: {replicas: '1'}",
        "deploy: {replicas: '${N:-1}'}",
        "deploy: {replicas: '${N:?how many}'}",
        "deploy: {mode: global, resources: {limits: {cpus: '1'}}}",
    ],
)
def test_one_and_everything_else_passes(settings: str) -> None:
    rendered = render_text(f"services:\n  web:\n    image: a\n    {settings}")
    assert settings.split(":", 1)[0] in rendered.document["services"]["web"]


@pytest.mark.parametrize("settings", ["deploy: {replicas: many}", "deploy: {replicas: }", "deploy: [1]"])
def test_what_is_no_number_is_refused_as_such(settings: str) -> None:
    with pytest.raises(ComposeRejected, match="must be"):
        render_text(f"services:\n  empty:\n  web:\n    image: a\n    {settings}")
