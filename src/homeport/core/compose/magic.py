"""Magic names: SERVICE_<KIND>_<NAME>, and the values that Homeport makes for them.

The kinds, lengths and alphabets are upstream's, because templates rely on them (BASE64 is not
base64; PASSWORD has letters and digits). What differs: the longest known kind wins, so that a
name may contain `_` and `SERVICE_PASSWORD_MY_DB` is a password and not an empty text (Q1).
"""

import base64
import hashlib
import hmac
import json
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

PREFIX: Final = "SERVICE_"
NAME_PREFIX: Final = "SERVICE_NAME_"
JWT_KEY: Final = "SERVICE_PASSWORD_JWT"

ALPHANUMERIC: Final = string.ascii_letters + string.digits
SYMBOLS: Final = r"~!#$%^&*()-_.,<>?/\{}[]|:;"
HEX: Final = "0123456789abcdef"

_DOMAIN_KINDS: Final = ("URL", "FQDN")
_JWT_ROLES: Final = {"SUPABASEANON": "anon", "SUPABASESERVICE": "service_role"}
_TRIES: Final = 64
_DOMAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_PORT: Final = re.compile(r"0|[1-9][0-9]{0,4}")
_NAME_LIMIT: Final = 240
_REFERENCED: Final = re.compile(r"\$\{?(SERVICE_[A-Za-z0-9_]+)")

Token = Callable[[str, int], str]
RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Source:
    """Where randomness and time come from."""

    token: Token
    random_bytes: RandomBytes
    now: datetime


@dataclass(frozen=True, slots=True)
class DomainName:
    """SERVICE_URL_<name>[_<port>] or SERVICE_FQDN_..., taken apart; `name` keeps its case."""

    form: str
    name: str
    port: int | None

    @property
    def label(self) -> str:
        """The name in a host, where it is told apart from others: `MY_API` is `my-api`."""
        return self.name.lower().replace("_", "-").replace(".", "-").strip("-")

    @property
    def container_port(self) -> int | None:
        """Where a container that declares the name listens: a name may be nothing but that
        (`SERVICE_URL_3000`), as upstream reads it."""
        return int(self.name) if self.port is None and _PORT.fullmatch(self.name) else self.port


def _password(length: int) -> Callable[[Source], str]:
    return lambda source: _drawn(source.token, length, (string.ascii_letters, string.digits))


def _with_symbols(length: int) -> Callable[[Source], str]:
    return lambda source: _drawn(source.token, length, (string.ascii_letters, string.digits, SYMBOLS))


def _plain(length: int) -> Callable[[Source], str]:
    return lambda source: source.token(ALPHANUMERIC, length)


def _real_base64(size: int) -> Callable[[Source], str]:
    return lambda source: base64.b64encode(source.random_bytes(size)).decode()


def _hex(length: int) -> Callable[[Source], str]:
    return lambda source: source.random_bytes(length // 2).hex()


_GENERATORS: Final[dict[str, Callable[[Source], str]]] = {
    "PASSWORD": _password(32),
    "PASSWORD_64": _password(64),
    "PASSWORDWITHSYMBOLS": _with_symbols(32),
    "PASSWORDWITHSYMBOLS_64": _with_symbols(64),
    "BASE64": _plain(32),
    "BASE64_32": _plain(32),
    "BASE64_64": _plain(64),
    "BASE64_128": _plain(128),
    "REALBASE64": _real_base64(32),
    "REALBASE64_32": _real_base64(32),
    "REALBASE64_64": _real_base64(64),
    "REALBASE64_128": _real_base64(128),
    "HEX_32": _hex(32),
    "HEX_64": _hex(64),
    "HEX_128": _hex(128),
    "USER": _plain(16),
    "LOWERCASEUSER": lambda source: source.token(ALPHANUMERIC, 16).lower(),
}
_KINDS: Final = tuple(
    sorted((*_GENERATORS, *_JWT_ROLES, *_DOMAIN_KINDS, "NAME"), key=lambda kind: (-len(kind), kind))
)


@lru_cache(maxsize=1024)
def kind_of(name: str) -> str | None:
    """The kind of a magic name: the longest known one that leaves something to name; None if unknown."""
    rest = name.removeprefix(PREFIX)
    if rest == name or len(name) > _NAME_LIMIT:
        return None
    return next((kind for kind in _KINDS if rest.startswith(f"{kind}_") and len(rest) > len(kind) + 1), None)


def domain_name(name: str) -> DomainName | None:
    """A SERVICE_URL_*/SERVICE_FQDN_* name taken apart; None for any other."""
    kind = kind_of(name)
    if kind is None or kind not in _DOMAIN_KINDS:
        return None
    rest = name[len(PREFIX) + len(kind) + 1 :]
    if not _DOMAIN_NAME.fullmatch(rest):
        return None
    stem, underscore, last = rest.rpartition("_")
    if underscore and stem and _PORT.fullmatch(last):
        return DomainName(kind.lower(), stem, int(last))
    return DomainName(kind.lower(), rest, None)


def is_generated(name: str) -> bool:
    """Whether `generate` has a value for the name."""
    kind = kind_of(name)
    return kind in _GENERATORS or kind in _JWT_ROLES


def needs(name: str) -> tuple[str, ...]:
    """The magic names whose values must exist before this one's can be made (Q2)."""
    return (JWT_KEY,) if kind_of(name) in _JWT_ROLES else ()


def generate(name: str, source: Source, lookup: Callable[[str], str | None]) -> str | None:
    """A new value for a magic name. `lookup` gives the values of those it `needs`."""
    kind = kind_of(name)
    if kind is None:
        return None
    if kind in _JWT_ROLES:
        key = lookup(JWT_KEY)
        return jwt(_JWT_ROLES[kind], key, source.now) if key else None
    make = _GENERATORS.get(kind)
    return make(source) if make else None


def jwt(role: str, key: str, now: datetime) -> str:
    """An HS256 token as Supabase reads it, issued at the minute of `now`, valid for 100 years."""
    issued = now.replace(second=0, microsecond=0)
    try:
        expires = issued.replace(year=issued.year + 100)
    except ValueError:  # 29 February of a year whose hundredth successor has none.
        expires = issued.replace(year=issued.year + 100, month=3, day=1)
    header = {"typ": "JWT", "alg": "HS256"}
    claims = {
        "iss": "supabase",
        "iat": int(issued.timestamp()),
        "exp": int(expires.timestamp()),
        "role": role,
    }
    signed = f"{_segment(header)}.{_segment(claims)}"
    signature = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_url_base64(signature)}"


def _segment(data: Mapping[str, object]) -> str:
    return _url_base64(json.dumps(data, separators=(",", ":")).encode())


def _url_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _drawn(token: Token, length: int, classes: tuple[str, ...]) -> str:
    """Draw until every class occurs; a source that never gets there is helped after `_TRIES`."""
    alphabet = "".join(classes)
    for _ in range(_TRIES):
        text = token(alphabet, length)
        if all(any(character in wanted for character in text) for wanted in classes):
            return text
    return "".join(wanted[0] for wanted in classes) + text[len(classes) :]


def name_variable(component: str) -> str:
    """The SERVICE_NAME_* variable that holds a component's name."""
    return NAME_PREFIX + component.upper().replace("-", "_").replace(".", "_")


def named_in(text: str) -> tuple[str, ...]:
    """Every SERVICE_* name behind a `$`, also behind `$$`: a shell in the container may expand that one."""
    if PREFIX not in text:
        return ()
    return tuple(name for name in _REFERENCED.findall(text) if len(name) <= _NAME_LIMIT)
