"""Networks: the component's own list, and the service's network for all that have no network_mode."""

from datetime import UTC, datetime

import pytest

from homeport.core.compose.load import load
from homeport.core.compose.model import Domain, Scope
from homeport.core.compose.networks import Joined, rewrite
from homeport.errors import ComposeRejected

OWN = {"u1": {"name": "u1", "external": True}}


def joined(text: str) -> Joined:
    scope = Scope(
        uuid="u1",
        name="svc",
        folder="/data/homeport/services/u1",
        base=Domain("http", "localhost"),
        now=datetime(2026, 1, 1, tzinfo=UTC),
        token=lambda _, length: "a" * length,
        random_bytes=bytes,
    )
    return rewrite(load(text), scope)


def test_golden() -> None:
    result = joined(
        "networks: {front:, back: {driver: bridge}}\n"
        "services: {a: {networks: [front, default]}, b: {networks: {front:, back: {aliases: [bb]}}}}\n"
    )
    assert result.lists == {
        "a": {"front": None, "default": None, "u1": None},
        # Q22: an entry without settings is an entry.
        "b": {"front": None, "back": {"aliases": ["bb"]}, "u1": None},
    }
    assert list(result.lists["b"]) == ["front", "back", "u1"]
    assert result.top_level == {"front": None, "back": {"driver": "bridge"}, **OWN}
    assert result.networks == ("u1",)


def test_a_component_that_names_none_is_on_the_services_own() -> None:
    assert joined("services: {a: {image: x}, b: , c: {networks: []}}").lists == {
        "a": {"u1": None},
        "b": {"u1": None},
        "c": {"u1": None},
    }


def test_a_network_mode_is_left_alone() -> None:
    result = joined("services: {a: {network_mode: host}, b: {network_mode: }}")
    assert result.lists == {"b": {"u1": None}}
    only_host = joined("networks: {x: }\nservices: {a: {network_mode: host}}")
    assert (only_host.lists, only_host.top_level, only_host.networks) == ({}, {"x": None}, ())


def test_settings_on_the_own_network_are_kept() -> None:
    result = joined("services: {a: {networks: {u1: {aliases: [me]}}}}\nnetworks: {u1: {driver: bridge}}")
    assert result.lists == {"a": {"u1": {"aliases": ["me"]}}}
    assert result.top_level == OWN


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "networks: [a]\nservices: {a: {}}",
            "networks (line 1): The networks of a compose file must be a map.",
        ),
        (
            "services: {a: {networks: x}}",
            "services.a.networks (line 1): The networks of a component must be a list or a map.",
        ),
        (
            "services: {a: {networks: [{b: c}]}}",
            "services.a.networks[0] (line 1): The name of a network must be text.",
        ),
        (
            "services: {a: {networks: {b: c}}}",
            "services.a.networks.b (line 1): A network of a component must be a map of settings.",
        ),
    ],
)
def test_refusals(text: str, sentence: str) -> None:
    with pytest.raises(ComposeRejected) as caught:
        joined(text)
    assert caught.value.sentence == sentence


@pytest.mark.parametrize(
    "labels", ["{homeport.service: other, a: b}", "[a=b, homeport.service=other]", "['$L']"]
)
def test_a_network_cannot_pass_for_another_services(labels: str) -> None:
    """The deletion of the other one failed for ever, as long as a container was on it."""
    text = f"services: {{web: {{image: a, networks: [n]}}}}\nnetworks: {{n: {{labels: {labels}}}, m: }}"
    networks = joined(text).top_level
    found = networks["n"]["labels"]
    pairs = found.items() if isinstance(found, dict) else [tuple(label.split("=")) for label in found[-2:]]
    assert set(pairs) >= {("homeport.managed", "true"), ("homeport.service", "u1")}
    assert "homeport.service=other" not in found
    assert networks["m"] is None
