"""The keys of a component: who judges each, and which ask for nothing."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from homeport.core.policy.build import build, tagged
from homeport.core.policy.masks import option
from homeport.core.policy.mounts import env_file, read, volumes, volumes_from
from homeport.core.policy.namespaces import (
    called,
    external_links,
    hostname,
    namespace,
    network_mode,
    networks,
)
from homeport.core.policy.paths import absolute
from homeport.core.policy.proxy import label_file_routes, routes
from homeport.core.policy.values import Found, Ground, Path, as_map, as_text, is_on, items, pairs

Judge = Callable[[Any, Path, Ground], Iterator[Found]]

# What Docker gives every container: adding it back after `cap_drop: [ALL]` is thrift, not a power.
_DEFAULT_CAPABILITIES: Final = frozenset(
    (
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
        "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    )
)  # fmt: skip
_QUIET_LOGS: Final = ("", "json-file", "local", "none", "journald")
_LOG_TARGETS: Final = ("address", "url", "endpoint", "host", "path")


def judged(name: str, definition: Mapping[str, Any], ground: Ground) -> Iterator[Found]:
    """What a component asks for; `definition` is interpolated."""
    path: Path = ("services", name)
    yield from called(name, path, ground)
    for key, value in definition.items():
        judge = JUDGES.get(key)
        if judge is not None and value is not None:
            yield from judge(value, (*path, key), ground)
    if definition.get("build") is not None:
        yield from tagged(as_text(definition.get("image")), (*path, "image"), ground)


def _privileged(value: Any, path: Path, _ground: Ground) -> Iterator[Found]:
    if is_on(value):
        yield Found("host.privileged", str(path[1]), path, "runs with every power of the server's root")


def _hooks(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    for item, place in items(value, path):
        yield from _privileged(as_map(item).get("privileged"), (*place, "privileged"), ground)


def _capabilities(value: Any, path: Path, _ground: Ground) -> Iterator[Found]:
    for item, place in items(value, path):
        capability = as_text(item).strip().upper().removeprefix("CAP_")
        if capability not in _DEFAULT_CAPABILITIES:
            yield Found("host.capabilities", capability, place, f"adds the capability {capability}")


def _security(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    for item, place in items(value, path):
        text = as_text(item)
        key, _, setting = text.partition("=") if "=" in text else text.partition(":")
        if key == "no-new-privileges" and setting in ("", "true"):
            continue
        yield Found("host.security", f"{key}={setting}", place, f"sets {key} to {setting or 'nothing'}")
        # Compose reads the profile and sends its text.
        if key == "seccomp" and setting not in ("", "unconfined", "builtin"):
            yield from read(setting, place, ground)


def _devices(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    for item, place in items(value, path):
        source = as_text(item.get("source")) if isinstance(item, Mapping) else as_text(item).split(":")[0]
        subject = absolute(source, ground.folder) if source.startswith("/") else source
        yield Found("host.device", subject, place, f"uses the device {subject}")


def _device_rules(value: Any, path: Path, _ground: Ground) -> Iterator[Found]:
    for item, place in items(value, path):
        rule = " ".join(as_text(item).split())
        yield Found("host.device", rule, place, f"may use devices by the rule {rule}")


def _reservations(value: Any, path: Path, _ground: Ground) -> Iterator[Found]:
    for item, place in items(value, path):
        words = [as_text(item)]
        if isinstance(item, Mapping):
            lists = (item.get("capabilities"), item.get("device_ids"))
            named = (as_text(entry) for given in lists for entry, _ in items(given, ()))
            words = [as_text(item.get("driver")), *sorted(named)]
        subject = " ".join(word for word in words if word) or "all"
        yield Found("host.device", subject, place, f"reserves devices ({subject})")


def _deploy(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    deploy = as_map(value)
    reservations = as_map(as_map(deploy.get("resources")).get("reservations"))
    place = (*path, "resources", "reservations", "devices")
    yield from _reservations(reservations.get("devices"), place, ground)
    yield from routes(deploy.get("labels"), (*path, "labels"), ground)


def _sysctls(value: Any, path: Path, _ground: Ground) -> Iterator[Found]:
    for key, text, place in pairs(value, path):
        yield Found("host.sysctl", f"{key}={text}", place, f"sets the kernel's {key}")


def _runtime(value: Any, path: Path, _ground: Ground) -> Iterator[Found]:
    text = as_text(value)
    if text and (path[-1], text) != ("isolation", "default"):
        yield Found("host.runtime", f"{path[-1]}={text}", path, f"sets {path[-1]} to {text}")


def _runtime_options(value: Any, path: Path, _ground: Ground) -> Iterator[Found]:
    for key, text, place in pairs(value, path):
        yield Found("host.runtime", f"{path[-1]} {option(key, text)}", place, f"gives the runtime {key}")


def _logging(value: Any, path: Path, _ground: Ground) -> Iterator[Found]:
    driver = as_text(as_map(value).get("driver"))
    if driver in _QUIET_LOGS:
        return
    options = pairs(as_map(value).get("options"), path)
    targets = (option(key, text) for key, text, _ in options if any(word in key for word in _LOG_TARGETS))
    subject = " ".join((f"logging {driver}", *sorted(targets)))
    yield Found("host.network", subject, path, f"lets the engine send logs with the driver {driver}")


def _api_socket(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    """Compose also hands over every registry password that it finds on Homeport's machine."""
    if is_on(value):
        what = f"mounts {ground.socket} of the server and Homeport's registry passwords"
        yield Found("host.docker_socket", ground.socket, path, what, is_by_compose=True)


def _label_file(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    for item, place in items(value, path):
        yield from read(as_text(item), place, ground)
        yield from label_file_routes(absolute(as_text(item), ground.folder), place, ground)


def _watched(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    for item, place in items(as_map(value).get("watch"), (*path, "watch")):
        yield from read(as_text(as_map(item).get("path")), (*place, "path"), ground)


JUDGES: Final[Mapping[str, Judge]] = {
    "annotations": _runtime_options,
    "build": build,
    "cap_add": _capabilities,
    "cgroup": namespace,
    "cgroup_parent": _runtime,
    "credential_spec": _runtime_options,
    "deploy": _deploy,
    "develop": _watched,
    "device_cgroup_rules": _device_rules,
    "devices": _devices,
    "env_file": env_file,
    "external_links": external_links,
    "gpus": _reservations,
    "hostname": hostname,
    "ipc": namespace,
    "isolation": _runtime,
    "label_file": _label_file,
    "labels": routes,
    "logging": _logging,
    "network_mode": network_mode,
    "networks": networks,
    "pid": namespace,
    "post_start": _hooks,
    "pre_stop": _hooks,
    "privileged": _privileged,
    "runtime": _runtime,
    "security_opt": _security,
    "sysctls": _sysctls,
    "use_api_socket": _api_socket,
    "userns_mode": namespace,
    "uts": namespace,
    "volumes": volumes,
    "volumes_from": volumes_from,
}
"""The keys of a component that can ask for something."""

HARMLESS: Final = frozenset(
    (
        "attach", "blkio_config", "cap_drop", "command", "configs", "container_name", "cpu_count",
        "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus",
        "cpuset", "depends_on", "dns", "dns_opt", "dns_search", "domainname", "entrypoint", "environment",
        "expose", "extends", "extra_hosts", "group_add", "healthcheck", "image", "init", "links",
        "mac_address", "mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit", "oom_kill_disable",
        "oom_score_adj", "pids_limit", "platform", "ports", "profiles", "pull_policy", "pull_refresh_after",
        "read_only", "restart", "scale", "secrets", "shm_size", "stdin_open", "stop_grace_period",
        "stop_signal", "storage_opt", "tmpfs", "tty", "ulimits", "user", "working_dir",
    )
)  # fmt: skip
"""Keys that ask for nothing, each for a reason that ADR 0008 gives."""
