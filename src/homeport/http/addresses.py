"""Whose address: the client's behind trusted proxies, and the allow-list of the API."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.types import Scope

Network = IPv4Network | IPv6Network


def networks(entries: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and CIDR ranges; entries that are neither are left out. `*` and 0.0.0.0[/n] mean everyone."""
    read: list[Network] = []
    for entry in entries:
        text = entry.strip()
        if text == "*" or text.partition("/")[0] == "0.0.0.0":  # noqa: S104 - a value that is compared
            read += [ip_network("0.0.0.0/0"), ip_network("::/0")]
            continue
        try:
            read.append(ip_network(text, strict=False))
        except ValueError:
            continue
    return tuple(read)


def is_within(address: str, ranges: Sequence[Network]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return any(ip in each or (mapped is not None and mapped in each) for each in ranges)


def client_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """The peer's address; where the peer is a trusted proxy, the nearest address in X-Forwarded-For that is not."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if not trusted or not is_within(address, trusted):
        return address
    hops = ",".join(
        value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
    ).split(",")
    for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
        address = hop
        if not is_within(hop, trusted):
            break
    return address[:64]
