"""From a compose document and a scope to what Compose is given, in named phases.

A render is a pure function: the same document and scope give the same bytes, and a render that
is given what the last one produced changes nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from homeport.core import domains, dotenv
from homeport.core.compose import limits, networks, replicas, safety, shape, volumes
from homeport.core.compose.classify import classify
from homeport.core.compose.components import describe
from homeport.core.compose.dump import dump
from homeport.core.compose.environment import (
    Draft,
    Scalar,
    Surroundings,
    declared_path,
    read_environment,
    write_environment,
)
from homeport.core.compose.interpolate import Reference
from homeport.core.compose.labels import component_labels, reserved, user_labels
from homeport.core.compose.load import Document
from homeport.core.compose.magic import Source, domain_name, name_variable
from homeport.core.compose.missing import find_missing, required_outside
from homeport.core.compose.model import Component, DomainSource, Rendered, Scope, Variable
from homeport.core.compose.modes import with_modes
from homeport.core.compose.networks import Joined
from homeport.core.compose.owners import Owners
from homeport.core.compose.profiles import choose, known_profiles
from homeport.core.compose.resolve import env_pairs
from homeport.core.compose.traefik import traefik_labels
from homeport.core.compose.variables import Wanted, collect_wanted, merge_variables, want_reference
from homeport.core.compose.volumes import Mounts

_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}")
_ROUTING: Final = ("traefik.http.", "traefik.tcp.", "traefik.udp.")
_SHARED_TOO_LONG: Final = "The shared variables in `environment` add up to too much text."
_SECTIONS: Final = ("services", "volumes", "networks", "configs", "secrets")


def render(document: Document, scope: Scope) -> Rendered:
    """What `document` becomes as the service that `scope` describes. Raises ComposeRejected."""
    profiles = known_profiles(document)
    document = choose(document, scope.profiles)
    limits.check_size(document)
    safety.check(document)
    drafts = read_drafts(document, scope)
    wanted = _wanted(document, drafts, scope)
    owners = Owners(drafts, scope, frozenset(wanted) | frozenset(scope.variables))
    variables = merge_variables(
        scope.variables,
        wanted,
        owners.source,
        lambda source: _derived(source, owners, scope),
        Source(scope.token, scope.random_bytes, scope.now),
    )
    components = tuple(describe(draft, owners.domains[draft.name], scope, drafts) for draft in drafts)
    names = {name_variable(draft.name): draft.name for draft in drafts}
    environments = _Environments(owners, scope, variables, frozenset(wanted), names)
    mounts = volumes.rewrite(document, scope)
    joined = networks.rewrite(document, scope)
    services = {
        draft.name: _definition(draft, component, environments.of(draft), mounts, joined, scope=scope)
        for draft, component in zip(drafts, components, strict=True)
    }
    output = _sections(document, services=services, volumes=mounts.top_level, networks=joined.top_level)
    pairs, notes = env_pairs(variables.values(), names, scope.shared)
    given = {key: value for key, value in pairs if key in names or variables[key].value is not None}
    replicas.check(document, scope.uuid, given.get)
    shape.check(document, output, given.get)
    return Rendered(
        document=output,
        compose=dump(output),
        dotenv=dotenv.dump(pairs),
        components=components,
        variables=tuple(variables.values()),
        files=mounts.files,
        volumes=mounts.volumes,
        networks=joined.networks,
        missing=find_missing(document, output, given, with_mounts=scope.dialect == "compose"),
        profiles=profiles,
        warnings=(*_warnings(drafts, scope), *mounts.warnings, *notes),
    )


def _wanted(document: Document, drafts: Sequence[Draft], scope: Scope) -> dict[str, Wanted]:
    """What the document asks for. What one that a person wrote requires, in whatever place, has no default."""
    wanted = collect_wanted(drafts, document.comments)
    if scope.dialect == "compose":
        for key in required_outside(document, is_label_read=not scope.is_label_escape_enabled):
            want_reference(Reference(key, "?"), wanted)
        for known in wanted.values():
            known.default = None if known.is_required else known.default
    limits.check_count(len(wanted))
    return wanted


def _sections(document: Document, **written: Mapping[str, Any]) -> dict[str, Any]:
    """The top level of the output: other keys and empty sections are left out."""
    sections = document.data | written
    return {section: sections[section] for section in _SECTIONS if sections.get(section)}


def read_drafts(document: Document, scope: Scope) -> list[Draft]:
    """The components with their environment and kind. Raises ComposeRejected, with the place."""
    services = document.data["services"]
    return [_draft(document, name, definition, scope) for name, definition in services.items()]


def _draft(document: Document, name: str, definition: Any, scope: Scope) -> Draft:
    path = ("services", name)
    if not _NAME.fullmatch(name):
        raise document.rejected(
            "A component's name begins with a letter or a digit, has no more than 128 characters, "
            "and only letters, digits, '_', '.' and '-'.",
            path,
        )
    if definition is None:
        definition = {}
    if not isinstance(definition, dict):
        raise document.rejected("A component must be a map of settings.", path)
    entries = read_environment(document, (*path, "environment"), definition.get("environment"))
    build = definition.get("build")
    build_args = build.get("args") if isinstance(build, dict) else None
    state = scope.components.get(name)
    return Draft(
        name=name,
        definition=definition,
        entries=entries,
        build_args=read_environment(document, (*path, "build", "args"), build_args),
        kind=classify(definition, ((entry.key, entry.value) for entry in entries), state),
        state=state,
    )


def _derived(source: DomainSource, owners: Owners, scope: Scope) -> str:
    owned = owners.domains.get(source.component) if source.component else None
    return domains.derive(source, owned, uuid=scope.uuid, base=scope.base)


@dataclass(frozen=True, slots=True)
class _Environments:
    """Writes the environment of each component."""

    owners: Owners
    scope: Scope
    variables: Mapping[str, Variable]
    wanted: frozenset[str]
    names: Mapping[str, str]
    budget: limits.Budget = field(default_factory=lambda: limits.Budget(limits.MAX_TEXT, _SHARED_TOO_LONG))

    def of(self, draft: Draft) -> dict[str, Scalar]:
        around = Surroundings(
            uuid=self.scope.uuid,
            variables=self.variables,
            wanted=self.wanted,
            domains=self.owners.domains[draft.name] or (),
            own_urls=self._own_urls(draft),
            component_names=self.names,
            shared=self.scope.shared,
            budget=self.budget,
        )
        return write_environment(draft, around)

    def _own_urls(self, draft: Draft) -> dict[str, str]:
        urls: dict[str, str] = {}
        for entry in draft.entries:
            path = declared_path(entry.value)
            source = self.owners.own_source(draft, entry.key, path) if path else None
            if source is not None and domain_name(entry.key):
                urls[entry.key] = _derived(source, self.owners, self.scope)
        return urls


def _definition(
    draft: Draft,
    component: Component,
    environment: Mapping[str, Scalar],
    mounts: Mounts,
    joined: Joined,
    *,
    scope: Scope,
) -> dict[str, Any]:
    """The component as Compose gets it: its own keys in their order, then those it did not have."""
    own = {key: value for key, value in draft.definition.items() if key != "exclude_from_hc"}
    written = {
        "volumes": mounts.lists.get(draft.name),
        "container_name": f"{draft.name}-{scope.uuid}",
        "restart": _restart(draft.definition.get("restart")),
        "labels": _labels(draft, component, scope),
        "networks": joined.lists.get(draft.name),
        "environment": environment,
        "env_file": _env_files(draft.definition.get("env_file")),
    }
    return with_modes(own | {key: value for key, value in written.items() if value is not None})


def _restart(given: Any) -> Any:
    """YAML 1.1 reads `no` as False, and so do the programs that write compose files."""
    return "no" if given is False else given or "unless-stopped"


def _labels(draft: Draft, component: Component, scope: Scope) -> list[str]:
    given = user_labels(draft.definition.get("labels"))
    labels = component_labels(given, component, scope)
    if scope.proxy != "TRAEFIK":
        return labels
    has_network_mode = draft.definition.get("network_mode") is not None
    return labels + traefik_labels(component, scope.uuid, given, has_network_mode=has_network_mode)


def _env_files(given: Any) -> list[Any]:
    files = list(given) if isinstance(given, list) else [given] if given else []
    paths = [file.get("path") if isinstance(file, dict) else file for file in files]
    return files if ".env" in paths else [*files, ".env"]


def _warnings(drafts: Sequence[Draft], scope: Scope) -> list[str]:
    warnings = []
    for draft in drafts:
        labels = user_labels(draft.definition.get("labels"))
        for label in reserved(labels):
            key = label.partition("=")[0]
            warnings.append(f"services.{draft.name}: the label {key} is Homeport's own and was left out.")
        if scope.proxy == "CADDY" and any(label.startswith(_ROUTING) for label in labels):
            warnings.append(
                f"services.{draft.name}: its labels for Traefik do nothing, because the server's proxy is Caddy. "
                "SERVICE_URL_<NAME>_<PORT> in `environment` gives it a domain."
            )
    return warnings
