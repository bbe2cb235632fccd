"""The values that the compose pipeline takes and gives.

`Scope` is everything a render may know beside the document; `Rendered` is everything it says.
The rows of the database are made from these values and turned back into them; neither side
imports the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

ComponentKind = Literal["application", "database"]
VariableOrigin = Literal["user", "template", "generated", "domain"]
"""Who gave the value: a person, a default in the compose, a magic name, or a component's domain."""

Dialect = Literal["template", "compose"]
"""How `${V:?text}` is read: in a text from a catalogue `text` is the default of a required variable,
in a text that a person wrote it is the sentence for a missing one, as Compose has it (ADR 0007)."""


@dataclass(frozen=True, slots=True)
class Domain:
    """One URL that a component answers on.

    `port` is the container's port for the proxy, never a public port (dialect 2).
    `path` is "" or starts with "/" and never ends with one.
    """

    scheme: Literal["http", "https"]
    host: str
    port: int | None = None
    path: str = ""
    given: str = ""
    """The URL as a person wrote it, with only scheme and host lower-cased; "" for a generated one."""
    public_port: int | None = None
    """Where people reach it, if that is not the scheme's own port: the server's wildcard says so, and it is
    stored nowhere else (`core.domains.as_reached`)."""

    @property
    def url(self) -> str:
        """As stored and sent: `http://host:3000/path`."""
        if self.given:
            return self.given
        port = f":{self.port}" if self.port is not None else ""
        return f"{self.scheme}://{self.host}{port}{self.path}"

    @property
    def public_url(self) -> str:
        """As a person opens it: without the container's port."""
        return f"{self.scheme}://{self.fqdn}"

    @property
    def fqdn(self) -> str:
        """The same without the scheme (what SERVICE_FQDN_* holds)."""
        port = f":{self.public_port}" if self.public_port is not None else ""
        return f"{self.host}{port}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSource:
    """Where the value of a SERVICE_URL_* or SERVICE_FQDN_* variable comes from.

    Such a value is derived at render time from the domains of `component` and stored nowhere.
    `component` is None when nothing answers to that name: then the host is generated from `label`.
    `port` is the container port by which one of several domains is chosen; it stands in the value
    (`SERVICE_URL_X_3000`) unless `is_port_shown` is False.
    """

    component: str | None
    form: Literal["url", "fqdn"]
    label: str
    port: int | None = None
    path: str = ""
    is_port_shown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One environment variable of a service. For origin "domain", `value` is the derived one."""

    key: str
    value: str | None = field(default=None, repr=False)
    origin: VariableOrigin = "user"
    source: DomainSource | None = None
    comment: str | None = None
    is_required: bool = False
    is_literal: bool = False
    is_multiline: bool = False
    is_shown_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentState:
    """What is stored about a component before a render.

    `domains` is None when none was ever assigned (one may be generated), and () when a person
    cleared them (dialect Q14).
    """

    name: str
    kind: ComponentKind
    is_migrated: bool = False
    domains: tuple[Domain, ...] | None = None
    human_name: str | None = None
    image: str | None = None
    is_gzip_enabled: bool = True
    is_stripprefix_enabled: bool = True
    is_force_https_enabled: bool = True
    redirect: Literal["both", "www", "non-www"] = "both"
    noindex_domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What a render says about one entry of `services:`.

    `port` is where the proxy sends requests for a domain that names none: the port a
    SERVICE_URL_X_<port> declares, else `expose`, else the container side of `ports`,
    else the catalogue's; None when only the image can tell.
    `ports` is the text of upstream's column ("8080:80,443").
    """

    name: str
    kind: ComponentKind
    image: str | None = None
    domains: tuple[Domain, ...] | None = None
    port: int | None = None
    ports: str | None = None
    is_excluded: bool = False
    """Left out of the service's status: `exclude_from_hc` or `restart: no`."""
    is_gzip_enabled: bool = True
    is_stripprefix_enabled: bool = True
    is_force_https_enabled: bool = True
    redirect: Literal["both", "www", "non-www"] = "both"
    noindex_domains: tuple[str, ...] = ()
    has_healthcheck: bool = False
    stop_grace_period_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file or folder of the service on the server, mounted into a component.

    `path` is absolute on the server and stays below the service's folder unless it is a bind
    that the compose names absolutely, or one that others bring (a socket, `create_host_path: false`):
    then `is_managed` is False and it is never written.
    `content` None with `is_directory` False means: create it empty if it is missing.
    `is_guessed`: the document does not say whether it is a file or a folder, so what lies there is right.
    """

    component: str
    path: str
    target: str
    content: str | None = field(default=None, repr=False)
    is_directory: bool = False
    is_managed: bool = True
    is_guessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A named volume: `name` on the engine (`<uuid>_<slug>`, or the user's if external)."""

    component: str
    name: str
    target: str
    is_external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Everything a render may know beside the document.

    `folder` is the service's folder on the server (`/data/homeport/services/<uuid>`).
    `base` is the domain under which hosts are generated (the server's wildcard).
    `token(alphabet, length)` gives random text; `random_bytes(n)` random bytes. Both are
    arguments so that a render is a pure function of its scope.
    `shared` maps a scope (`team`, `project`, `environment`, `server`) to its variables.
    `edited_files` maps (component, target) to the content a person saved through the API.
    `catalog_port` is the `port` of the template's metadata header.
    `profiles` are those that a person chose: components of other profiles are no part of the service.
    """

    uuid: str
    name: str
    folder: str
    base: Domain
    now: datetime
    token: Callable[[str, int], str]
    random_bytes: Callable[[int], bytes]
    service_type: str | None = None
    variables: Mapping[str, Variable] = field(default_factory=dict)
    components: Mapping[str, ComponentState] = field(default_factory=dict)
    edited_files: Mapping[tuple[str, str], str] = field(default_factory=dict)
    shared: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    catalog_port: int | None = None
    profiles: tuple[str, ...] = ()
    dialect: Dialect = "template"
    is_label_escape_enabled: bool = True
    proxy: Literal["CADDY", "TRAEFIK", "NONE"] = "CADDY"
    version: str = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A variable without which Compose refuses the file, and the sentence that the file has for it
    ("" for none). `place` is where the file asks for it."""

    key: str
    message: str = ""
    place: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a render says: the two texts that Compose reads, and the rows behind them.

    `variables` has every variable of the service: the stored ones first, in their order, then
    the new ones in the order in which they were met.
    `networks` are the networks that must exist before Compose runs (the service's own).
    `missing` are the variables that need a value before the service can be deployed.
    `profiles` are all that the document knows, in the order in which they are met.
    """

    document: Mapping[str, Any] = field(repr=False)
    compose: str = field(repr=False)
    dotenv: str = field(repr=False)
    components: tuple[Component, ...]
    variables: tuple[Variable, ...]
    files: tuple[File, ...] = ()
    volumes: tuple[Volume, ...] = ()
    networks: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    profiles: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
