"""The ports of a server that components publish: what the compose says, and where two of them meet."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from homeport.core.compose.classify import port_texts
from homeport.core.compose.interpolate import substitute
from homeport.core.compose.model import Rendered
from homeport.errors import ComposeRejected

_RANGE: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_PROTOCOLS: Final = ("tcp", "udp", "sctp")
_LAST: Final = 65535

Lookup = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One entry of a component's `ports:`. `published` and `target` are a number or a range such as `3000-3005`;
    `published` is None when the engine chooses, `host_ip` when every address of the server is meant."""

    component: str
    published: str | None
    target: str
    protocol: str = "tcp"
    host_ip: str | None = None

    @property
    def numbers(self) -> tuple[int, int] | None:
        """The first and the last published port."""
        return _numbers(self.published)

    def meets(self, other: "Port") -> bool:
        """Whether the engine could not publish both."""
        mine, others = self.numbers, other.numbers
        if mine is None or others is None or self.protocol != other.protocol:
            return False
        is_apart = None not in (self.host_ip, other.host_ip) and self.host_ip != other.host_ip
        return not is_apart and mine[0] <= others[1] and others[0] <= mine[1]


def ports_of(rendered: Rendered) -> tuple[Port, ...]:
    """The ports of all components in their order, as Compose will read them."""
    values = {variable.key: variable.value for variable in rendered.variables}
    return tuple(
        port
        for name, definition in rendered.document["services"].items()
        for port in read_ports(name, definition.get("ports"), values.get)
    )


def read_ports(component: str, ports: object, lookup: Lookup = lambda _: None) -> tuple[Port, ...]:
    """The entries of a `ports:`; one that Compose would refuse is left out. `lookup` gives variables their values."""
    entries = ports if isinstance(ports, list) else ()
    found = (_read(component, entry, lookup) for entry in entries)
    return tuple(port for port in found if port is not None)


def stored_ports(component: str, text: str | None) -> tuple[Port, ...]:
    """The ports in the text that is stored of a component: short forms with commas between them."""
    return read_ports(component, (text or "").split(","))


def _read(component: str, entry: object, lookup: Lookup) -> Port | None:
    try:
        if isinstance(entry, Mapping):
            given = {key: value for key, value in entry.items() if value is not None}
            return _port(component, {key: substitute(str(value), lookup) for key, value in given.items()})
        return _port(component, _short(substitute("".join(port_texts([entry])), lookup)))
    except ComposeRejected:
        return None


def _short(text: str) -> dict[str, str]:
    """`[host_ip:][published:]target[/protocol]`; an IPv6 address may stand in brackets."""
    rest, _, protocol = text.partition("/")
    rest, _, target = rest.rpartition(":")
    host_ip, _, published = rest.rpartition(":")
    return {"target": target, "published": published, "host_ip": host_ip.strip("[]"), "protocol": protocol}


def _port(component: str, entry: Mapping[str, str]) -> Port | None:
    protocol = (entry.get("protocol") or "tcp").lower()
    published = entry.get("published") or None
    if _numbers(entry.get("target")) is None or protocol not in _PROTOCOLS:
        return None
    if published is not None and _numbers(published) is None:
        return None
    return Port(
        component=component,
        published=published,
        target=entry["target"],
        protocol=protocol,
        host_ip=address(entry.get("host_ip")),
    )


def address(text: str | None) -> str | None:
    """An address of the server in its one spelling; None for every address, and for what is none."""
    try:
        found = ip_address((text or "").strip("[]"))
    except ValueError:
        return None
    return None if found.is_unspecified else str(found)


def _numbers(text: str | None) -> tuple[int, int] | None:
    matched = _RANGE.fullmatch(text or "")
    if matched is None:
        return None
    first, last = int(matched[1]), int(matched[2] or matched[1])
    return (first, last) if 0 < first <= last <= _LAST else None
