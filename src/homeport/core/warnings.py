"""What somebody should know before a service is made or changed: nothing here is refused."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from homeport.core.compose.environment import read_environment
from homeport.core.compose.interpolate import references, substitute
from homeport.core.compose.load import Document, Path, place
from homeport.core.compose.magic import domain_name, name_variable
from homeport.core.compose.model import Rendered
from homeport.core.ports import Port, ports_of
from homeport.errors import ComposeRejected

MOVING_TAGS: Final = frozenset({
    "beta", "canary", "current", "dev", "develop", "development", "edge", "experimental", "latest", "lts", "main",
    "master", "next", "nightly", "preview", "release", "rolling", "stable", "testing", "unstable",
})  # fmt: skip
"""Tags under which another image appears sooner or later."""

_SIZE: Final = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_UNITS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_GIB: Final = 1024**3

Lookup = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """`code` is stable; `place` is a path such as `services.web.image`, `line` counts from 1."""

    code: str
    message: str
    place: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the server. `taken` are its ports that somebody else has, each with who has it
    ("the service Wiki"); `is_seen` says that the engine was asked and answered."""

    is_seen: bool = False
    memory_bytes: int | None = None
    taken: tuple[tuple[Port, str], ...] = field(default=())


def find_warnings(rendered: Rendered, document: Document, facts: Facts) -> tuple[Warned, ...]:
    """The warnings about a render of a document, by subject."""
    lookup = {variable.key: variable.value for variable in rendered.variables}.get
    definitions = {
        name: definition
        for name, definition in document.data["services"].items()
        if name in rendered.document["services"] and isinstance(definition, Mapping)
    }
    unseen = "The server did not answer in time: its ports and its memory were not looked at."
    return (
        *(
            Warned(
                code="variable_missing",
                message=f"{missing.key} needs a value before the service can be deployed"
                + (f": {missing.message}" if missing.message else "."),
                place=missing.place,
                line=missing.line,
            )
            for missing in rendered.missing
        ),
        *(Warned(code="compose", message=text) for text in rendered.warnings),
        *_unset(rendered, definitions, document),
        *_images(definitions, document, lookup),
        *_healthchecks(rendered, document),
        *_sockets(definitions, document),
        *_domains(rendered, definitions, document),
        *_ports(rendered, document, facts),
        *_memory(definitions, document, facts, lookup),
        *(() if facts.is_seen else (Warned(code="server_unchecked", message=unseen),)),
    )


def _at(document: Document, code: str, message: str, path: Path) -> Warned:
    return Warned(code=code, message=message, place=place(path), line=document.line(path))


def _unset(
    rendered: Rendered, definitions: Mapping[str, Mapping[str, Any]], document: Document
) -> Iterator[Warned]:
    """What a shell in the container was to read, and Compose reads first."""
    known = {variable.key for variable in rendered.variables}
    known |= {name_variable(component.name) for component in rendered.components}
    for name, definition in definitions.items():
        said = set(known)
        for path, text in _run(definition, ("services", name)):
            for reference in references(text):
                if reference.name not in said and not reference.operator:
                    said.add(reference.name)
                    message = (
                        f"No variable of the service is called {reference.name}, so Compose puts nothing in its "
                        f"place. For the container's own, write $${reference.name}."
                    )
                    yield _at(document, "variable_unset", message, path)


def _run(definition: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """The texts that a component runs, with their places."""
    check = definition.get("healthcheck")
    test = check.get("test") if isinstance(check, Mapping) else None
    run = {
        ("command",): definition.get("command"),
        ("entrypoint",): definition.get("entrypoint"),
        ("healthcheck", "test"): test,
    }
    for steps, found in run.items():
        if isinstance(found, str):
            yield (*path, *steps), found
        for number, word in enumerate(found if isinstance(found, list) else ()):
            yield (*path, *steps, number), word


def _images(
    definitions: Mapping[str, Mapping[str, Any]], document: Document, lookup: Lookup
) -> Iterator[Warned]:
    for name, definition in definitions.items():
        image = definition.get("image")
        if not isinstance(image, str) or definition.get("build"):
            continue
        tag = _moving_tag(_read(image, lookup))
        if tag is not None:
            why = f"the tag {tag} moves" if tag else "it has no tag"
            message = f"{image} is not pinned to a version: {why}, so that a pull may bring another image."
            yield _at(document, "image_unpinned", message, ("services", name, "image"))


def _moving_tag(image: str) -> str | None:
    """The tag by which the image changes, "" when there is none; None for an image that is pinned, or unknown."""
    if not image or "@" in image:
        return None
    tag = image.rpartition("/")[2].partition(":")[2]
    return tag if not tag or tag.lower() in MOVING_TAGS else None


def _healthchecks(rendered: Rendered, document: Document) -> Iterator[Warned]:
    for component in rendered.components:
        if not component.has_healthcheck and not component.is_excluded:
            message = (
                f"{component.name} has no healthcheck here: unless its image has one, it counts as well as soon "
                "as it runs."
            )
            yield _at(document, "no_healthcheck", message, ("services", component.name))


def _sockets(definitions: Mapping[str, Mapping[str, Any]], document: Document) -> Iterator[Warned]:
    for name, definition in definitions.items():
        entries = definition.get("volumes")
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            source = entry.get("source") if isinstance(entry, Mapping) else entry
            if "docker.sock" in str(source):
                message = (
                    f"{name} gets the engine's socket: whoever takes over {name} takes over the whole server."
                )
                yield _at(document, "docker_socket", message, ("services", name, "volumes", index))


def _domains(
    rendered: Rendered, definitions: Mapping[str, Mapping[str, Any]], document: Document
) -> Iterator[Warned]:
    for component in rendered.components:
        name = component.name
        definition = definitions.get(name, {})
        if component.domains and definition.get("network_mode") is not None:
            message = (
                f"{name} has a domain, and its network_mode keeps it off the network where the proxy is."
            )
            yield _at(document, "domain_unreachable", message, ("services", name, "network_mode"))
        for entry in read_environment(document, ("services", name), definition.get("environment")):
            if domain_name(entry.key) and str(entry.value).startswith(("http://", "https://")):
                message = f"{entry.key} says which domain {name} has, and does not set it: `urls` of the request does."
                yield _at(document, "domain_not_set", message, ("services", name, "environment"))


def _ports(rendered: Rendered, document: Document, facts: Facts) -> Iterator[Warned]:
    ports = ports_of(rendered)
    for number, port in enumerate(ports):
        own = ((other, other.component) for other in ports[:number])
        by = next((who for other, who in (*facts.taken, *own) if port.meets(other)), None)
        if by is not None:
            message = f"{port.component} publishes the port {port.published}/{port.protocol}, which {by} has."
            yield _at(document, "port_taken", message, ("services", port.component, "ports"))


def _memory(
    definitions: Mapping[str, Mapping[str, Any]], document: Document, facts: Facts, lookup: Lookup
) -> Iterator[Warned]:
    if facts.memory_bytes is None:
        return
    has = f"the server has {facts.memory_bytes / _GIB:.1f} GiB."
    total, is_over = 0, False
    for name, definition in definitions.items():
        path, limit = _limit(name, definition, lookup)
        total += limit
        if limit > facts.memory_bytes:
            is_over = True
            yield _at(
                document, "memory_short", f"{name} may take {limit / _GIB:.1f} GiB of memory; {has}", path
            )
    if total > facts.memory_bytes and not is_over:
        message = f"Together the components may take {total / _GIB:.1f} GiB of memory; {has}"
        yield Warned(
            code="memory_short", message=message, place="services", line=document.line(("services",))
        )


def _limit(name: str, definition: Mapping[str, Any], lookup: Lookup) -> tuple[Path, int]:
    """Where a component's memory is limited, and the bytes; 0 when it is not."""
    steps = ("deploy", "resources", "limits", "memory")
    found: Any = definition
    for step in steps:
        found = found.get(step) if isinstance(found, Mapping) else None
    if found is None:
        return ("services", name, "mem_limit"), _bytes(definition.get("mem_limit"), lookup)
    return ("services", name, *steps), _bytes(found, lookup)


def _bytes(size: object, lookup: Lookup) -> int:
    matched = _SIZE.fullmatch(_read(str(size), lookup).strip())
    return int(float(matched[1]) * 1024 ** _UNITS[matched[2].lower()]) if matched else 0


def _read(text: str, lookup: Lookup) -> str:
    """The text as Compose will read it; "" when a variable is missing."""
    try:
        return substitute(text, lookup)
    except ComposeRejected:
        return ""
