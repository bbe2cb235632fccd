"""Fetches a catalogue document over HTTP, from wherever the setting says, and from nowhere else.

A URL of a setting, and every redirect of whoever answers there, could lead to a service that trusts this
machine for where it is: a cloud's metadata. So the address of each socket is judged when it is opened,
after the name was resolved; nothing is resolved again in between. Loopback and private networks are
allowed: a mirror of one's own is often there.
"""

import asyncio
import ipaddress
import socket
import zlib
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

from homeport.catalog.sources import MAX_DOCUMENT
from homeport.errors import SourceFailed

LIMIT_S: Final = 20.0
MAX_REDIRECTS: Final = 5
_CHUNK: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_ANY_WINDOW: Final = 47
"""For zlib: gzip or zlib, whichever the first bytes say."""

_FORBIDDEN: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "::/128",
        "fe80::/10",
        "ff00::/8",
        "fd00:ec2::254/128",
        "fd20:ce::254/128",
    )
)
"""Link-local, unspecified and multicast addresses, and those where clouds tell a machine its secrets."""

_EMBEDDING: Final = (
    (ipaddress.ip_network("::/96"), 0),
    (ipaddress.ip_network("::ffff:0:0/96"), 0),
    (ipaddress.ip_network("::ffff:0:0:0/96"), 0),
    (ipaddress.ip_network("64:ff9b::/96"), 0),
    (ipaddress.ip_network("64:ff9b:1::/48"), 0),
    (ipaddress.ip_network("2002::/16"), 80),
)
"""IPv6 networks whose addresses lead to an IPv4 address, and how many bits stand after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came: `content` is None when the copy that the marks are of is still good."""

    content: bytes | None
    etag: str | None = None
    last_modified: str | None = None


class _Forbidden(OSError):
    """Nothing is opened to this address."""


async def fetch(
    url: str,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    resolver: AbstractResolver | None = None,
    limit_s: float = LIMIT_S,
) -> Answer:
    """GET the document, unless it is still the one of the marks. Raises SourceFailed, without the URL."""
    marks = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
    headers |= {name: value for name, value in marks.items() if value}
    try:
        async with asyncio.timeout(limit_s), _session(resolver) as session:
            return await _follow(session, url, headers)
    except TimeoutError as error:
        raise SourceFailed(f"It did not answer within {limit_s:g} seconds.") from error
    except (aiohttp.ClientError, ValueError) as error:
        raise SourceFailed(_reason(error)) from error


def is_forbidden(address: str) -> bool:
    """Whether an address, also one inside another, is none to connect to."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in _FORBIDDEN):
        return True
    if isinstance(ip, ipaddress.IPv4Address):
        return False
    inner = (
        str(ipaddress.IPv4Address(int(ip) >> shift & 0xFFFFFFFF))
        for network, shift in _EMBEDDING
        if ip in network and ip != ipaddress.IPv6Address("::1")
    )
    return any(map(is_forbidden, inner))


def _session(resolver: AbstractResolver | None) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        resolver=resolver or aiohttp.ThreadedResolver(), use_dns_cache=False, socket_factory=_open_socket
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,
    )


def _open_socket(info: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, address = info
    if is_forbidden(str(address[0])):
        raise _Forbidden("It leads to an address that nothing is fetched from.")
    return socket.socket(family, kind, protocol)


async def _follow(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> Answer:
    for _ in range(MAX_REDIRECTS + 1):
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            if response.status not in _REDIRECTS:
                return await _answer(response)
            url = _target(url, response.headers.get("Location", ""))
    raise SourceFailed(f"It redirects more than {MAX_REDIRECTS} times.")


def _target(url: str, location: str) -> str:
    """Where a redirect leads. Raises SourceFailed for what is no web address, or is one that anybody can change."""
    target = urljoin(url, location)
    scheme = urlsplit(target).scheme
    if not location or scheme not in ("http", "https") or not urlsplit(target).hostname:
        raise SourceFailed("It redirects to what is no http or https URL.")
    if urlsplit(url).scheme == "https" and scheme == "http":
        raise SourceFailed("It redirects from https to http.")
    return target


async def _answer(response: aiohttp.ClientResponse) -> Answer:
    marks = {"etag": response.headers.get("ETag"), "last_modified": response.headers.get("Last-Modified")}
    if response.status == 304:
        return Answer(content=None, **marks)
    if response.status != 200:
        raise SourceFailed(f"It answers with the status {response.status}.")
    return Answer(content=await _body(response), **marks)


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The body, unpacked piece by piece and never by more than is left of the limit."""
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise SourceFailed(f"It answers in an encoding that was not asked for: {encoding[:20]}.")
    unpack = zlib.decompressobj(_ANY_WINDOW) if encoding == "gzip" else None
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        try:
            body += unpack.decompress(chunk, MAX_DOCUMENT + 1 - len(body)) if unpack else chunk
        except zlib.error as error:
            raise SourceFailed("It answers with a broken gzip stream.") from error
        if len(body) > MAX_DOCUMENT:
            raise SourceFailed("It is larger than 32 MiB.")
    if unpack is not None and not unpack.eof:
        raise SourceFailed("It answers with a broken gzip stream.")
    return bytes(body)


def _reason(error: Exception) -> str:
    """A sentence without the URL, which the libraries' own texts have."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "Its name cannot be resolved."
    if isinstance(error, aiohttp.ClientSSLError):
        return "Its certificate is not trusted, or it speaks no TLS."
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        return str(cause) if isinstance(cause, _Forbidden) else "Nothing answers there."
    if isinstance(error, ValueError):
        return "It has, or redirects to, a URL that is none."
    return "The connection broke."
