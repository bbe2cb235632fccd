"""Subnets for networks, where the engine has no address pool left."""

import hashlib
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

SPACE = IPv4Network("10.128.0.0/9")
PREFIX = 26
TRIES = 64


def subnets(name: str) -> Iterator[str]:
    """Candidates of 62 addresses each, always the same ones for a name and spread over the space."""
    size = 2 ** (32 - PREFIX)
    count = SPACE.num_addresses // size
    start = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    for step in range(TRIES):
        # Neighbours of a taken subnet are likely to be taken too: a large odd stride visits the whole space.
        index = (start + step * 40503) % count
        yield f"{IPv4Address(int(SPACE.network_address) + index * size)}/{PREFIX}"
