"""Which component answers to which SERVICE_URL_* name, and which domains a component gets.

One truth: a name's value comes from the domains of the component that owns it. A component owns
the names it declares; of several that declare one name with the same path, the one that is
called so, else the first with a port, else the first. A name that is only referenced belongs to
the application of that name.
"""

from collections.abc import Mapping, Sequence
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
    """All that one component declares for one label."""

    draft: Draft
    label: str
    path: str
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
        claims = [claim for draft in drafts for claim in _claims(draft)]
        self._owner = _owners(claims)
        self._sayer = _sayers(claims)
        self._named = {_squashed(d.name): d.name for d in reversed(drafts) if d.kind == "application"}
        self.special: dict[str, DomainSource] = {}
        self.domains: dict[str, tuple[Domain, ...] | None] = {}
        for draft in drafts:
            special = _special(draft, known)
            self.special.update(_special_sources(draft, special))
            self.domains[draft.name] = self._domains_of(draft, special, scope)

    def source(self, key: str) -> DomainSource | None:
        """Where the value of a variable comes from; None when it is not a domain's."""
        if special := self.special.get(key):
            return special
        name = domain_name(key)
        if name is None:
            return None
        claim = self._owning_claim(name)
        is_port_shown = name.port is not None
        hint = name.port if is_port_shown or claim is None else claim.port
        return DomainSource(
            component=self._component(name, claim),
            form=cast("Literal['url', 'fqdn']", name.form),
            label=name.label,
            port=hint,
            path=claim.path if claim else "",
            is_port_shown=is_port_shown,
        )

    def own_source(self, draft: Draft, key: str, path: str) -> DomainSource | None:
        """The source of a declared key as its own component sees it: with its own path (Q4)."""
        source = self.source(key)
        if source is None:
            return None
        has_domains = self.domains.get(draft.name) is not None
        return replace(source, component=draft.name if has_domains else source.component, path=path)

    def _component(self, name: DomainName, claim: _Claim | None) -> str | None:
        if claim is None:
            return self._named.get(_squashed(name.label))
        owner = self._owner.get((claim.label, claim.path))
        return owner.name if owner else None

    def _owning_claim(self, name: DomainName) -> _Claim | None:
        """The declaration that says a name's path."""
        return self._sayer.get((name.label, name.port)) or self._sayer.get((name.label, None))

    def _domains_of(self, draft: Draft, special: _Special | None, scope: Scope) -> tuple[Domain, ...] | None:
        if draft.kind == "database":
            return None
        if draft.state is not None and draft.state.domains is not None:
            return draft.state.domains
        if special is not None:
            return _special_domains(special, scope)
        owned = [c for c in _claims(draft) if self._owner.get((c.label, c.path)) is draft]
        if owned:
            return tuple(
                domains.generated(c.label, uuid=scope.uuid, base=scope.base, path=c.path, port=c.port)
                for c in owned
            )
        if label := _own_reference(draft):
            return (domains.generated(label, uuid=scope.uuid, base=scope.base),)
        return None


def _claims(draft: Draft) -> list[_Claim]:
    """One claim for each distinct name that a component declares (Q11)."""
    claims: dict[str, _Claim] = {}
    for declaration in draft.declarations:
        label, port = declaration.name.label, declaration.name.port
        claim = claims.setdefault(label, _Claim(draft, label, declaration.path))
        if port is not None and port not in claim.ports:
            claims[label] = replace(claim, ports=(*claim.ports, port))
    return list(claims.values())


def _owners(claims: Sequence[_Claim]) -> dict[tuple[str, str], Draft]:
    """Which component owns a label with a path."""
    owners: dict[tuple[str, str], _Claim] = {}
    for claim in claims:
        known = owners.get((claim.label, claim.path))
        if claim.draft.kind == "application" and (known is None or claim.rank < known.rank):
            owners[claim.label, claim.path] = claim
    return {key: claim.draft for key, claim in owners.items()}


def _sayers(claims: Sequence[_Claim]) -> dict[tuple[str, int | None], _Claim]:
    """Which declaration says the path of a label, with each declared port and (None) without:
    the first that has no path, else the first (Q6)."""
    sayers: dict[tuple[str, int | None], _Claim] = {}
    for claim in sorted(claims, key=lambda claim: bool(claim.path)):
        for port in {*claim.ports, None}:
            sayers.setdefault((claim.label, port), claim)
    return sayers


def _own_reference(draft: Draft) -> str | None:
    """The label by which a component asks for its own URL in a value."""
    for entry in draft.entries:
        for key in named_in(entry.text or ""):
            name = domain_name(key)
            if name is not None and _is_named(draft, name.label):
                return name.label
    return None


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
