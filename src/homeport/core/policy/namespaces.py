"""What a container shares with the server or with foreign containers: network, processes, memory, users."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from homeport.core.policy.values import Found, Ground, Path, as_map, as_text, items, pairs

_OWN_NETWORK: Final = ("", "none", "bridge", "default", "private")
_HARMLESS: Final[Mapping[str, tuple[str, ...]]] = {
    "pid": ("",),
    "ipc": ("", "none", "private", "shareable"),
    "uts": ("",),
    "userns_mode": ("",),
    "cgroup": ("", "private"),
}
_BY_SERVICE: Final = ("pid", "ipc")
_OF_A_CONTAINER: Final = re.compile(r".*-([a-z0-9]{24})\.?", re.DOTALL)
_ENDPOINT_SYSCTLS: Final = "com.docker.network.endpoint.sysctls"
_ENDPOINT_NAME: Final = "com.docker.network.endpoint.ifname"


def network_mode(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    mode = as_text(value)
    if mode in _OWN_NETWORK or mode.startswith("service:") or ground.owns(mode):
        return
    if mode == "host" or ":" in mode:
        whose = "the server's own network" if mode == "host" else f"the network of {mode}"
        yield Found("host.network", mode, path, f"is on {whose}")
    else:
        yield Found("host.external", mode, path, f"is on the network {mode}")


def namespace(value: Any, path: Path, _ground: Ground) -> Iterator[Found]:
    key, mode = str(path[-1]), as_text(value)
    if mode in _HARMLESS[key] or (key in _BY_SERVICE and mode.startswith("service:")):
        return
    yield Found("host.namespace", f"{key}={mode}", path, f"shares with {mode} what {key} stands for")


def networks(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    """A component's ends of networks; the networks are judged where they are defined."""
    for name, settings in as_map(value).items():
        for item, place in items(as_map(settings).get("aliases"), (*path, name, "aliases")):
            yield from called(as_text(item), place, ground)
        options = as_map(settings).get("driver_opts")
        for key, text, place in pairs(options, (*path, name, "driver_opts")):
            if key == _ENDPOINT_SYSCTLS:
                yield Found("host.sysctl", text, place, f"sets {text} for a network interface")
            elif key != _ENDPOINT_NAME:
                yield Found("host.network", f"{key}={text}", place, f"sets {key} of the network's driver")


def hostname(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    yield from called(as_text(value), path, ground)


def called(name: str, path: Path, ground: Ground) -> Iterator[Found]:
    """A name that others may call a container by. The proxy is on the networks of all services and calls each
    container by its own: one that answers to the name of a foreign container would get its requests."""
    lowered = name.lower()
    found = _OF_A_CONTAINER.fullmatch(lowered)
    if found is not None and found[1] != ground.uuid:
        yield Found(
            "host.external", f"name:{lowered}", path, f"answers to {name} as a foreign container does"
        )


def external_links(value: Any, path: Path, _ground: Ground) -> Iterator[Found]:
    for item, place in items(value, path):
        name = as_text(item).split(":")[0]
        yield Found("host.external", f"container:{name}", place, f"is linked to the container {name}")
