"""Which ports of a server somebody has: Homeport's proxy, the services that are stored, and whatever runs there."""

from collections.abc import Iterator, Sequence
from typing import Final

from homeport.core.observed import Published
from homeport.core.ports import Port, address, stored_ports
from homeport.db.plans import Publisher

PROXY: Final = "Homeport's proxy"

Taken = tuple[Port, str]
"""A port, and who has it."""


def proxy_ports(http_port: int, https_port: int) -> tuple[Taken, ...]:
    """What the proxy of a server publishes; 443 also for HTTP/3."""
    pairs = ((http_port, "tcp"), (https_port, "tcp"), (https_port, "udp"))
    return tuple((_port(number, protocol), PROXY) for number, protocol in pairs)


def taken_ports(
    publishers: Sequence[Publisher], published: Sequence[Published], *, but: str, team_id: int
) -> tuple[Taken, ...]:
    """The ports of all services but the one with the uuid `but`, and of what else runs. The names of another team's
    services are not told."""
    names = {
        publisher.uuid: f"the service {publisher.name}" if publisher.team_id == team_id else "another service"
        for publisher in publishers
    }
    return (*_running(published, names, but), *_stored(publishers, names, but))


def _running(published: Sequence[Published], names: dict[str, str], but: str) -> Iterator[Taken]:
    for entry in published:
        if entry.service_uuid != but:
            stranger = f"the container {entry.container}"
            by = names.get(entry.service_uuid, "another service") if entry.service_uuid else stranger
            yield _port(entry.port, entry.protocol, address(entry.address)), by


def _stored(publishers: Sequence[Publisher], names: dict[str, str], but: str) -> Iterator[Taken]:
    for publisher in publishers:
        if publisher.uuid != but:
            for component, text in publisher.ports:
                yield from ((port, names[publisher.uuid]) for port in stored_ports(component, text))


def _port(number: int, protocol: str, host_ip: str | None = None) -> Port:
    text = str(number)
    return Port(component="", published=text, target=text, protocol=protocol, host_ip=host_ip)
