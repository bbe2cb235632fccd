"""Whether a component is an application, which may have domains, or a database.

Upstream's heuristics, on which the shape of answers depends, read over what Compose would see:
both forms of environment, depends_on and ports, and image references of every shape (Q28).
A database that speaks HTTP and declares a URL is an application: who asks for a domain wants one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from homeport.core.compose.interpolate import substitute
from homeport.core.compose.model import ComponentKind, ComponentState
from homeport.errors import ComposeRejected

_HTTP_DATABASES: Final = frozenset({"clickhouse-server", "couchdb", "elasticsearch", "influxdb", "neo4j"})
_DATABASE_IMAGES: Final = _HTTP_DATABASES | {
    "dragonfly",
    "keydb",
    "mariadb",
    "memcached",
    "mongo",
    "mongodb",
    "mysql",
    "mysql-server",
    "pgvector",
    "postgis",
    "postgres",
    "postgresql",
    "redis",
    "timescaledb",
    "timescaledb-ha",
    "valkey",
}
_DATABASE_NAMES: Final = ("MYSQL", "POSTGRES", "MONGO", "REDIS", "MARIADB")
_APPLICATION_ENV: Final = ("SERVICE_FQDN", "SERVICE_URL", "API_KEYS", "APP_", "APPLICATION_")
_HTTP_CHECKS: Final = ("CURL", "WGET", "HTTP://", "HTTPS://", "/HEALTH", "/API/", "/HELLO")
_DATABASE_PORTS: Final = ("3306", "5432", "27017", "6379", "8086", "9200", "7687", "8123")
_DATABASE_CHECKS: Final = ("PG_ISREADY", "MYSQLADMIN PING", "MONGO", "REDIS-CLI PING")
_DATABASE_ENV: Final = (
    "MYSQL_ROOT_PASSWORD",
    "POSTGRES_PASSWORD",
    "MONGO_INITDB_ROOT_PASSWORD",
    "REDIS_PASSWORD",
)
_DECLARES_DOMAIN: Final = re.compile(r"SERVICE_(?:URL|FQDN)_")


def classify(
    definition: Mapping[str, Any], environment: Iterable[tuple[str, Any]], state: ComponentState | None
) -> ComponentKind:
    """The kind of a component. `environment` has its entries; a person's own choice decides alone."""
    if state is not None and state.is_migrated:
        return state.kind
    entries = tuple(environment)
    image = image_name(definition.get("image"))
    if image not in _DATABASE_IMAGES:
        return "application"
    if image in _HTTP_DATABASES and any(_DECLARES_DOMAIN.match(key) for key, _ in entries):
        return "application"
    texts = [f"{key}={value}".upper() for key, value in entries]
    return "database" if _is_database(definition, texts) else "application"


def _is_database(definition: Mapping[str, Any], environment: Sequence[str]) -> bool:
    needs_database = _any_in(_DATABASE_NAMES, _depends_on(definition.get("depends_on")))
    check = _check_text(definition.get("healthcheck"))
    if needs_database and _any_in(_APPLICATION_ENV, environment):
        return False
    if _any_in(_HTTP_CHECKS, [check]):
        return False
    if _any_in(_DATABASE_CHECKS, [check]) and _any_in(_DATABASE_PORTS, port_texts(definition.get("ports"))):
        return True
    if _any_in(_DATABASE_ENV, environment):
        return True
    return not needs_database


def image_name(image: object) -> str:
    """The last part of an image reference without registry, namespace, tag and digest."""
    if not isinstance(image, str):
        return ""
    try:
        text = substitute(image, lambda _: None)
    except ComposeRejected:
        return ""
    return text.strip().partition("@")[0].rpartition("/")[2].partition(":")[0]


def port_texts(ports: object) -> list[str]:
    """The entries of `ports` in the short form `[address:][published:]target[/protocol]`."""
    if not isinstance(ports, list):
        return []
    return [text for text in (_port_text(item) for item in ports) if text]


def _port_text(item: object) -> str:
    if not isinstance(item, Mapping):
        return "" if item is None else str(item)
    target = item.get("target")
    if target is None:
        return ""
    parts = [item.get("host_ip"), item.get("published"), target]
    protocol = item.get("protocol")
    suffix = f"/{protocol}" if protocol and protocol != "tcp" else ""
    return ":".join(str(part) for part in parts if part is not None) + suffix


def _depends_on(value: object) -> list[str]:
    return [str(name).upper() for name in value] if isinstance(value, list | Mapping) else []


def _check_text(healthcheck: object) -> str:
    test = healthcheck.get("test") if isinstance(healthcheck, Mapping) else None
    return (" ".join(str(part) for part in test) if isinstance(test, list) else str(test or "")).upper()


def _any_in(needles: Iterable[str], texts: Iterable[str]) -> bool:
    hay = list(texts)
    return any(needle in text for needle in needles for text in hay)
