"""What the parts of a compose file say about each other: what is named is there, nothing is said twice
in two ways, and no component waits for itself.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from homeport.core.compose.forms import Reader, size_bytes
from homeport.core.compose.load import Path

_NAMESPACES: Final = ("network_mode", "ipc", "pid", "uts")
_TWICE: Final = (
    ("scale", ("replicas",)),
    ("cpus", ("resources", "limits", "cpus")),
    ("mem_limit", ("resources", "limits", "memory")),
    ("pids_limit", ("resources", "limits", "pids")),
    ("mem_reservation", ("resources", "reservations", "memory")),
)


def check(output: Mapping[str, Any], reader: Reader) -> None:
    """`output` has the forms of `keys`. Raises ComposeRejected."""
    services = output["services"]
    needs = {}
    for name, definition in services.items():
        path = ("services", name)
        needed = dict(_needed(definition, path, reader))
        for other, place in needed.items():
            if other not in services:
                reader.refuse(place, f"There is no component `{other}`.")
        needs[name] = needed
        _check_component(definition, path, reader)
        _check_defined(definition, path, output, reader)
    _check_circle(needs, reader)
    _check_sections(output, reader)


def _needed(definition: Mapping[str, Any], path: Path, reader: Reader) -> Iterator[tuple[str, Path]]:
    """The components that one needs, each with the place that says so."""
    depends = definition.get("depends_on")
    if isinstance(depends, Mapping):
        yield from ((name, (*path, "depends_on", name)) for name in depends)
    for key in ("depends_on", "links", "volumes_from"):
        given = definition.get(key)
        for number, text in enumerate(given if isinstance(given, list) else ()):
            name = reader.read(text)
            if name is not None and not (key == "volumes_from" and name.startswith("container:")):
                yield name if key == "depends_on" else name.partition(":")[0], (*path, key, number)
    for key in _NAMESPACES:
        mode = reader.read(definition.get(key, ""))
        if mode is not None and mode.startswith("service:"):
            yield mode.removeprefix("service:"), (*path, key)


def _check_component(definition: Mapping[str, Any], path: Path, reader: Reader) -> None:
    image, build = definition.get("image", ""), definition.get("build")
    if reader.read(image) == "" and build is None:
        reader.refuse(path, "A component needs an `image`, or a `build` that makes one.")
    if definition.get("networks") and reader.read(definition.get("network_mode", "")):
        reader.refuse((*path, "networks"), "A component with a `network_mode` cannot be on networks.")
    test = (definition.get("healthcheck") or {}).get("test")
    if isinstance(test, list) and test and reader.read(test[0]) not in ("CMD", "CMD-SHELL", "NONE", None):
        reader.refuse((*path, "healthcheck", "test"), "A list for `test` begins with CMD, CMD-SHELL or NONE.")
    _check_build(definition, path, reader)
    _check_twice(definition, path, reader)
    for number, watch in enumerate((definition.get("develop") or {}).get("watch", ())):
        if watch["action"] != "rebuild" and not watch.get("target"):
            reader.refuse((*path, "develop", "watch", number), "All but `rebuild` need a `target`.")


def _check_build(definition: Mapping[str, Any], path: Path, reader: Reader) -> None:
    build = definition.get("build")
    if not isinstance(build, Mapping):
        return
    if build.get("dockerfile") and build.get("dockerfile_inline"):
        reader.refuse((*path, "build"), "Either `dockerfile` or `dockerfile_inline` can be given.")
    platform = reader.read(definition.get("platform", ""))
    platforms = [reader.read(text) for text in build.get("platforms", ())]
    if platform and platforms and None not in platforms and platform not in platforms:
        reader.refuse((*path, "build", "platforms"), f"The component's platform {platform} is missing here.")


def _check_twice(definition: Mapping[str, Any], path: Path, reader: Reader) -> None:
    deploy = definition.get("deploy") or {}
    for key, steps in _TWICE:
        other: Any = deploy
        for step in steps:
            other = (other or {}).get(step)
        ours, theirs = _amount(definition.get(key), reader), _amount(other, reader)
        if None not in (ours, theirs) and ours != theirs:
            reader.refuse((*path, key), f"`{key}` and `deploy.{'.'.join(steps)}` say different things.")


def _amount(value: Any, reader: Reader) -> float | None:
    read = reader.read(value) if isinstance(value, str) else value
    return None if read is None else size_bytes(read)


def _check_defined(
    definition: Mapping[str, Any], path: Path, output: Mapping[str, Any], reader: Reader
) -> None:
    known = output.get("networks", {})
    for name in definition.get("networks") or ():
        if name not in known and name != "default":
            reader.refuse((*path, "networks", name), f"There is no network `{name}`.")
    build = definition.get("build")
    places = [("configs", definition, path), ("secrets", definition, path)]
    if isinstance(build, Mapping):
        places.append(("secrets", build, (*path, "build")))
    for section, holder, place in places:
        for number, item in enumerate(holder.get(section, ())):
            source = reader.read(item if isinstance(item, str) else item.get("source", ""))
            if source is not None and source not in output.get(section, {}):
                reader.refuse(
                    (*place, section, number), f"There is nothing called `{source}` in `{section}`."
                )


def _check_circle(needs: Mapping[str, Mapping[str, Path]], reader: Reader) -> None:
    """Depth first, each component once."""
    done: set[str] = set()
    for start in needs:
        trail = [start]
        waiting = [iter(needs[start])]
        while waiting:
            following = next((name for name in waiting[-1] if name not in done), None)
            if following is None:
                done.add(trail.pop())
                waiting.pop()
            elif following in trail:
                circle = [*trail[trail.index(following) :], following]
                reader.refuse(
                    needs[trail[-1]][following], f"Components wait in a circle: {' -> '.join(circle)}."
                )
            else:
                trail.append(following)
                waiting.append(iter(needs[following]))


def _check_sections(output: Mapping[str, Any], reader: Reader) -> None:
    for section, sources in (
        ("configs", ("file", "environment", "content")),
        ("secrets", ("file", "environment")),
    ):
        for name, definition in output.get(section, {}).items():
            given = [key for key in sources if key in definition]
            is_external = definition.get("external") not in (None, False)
            if len(given) > 1 or not (given or is_external):
                reader.refuse((section, name), f"It needs one of {', '.join(sources)}, and only one.")
    for name, definition in output.get("networks", {}).items():
        external = (definition or {}).get("external")
        if isinstance(external, Mapping) and external.get("name") and "name" in definition:
            reader.refuse(("networks", name, "external"), "Its name is given twice.")
