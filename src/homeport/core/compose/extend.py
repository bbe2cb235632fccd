"""`extends`: a component that begins as a copy of another one of the same document.

It is resolved on the nodes, before anybody reads the values, as anchors and `<<` are. What another
file would have to give (`extends: {file: ...}`, `include`) is refused: there is none.
"""

from dataclasses import dataclass, field
from typing import Final

from homeport.core.compose.merge import MergeRefused, merge
from homeport.core.compose.nodes import Node, Path, Spot, map_of, place
from homeport.errors import ComposeRejected

MAX_INHERITED: Final = 200_000
"""Values that all components together may take over from others."""


def extended(root: Node | None) -> Node | None:
    """The document with every `extends` resolved. Raises ComposeRejected, with place and line."""
    if root is None:
        return root
    _refuse_include(root)
    services = root.child("services")
    if services is None or not isinstance(services.children, dict):
        return root
    if not any(spot.node.spot("extends") for spot in services.children.values()):
        return root
    components = _Resolver(services.children).all()
    return root.with_child("services", map_of(components, services.mark))


def _refuse_include(root: Node) -> None:
    include = root.spot("include")
    if include is not None and include.node.value:
        raise _rejected(
            "Other files cannot be given to Homeport. Put what they contain into this document.",
            ("include",),
            include.line,
        )


@dataclass(slots=True)
class _Resolver:
    given: dict[str, Spot]
    done: dict[str, Spot] = field(default_factory=dict)
    inherited: int = 0

    def all(self) -> dict[str, Spot]:
        for name in self.given:
            self._resolve(name)
        return {name: self.done[name] for name in self.given}

    def _resolve(self, name: str) -> None:
        """Down the chain to what extends nothing more, and up again; a chain may be longer than Python's stack."""
        chain: dict[str, None] = {}
        while name not in self.done:
            if name in chain:
                names = list(chain)
                circle = " → ".join([*names[names.index(name) :], name])
                raise self._rejected(f"Components cannot extend each other in a circle: {circle}.", names[-1])
            base = self._base(name)
            if base is None:
                self.done[name] = self.given[name]
                break
            chain[name] = None
            name = base
        for upper in reversed(chain):
            self.done[upper] = self._over(name, upper)
            name = upper

    def _base(self, name: str) -> str | None:
        """The component that this one extends. Raises ComposeRejected when there is none of that name."""
        extends = self.given[name].node.spot("extends")
        if extends is None:
            return None
        wanted = extends.node.child("service") if isinstance(extends.node.children, dict) else extends.node
        if extends.node.spot("file"):
            shown = f" {wanted.value}" if wanted is not None else ""
            raise self._rejected(
                f"Another file cannot be given to Homeport. Put the component{shown} into this document, and "
                "name it without a file.",
                name,
            )
        if wanted is None or not isinstance(wanted.value, str):
            raise self._rejected("Name the component to extend: `extends: name`.", name)
        if wanted.value not in self.given:
            raise self._rejected(f"There is no component {wanted.value} to extend.", name)
        return wanted.value

    def _over(self, base: str, name: str) -> Spot:
        line, own = self.given[name]
        children = dict(own.children) if isinstance(own.children, dict) else {}
        children.pop("extends")
        below, above = self.done[base].node, map_of(children, own.mark)
        if not isinstance(below.children, dict):
            return Spot(line, above)
        try:
            merged = merge(below, above)
        except MergeRefused as problem:
            raise _rejected(str(problem), ("services", name, *problem.keys), problem.line) from None
        self.inherited += merged.size
        if self.inherited > MAX_INHERITED:
            raise self._rejected(f"Components take over more than {MAX_INHERITED} values.", name)
        return Spot(line, merged)

    def _rejected(self, message: str, name: str) -> ComposeRejected:
        extends = self.given[name].node.spot("extends")
        return _rejected(message, ("services", name, "extends"), extends.line if extends else None)


def _rejected(message: str, path: Path, line: int | None) -> ComposeRejected:
    return ComposeRejected(message, place=place(path), line=line)
