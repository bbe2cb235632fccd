"""The only reader of environment variables. docs/settings.md describes each one; a test compares the two."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from homeport.core.secret import Secret
from homeport.errors import SettingsInvalid

PREFIX = "HOMEPORT_"
DEFAULT_URL = "http://127.0.0.1:8000"
_MAX_DIGITS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this process runs. Made once, by `load_settings`, and handed down."""

    data_dir: Path
    database_url: str
    secret_keys: tuple[Secret, ...]
    host: str = "127.0.0.1"
    port: int = 8000
    proxy_http_port: int = 80
    proxy_https_port: int = 443
    proxy_container: str = "homeport-proxy"
    server_root: str = "/data/homeport"
    default_domain: str = "http://localhost"
    catalog_sources: tuple[str, ...] = field(default=(), repr=False)
    api_rate_limit: int = 200
    trusted_proxies: tuple[str, ...] = ()
    docker_socket: str = "/var/run/docker.sock"
    is_tls_internal: bool = False
    is_grants_strict: bool = False
    log_level: str = "INFO"

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (the process's own by default). Raises SettingsInvalid.

    Creates the data dir (0700) and, when HOMEPORT_SECRET_KEY is not set, the key file in it (0600).
    """
    env = os.environ if environ is None else environ

    def text(name: str, default: str) -> str:
        return env.get(PREFIX + name, "").strip() or default

    data_dir = Path(text("DATA_DIR", "/var/lib/homeport")).expanduser().absolute()
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsInvalid(f"HOMEPORT_DATA_DIR {data_dir} cannot be created: {error.strerror}.") from error
    return Settings(
        data_dir=data_dir,
        database_url=_database_url(text("DATABASE_URL", f"sqlite:///{data_dir}/homeport.db")),
        secret_keys=_secret_keys(env.get(PREFIX + "SECRET_KEY", ""), data_dir / "secret.key"),
        host=text("HOST", "127.0.0.1"),
        port=_port(env, "PORT", 8000),
        proxy_http_port=_port(env, "PROXY_HTTP_PORT", 80),
        proxy_https_port=_port(env, "PROXY_HTTPS_PORT", 443),
        proxy_container=text("PROXY_CONTAINER", "homeport-proxy"),
        server_root=_absolute(text("SERVER_ROOT", "/data/homeport")),
        default_domain=text("DEFAULT_DOMAIN", "http://localhost"),
        catalog_sources=_list(env.get(PREFIX + "CATALOG_SOURCES", "")),
        api_rate_limit=_number(env, "API_RATE_LIMIT", 200),
        trusted_proxies=_list(env.get(PREFIX + "TRUSTED_PROXIES", "")),
        docker_socket=_absolute(text("DOCKER_SOCKET", "/var/run/docker.sock")),
        is_tls_internal=_flag(env, "TLS_INTERNAL"),
        is_grants_strict=_flag(env, "STRICT_GRANTS"),
        log_level=text("LOG_LEVEL", "INFO").upper(),
    )


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    raw = env.get(PREFIX + name, "").strip()
    if not raw:
        return default
    if not raw.isascii() or not raw.isdigit() or len(raw) > _MAX_DIGITS:
        raise SettingsInvalid(f"{PREFIX}{name} must be a whole number of 0 or more, not {raw[:40]!r}.")
    return int(raw)


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    port = _number(env, name, default)
    if not 0 < port < 65536:
        raise SettingsInvalid(f"{PREFIX}{name} must be a port from 1 to 65535, not {port}.")
    return port


def _flag(env: Mapping[str, str], name: str) -> bool:
    raw = env.get(PREFIX + name, "").strip().lower()
    if raw not in ("", "0", "1", "true", "false", "yes", "no", "on", "off"):
        raise SettingsInvalid(f"{PREFIX}{name} must be true or false, not {raw!r}.")
    return raw in ("1", "true", "yes", "on")


def _list(raw: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in raw.split(",") if part.strip())


def _absolute(path: str) -> str:
    if not path.startswith("/") or "/../" in f"{path}/":
        raise SettingsInvalid(f"{path!r} must be an absolute path without '..'.")
    return path.rstrip("/") or "/"


def _database_url(url: str) -> str:
    """The async form of a database URL: aiosqlite or psycopg."""
    for plain, driver in (
        ("sqlite:///", "sqlite+aiosqlite:///"),
        ("postgresql://", "postgresql+psycopg://"),
        ("postgres://", "postgresql+psycopg://"),
    ):
        if url.startswith(plain):
            return driver + url.removeprefix(plain)
    if url.startswith(("sqlite+aiosqlite:///", "postgresql+psycopg://")):
        return url
    raise SettingsInvalid("HOMEPORT_DATABASE_URL must start with sqlite:/// or postgresql://.")


def _secret_keys(raw: str, path: Path) -> tuple[Secret, ...]:
    """Keys from the setting (comma list, the first encrypts) or from the key file, made at the first start."""
    if not raw.strip():
        raw = _key_file(path).replace("\n", ",")
    keys = _list(raw)
    if not keys or any(len(key) < 32 for key in keys):
        raise SettingsInvalid(
            "HOMEPORT_SECRET_KEY must hold one or more keys of at least 32 characters each."
        )
    return tuple(Secret(key) for key in keys)


def _key_file(path: Path) -> str:
    """The text of the key file, which is made when there is none."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
    except FileExistsError:
        pass
    except OSError as error:
        raise SettingsInvalid(f"The key file {path} cannot be made: {error.strerror}.") from error
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise SettingsInvalid(f"The key file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsInvalid(f"The key file {path} must be ASCII text.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Where the client commands find the API. `token` is None when HOMEPORT_TOKEN is not set."""

    url: str = DEFAULT_URL
    token: Secret | None = None


def load_client_settings(environ: Mapping[str, str] | None = None) -> ClientSettings:
    """Read HOMEPORT_URL and HOMEPORT_TOKEN; touches no file. Raises SettingsInvalid."""
    env = os.environ if environ is None else environ
    url = env.get(PREFIX + "URL", "").strip().rstrip("/") or DEFAULT_URL
    if not url.startswith(("http://", "https://")):
        raise SettingsInvalid(f"HOMEPORT_URL must start with http:// or https://, not {url!r}.")
    token = env.get(PREFIX + "TOKEN", "").strip()
    return ClientSettings(url=url.removesuffix("/api/v1"), token=Secret(token) if token else None)
