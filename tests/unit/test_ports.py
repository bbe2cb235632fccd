"""Published ports: every way to write them, and where two of them meet."""

from typing import Any

import pytest

from homeport.core.observed import Published, read_memory, read_published
from homeport.core.ports import Port, address, ports_of, read_ports, stored_ports
from tests.support.compose import render_text, user_variables


def port(published: str | None, target: str = "80", **more: Any) -> Port:
    return Port(component="web", published=published, target=target, **more)


@pytest.mark.parametrize(
    ("entry", "read"),
    [
        ("80", port(None)),
        (8080, port(None, "8080")),
        ("8080:80", port("8080")),
        ("8080:80/udp", port("8080", protocol="udp")),
        ("8080:80/UDP", port("8080", protocol="udp")),
        ("127.0.0.1:8080:80", port("8080", host_ip="127.0.0.1")),
        ("0.0.0.0:8080:80", port("8080")),
        ("127.0.0.1::80", port(None, host_ip="127.0.0.1")),
        ("[::1]:8080:80", port("8080", host_ip="::1")),
        ("::1:8080:80", port("8080", host_ip="::1")),
        ("3000-3005:4000-4005", port("3000-3005", "4000-4005")),
        ("${PORT:-8080}:80", port("8080")),
        ("$SET:80", port("9000")),
        ({"target": 80, "published": "8080", "host_ip": "127.0.0.1"}, port("8080", host_ip="127.0.0.1")),
        ({"target": "80", "published": None, "protocol": "udp", "mode": "host"}, port(None, protocol="udp")),
    ],
)
def test_a_port_is_read_in_every_form(entry: object, read: Port) -> None:
    assert read_ports("web", [entry], {"SET": "9000"}.get) == (read,)


@pytest.mark.parametrize(
    "entry",
    [
        "",
        None,
        "web",
        "web:80",
        "70000:80",
        "0:80",
        "5-3:80",
        "80/http",
        "$UNSET:80x",
        "${UNSET?no}:80",
        {"published": 1},
    ],
)
def test_what_is_no_port_is_left_out(entry: object) -> None:
    assert read_ports("web", [entry]) == ()


def test_no_list_has_no_ports() -> None:
    assert read_ports("web", "80:80") == read_ports("web", None) == ()


def test_what_is_stored_of_a_component_is_read_back() -> None:
    assert stored_ports("web", "8080:80,443,127.0.0.1:53:53/udp") == (
        port("8080"),
        port(None, "443"),
        port("53", "53", protocol="udp", host_ip="127.0.0.1"),
    )
    assert stored_ports("web", None) == ()


def test_the_ports_of_a_render_have_the_values_of_its_variables() -> None:
    text = 'services: {web: {image: x, ports: ["$PORT:80"]}, db: {image: y}}'
    assert ports_of(render_text(text, variables=user_variables(PORT="8080"))) == (port("8080"),)


@pytest.mark.parametrize(
    ("one", "other", "is_met"),
    [
        (port("80"), port("80"), True),
        (port("80"), port("81"), False),
        (port("80"), port("80", protocol="udp"), False),
        (port("80-90"), port("85"), True),
        (port("80-90"), port("91-95"), False),
        (port(None), port("80"), False),
        (port("80", host_ip="127.0.0.1"), port("80"), True),
        (port("80", host_ip="127.0.0.1"), port("80", host_ip="127.0.0.1"), True),
        (port("80", host_ip="127.0.0.1"), port("80", host_ip="10.0.0.1"), False),
    ],
)
def test_where_ports_meet(one: Port, other: Port, is_met: bool) -> None:
    assert one.meets(other) is other.meets(one) is is_met


def test_an_address_has_one_spelling() -> None:
    assert [address(text) for text in ("[::1]", "0:0::1", "::", "0.0.0.0", "", None, "host")] == [
        "::1", "::1", None, None, None, None, None,
    ]  # fmt: skip


def test_the_engines_listing_says_what_is_published() -> None:
    listing: list[Any] = [
        {
            "Names": ["/web-u1"],
            "Labels": {"homeport.service": "u1"},
            "Ports": [
                {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
                {"PrivatePort": 443, "Type": "tcp"},
            ],
        },
        {"Names": None, "Labels": None, "Ports": [{"PublicPort": 53, "Type": "udp"}]},
        {"Names": ["/quiet"]},
    ]
    assert read_published(listing) == (
        Published(container="web-u1", service_uuid="u1", port=8080, protocol="tcp", address="0.0.0.0"),
        Published(container="", service_uuid="", port=53, protocol="udp"),
    )


@pytest.mark.parametrize(("info", "read"), [({"MemTotal": 1024}, 1024), ({"MemTotal": 0}, None), ({}, None)])
def test_the_engine_says_how_much_memory_there_is(info: dict[str, Any], read: int | None) -> None:
    assert read_memory(info) == read
