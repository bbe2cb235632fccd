"""Labels by which Traefik would route hosts to a container.

Which hosts a component answers on is decided by its domains, and no two services can have the same one.
A label must not go around that. Homeport's own labels stand in the same list and are known by what they say.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from homeport.core.compose.interpolate import substitute
from homeport.core.compose.traefik import traefik_labels
from homeport.core.policy.values import Found, Ground, Path, pairs

_PREFIX: Final = "traefik."
_QUIET: Final = ("traefik.enable", "traefik.docker.network")
_MIDDLEWARE: Final = "traefik.http.middlewares."
# Two definitions of one name that differ make Traefik drop both, for every service on the server.
_SHARED: Final = {
    "traefik.http.middlewares.gzip.": ("compress", "true"),
    "traefik.http.middlewares.redirect-to-https.": ("redirectscheme.scheme", "https"),
}
# One that is called as another service's is would be such a second definition.
_UUID: Final = re.compile(r"(?<![a-z0-9])[a-z0-9]{24}(?![a-z0-9])")
_RULE: Final = ".rule"
_LONGEST_RULE: Final = 2000
_HOST: Final = re.compile(r"\bHost(?:SNI)?\(\s*([`\"][^)]*)\)", re.IGNORECASE)
_QUOTED: Final = re.compile(r"[`\"]([^`\"]+)[`\"]")


def routes(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    """The routers and services that labels define, one by one."""
    if ground.proxy != "TRAEFIK":
        return
    given = {key: text for key, text, _ in pairs(value, path) if key.lower().startswith(_PREFIX)}
    own = _own_labels(path, ground)
    claimed: dict[str, list[str]] = {}
    for key, text in given.items():
        if not _is_quiet(key.lower(), text, ground.uuid) and not _is_own(key, text, own):
            claimed.setdefault(".".join(key.lower().split(".")[:4]), []).append(key)
    for name, keys in claimed.items():
        rules = [given[key] for key in keys if key.lower().endswith(_RULE)]
        hosts = " ".join(_hosts(rules[-1])) if rules else "*"
        is_router = ".routers." in name
        subject = f"{name} {hosts}" if is_router else name
        what = f"routes {hosts} to itself by {name}" if is_router else f"sets {name} of the server's proxy"
        yield Found("proxy.labels", subject, path, what)


def label_file_routes(file: str, path: Path, ground: Ground) -> Iterator[Found]:
    if ground.proxy == "TRAEFIK":
        what = f"takes labels from {file}, which the server's proxy obeys"
        yield Found("proxy.labels", f"label_file {file}", path, what)


def _own_labels(path: Path, ground: Ground) -> Mapping[str, str]:
    component = ground.components.get(str(path[1]))
    if component is None or path[2] != "labels":
        return {}
    written = traefik_labels(component, ground.uuid, (), has_network_mode=False)
    return {
        key: substitute(text, lambda _: None) for key, _, text in (label.partition("=") for label in written)
    }


def _is_own(key: str, text: str, own: Mapping[str, str]) -> bool:
    """Homeport's labels come last, so theirs is the value that counts. A chain also has the middlewares
    that the document defines."""
    return key in own and (own[key] == text or key.endswith(".middlewares"))


def _is_quiet(key: str, text: str, uuid: str) -> bool:
    for prefix, setting in _SHARED.items():
        if key.startswith(prefix):
            return (key.removeprefix(prefix), text.lower()) == setting
    if not key.startswith(_MIDDLEWARE):
        return key in _QUIET
    name = key.removeprefix(_MIDDLEWARE).partition(".")[0]
    return set(_UUID.findall(name)) <= {uuid}


def _hosts(rule: str) -> list[str]:
    """The hosts that a rule matches; `*` when it could match any."""
    if len(rule) > _LONGEST_RULE:
        return ["*"]
    found: set[str] = set()
    for alternative in rule.split("||"):
        hosts = _HOST.findall(alternative)
        if not hosts or "!" in alternative:
            found.add("*")
        found.update(name.lower() for listed in hosts for name in _QUOTED.findall(listed))
    return sorted(found)
