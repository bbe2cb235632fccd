"""Which variables a service has: those that are stored, and those that its document asks for.

A stored value is never changed, with three exceptions: a domain's value follows the domain, an
item `K=$SERVICE_...` follows the document, and a blank that only now got a default or a
generator is filled (Q2). What a person wrote stays (Q36); where it became the domain of a special
image, it follows that domain.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from homeport.core.compose.environment import CONTAINER_NAMES, Draft, Entry, is_magic_reference
from homeport.core.compose.interpolate import Reference, references
from homeport.core.compose.magic import (
    NAME_PREFIX,
    DomainName,
    Source,
    domain_name,
    generate,
    is_generated,
    named_in,
    needs,
)
from homeport.core.compose.model import DomainSource, Variable, VariableOrigin

_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,254}")
_COMMENT_LIMIT: Final = 256
_VERBATIM: Final = frozenset({"environment", "build", "volumes"})
"""Parts of a component in which a magic name makes nothing: the first two are read on their own,
and file contents inside `volumes` are written as they are."""


@dataclass(slots=True)
class Wanted:
    """What the document says about a variable. `raw` is the value of an item `K=$SERVICE_...`."""

    default: str | None = None
    raw: str | None = None
    is_required: bool = False
    comment: str | None = None


Comments = Mapping[tuple[str, str], str]


def collect_wanted(drafts: Sequence[Draft], comments: Comments) -> dict[str, Wanted]:
    """Every variable that the document asks for, magic ones first, in the order they are met."""
    wanted: dict[str, Wanted] = {}
    for draft in drafts:
        for key in _magic_names(draft):
            wanted.setdefault(key, Wanted())
    for draft in drafts:
        for entry in draft.told:
            _want_entry(entry, comments.get((draft.name, entry.key)), wanted)
    return wanted


def _magic_names(draft: Draft) -> Iterator[str]:
    for entry in draft.told:
        if name := domain_name(entry.key):
            yield from _declared_pair(name)
        for key in named_in(entry.text or ""):
            yield from _referenced(key)
    for text in _texts({k: v for k, v in draft.definition.items() if k not in _VERBATIM}):
        for key in named_in(text):
            if is_generated(key) or domain_name(key):
                yield from _referenced(key)


def _declared_pair(name: DomainName) -> Iterator[str]:
    yield f"SERVICE_FQDN_{name.name}"
    yield f"SERVICE_URL_{name.name}"
    if name.port is not None:
        yield f"SERVICE_FQDN_{name.name}_{name.port}"
        yield f"SERVICE_URL_{name.name}_{name.port}"


def _referenced(key: str) -> Iterator[str]:
    """The key, what its value is made of, and the twin of a domain's. SERVICE_NAME_* is no variable (Q3)."""
    if key.startswith(NAME_PREFIX):
        return
    yield from needs(key)
    yield key
    if name := domain_name(key):
        other = "FQDN" if name.form == "url" else "URL"
        port = f"_{name.port}" if name.port is not None else ""
        yield f"SERVICE_{other}_{name.name.upper()}{port}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _want_entry(entry: Entry, comment: str | None, wanted: dict[str, Wanted]) -> None:
    text = entry.text
    if not text:
        return
    found = references(text)
    for reference in found:
        want_reference(reference, wanted)
    if found and is_magic_reference(text) and found[0].name != entry.key and _may_be_row(entry.key):
        wanted.setdefault(entry.key, Wanted()).raw = text
    known = wanted.get(entry.key)
    if known is not None and known.comment is None and comment:
        known.comment = comment[:_COMMENT_LIMIT]


def want_reference(reference: Reference, wanted: dict[str, Wanted]) -> None:
    """Note what a reference asks for, unless every container gets the variable on its own."""
    key = reference.name
    if key in CONTAINER_NAMES or key.startswith(NAME_PREFIX) or not _KEY.fullmatch(key):
        return
    known = wanted.setdefault(key, Wanted())
    if reference.operator.endswith(("-", "?")) and known.default is None:
        known.default = reference.argument
    if reference.operator.endswith("?"):
        known.is_required = True


def _may_be_row(key: str) -> bool:
    is_magic = is_generated(key) or domain_name(key) is not None
    is_given = key in CONTAINER_NAMES or key.startswith(NAME_PREFIX)
    return bool(_KEY.fullmatch(key)) and not is_magic and not is_given


def merge_variables(
    stored: Mapping[str, Variable],
    wanted: Mapping[str, Wanted],
    source_of: Callable[[str], DomainSource | None],
    derived: Callable[[DomainSource], str],
    random: Source,
) -> dict[str, Variable]:
    """All variables of the service: the stored ones in their order, then the new ones.

    `source_of` says whether a key is a domain's, `derived` gives such a one its value.
    """
    merged: dict[str, Variable] = {}
    for key in (*stored, *wanted):
        if key not in merged:
            merged[key] = _merged(stored.get(key) or _new(key, wanted[key]), wanted.get(key), source_of(key))
    for key, variable in merged.items():
        if variable.source is not None and variable.origin == "domain":
            merged[key] = replace(variable, value=derived(variable.source))
    _generate(merged, frozenset(wanted), random)
    return merged


def _new(key: str, wanted: Wanted) -> Variable:
    return Variable(key=key, origin="template", comment=wanted.comment)


def _merged(variable: Variable, wanted: Wanted | None, source: DomainSource | None) -> Variable:
    if wanted is not None and wanted.is_required:
        variable = replace(variable, is_required=True)
    if variable.origin == "user" and variable.value is not None and not _has_become_domain(variable, source):
        return variable
    if _is_nobodys(source, wanted):
        source = None
        if variable.origin == "domain":
            variable = replace(variable, origin="template", value=None)
    if source is not None and (wanted is not None or variable.origin == "domain"):
        return replace(variable, origin="domain", source=source)
    if variable.origin == "user" or wanted is None:
        return variable
    if wanted.raw is not None:
        return replace(variable, value=wanted.raw, origin="template")
    if variable.value is None and not is_generated(variable.key):
        return replace(variable, value=wanted.default, origin="template")
    return variable


def _is_nobodys(source: DomainSource | None, wanted: Wanted | None) -> bool:
    """Whether nothing answers to a domain's name and the document has something else for that case."""
    is_unowned = source is not None and source.component is None
    return is_unowned and wanted is not None and wanted.default is not None


def _has_become_domain(variable: Variable, source: DomainSource | None) -> bool:
    """Whether what a person wrote was taken for a domain of its component: that is the truth from then on."""
    return source is not None and domain_name(variable.key) is None


def _generate(merged: dict[str, Variable], wanted: frozenset[str], random: Source) -> None:
    """Fill the magic variables that have no value yet, those first that others are made of (Q2)."""

    def lookup(key: str) -> str | None:
        variable = merged.get(key)
        return variable.value if variable else None

    blank = [key for key, variable in merged.items() if key in wanted and _is_blank(variable)]
    for key in sorted(blank, key=lambda key: bool(needs(key))):
        value = generate(key, random, lookup)
        origin: VariableOrigin = "generated"
        merged[key] = replace(merged[key], value=value, origin=origin)


def _is_blank(variable: Variable) -> bool:
    return variable.origin != "user" and not variable.value and is_generated(variable.key)
