"""A scope for the compose pipeline whose randomness comes from a seed, and short ways to use it."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from homeport.core.compose.load import load
from homeport.core.compose.model import ComponentState, Domain, Rendered, Scope, Variable
from homeport.core.compose.render import render
from homeport.core.domains import base_domain, split_fqdn

UUID = "u1"


def make_scope(**more: Any) -> Scope:
    """Service `u1` named `svc` on a server at 1.2.3.4, with fresh randomness from seed 1."""
    stream = random.Random(more.pop("seed", 1))
    given: dict[str, Any] = {
        "uuid": UUID,
        "name": "svc",
        "folder": f"/data/homeport/services/{more.get('uuid', UUID)}",
        "base": base_domain(None, "1.2.3.4", None),
        "now": datetime(2026, 1, 31, 12, 34, 56, tzinfo=UTC),
        "token": lambda alphabet, length: "".join(stream.choices(alphabet, k=length)),
        "random_bytes": stream.randbytes,
    }
    return Scope(**(given | more))


def render_text(text: str, **more: Any) -> Rendered:
    return render(load(text), make_scope(**more))


def user_variables(**values: str | None) -> dict[str, Variable]:
    return {key: Variable(key=key, value=value) for key, value in values.items()}


def with_domains(**fqdns: str) -> dict[str, ComponentState]:
    """States of applications whose domains a person chose; "" for none."""
    return {
        name: ComponentState(name=name, kind="application", domains=split_fqdn(fqdn))
        for name, fqdn in fqdns.items()
    }


def kept(scope: Scope, rendered: Rendered) -> Scope:
    """The scope of the next render, when what this one produced was stored as the database does it."""
    variables = {
        variable.key: replace(variable, value=None) if variable.origin == "domain" else variable
        for variable in rendered.variables
    }
    components = {
        component.name: ComponentState(
            name=component.name,
            kind=component.kind,
            domains=_stored(component.domains),
            is_gzip_enabled=component.is_gzip_enabled,
            is_stripprefix_enabled=component.is_stripprefix_enabled,
            is_force_https_enabled=component.is_force_https_enabled,
            redirect=component.redirect,
            noindex_domains=component.noindex_domains,
        )
        for component in rendered.components
    }
    return replace(scope, variables=variables, components=components)


def _stored(domains: tuple[Domain, ...] | None) -> tuple[Domain, ...] | None:
    return None if domains is None else split_fqdn(",".join(domain.url for domain in domains))


def environment(rendered: Rendered, component: str) -> Mapping[str, Any]:
    """A component's environment without what every container gets."""
    written: Mapping[str, Any] = rendered.document["services"][component]["environment"]
    given = ("COOLIFY_", "SERVICE_NAME_")
    return {key: value for key, value in written.items() if not key.startswith(given)}


def values(rendered: Rendered) -> dict[str, str | None]:
    return {variable.key: variable.value for variable in rendered.variables}
