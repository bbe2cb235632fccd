"""Domains of components to routes, and routes to the whole configuration of the proxy.

The configuration is one pure function of all routes of a server: it is always loaded whole, so the
proxy cannot drift from what it should be. Caddy listens on 80 and 443 inside its container; the ports
that people use may be others and matter only in redirects.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from homeport.core.commands import Json
from homeport.core.compose.model import Component, Domain
from homeport.core.revision import Snapshot

ADMIN_SOCKET: Final = "/run/homeport/admin.sock"
"""Inside the proxy's container; its folder is bind-mounted from the server root."""
DEFAULT_PORT: Final = 80
STREAM_CLOSE_DELAY: Final = "24h"
UNKNOWN_HOST: Final = "404: no service answers at this address.\n"
UNREACHABLE: Final = "{http.error.status_code}: the service does not answer.\n"

_HOST = re.compile(r"[a-z0-9_.:-]+")
_UNSAFE_IN_PATH = re.compile(r"[{}*\\\s\x00-\x1f]")
_INTERNAL_SUFFIXES = (".localhost", ".local", ".internal", ".home.arpa", ".test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Requests for a host and a path, and the container that answers them.

    `host` is lower-case, without a port, and an IPv6 address without brackets. `path` is "" or starts with
    "/" and never ends with one. `upstream` is `container:port`.
    """

    scheme: Literal["http", "https"]
    host: str
    path: str = ""
    upstream: str
    is_stripped: bool = True
    is_gzip: bool = True
    is_https_forced: bool = True
    is_noindex: bool = False
    is_ghost: bool = False
    redirect: Literal["both", "www", "non-www"] = "both"

    def __post_init__(self) -> None:
        # The second lock: braces would be Caddy's placeholders, which can read files.
        if not _HOST.fullmatch(self.host) or _UNSAFE_IN_PATH.search(self.path):
            raise ValueError(f"a route cannot be made for {self.host}{self.path}")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}{self.path} to {self.upstream}"

    @property
    def redirect_host(self) -> str | None:
        """The host that visitors are sent to: with `www.` or without it; None when this one is it."""
        if self.redirect == "www" and not self.host.startswith("www."):
            return f"www.{self.host}"
        if self.redirect == "non-www" and self.host.startswith("www."):
            return self.host.removeprefix("www.")
        return None


def routes_of(snapshot: Snapshot, ports_by_component: Mapping[str, int] | None = None) -> tuple[Route, ...]:
    """The routes of a service. `ports_by_component` is what the engine says the images expose; it counts
    where neither the domain nor the compose names a port."""
    return tuple(
        _route(snapshot.service_uuid, component, domain, (ports_by_component or {}).get(component.name))
        for component in snapshot.components
        for domain in component.domains or ()
    )


def caddy_config(
    routes: Iterable[Route], *, http_port: int = 80, https_port: int = 443, is_tls_internal: bool = False
) -> Json:
    """The whole Caddy JSON. Of two routes for the same scheme, host and path, the first given wins.

    `http_port` and `https_port` are where the server publishes the proxy's 80 and 443.
    With `is_tls_internal` every certificate comes from the proxy's own authority.
    """
    known = _with_redirect_targets(_unique(routes))
    secure = [route for route in known if route.scheme == "https"]
    plain = _unique([*(route for route in known if route.scheme == "http"), *secure])
    http_routes = [_caddy_route(route, "http", http_port, https_port) for route in _in_order(plain)]
    https_routes = [_caddy_route(route, "https", http_port, https_port) for route in _in_order(secure)]
    config: Json = {
        "admin": {"listen": f"unix/{ADMIN_SOCKET}|0666"},
        "apps": {"http": {"servers": {"http": _server(":80", http_routes)}}},
    }
    if secure:
        server = _server(":443", https_routes) | {"tls_connection_policies": _connection_policies(secure)}
        if https_port != 443:
            # HTTP/3 is announced with the port that Caddy listens on, which is not the one people use.
            server["protocols"] = ["h1", "h2"]
        config["apps"]["http"]["servers"]["https"] = server
        config["apps"]["tls"] = _tls(sorted({route.host for route in secure}), is_tls_internal)
        config["apps"]["pki"] = {"certificate_authorities": {"local": {"install_trust": False}}}
    return config


def is_internal_host(host: str) -> bool:
    """A host for which no public authority gives a certificate: an address, a single label, a private suffix."""
    return _is_address(host) or "." not in host or host.endswith(_INTERNAL_SUFFIXES)


def _route(uuid: str, component: Component, domain: Domain, seen_port: int | None) -> Route:
    port = domain.port or component.port or seen_port or DEFAULT_PORT
    # Ghost serves its own sub-folder; taking the prefix away breaks it.
    is_ghost = "ghost" in (component.image or "")
    return Route(
        scheme=domain.scheme,
        host=domain.host.lower().strip("[]").rstrip("."),
        path=_encode(domain.path),
        upstream=f"{component.name}-{uuid}:{port}",
        is_stripped=component.is_stripprefix_enabled and not is_ghost,
        is_gzip=component.is_gzip_enabled,
        is_https_forced=component.is_force_https_enabled,
        is_noindex=_is_noindex(domain, component.noindex_domains),
        is_ghost=is_ghost,
        redirect=component.redirect,
    )


def _encode(path: str) -> str:
    path = path.rstrip("/")
    return _UNSAFE_IN_PATH.sub(lambda match: f"%{ord(match[0]):02X}", path)


def _is_noindex(domain: Domain, noindex: Sequence[str]) -> bool:
    names = {name.strip().rstrip("/").lower() for name in noindex}
    own = {domain.host, domain.fqdn, domain.url, domain.public_url}
    return bool(names & {name.rstrip("/").lower() for name in own})


def _unique(routes: Iterable[Route]) -> list[Route]:
    return list({(route.scheme, route.host, route.path): route for route in reversed(list(routes))}.values())[
        ::-1
    ]


def _with_redirect_targets(routes: Sequence[Route]) -> list[Route]:
    """A visitor who is sent to the other host must be answered there, unless a route of its own does."""
    targets = [
        replace(route, host=route.redirect_host, redirect="both") for route in routes if route.redirect_host
    ]
    taken = {(route.host, route.path) for route in routes}
    return _unique([*routes, *(target for target in targets if (target.host, target.path) not in taken)])


def _in_order(routes: Iterable[Route]) -> list[Route]:
    """The longest path first, so that it is matched first; then by name, so that the text never changes."""
    chosen = {(route.host, route.path): route for route in reversed(list(routes))}
    return sorted(chosen.values(), key=lambda route: (route.host, -len(route.path), route.path))


def _server(listen: str, routes: Sequence[Json]) -> Json:
    text = {"Content-Type": ["text/plain; charset=utf-8"]}
    unknown = {"handler": "static_response", "status_code": 404, "headers": text, "body": UNKNOWN_HOST}
    failed = {
        "handler": "static_response",
        "status_code": "{http.error.status_code}",
        "headers": text,
        "body": UNREACHABLE,
    }
    return {
        "listen": [listen],
        "routes": [*routes, {"handle": [_response_headers({}), unknown]}],
        "errors": {"routes": [{"handle": [_response_headers({}), failed]}]},
        # Redirects are ours, made only where they are wanted.
        "automatic_https": {"disable_redirects": True},
    }


def _caddy_route(route: Route, served: Literal["http", "https"], http_port: int, https_port: int) -> Json:
    match: Json = {"host": [route.host]}
    if route.path:
        match["path"] = [route.path, f"{route.path}/*"]
    return {"match": [match], "handle": _handlers(route, served, http_port, https_port), "terminal": True}


def _handlers(route: Route, served: Literal["http", "https"], http_port: int, https_port: int) -> list[Json]:
    noindex = {"X-Robots-Tag": ["noindex, nofollow"]} if route.is_noindex else {}
    handlers: list[Json] = [_response_headers(noindex)]
    is_forced = route.scheme == "https" and served == "http" and route.is_https_forced
    if is_forced or route.redirect_host:
        scheme: Literal["http", "https"] = "https" if is_forced else served
        host = _authority(
            route.redirect_host or route.host, scheme, https_port if scheme == "https" else http_port
        )
        # 308 as Caddy itself does for HTTPS. The choice of www is a person's and may change: not permanent.
        return [*handlers, _redirect(f"{scheme}://{host}", 307 if route.redirect_host else 308)]
    if route.is_gzip:
        encodings: Json = {"zstd": {}, "gzip": {}}
        handlers.append({"handler": "encode", "encodings": encodings, "prefer": ["zstd", "gzip"]})
    if route.path and route.is_stripped:
        handlers.append({"handler": "rewrite", "strip_path_prefix": route.path})
    if route.is_ghost and not route.path:
        handlers.append({"handler": "rewrite", "path_regexp": [{"find": "^//+", "replace": "/"}]})
    return [*handlers, _reverse_proxy(route)]


def _response_headers(headers: Mapping[str, Sequence[str]]) -> Json:
    """Sets these, and takes away what names the software behind them."""
    response: Json = {"deferred": True, "delete": ["Server"]} | ({"set": dict(headers)} if headers else {})
    return {"handler": "headers", "response": response}


def _redirect(target: str, status: int) -> Json:
    location = {"Location": [f"{target}{{http.request.uri}}"]}
    return {"handler": "static_response", "status_code": status, "headers": location}


def _authority(host: str, scheme: Literal["http", "https"], port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port == {"http": 80, "https": 443}[scheme] else f"{name}:{port}"


def _reverse_proxy(route: Route) -> Json:
    is_stripped = bool(route.path) and route.is_stripped
    prefix = {"headers": {"request": {"set": {"X-Forwarded-Prefix": [route.path]}}}} if is_stripped else {}
    return prefix | {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": route.upstream}],
        "flush_interval": -1,
        # A container that is just being replaced is worth a short wait; one that is down is told at once.
        "load_balancing": {"try_duration": "2s", "try_interval": "100ms"},
        "transport": {"protocol": "http", "dial_timeout": "2s"},
        # Every deployment loads a new configuration; the WebSockets of other services outlive it.
        "stream_close_delay": STREAM_CLOSE_DELAY,
    }


def _connection_policies(routes: Sequence[Route]) -> list[Json]:
    """Clients name no server when they connect to an address: then the first address's certificate is shown."""
    addresses = sorted({route.host for route in routes if _is_address(route.host)})
    return [{"default_sni": addresses[0]}] if addresses else [{}]


def _tls(hosts: Sequence[str], is_tls_internal: bool) -> Json:
    internal = [host for host in hosts if is_tls_internal or is_internal_host(host)]
    public = [host for host in hosts if host not in internal]
    policies: list[Json] = []
    if internal:
        policies.append({"subjects": internal, "issuers": [{"module": "internal"}]})
    if public:
        policies.append({"subjects": public})
    return {"automation": {"policies": policies}}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
