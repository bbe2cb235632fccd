"""Networks, volumes, configs and secrets where they are defined."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any, Final

from homeport.core.policy.masks import option
from homeport.core.policy.paths import reached
from homeport.core.policy.values import Found, Ground, Path, as_map, as_text, is_on, items, pairs

_BRIDGES: Final = ("", "bridge", "overlay", "none")
_QUIET_OPTIONS: Final = (
    "com.docker.network.bridge.enable_icc",
    "com.docker.network.bridge.enable_ip_masquerade",
    "com.docker.network.container_iface_prefix",
    "com.docker.network.driver.mtu",
    "encrypted",
)
# Where the engine puts networks by itself. Anywhere else, an address of a container could be one that
# the server means to find elsewhere: its name server, its neighbours.
_OWN_RANGES: Final = ((ip_network("172.16.0.0/12"), 16), (ip_network("fd00::/8"), 48))
_PATHS: Final = re.compile(r"/[^,:=\s]*")


def network(name: str, value: Any, ground: Ground) -> Iterator[Found]:
    path: Path = ("networks", name)
    settings = as_map(value)
    engine_name, _ = _engine_name(name, settings, ground)
    if engine_name == "host":
        yield Found("host.network", "host", path, "is the server's own network")
    elif engine_name != "none" and not ground.owns(engine_name):
        yield Found("host.external", engine_name, path, f"is the engine's network {engine_name}")
    driver = as_text(settings.get("driver"))
    if driver not in _BRIDGES:
        options = _options(settings.get("driver_opts"))
        what = f"is made by the driver {driver} on a network of the server"
        yield Found("host.network", " ".join((f"driver={driver}", *options)), (*path, "driver"), what)
    else:
        for key, text, place in pairs(settings.get("driver_opts"), (*path, "driver_opts")):
            if key not in _QUIET_OPTIONS:
                yield Found("host.network", option(key, text), place, f"sets {key} of the network's driver")
    yield from _addresses(as_map(settings.get("ipam")), (*path, "ipam"))


def volume(name: str, value: Any, ground: Ground) -> Iterator[Found]:
    path: Path = ("volumes", name)
    settings = as_map(value)
    engine_name, _ = _engine_name(name, settings, ground)
    if not ground.owns(engine_name):
        yield Found("host.external", engine_name, path, f"is the engine's volume {engine_name}")
    driver = as_text(settings.get("driver")) or "local"
    options = _options(settings.get("driver_opts"))
    if driver != "local" or options:
        subject = " ".join((driver, *options))
        yield Found(
            "host.volume", subject, path, f"is a volume of the driver {driver} with options of its own"
        )
        for _, text, place in pairs(settings.get("driver_opts"), (*path, "driver_opts")):
            for found in _PATHS.findall(text):
                reach = reached(found, place, ground)
                yield from (item for item in reach if item.grant == "host.docker_socket")


def file_of(section: str, name: str, value: Any, ground: Ground, *, is_built_in: bool) -> Iterator[Found]:
    """A config or a secret. `is_built_in`: a build is given it too, and then Compose reads it itself."""
    path: Path = (section, name)
    settings = as_map(value)
    engine_name, is_external = _engine_name(name, settings, ground)
    if is_external and not ground.owns(engine_name):
        yield Found("host.external", engine_name, path, f"is the engine's {section[:-1]} {engine_name}")
    if file := as_text(settings.get("file")):
        yield from reached(file, (*path, "file"), ground, is_read_only=True, is_by_compose=is_built_in)


def _engine_name(name: str, settings: Mapping[str, Any], ground: Ground) -> tuple[str, bool]:
    """How the engine calls it, and whether it was there before. Compose puts the project's name before
    the name of one that it makes itself."""
    external = settings.get("external")
    given = as_text(settings.get("name"))
    if isinstance(external, Mapping):
        return as_text(external.get("name")) or given or name, True
    is_external = is_on(external)
    return given or (name if is_external else f"{ground.uuid}_{name}"), is_external


def _options(value: Any) -> list[str]:
    """The options of a driver, those in `o` one by one, without passwords."""
    found = []
    for key, text, _ in pairs(value, ()):
        if key == "o":
            listed = (part.partition("=") for part in text.split(","))
            found.append("o=" + ",".join(sorted(option(part, setting) for part, _, setting in listed)))
        else:
            found.append(option(key, text))
    return sorted(found)


def _addresses(ipam: Mapping[str, Any], path: Path) -> Iterator[Found]:
    driver = as_text(ipam.get("driver"))
    if driver not in ("", "default"):
        yield Found("host.network", f"ipam={driver}", (*path, "driver"), f"gets its addresses from {driver}")
    for item, place in items(ipam.get("config"), (*path, "config")):
        subnet = as_text(as_map(item).get("subnet"))
        if subnet and not _is_usual(subnet):
            what = f"takes the addresses {subnet} from the server's routes"
            yield Found("host.network", f"subnet={subnet}", (*place, "subnet"), what)


def _is_usual(subnet: str) -> bool:
    try:
        wanted = ip_network(subnet, strict=False)
    except ValueError:
        return False
    return any(
        wanted.version == own.version and wanted.prefixlen >= shortest and wanted.network_address in own
        for own, shortest in _OWN_RANGES
    )
