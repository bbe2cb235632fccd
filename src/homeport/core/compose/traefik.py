"""Traefik's labels, for servers whose proxy is TRAEFIK. Routers have upstream's names and order, so that a
service that moves over keeps them.

A middleware's name is known to everything that Traefik routes, so ours carry the component's: two that share
a name and differ make Traefik drop both. What the document says itself always stands (Q24).
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from homeport.core.compose.model import Component, Domain

_MIDDLEWARE: Final = re.compile(r"traefik\.http\.middlewares\.([^.=]+)\.")
_PLACES: Final = re.compile(
    r"traefik\.http\.(?:routers\.(?P<router>[^.=]+)|middlewares\.[^.=]+\.chain)\.middlewares=(?P<names>.*)"
)
_GZIP: Final = ("gzip", "compress", "true")
_REDIRECT: Final = ("redirect-to-https", "redirectscheme.scheme", "https")
_EXTRA_MIDDLEWARES: Final = "coolify.traefik.middlewares="
_NOT_IN_NAME: Final = re.compile(r"[^A-Za-z0-9]+")
_NETWORK: Final = "traefik.docker.network"


def traefik_labels(
    component: Component, uuid: str, own_labels: Sequence[str], *, has_network_mode: bool
) -> list[str]:
    """The labels to add for a component with domains. `own_labels` are those of the document: what they set
    is not added, and their middlewares join the chain. A `$` is doubled where Compose must leave it alone."""
    if component.kind != "application" or not component.domains:
        return []
    name = router_name(component.name, uuid)
    labels = {"traefik.enable": "true"} | _shared(component, name, own_labels)
    joining = _joining(own_labels, name)
    for index, domain in enumerate(component.domains):
        labels |= _Route(component, uuid, domain, index, joining).labels()
    taken = {label.partition("=")[0] for label in own_labels}
    added = [f"{key}={value}" for key, value in labels.items()]
    network = [] if has_network_mode else [f"{_NETWORK}={uuid}"]
    return [label for label in (*network, *sorted(added)) if label.partition("=")[0] not in taken]


def router_name(component: str, uuid: str) -> str:
    """`<uuid>-<component>-<digest>`: the digest keeps `my.app` and `my-app` apart."""
    segment = _NOT_IN_NAME.sub("-", component).strip("-") or "service"
    digest = hashlib.md5(component.encode(), usedforsecurity=False).hexdigest()[:4]
    return f"{uuid}-{segment}-{digest}"


def _defined_by(labels: Iterable[str]) -> dict[str, None]:
    found = (_MIDDLEWARE.match(label) for label in labels)
    return dict.fromkeys(match[1] for match in found if match)


def _placed_by(labels: Iterable[str], name: str) -> frozenset[str]:
    """The middlewares that the document's chains and its own routers name; one of ours that it adjusts is none
    of its own, and what it protects with a middleware there is protected on the others too."""
    found = (_PLACES.fullmatch(label) for label in labels)
    lists = (match["names"] for match in found if match and not (match["router"] or "").endswith(name))
    return frozenset(part.strip().removesuffix("@docker") for listed in lists for part in listed.split(","))


def _shared(component: Component, name: str, labels: Sequence[str]) -> dict[str, str]:
    """The middlewares of all routers of a component. Under their plain names, which every component has
    upstream, they are defined for a document that names them."""
    asked = _placed_by(labels, name) - _defined_by(labels).keys()
    defined: dict[str, str] = {}
    for middleware, setting, value in (_GZIP, _REDIRECT):
        if middleware in asked:
            defined[f"traefik.http.middlewares.{middleware}.{setting}"] = value
        if component.is_gzip_enabled or middleware != "gzip":
            defined[f"traefik.http.middlewares.{name}-{middleware}.{setting}"] = value
    return defined


def _joining(labels: Sequence[str], name: str) -> tuple[str, ...]:
    """The document's middlewares for our routers: those that it defines and places nowhere, and those that it
    lists for this."""
    placed = _placed_by(labels, name)
    names = dict.fromkeys(middleware for middleware in _defined_by(labels) if middleware not in placed)
    for label in labels:
        if label.startswith(_EXTRA_MIDDLEWARES):
            listed = label.removeprefix(_EXTRA_MIDDLEWARES).split(",")
            names |= dict.fromkeys(part.strip() for part in listed if part.strip())
    return tuple(names)


@dataclass(frozen=True, slots=True)
class _Route:
    component: Component
    uuid: str
    domain: Domain
    index: int
    user_middlewares: tuple[str, ...]

    def labels(self) -> dict[str, str]:
        name = router_name(self.component.name, self.uuid)
        http, https = f"http-{self.index}-{name}", f"https-{self.index}-{name}"
        if self.domain.scheme == "http":
            chain, definitions = self._chain(http)
            return definitions | self._router(http, "http", chain)
        chain, definitions = self._chain(https)
        forced = [*self._noindex_chain(), f"{name}-{_REDIRECT[0]}"]
        http_chain = forced if self.component.is_force_https_enabled else chain
        return (
            definitions
            | self._router(https, "https", chain)
            | {
                f"traefik.http.routers.{https}.tls": "true",
                f"traefik.http.routers.{https}.tls.certresolver": "letsencrypt",
            }
            | self._router(http, "http", http_chain)
        )

    def _router(self, router: str, entry_point: str, chain: Sequence[str]) -> dict[str, str]:
        path = self.domain.path or "/"
        labels = {
            f"traefik.http.routers.{router}.entryPoints": entry_point,
            f"traefik.http.routers.{router}.rule": f"Host(`{self.domain.host}`) && PathPrefix(`{path}`)",
        }
        port = self.domain.port or self.component.port
        if port is not None:
            labels[f"traefik.http.services.{router}.loadbalancer.server.port"] = str(port)
            labels[f"traefik.http.routers.{router}.service"] = router
        if chain:
            labels[f"traefik.http.routers.{router}.middlewares"] = ",".join(chain)
        return labels

    def _chain(self, router: str) -> tuple[list[str], dict[str, str]]:
        """The middlewares of a router, and the definitions of those that are its own."""
        chain: list[str] = []
        definitions: dict[str, str] = {}
        is_ghost = "ghost" in (self.component.image or "")
        if self.domain.path and self.component.is_stripprefix_enabled and not is_ghost:
            name = f"{router}-stripprefix"
            definitions[f"traefik.http.middlewares.{name}.stripprefix.prefixes"] = self.domain.path
            chain.append(name)
        if self.component.is_gzip_enabled:
            chain.append(f"{router_name(self.component.name, self.uuid)}-{_GZIP[0]}")
        if is_ghost:
            chain.append(f"redir-ghost-{self.uuid}")
            definitions |= self._ghost()
        for name, definition in (self._www(), self._noindex()):
            if name:
                chain.append(name)
                definitions |= definition
        return [*chain, *self.user_middlewares], definitions

    def _ghost(self) -> dict[str, str]:
        middleware = f"traefik.http.middlewares.redir-ghost-{self.uuid}.redirectregex"
        return {
            f"{middleware}.regex": f"^{self.domain.path or '/'}/(.*)",
            f"{middleware}.replacement": "/$$1",
        }

    def _www(self) -> tuple[str, dict[str, str]]:
        has_www = self.domain.host.startswith("www.")
        match self.component.redirect:
            case "www" if not has_www:
                regex, replacement = r"^(http|https)://(?:www\.)?(.+)", "$${1}://www.$${2}"
            case "non-www" if has_www:
                regex, replacement = r"^(http|https)://www\.(.+)", "$${1}://$${2}"
            case _:
                return "", {}
        name = f"{self.index}-{self.uuid}-to-{self.component.redirect}"
        middleware = f"traefik.http.middlewares.{name}.redirectregex"
        return name, {
            f"{middleware}.regex": regex,
            f"{middleware}.replacement": replacement,
            f"{middleware}.permanent": "false",
        }

    def _noindex_chain(self) -> list[str]:
        name, _ = self._noindex()
        return [name] if name else []

    def _noindex(self) -> tuple[str, dict[str, str]]:
        listed = self.component.noindex_domains
        if not any(text in listed for text in (self.domain.host, self.domain.url, self.domain.public_url)):
            return "", {}
        name = f"{self.index}-{self.uuid}-noindex"
        header = f"traefik.http.middlewares.{name}.headers.customresponseheaders.X-Robots-Tag"
        return name, {header: "noindex, nofollow"}
