"""What the short form of a published port may look like."""

import ipaddress
import re
from typing import Final

_RANGE: Final = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_LAST: Final = 65535


def is_port(value: int | str) -> bool:
    """Whether it is `[[address:][published]:]target[/protocol]`."""
    if isinstance(value, int):
        return 0 < value <= _LAST
    rest, _, protocol = value.partition("/")
    if protocol.lower() not in ("", "tcp", "udp", "sctp"):
        return False
    rest, _, target = rest.rpartition(":")
    address, _, published = rest.rpartition(":")
    inside = _ports(target)
    outside = _ports(published) if published else inside
    if inside is None or outside is None or inside[0] == 0 or (address and not is_address(address)):
        return False
    return inside[0] == inside[1] or outside[1] - outside[0] == inside[1] - inside[0]


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text[1:-1] if text.startswith("[") and text.endswith("]") else text)
    except ValueError:
        return False
    return True


def _ports(text: str) -> tuple[int, int] | None:
    """First and last of `80` or `80-82`; None for what is neither."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    return (first, last) if first <= last <= _LAST else None
