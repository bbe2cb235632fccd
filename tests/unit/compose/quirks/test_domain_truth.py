"""One truth for domains: whatever a document declares and refers to, and whatever a person sets, changes and
clears between deployments, every form of a URL says what the owning component's domains say."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homeport.core.compose.load import load
from homeport.core.compose.magic import DomainName, domain_name
from homeport.core.compose.model import ComponentState, Domain, Rendered, Scope
from homeport.core.compose.render import render
from homeport.core.domains import split_fqdn
from tests.support.compose import UUID, kept, make_scope, values
from tests.support.golden import said
from tests.unit.compose.quirks.seen import container_of, dotenv_of

NAMES = ("WEB", "API", "MY_APP", "OTHER")
COMPONENTS = ("web", "api", "my-app")
PORTS = ("", "_80", "_3000")
PATHS = ("", "", "/", "/v1")
URLS = (
    "https://one.example.com",
    "http://two.example.com:3000",
    "https://three.example.com:80/base",
    "https://four.example.com/v1",
    "http://Five.example.com:9999/",
)


@dataclass(frozen=True)
class Part:
    """A component: which names it declares, with which paths, and to which keys it refers."""

    image: str
    declared: Mapping[str, str]
    referred: tuple[str, ...]
    is_list: bool

    @property
    def definition(self) -> dict[str, Any]:
        entries = {**self.declared, **{f"R{i}": f"<${{{key}}}>" for i, key in enumerate(self.referred)}}
        listed = [f"{key}={value}" if value else key for key, value in entries.items()]
        return {"image": self.image, "environment": listed if self.is_list else entries}


@st.composite
def keys(draw: st.DrawFn) -> str:
    form = draw(st.sampled_from(["URL", "FQDN"]))
    return f"SERVICE_{form}_{draw(st.sampled_from(NAMES))}{draw(st.sampled_from(PORTS))}"


PARTS = st.builds(
    Part,
    image=st.sampled_from(["acme/app", "acme/app", "postgres:16"]),
    declared=st.dictionaries(keys(), st.sampled_from(PATHS), max_size=3),
    referred=st.lists(keys(), max_size=3).map(tuple),
    is_list=st.booleans(),
)
DOCUMENTS = st.lists(PARTS, min_size=1, max_size=3).map(
    lambda parts: dict(zip(COMPONENTS, parts, strict=False))
)
SET = st.tuples(st.sampled_from(COMPONENTS), st.lists(st.sampled_from(URLS), max_size=2, unique=True))
STEPS = st.lists(st.none() | SET, max_size=5)
"""None deploys once more; else a component gets these domains, or none with an empty list."""


@given(DOCUMENTS, STEPS)
@settings(max_examples=200, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_all_forms_agree_after_any_history(
    parts: dict[str, Part], steps: list[tuple[str, list[str]] | None]
) -> None:
    services = {name: part.definition for name, part in parts.items()}
    document = load(json.dumps({"services": services}))
    rendered = render(document, make_scope())
    for number, step in enumerate(steps):
        agree(rendered, parts)
        scope = kept(make_scope(seed=number), rendered)
        before, rendered = rendered, render(document, scope)
        assert said(rendered) == said(before), "a deployment of what is there changes nothing"
        if step is not None and is_application(rendered, step[0]):
            scope = chosen(scope, *step)
            before, rendered = rendered, render(document, scope)
            assert others(rendered, step[0]) == others(before, step[0]), (
                "only what is the component's changes"
            )
    agree(rendered, parts)


def is_application(rendered: Rendered, name: str) -> bool:
    return any(c.name == name and c.kind == "application" for c in rendered.components)


def chosen(scope: Scope, component: str, urls: list[str]) -> Scope:
    state = replace(scope.components[component], domains=split_fqdn(",".join(urls)))
    states: dict[str, ComponentState] = {**scope.components, component: state}
    return replace(scope, components=states)


def others(rendered: Rendered, component: str) -> dict[str, str | None]:
    """The derived values that do not belong to the component."""
    sources = {v.key: v.source.component for v in rendered.variables if v.source is not None}
    return {key: value for key, value in values(rendered).items() if sources.get(key) != component}


def agree(rendered: Rendered, parts: Mapping[str, Part]) -> None:
    """Every form, in `.env` and in every container, says what its component's domains say."""
    domains = {component.name: component.domains for component in rendered.components}
    made = [(d.host, d.path) for found in domains.values() for d in found or () if UUID in d.host]
    assert len(set(made)) == len(made), "no two components get one generated URL"
    pairs = dotenv_of(rendered)
    for variable in rendered.variables:
        if (name := domain_name(variable.key)) is not None:
            assert variable.value == pairs[variable.key]
            assert (variable.origin, variable.source is not None) == ("domain", True)
            owner = variable.source.component if variable.source else None
            assert owner in owners_of(name, parts)
            owned = domains[owner] if owner else None
            assert pairs[variable.key] in accepted(name, owned, paths_of(name, parts))
    for component, part in parts.items():
        seen = container_of(rendered, component)
        assert (seen.get("COOLIFY_URL"), seen.get("COOLIFY_FQDN")) == told_by(domains[component])
        assert [seen[f"R{index}"] for index in range(len(part.referred))] == [
            f"<{pairs[key]}>" for key in part.referred
        ]
        for key, path in part.declared.items():
            assert seen[key] in container_values(
                component, key, path, pairs[key], domains=domains, parts=parts
            )
    for key in pairs:
        if key.startswith("SERVICE_URL_"):
            twin = key.replace("_URL_", "_FQDN_")
            assert pairs[key].partition("://")[2] == pairs[twin]
    ports_agree(rendered, parts)


def container_values(
    component: str,
    key: str,
    path: str,
    value: str,
    *,
    domains: Mapping[str, tuple[Domain, ...] | None],
    parts: Mapping[str, Part],
) -> set[str]:
    """What a declared key may be in its own container: what it is in `.env`, or, where it asks for a path, the
    URL with that path of its component, if this is one with domains, else of the owner."""
    name = domain_name(key)
    assert name is not None
    if len(path) < 2 or name.form == "fqdn":
        return {value}
    if domains[component] is not None:
        return accepted(name, domains[component], {path})
    owners = owners_of(name, parts)
    return {text for o in owners for text in accepted(name, domains[o] if o else None, {path})}


def ports_agree(rendered: Rendered, parts: Mapping[str, Part]) -> None:
    """A form without a port has the host of the form with the first port that the owner declares."""
    variables = {v.key: v for v in rendered.variables}
    for variable in rendered.variables:
        name, source = domain_name(variable.key), variable.source
        if name is None or name.port or source is None or source.component is None:
            continue
        ports = [n.port for n, _ in declared(parts[source.component]) if n.name == name.name and n.port]
        shown = variables.get(f"{variable.key}_{ports[0]}") if ports else None
        if shown is not None and shown.source is not None and shown.source.component == source.component:
            assert host_of(shown.value) == host_of(variable.value)


def host_of(value: str | None) -> str:
    return (value or "").rpartition("://")[2].partition("/")[0].partition(":")[0]


def owners_of(name: DomainName, parts: Mapping[str, Part]) -> set[str | None]:
    """The applications that declare a name, else the one that is called so, else none."""
    applications = [part for part in parts if parts[part].image != "postgres:16"]
    declaring = {part for part in applications if any(n.name == name.name for n, _ in declared(parts[part]))}
    return {*declaring} or {part for part in applications if called(part) == name.name} or {None}


def called(component: str) -> str:
    return component.replace("-", "_").upper()


def declared(part: Part) -> list[tuple[DomainName, str]]:
    return [(name, path) for key, path in part.declared.items() if (name := domain_name(key))]


def paths_of(name: DomainName, parts: Mapping[str, Part]) -> set[str]:
    """Every path that somebody declares for the name: none where one declaration has none."""
    paths = {path.rstrip("/") for part in parts.values() for n, path in declared(part) if n.name == name.name}
    return paths or {""}


def accepted(name: DomainName, owned: tuple[Domain, ...] | None, paths: set[str]) -> set[str]:
    """What a form may say: one of the owner's domains, that with the port if one has it, the port
    behind the host, and a declared path behind that of the domain unless it ends so."""
    if owned == ():
        return {""}
    generated = Domain(scheme="http", host=f"{name.label}-{UUID}.1.2.3.4.sslip.io")
    suitable = [d for d in owned or () if d.port == name.port] if name.port else []
    port = f":{name.port}" if name.port else ""
    texts = set()
    for domain in suitable or owned or (generated,):
        for path in paths:
            whole = domain.path if domain.path.endswith(path) else domain.path + path
            text = f"{domain.host}{port}{whole}"
            texts.add(text if name.form == "fqdn" else f"{domain.scheme}://{text}")
    return texts


def told_by(domains: tuple[Domain, ...] | None) -> tuple[str | None, str | None]:
    """COOLIFY_URL and COOLIFY_FQDN."""
    if not domains:
        return None, None
    return ",".join(d.public_url for d in domains), ",".join(d.fqdn for d in domains)
