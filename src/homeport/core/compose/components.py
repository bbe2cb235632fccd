"""What is said about a component beside its definition: where the proxy finds it, how it counts
for the service's status, how long it may take to stop."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from homeport.core.compose.classify import port_texts
from homeport.core.compose.environment import Draft
from homeport.core.compose.interpolate import substitute
from homeport.core.compose.model import Component, ComponentState, Domain, Scope
from homeport.errors import ComposeRejected

_DURATION: Final = re.compile(r"(?P<amount>\d+(?:\.\d+)?)(?P<unit>us|µs|ms|s|m|h)")
_SECONDS: Final = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PORT: Final = re.compile(r"(?P<port>\d{1,5})(?:-\d+)?(?:/(?P<protocol>\w+))?")


def describe(
    draft: Draft, owned: tuple[Domain, ...] | None, scope: Scope, drafts: Sequence[Draft]
) -> Component:
    """The component as a render reports it. `owned` are its domains."""
    definition = draft.definition
    image = definition.get("image")
    state = draft.state or ComponentState(name=draft.name, kind=draft.kind)
    return Component(
        name=draft.name,
        kind=draft.kind,
        image=image if isinstance(image, str) else None,
        domains=owned,
        port=_port(draft, scope, drafts),
        ports=",".join(port_texts(definition.get("ports"))) or None,
        is_excluded=is_excluded(definition),
        is_gzip_enabled=state.is_gzip_enabled and not _is_gzip_refused(draft, scope),
        is_stripprefix_enabled=state.is_stripprefix_enabled and not _keeps_prefix(draft, scope),
        is_force_https_enabled=state.is_force_https_enabled,
        redirect=state.redirect,
        noindex_domains=state.noindex_domains,
        has_healthcheck=_has_healthcheck(definition.get("healthcheck")),
        stop_grace_period_s=duration_s(definition.get("stop_grace_period")),
    )


def is_excluded(definition: Any) -> bool:
    """Whether the component says that it need not run: read anew each time (Q26)."""
    return definition.get("exclude_from_hc") is True or definition.get("restart") in ("no", False)


def duration_s(value: object) -> float | None:
    """Seconds of a Compose duration such as `1m30s`; None for what is none."""
    if not isinstance(value, str) or not value:
        return None
    parts = list(_DURATION.finditer(value))
    if "".join(part.group() for part in parts) != value:
        return None
    return sum(float(part["amount"]) * _SECONDS[part["unit"]] for part in parts)


def _is_gzip_refused(draft: Draft, scope: Scope) -> bool:
    """Images whose streams a compressing proxy would hold back."""
    if "pocketbase" in str(draft.definition.get("image")):
        return True
    return draft.state is None and scope.service_type == "beszel" and draft.name == "beszel"


def _keeps_prefix(draft: Draft, scope: Scope) -> bool:
    names = ("appwrite", "appwrite-console", "appwrite-realtime")
    return draft.state is None and scope.service_type == "appwrite" and draft.name in names


def _has_healthcheck(healthcheck: object) -> bool:
    if not isinstance(healthcheck, dict) or healthcheck.get("disable") is True:
        return False
    test = healthcheck.get("test")
    return bool(test) and test not in ("NONE", ["NONE"])


def _port(draft: Draft, scope: Scope, drafts: Sequence[Draft]) -> int | None:
    exposed = draft.definition.get("expose")
    found = _declared_port(draft) if draft.kind == "application" else None
    if found is None:
        found = _first_port(exposed if isinstance(exposed, list) else [])
    if found is None:
        found = _first_port(port_texts(draft.definition.get("ports")))
    return _catalog_port(draft, scope, drafts) if found is None else found


def _declared_port(draft: Draft) -> int | None:
    """The port of the first name that is declared: that of another name is another domain's."""
    names = [declaration.name for declaration in draft.declarations]
    ports = (name.container_port for name in names if name.label == names[0].label)
    return next((port for port in ports if port is not None and 0 < port <= 65535), None)


def _first_port(texts: Iterable[object]) -> int | None:
    """The container's side of the first entry that can carry HTTP."""
    for text in texts:
        port = _PORT.fullmatch(_read(str(text)).rpartition(":")[2])
        if port and port["protocol"] in (None, "tcp") and 0 < int(port["port"]) <= 65535:
            return int(port["port"])
    return None


def _read(text: str) -> str:
    try:
        return substitute(text, lambda _: None)
    except ComposeRejected:
        return ""


def _catalog_port(draft: Draft, scope: Scope, drafts: Sequence[Draft]) -> int | None:
    if scope.catalog_port is None or scope.service_type is None or draft.kind != "application":
        return None
    applications = [other for other in drafts if other.kind == "application"]
    is_main = len(applications) == 1 or draft.name == scope.service_type
    return scope.catalog_port if is_main else None
