"""Whose request it is, and whether that address is on a list."""

import pytest
from starlette.types import Scope

from homeport.http.addresses import client_address, is_within, networks

PROXIES = networks(["127.0.0.1", "10.0.0.0/8", "fd00::/8"])


def _scope(peer: str | None, *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return {"type": "http", "client": (peer, 1) if peer is not None else None, "headers": headers}


@pytest.mark.parametrize(
    ("entry", "address", "is_in"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.10", False),
        (" 192.0.2.0/24 ", "192.0.2.9", True),
        ("192.0.2.77/24", "192.0.2.9", True),
        ("192.0.2.0/33", "192.0.2.1", False),
        ("192.0.2.0/-1", "192.0.2.1", False),
        ("2001:0db8:0::5", "2001:db8::5", True),
        ("2001:db8::/32", "2001:db8:ffff::1", True),
        ("2001:db8::/32", "2001:db9::1", False),
        ("2001:db8::/129", "2001:db8::1", False),
        ("192.0.2.0/24", "::ffff:192.0.2.9", True),
        ("192.0.2.0/24", "2001:db8::1", False),
        ("0.0.0.0", "2001:db8::1", True),
        ("0.0.0.0/24", "192.0.2.1", True),
        ("0.0.0.0/99", "192.0.2.1", True),
        ("*", "192.0.2.1", True),
        ("::/0", "192.0.2.1", False),
        ("nonsense", "192.0.2.1", False),
        ("", "192.0.2.1", False),
        ("192.0.2.1", "nonsense", False),
        ("192.0.2.1", "", False),
    ],
)
def test_lists(entry: str, address: str, is_in: bool) -> None:
    assert is_within(address, networks([entry])) is is_in


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", [" , ,"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["203.0.113.9, 198.51.100.7, 10.1.1.1"], "198.51.100.7"),
        ("127.0.0.1", ["203.0.113.9", "198.51.100.7", "10.1.1.1"], "198.51.100.7"),
        ("127.0.0.1", ["10.0.0.5, 10.0.0.6"], "10.0.0.5"),
        ("127.0.0.1", ["198.51.100.7, nonsense"], "nonsense"),
        ("::ffff:127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::5"),
        ("127.0.0.1", ["x" * 5000], "x" * 64),
        (None, ["198.51.100.7"], ""),
    ],
)
def test_behind_proxies(peer: str | None, forwarded: list[str], address: str) -> None:
    assert client_address(_scope(peer, *forwarded), PROXIES) == address


def test_without_trusted_proxies_nobody_speaks_for_another() -> None:
    assert client_address(_scope("127.0.0.1", "198.51.100.7"), ()) == "127.0.0.1"
