"""Which component answers to which SERVICE_URL_* name, and which domains a component gets.

One truth: a name's value comes from the domains of the component that owns it. A component owns
the names it declares; of several that declare one name with the same path, the one that is
called so, else the first with a port, else the first. A name that no application declares belongs
to the application of that name, which gets a domain for it when it asks for its own URL.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, cast

from homeport.core import domains  # The module: it imports the package that imports this file.
from homeport.core.compose.environment import Draft
from homeport.core.compose.magic import DomainName, domain_name, named_in
from homeport.core.compose.model import Domain, DomainSource, Scope, Variable

Domains = Mapping[str, tuple[Domain, ...] | None]


@dataclass(frozen=True, slots=True)
class _Special:
    """Images whose domains are told to them through variables of their own."""

    is_https: bool
    variables: tuple[tuple[str, str, int], ...]


_MINIO: Final = _Special(
    True, (("MINIO_BROWSER_REDIRECT_URL", "console", 9001), ("MINIO_SERVER_URL", "minio", 9000))
)
_SPECIAL: Final = {
    "minio/minio": _MINIO,
    "quay.io/minio/minio": _MINIO,
    "coollabsio/minio": _MINIO,
    "ghcr.io/coollabsio/minio": _MINIO,
    "svhd/logto": _Special(
        False, (("LOGTO_ENDPOINT", "logto", 3001), ("LOGTO_ADMIN_ENDPOINT", "logto-admin", 3002))
    ),
    "dxflrs/garage": _Special(
        True,
        (
            ("GARAGE_S3_API_URL", "s3", 3900),
            ("GARAGE_WEB_URL", "web", 3902),
            ("GARAGE_ADMIN_URL", "admin", 3903),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class _Claim:
    """All that one component declares, or refers to, for one label."""

    draft: Draft
    label: str
    path: str = ""
    ports: tuple[int, ...] = ()

    @property
    def port(self) -> int | None:
        """The first that a container can listen on: templates have 0 and 99999 too."""
        return next((port for port in self.ports if 0 < port <= 65535), None)

    @property
    def rank(self) -> tuple[bool, bool]:
        return (not _is_named(self.draft, self.label), self.port is None)


class Owners:
    """Who owns what, and with which domains. `special` are the variables that hold a domain
    although their name does not say so."""

    def __init__(self, drafts: Sequence[Draft], scope: Scope, known: frozenset[str]) -> None:
        """`known` are the keys of all variables of the service."""
        self._claims = {draft.name: _claims(draft) for draft in drafts}
        self._paths = _paths(drafts)
        self._owner = _owners([claim for claims in self._claims.values() for claim in claims])
        self._declared = {claim.label: claim for claim in reversed(self._owner.values())}
        self._named = {_squashed(d.name): d for d in reversed(drafts) if d.kind == "application"}
        self._ports = _referenced_ports(drafts)
        self.special: dict[str, DomainSource] = {}
        self.domains: dict[str, tuple[Domain, ...] | None] = {}
        for draft in drafts:
            special = _special(draft, known - self.special.keys())
            owned = self._domains_of(draft, special, scope)
            self.domains[draft.name] = owned and tuple(domains.as_reached(d, scope.base) for d in owned)
            self.special |= _special_sources(draft, special)
        self._overridden = {key for key in self.special if self._is_overridden(key, scope)}

    def source(self, key: str) -> DomainSource | None:
        """Where the value of a variable comes from; None when it is not a domain's."""
        if key in self.special:
            return None if key in self._overridden else self.special[key]
        name = domain_name(key)
        if name is None:
            return None
        path = self._paths.get((name.label, name.port), self._paths.get((name.label, None), ""))
        owner = self._owner_of(name.label, path)
        return _source(name, owner, owner.draft.name if owner else None, path)

    def own_source(self, draft: Draft, key: str, path: str) -> DomainSource | None:
        """The source of a declared key as its own component sees it: with its own path (Q4)."""
        name = domain_name(key)
        if name is None:
            return None
        owner = self._owner_of(name.label, path)
        if self.domains[draft.name] is not None:
            owner = next(claim for claim in self._claims[draft.name] if claim.label == name.label)
        return _source(name, owner, owner.draft.name if owner else None, path)

    def _owner_of(self, label: str, path: str) -> _Claim | None:
        """Who owns a label with a path, else with whatever path, else by its own name."""
        declared = self._owner.get((label, path)) or self._declared.get(label)
        named = self._named.get(_squashed(label))
        if declared is not None or named is None:
            return declared
        return _Claim(named, label, ports=self._ports.get(label, ()))

    def _domains_of(self, draft: Draft, special: _Special | None, scope: Scope) -> tuple[Domain, ...] | None:
        if draft.kind == "database":
            return None
        if draft.state is not None and draft.state.domains is not None:
            return _told(special, draft.state.domains, scope)
        if special is not None:
            return _special_domains(special, scope)
        owned = [c for c in self._claims[draft.name] if self._owner.get((c.label, c.path)) is c]
        return tuple(_generated(claim, scope) for claim in owned or self._own_reference(draft)) or None

    def _own_reference(self, draft: Draft) -> list[_Claim]:
        """The claim of a component that asks for its own URL in a value."""
        for name in _referenced(draft):
            owner = self._owner_of(name.label, "")
            if owner is not None and owner.draft is draft and _is_named(draft, name.label):
                return [owner]
        return []

    def _is_overridden(self, key: str, scope: Scope) -> bool:
        """Whether a person gave a special variable another text than the URL that it would have."""
        variable, source = scope.variables.get(key), self.special[key]
        if variable is None or variable.origin != "user" or variable.value is None:
            return False
        owned = self.domains[source.component or ""]
        return variable.value.strip().rstrip("/") != domains.derive(
            source, owned, uuid=scope.uuid, base=scope.base
        )


def _source(name: DomainName, owner: _Claim | None, component: str | None, path: str) -> DomainSource:
    """`owner` says by which port a name without one chooses among several domains."""
    is_port_shown = name.port is not None
    return DomainSource(
        component=component,
        form=cast("Literal['url', 'fqdn']", name.form),
        label=name.label,
        port=name.port if is_port_shown or owner is None else owner.port,
        path=path,
        is_port_shown=is_port_shown,
    )


def _generated(claim: _Claim, scope: Scope) -> Domain:
    return domains.generated(claim.label, uuid=scope.uuid, base=scope.base, path=claim.path, port=claim.port)


def _claims(draft: Draft) -> list[_Claim]:
    """One claim for each distinct name that a component declares (Q11)."""
    claims: dict[str, _Claim] = {}
    for declaration in draft.declarations:
        name = declaration.name
        claim = claims.setdefault(name.label, _Claim(draft, name.label, declaration.path))
        claims[name.label] = _with_port(claim, name.container_port)
    return list(claims.values())


def _with_port(claim: _Claim, port: int | None) -> _Claim:
    return claim if port is None or port in claim.ports else replace(claim, ports=(*claim.ports, port))


def _paths(drafts: Sequence[Draft]) -> dict[tuple[str, int | None], str]:
    """The path of a label, with each declared port and (None) without: that of the first declaration
    that has none, else of the first (Q6)."""
    declared = [declaration for draft in drafts for declaration in draft.declarations]
    paths: dict[tuple[str, int | None], str] = {}
    for declaration in sorted(declared, key=lambda declaration: bool(declaration.path)):
        name = declaration.name
        for port in {name.port, None}:
            paths.setdefault((name.label, port), declaration.path)
    return paths


def _owners(claims: Sequence[_Claim]) -> dict[tuple[str, str], _Claim]:
    """Which component's claim owns a label with a path."""
    owners: dict[tuple[str, str], _Claim] = {}
    for claim in claims:
        known = owners.get((claim.label, claim.path))
        if claim.draft.kind == "application" and (known is None or claim.rank < known.rank):
            owners[claim.label, claim.path] = claim
    return owners


def _referenced_ports(drafts: Sequence[Draft]) -> dict[str, tuple[int, ...]]:
    """With which ports values refer to each label (Q5)."""
    ports: dict[str, dict[int, None]] = {}
    for name in (name for draft in drafts for name in _referenced(draft)):
        if name.port is not None:
            ports.setdefault(name.label, {})[name.port] = None
    return {label: tuple(found) for label, found in ports.items()}


def _referenced(draft: Draft) -> Iterator[DomainName]:
    for entry in draft.told:
        for key in named_in(entry.text or ""):
            if name := domain_name(key):
                yield name


def _is_named(draft: Draft, label: str) -> bool:
    return _squashed(draft.name) == _squashed(label)


def _squashed(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(".", "")


def _special(draft: Draft, known: frozenset[str]) -> _Special | None:
    image = draft.definition.get("image")
    if draft.kind == "database" or not isinstance(image, str):
        return None
    special = _SPECIAL.get(image.partition(":")[0])
    return special if special and all(key in known for key, _, _ in special.variables) else None


def _special_sources(draft: Draft, special: _Special | None) -> dict[str, DomainSource]:
    return {
        key: DomainSource(component=draft.name, form="url", label=label, port=port, is_port_shown=False)
        for key, label, port in (special.variables if special else ())
    }


def _special_domains(special: _Special, scope: Scope) -> tuple[Domain, ...]:
    """A value that a person gave to such a variable is the domain; a blank one is generated."""
    return tuple(
        _persons(scope.variables.get(key), port) or _special_generated(special, label, port, scope)
        for key, label, port in special.variables
    )


def _told(special: _Special | None, owned: tuple[Domain, ...], scope: Scope) -> tuple[Domain, ...]:
    """The domains of a component, after a person wrote a URL into such a variable: it takes the place of the
    one that the variable had, or gives its port to the same URL without one. Who took the component's domains
    away wrote no more than a text."""
    told = list(owned)
    for key, label, port in special.variables if special and owned else ():
        variable = scope.variables.get(key)
        given = _persons(variable, port)
        if (
            variable is None
            or given is None
            or given.public_url != (variable.value or "").strip().rstrip("/")
        ):
            continue
        same = [number for number, domain in enumerate(told) if domain.public_url == given.public_url]
        with_port = [number for number, domain in enumerate(told) if domain.port == port]
        if not same and not with_port:
            told.append(given)
        elif not same:
            own = f"{domains.host_label(label, scope.uuid)}."
            told[max(with_port, key=lambda number: told[number].host.startswith(own))] = given
        elif all(told[number].port is None for number in same):
            told[same[0]] = given
    return tuple(told)


def _persons(variable: Variable | None, port: int) -> Domain | None:
    if variable is None or variable.origin != "user" or not variable.value:
        return None
    try:
        given = domains.parse_domain(variable.value.strip())
    except ValueError:
        return None
    return Domain(scheme=given.scheme, host=given.host, port=port, path=given.path)


def _special_generated(special: _Special, label: str, port: int, scope: Scope) -> Domain:
    domain = domains.generated(label, uuid=scope.uuid, base=scope.base, port=port)
    return replace(domain, scheme="https") if special.is_https else domain
