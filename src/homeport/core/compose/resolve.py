"""The content of `.env`: every variable with its final value.

Compose's reader resolves references only backwards and only some of them, so none is left to it.
What a template says follows Compose's grammar; in what a person wrote, only a reference to a
variable of this service is one, and `pa$word` is a password.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from homeport.core.compose.environment import SharedValues, is_magic_reference, with_shared
from homeport.core.compose.interpolate import references, split, substitute
from homeport.core.compose.limits import MAX_VALUE, MAX_VALUES, Budget
from homeport.core.compose.model import Variable
from homeport.errors import ComposeRejected

_STEERING: Final = "COMPOSE_"
"""What Compose finds in `.env` under such a name is an order to itself: to ignore that file, for example."""
_MARK: Final = "\0"
"""Stands around the number of a shared value while the rest is expanded; no process can be given one."""


_TOO_LONG: Final = f"The value is larger than {MAX_VALUE >> 10} KiB once its references are resolved."
_TOO_MANY: Final = f"The variables of the service are larger than {MAX_VALUES >> 20} MiB."


@dataclass(slots=True)
class _Resolver:
    variables: Mapping[str, Variable]
    shared: SharedValues
    done: dict[str, str]
    warnings: list[str] = field(default_factory=list)
    total: Budget = field(default_factory=lambda: Budget(MAX_VALUES, _TOO_MANY))

    def resolve(self, key: str) -> None:
        """Depth first, on a stack of our own: a chain may be longer than Python's."""
        stack = [(key, iter(self._needed(key)))]
        is_open = {key}
        while stack:
            current, needed = stack[-1]
            following = next((n for n in needed if n not in self.done and n not in is_open), None)
            if following is not None:
                is_open.add(following)
                stack.append((following, iter(self._needed(following))))
                continue
            stack.pop()
            self.done[current] = value = self._value(self.variables[current])
            self.total.spend(len(value))
            is_open.discard(current)

    def _needed(self, key: str) -> list[str]:
        variable = self.variables[key]
        if not _may_expand(variable):
            return []
        return [r.name for r in references(variable.value or "") if r.name in self.variables]

    def _value(self, variable: Variable) -> str:
        values: list[str] = []
        size = Budget(MAX_VALUE, _TOO_LONG, f"variable {variable.key}")

        def marked(value: str) -> str:
            size.spend(len(value))
            values.append(value.replace(_MARK, ""))
            return f"{_MARK}{len(values) - 1}{_MARK}"

        text = with_shared((variable.value or "").replace(_MARK, ""), self.shared, marked)
        if _may_expand(variable):
            text = self._expanded(variable, text)
        if not values:
            return text
        parts = text.split(_MARK)
        return "".join(values[int(part)] if index % 2 else part for index, part in enumerate(parts))

    def _expanded(self, variable: Variable, text: str) -> str:
        lookup = self._lookup(variable.key)
        try:
            if variable.origin != "user":
                return substitute(text, lookup)
            pieces = ((text[p.start : p.end], p) for p in split(text))
            return "".join(
                substitute(stretch, lookup) if p.kind == "reference" and self._is_known(p.name) else stretch
                for stretch, p in pieces
            )
        except ComposeRejected as error:
            if error.place is not None:
                raise
            self.warnings.append(f"{variable.key}: {error.message}")
            return text

    def _is_known(self, name: str) -> bool:
        return name in self.done or name in self.variables

    def _lookup(self, key: str) -> Callable[[str], str | None]:
        size = Budget(MAX_VALUE, _TOO_LONG, f"variable {key}")

        def lookup(name: str) -> str | None:
            if name == key:
                return ""
            value = self.done.get(name)
            if value is not None:
                size.spend(len(value))
                return value
            if name not in self.variables:
                return None
            self.warnings.append(f"{key} and {name} refer to each other; the reference stays as it is.")
            return f"${{{name}}}"

        return lookup


def _may_expand(variable: Variable) -> bool:
    is_text = variable.is_literal or variable.is_multiline or variable.origin in ("generated", "domain")
    return not is_text and "$" in (variable.value or "")


def env_pairs(
    variables: Iterable[Variable], names: Mapping[str, str], shared: SharedValues
) -> tuple[list[tuple[str, str]], list[str]]:
    """The lines of `.env` in their order, and warnings.

    `names` are the SERVICE_NAME_* of the components; they stand first and cannot be shadowed. What would steer
    Compose is left out.
    Raises ComposeRejected when they are more than a process can take.
    """
    own = {variable.key: variable for variable in variables if variable.key not in names}
    resolver = _Resolver(own, shared, done=dict(names))
    for key in own:
        if key not in resolver.done:
            resolver.resolve(key)
    for key in own:
        if key.startswith(_STEERING):
            resolver.warnings.append(f"{key} was left out: by such a name Compose itself is told what to do.")
    ordered = sorted((v for v in own.values() if not v.key.startswith(_STEERING)), key=_group)
    return [*names.items(), *((v.key, resolver.done[v.key]) for v in ordered)], resolver.warnings


def _group(variable: Variable) -> int:
    if variable.key.startswith("SERVICE_"):
        return 0
    return 1 if is_magic_reference(variable.value or "") else 2
