"""What a request would do to a service, as values to show: two renders are compared before anything is done."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Final, Literal

from homeport.core.compose.dump import dump
from homeport.core.compose.labels import Marks, stamp
from homeport.core.compose.model import Component, File, Rendered, Volume
from homeport.core.mask import CHANGED, Mask, masked_dotenv
from homeport.core.needles import MASK
from homeport.core.ports import Port, ports_of

MAX_DIFF_LINES: Final = 4000
_COMPOSE: Final = "docker-compose.yml"

Change = Literal["new", "unchanged", "changed", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What there is of a service. `rendered` is what it renders to at present, None when it cannot be rendered any
    more; `marks` and `deployed` are those of its newest revision, empty when it has none."""

    rendered: Rendered | None = None
    marks: Marks = field(default_factory=dict)
    deployed: tuple[Component, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentChange:
    """`change` says what the next deployment does to the component's container."""

    name: str
    kind: str
    image: str | None
    domains: tuple[str, ...]
    port: int | None
    change: Literal["create", "recreate", "unchanged", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableChange:
    key: str
    origin: str
    is_required: bool
    is_generated: bool
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeChange:
    """A volume that is "removed" is mounted no longer; its data stays on the server."""

    name: str
    component: str
    target: str
    is_external: bool
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class FileShown:
    """`content` is None for those who may not read it, too."""

    path: str
    component: str
    target: str
    is_directory: bool
    content: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`diff` is None for a service that is new; `files` are those that Homeport makes."""

    compose: str
    diff: str | None
    components: tuple[ComponentChange, ...]
    variables: tuple[VariableChange, ...]
    ports: tuple[Port, ...]
    volumes: tuple[VolumeChange, ...]
    files: tuple[FileShown, ...]


def preview(rendered: Rendered, before: Before | None, mask: Mask, *, folder: str) -> Preview:
    """Compare a render with what there is (None: nothing). `folder` is the service's on the server."""
    was = before.rendered if before is not None else None
    document = mask.document(rendered.document)
    return Preview(
        compose=dump(document),
        diff=None if before is None else _diff(rendered, was, mask, folder),
        components=tuple(_components(rendered, before or Before(), mask)),
        variables=tuple(_variables(rendered, was)),
        ports=ports_of(rendered),
        volumes=tuple(_volumes(rendered.volumes, was.volumes if was else (), mask)),
        files=tuple(_shown(file, mask) for file in rendered.files if file.is_managed),
    )


def is_pending(before: Before) -> bool:
    """Whether what is stored of a service differs from what was deployed last."""
    if before.rendered is None or not before.marks:
        return False
    newest = max(number for _, number in before.marks.values())
    return stamp(before.rendered, before.marks, newest + 1)[1] != before.marks


def _components(rendered: Rendered, before: Before, mask: Mask) -> Iterator[ComponentChange]:
    newest = max((number for _, number in before.marks.values()), default=0)
    _, marks = stamp(rendered, before.marks, newest + 1)
    for component in rendered.components:
        mark = before.marks.get(component.name)
        kept: Literal["unchanged", "recreate"] = "unchanged" if mark == marks[component.name] else "recreate"
        yield _component(component, "create" if mark is None else kept, mask)
    names = {component.name for component in rendered.components}
    known = (*before.deployed, *(before.rendered.components if before.rendered else ()))
    gone = {component.name: component for component in reversed(known) if component.name not in names}
    for component in gone.values():
        yield _component(component, "remove", mask)


def _component(
    component: Component, change: Literal["create", "recreate", "unchanged", "remove"], mask: Mask
) -> ComponentChange:
    return ComponentChange(
        name=component.name,
        kind=component.kind,
        image=None if component.image is None else mask.text(component.image),
        domains=tuple(domain.url for domain in component.domains or ()),
        port=component.port,
        change=change,
    )


def _variables(rendered: Rendered, was: Rendered | None) -> Iterator[VariableChange]:
    old = {variable.key: variable for variable in was.variables} if was else {}
    for variable in rendered.variables:
        before = old.pop(variable.key, None)
        change: Change = "new"
        if before is not None:
            same = (variable.value, variable.origin) == (before.value, before.origin)
            change = "unchanged" if same else "changed"
        yield VariableChange(
            key=variable.key,
            origin=variable.origin,
            is_required=variable.is_required,
            is_generated=variable.origin == "generated",
            change=change,
        )
    for variable in old.values():
        yield VariableChange(
            key=variable.key, origin=variable.origin, is_required=False, is_generated=False, change="removed"
        )


def _volumes(now: Iterable[Volume], was: Iterable[Volume], mask: Mask) -> Iterator[VolumeChange]:
    old = {(volume.component, volume.target): volume for volume in was}
    for volume in now:
        before = old.pop((volume.component, volume.target), None)
        change: Change = "new"
        if before is not None:
            change = "unchanged" if before.name == volume.name else "changed"
        yield _volume(volume, change, mask)
    for volume in old.values():
        yield _volume(volume, "removed", mask)


def _volume(volume: Volume, change: Change, mask: Mask) -> VolumeChange:
    return VolumeChange(
        name=mask.text(volume.name),
        component=volume.component,
        target=mask.text(volume.target),
        is_external=volume.is_external,
        change=change,
    )


def _shown(file: File, mask: Mask) -> FileShown:
    return FileShown(
        path=mask.text(file.path),
        component=file.component,
        target=mask.text(file.target),
        is_directory=file.is_directory,
        content=mask.text(file.content) if mask.is_sensitive and file.content is not None else None,
    )


def _diff(rendered: Rendered, was: Rendered | None, mask: Mask, folder: str) -> str:
    """What changes in the files that Homeport writes for the service, as unified text."""
    documents = mask.document(rendered.document, was.document if was else None)
    parts = [
        _compare(_COMPOSE, dump(mask.document(was.document)) if was else None, dump(documents)),
        _compare(
            ".env",
            masked_dotenv(was.dotenv) if was else None,
            masked_dotenv(rendered.dotenv, was.dotenv if was else None),
        ),
    ]
    old, new = _contents(was.files if was else ()), _contents(rendered.files)
    for path in dict.fromkeys((*new, *old)):
        name = mask.text(path.removeprefix(f"{folder}/"))
        before, after = old.get(path), new.get(path)
        if before != after:
            parts.append(_compare(name, _content(before, mask), _content(after, mask, before)))
    return "".join(parts)


def _contents(files: Iterable[File]) -> dict[str, str]:
    return {file.path: file.content for file in files if file.is_managed and file.content is not None}


def _content(content: str | None, mask: Mask, before: str | None = None) -> str | None:
    if content is None:
        return None
    return mask.text(content) if mask.is_sensitive else MASK + (CHANGED if before is not None else "") + "\n"


def _compare(name: str, before: str | None, after: str | None) -> str:
    """Unified text; "" when both are equal. None stands for a file that is not there."""
    if before == after:
        return ""
    heads = f"--- {_head('a', name, before)}\n+++ {_head('b', name, after)}\n"
    old, new = (before or "").splitlines(), (after or "").splitlines()
    if len(old) + len(new) > MAX_DIFF_LINES:
        return f"{heads}(too long to compare)\n"
    lines = list(unified_diff(old, new, lineterm=""))[2:]
    return heads + "".join(f"{line}\n" for line in lines)


def _head(side: str, name: str, text: str | None) -> str:
    return "/dev/null" if text is None else f"{side}/{name}"
