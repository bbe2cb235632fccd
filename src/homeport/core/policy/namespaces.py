"""What a container shares with the server or with foreign containers: network, processes, memory, users."""

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


def networks(value: Any, path: Path, _ground: Ground) -> Iterator[Found]:
    """The options of a component's ends of networks; the networks are judged where they are defined."""
    for name, settings in as_map(value).items():
        options = as_map(settings).get("driver_opts")
        for key, text, place in pairs(options, (*path, name, "driver_opts")):
            if key == _ENDPOINT_SYSCTLS:
                yield Found("host.sysctl", text, place, f"sets {text} for a network interface")
            elif key != _ENDPOINT_NAME:
                yield Found("host.network", f"{key}={text}", place, f"sets {key} of the network's driver")


def external_links(value: Any, path: Path, _ground: Ground) -> Iterator[Found]:
    for item, place in items(value, path):
        name = as_text(item).split(":")[0]
        yield Found("host.external", f"container:{name}", place, f"is linked to the container {name}")
