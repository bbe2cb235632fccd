"""Names that a container answers to. The proxy is on the networks of all services and calls containers by name, so
that who took the name of a foreign one got its requests."""

import pytest

from tests.unit.policy.asking import asks_of, component
from tests.unit.policy.cases import Case

FOREIGN = "web-z74nmf4kgicesf2595h6162h"


@pytest.mark.parametrize(
    "text",
    [
        f"services: {{{FOREIGN}: {{image: a}}}}",
        f"services: {{web: {{image: a, hostname: {FOREIGN}}}}}",
        f"services: {{web: {{image: a, hostname: '${{N:-{FOREIGN}.}}'}}}}",
        f"services: {{web: {{image: a, networks: {{u1: {{aliases: [x, {FOREIGN.upper()}]}}}}}}}}",
        f"services: {{web: {{image: a, networks: {{n: {{aliases: ['${{N:-{FOREIGN}}}']}}}}}}}}\nnetworks: {{n: }}",
    ],
)
def test_the_name_of_a_foreign_container_is_asked_for(text: str) -> None:
    (ask,) = asks_of(Case(text))
    assert ask.key.rstrip(".") == f"host.external name:{FOREIGN}"


@pytest.mark.parametrize("name", ["web-u1", "my-database", "a-very-long-name-of-a-component", "x" * 24])
def test_other_names_ask_for_nothing(name: str) -> None:
    keys = f"{{image: a, hostname: {name}, networks: {{default: {{aliases: [{name}]}}}}}}"
    assert asks_of(Case(f"services: {{{name}: {keys}}}")) == ()
    assert asks_of(component(f"hostname: {name}")) == ()


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("http-0-z74nmf4kgicesf2595h6162h-web-2567-stripprefix", True),
        ("z74nmf4kgicesf2595h6162h-web-2567-gzip", True),
        ("auth", False),
        ("a-very-long-name-of-a-middleware", False),
        ("u1-web-gzip", False),
    ],
)
def test_a_middleware_that_is_called_as_a_foreign_one(name: str, asked: bool) -> None:
    """Traefik drops both, and the other service's router with them."""
    key = f"traefik.http.middlewares.{name}"
    asks = asks_of(component(f"labels: ['{key}.headers.framedeny=true']", proxy="TRAEFIK"))
    assert [ask.key for ask in asks] == ([f"proxy.labels {key}"] if asked else [])
