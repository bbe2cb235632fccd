"""Domains: reading the URLs that people give, generating those they do not, and what follows from them.

A component's domains are the one truth. Everything else (SERVICE_URL_* and SERVICE_FQDN_* values,
claims, routes) is derived from them when it is needed and never stored beside them.
The sentences are upstream's and are read by its clients, so their wording and order matter.
"""

import hashlib
import ipaddress
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal, cast

from homeport.core.compose.model import Domain, DomainSource
from homeport.errors import DomainsRejected

_LABEL_LIMIT: Final = 63
_HOST_LIMIT: Final = 253
_FORBIDDEN: Final = re.compile(r"[`$;&|<>()\\\r\n]")
_URL_TEXT: Final = re.compile(r"[A-Za-z0-9$\-_.+!*'(),{}|\\^~\[\]`<>#%\";/?:@&=]+")
_USERINFO: Final = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*")
_SPLIT: Final = re.compile(
    r"(?i:(?P<scheme>https?))://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<rest>.*)", re.DOTALL
)
_PORT: Final = re.compile(r"[0-9]{1,5}")
_NOT_IN_LABEL: Final = re.compile(r"[^a-z0-9-]")
_SCHEME_PORTS: Final = {"http": 80, "https": 443}
_LOCAL_HOSTS: Final = frozenset({"localhost", "host.docker.internal"})


def parse_domain(text: str) -> Domain:
    """One URL as PHP's FILTER_VALIDATE_URL would accept it, http or https, `_` allowed in the host.

    Raises ValueError with upstream's sentence.
    """
    parts = _SPLIT.fullmatch(text)
    if parts is None or _FORBIDDEN.search(text) or not _URL_TEXT.fullmatch(text):
        raise ValueError(f"Invalid URL: {text}")
    userinfo, at, address = parts["authority"].rpartition("@")
    host, port = _split_address(address)
    if host is None or not _is_host(host.replace("_", "-")) or not _USERINFO.fullmatch(userinfo):
        raise ValueError(f"Invalid URL: {text}")
    scheme = cast("Literal['http', 'https']", parts["scheme"].lower())
    given = f"{scheme}://{userinfo}{at}{host.lower()}{address[len(host) :]}{parts['path']}{parts['rest']}"
    domain = Domain(scheme=scheme, host=host.lower(), port=port or None, path=parts["path"].rstrip("/"))
    return domain if domain.url == given else replace(domain, given=given)


def _split_address(address: str) -> tuple[str | None, int | None]:
    """Host and port of `host:port`; the host is None when the address cannot be one."""
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        return address, None
    if not port:
        return host, None
    if not _PORT.fullmatch(port) or int(port) > 65535:
        return None, None
    return host, int(port)


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return host.endswith("]") and _is_ipv6(host[1:-1])
    host = host.removesuffix(".")
    if len(host) > _HOST_LIMIT:
        return False
    labels = host.split(".")
    return all(len(label) <= _LABEL_LIMIT and _is_label(label) for label in labels)


def _is_label(label: str) -> bool:
    is_edge_fine = label[:1].isalnum() and label[-1:].isalnum()
    return is_edge_fine and label.isascii() and label.replace("-", "a").isalnum()


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


def read_urls(
    items: Sequence[tuple[str | None, str | None]], applications: Collection[str], *, is_forced: bool
) -> dict[str, tuple[Domain, ...]]:
    """The domains that a request's `urls` give to each application; () where it clears them.

    `items` are the (name, url) pairs in their order. Raises DomainsRejected with all sentences:
    first those about the URLs, and only without any of them those about the names.
    """
    problems: list[str] = []
    texts: list[str] = []
    for text in (part for _, url in items for part in _comma_list(url)):
        try:
            texts.append(parse_domain(text).url)
        except ValueError as error:
            problems.append(str(error))
            texts.append(text)
    repeated = _repeated(texts)
    if repeated and not is_forced:
        problems.append(
            f"The current request contains conflicting URLs across containers: {', '.join(repeated)}. "
            "Use force_domain_override=true to proceed."
        )
    if problems:
        raise DomainsRejected(problems)
    return _by_application(items, applications)


def _by_application(
    items: Sequence[tuple[str | None, str | None]], applications: Collection[str]
) -> dict[str, tuple[Domain, ...]]:
    problems: list[str] = []
    chosen: dict[str, tuple[Domain, ...]] = {}
    for name, url in items:
        if name is None or not name.strip():
            problems.append("Service container name is required to apply URLs.")
        elif name not in applications:
            problems.append(f"Service container with '{name}' not found.")
        else:
            chosen[name] = tuple(parse_domain(text) for text in _comma_list(url))
    if problems:
        raise DomainsRejected(problems)
    return chosen


def _comma_list(text: str | None) -> list[str]:
    stripped = (text or "").removeprefix(",").removesuffix(",").strip()
    return [part for part in (part.strip() for part in stripped.split(",")) if part]


def _repeated(texts: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    repeated: dict[str, None] = {}
    for text in texts:
        if text in seen:
            repeated[text] = None
        seen.add(text)
    return list(repeated)


def split_fqdn(fqdn: str | None) -> tuple[Domain, ...]:
    """The domains of a stored comma list. Raises ValueError for one that was never valid."""
    return tuple(parse_domain(text) for text in _comma_list(fqdn))


def join_fqdn(domains: Iterable[Domain] | None) -> str | None:
    """The comma list that is stored and sent; None for no domain."""
    return ",".join(domain.url for domain in domains or ()) or None


def host_label(name: str, uuid: str) -> str:
    """`<name>-<uuid>` as one DNS label: `_` becomes `-`, a name that is too long ends in its digest."""
    label = _NOT_IN_LABEL.sub("", name.lower().replace("_", "-").replace(".", "-")).strip("-")
    room = _LABEL_LIMIT - len(uuid) - 1
    if len(label) > room:
        digest = hashlib.sha256(label.encode()).hexdigest()[:6]
        label = f"{label[: room - 7].rstrip('-')}-{digest}"
    return f"{label}-{uuid}" if label else uuid


def generated(label: str, *, uuid: str, base: Domain, path: str = "", port: int | None = None) -> Domain:
    """The domain made for a name under the server's base. `path` is what a declaration asks for."""
    host = f"{host_label(label, uuid)}.{base.host}"
    return Domain(scheme=base.scheme, host=host, port=port, path=joined_path(base.path, path))


def joined_path(path: str, suffix: str) -> str:
    """`suffix` behind `path`, unless it ends with it already."""
    suffix = suffix.rstrip("/")
    if not suffix or path == suffix or path.endswith(suffix):
        return path
    return f"{path}{suffix}"


def derive(source: DomainSource, domains: tuple[Domain, ...] | None, *, uuid: str, base: Domain) -> str:
    """The value of a SERVICE_URL_* or SERVICE_FQDN_* variable.

    `domains` are those of the owning component: None when it never had any (then the host is
    generated from the label), () when a person cleared them (then the value is empty).
    """
    if domains is None:
        domains = (generated(source.label, uuid=uuid, base=base),)
    if not domains:
        return ""
    domain = as_reached(_chosen(source, domains, f"{host_label(source.label, uuid)}."), base)
    port = source.port if source.port is not None and source.is_port_shown else domain.public_port
    shown = replace(domain, public_port=port, path=joined_path(domain.path, source.path))
    return shown.fqdn if source.form == "fqdn" else shown.public_url


def _chosen(source: DomainSource, domains: tuple[Domain, ...], own_start: str) -> Domain:
    """Of several the one with the port that is asked for; of these the one generated for the name,
    whose host begins with `own_start`; else the first."""

    def fit(domain: Domain) -> tuple[bool, bool]:
        return source.port is not None and domain.port == source.port, domain.host.startswith(own_start)

    return max(domains, key=fit)


def as_reached(domain: Domain, base: Domain) -> Domain:
    """The domain with the port on which people reach it: hosts under a server's base are where that is."""
    is_under = domain.scheme == base.scheme and domain.host.endswith(f".{base.host}")
    if not is_under or base.port in (None, _SCHEME_PORTS[base.scheme]):
        return domain
    return replace(domain, public_port=base.port)


def base_domain(wildcard: str | None, ip: str, default: Domain | None) -> Domain:
    """Under what a server's hosts are generated: its wildcard domain, else `default`, else sslip.io.

    Its port is the one that people use. A server that is addressed by a host name gets that name: sslip.io
    only knows addresses.
    """
    if wildcard and wildcard.strip():
        text = wildcard.strip() if "://" in wildcard else f"http://{wildcard.strip()}"
        given = parse_domain(text.replace("://*.", "://", 1))
        return Domain(scheme=given.scheme, host=given.host, port=given.port, path=given.path)
    if default is not None:
        return default
    address = ip.strip().strip("[]").partition("%")[0].lower()
    try:
        is_address = ipaddress.ip_address(address) is not None
    except ValueError:
        is_address = False
    if is_address:
        return Domain(scheme="http", host=f"{address.replace(':', '-')}.sslip.io")
    return Domain(scheme="http", host="localhost" if address in _LOCAL_HOSTS else address)


def claims_of(domains: Iterable[Domain] | None) -> tuple[tuple[str, str], ...]:
    """The (host, path) pairs that the domains occupy on a server, each once. Small and capital letters are the same
    in both: Caddy sends `/API` where `/api` goes."""
    claims = (
        (domain.host.lower().removesuffix("."), domain.path.rstrip("/").lower()) for domain in domains or ()
    )
    return tuple(dict.fromkeys(claims))


def conflict_entry(domain: str, *, service_name: str | None, component_uuid: str) -> dict[str, str | None]:
    """How an answer shows that a component of a service has the domain already."""
    name = service_name or "Unknown Service"
    return {
        "domain": domain,
        "resource_name": name,
        "resource_uuid": component_uuid,
        "resource_type": "service",
        "message": f"Domain {domain} is already in use by service '{name}'",
    }


def instance_conflict_entry(domain: str) -> dict[str, str | None]:
    """How an answer shows that the domain is this instance's own."""
    return {
        "domain": domain,
        "resource_name": "Coolify Instance",
        "resource_uuid": None,
        "resource_type": "instance",
        "message": f"Domain {domain} is already in use by this Coolify instance",
    }
