"""The larger parts of a component: what may stand under `build`, `deploy`, `ports` and their like."""

import re
from collections.abc import Mapping
from typing import Final

from homeport.core.compose.forms import (
    ANY_KEY,
    COMMAND,
    COUNT,
    DISTINCT_PAIRS,
    DISTINCT_TEXTS,
    DURATION,
    FILLED,
    FLAG,
    NUMBER,
    OPTIONS,
    PAIRS,
    SCALAR,
    SIZE,
    STRICT_FLAG,
    TEXT,
    TEXT_OR_TEXTS,
    TEXT_SIZE,
    TEXTS,
    WHOLE,
    Form,
    Keys,
    ListOf,
    MapOf,
    either,
    is_count,
    is_whole,
    leaf,
    one_of,
    size_bytes,
)
from homeport.core.compose.published import is_address

_HOST: Final = re.compile(r"[^=:]+[=:].*", re.DOTALL)
_MODE: Final = re.compile(r"[+-]?[0-7]+")


EXTERNAL: Final = either(FLAG, Keys({"name": TEXT}))
HOSTS: Final = either(
    MapOf(
        either(TEXT, TEXTS),
        re.compile(r"(?!x-)[^=]+"),
        "The name of a host must not be empty, hold '=' or begin with x-.",
    ),
    ListOf(leaf("host:address", str, fits=lambda v: _HOST.fullmatch(v) is not None), is_distinct=True),
)
DEVICE_REQUEST: Final[Mapping[str, Form]] = {
    "capabilities": DISTINCT_TEXTS,
    "count": leaf("a whole number, or all", int, str, fits=lambda v: v == "all" or is_whole(v)),
    "device_ids": DISTINCT_TEXTS,
    "driver": TEXT,
    "options": DISTINCT_PAIRS,
}
MOUNTED: Final = ListOf(
    either(
        TEXT,
        Keys(
            {
                **dict.fromkeys(("source", "target", "uid", "gid"), TEXT),
                "mode": leaf(
                    "a mode such as '0440'",
                    int,
                    str,
                    fits=lambda v: not isinstance(v, str) or _MODE.fullmatch(v) is not None,
                ),
            }
        ),
    )
)
RATES: Final = ListOf(Keys({"path": TEXT, "rate": SIZE}, is_extensible=False))
WEIGHT: Final = leaf("a whole number from 0", int, float, fits=is_count)
_DEPLOY_UPDATE: Final = Keys(
    {
        "parallelism": COUNT,
        "delay": DURATION,
        "failure_action": TEXT,
        "monitor": DURATION,
        "max_failure_ratio": NUMBER,
        "order": one_of("start-first", "stop-first"),
    }
)
_GENERIC: Final = ListOf(
    Keys({"discrete_resource_spec": Keys({"kind": TEXT, "value": NUMBER})}),
)
DEPLOY: Final = Keys(
    {
        "mode": TEXT,
        "endpoint_mode": TEXT,
        "replicas": COUNT,
        "labels": PAIRS,
        "rollback_config": _DEPLOY_UPDATE,
        "update_config": _DEPLOY_UPDATE,
        "resources": Keys(
            {
                "limits": Keys({"cpus": NUMBER, "memory": TEXT_SIZE, "pids": WHOLE}),
                "reservations": Keys(
                    {
                        "cpus": NUMBER,
                        "memory": TEXT_SIZE,
                        "generic_resources": _GENERIC,
                        "devices": ListOf(Keys(DEVICE_REQUEST, ("capabilities",))),
                    }
                ),
            }
        ),
        "restart_policy": Keys(
            {"condition": TEXT, "delay": DURATION, "max_attempts": COUNT, "window": DURATION}
        ),
        "placement": Keys(
            {
                "constraints": TEXTS,
                "preferences": ListOf(Keys({"spread": TEXT})),
                "max_replicas_per_node": COUNT,
            }
        ),
    }
)
_WHOLE_PLAIN: Final = leaf("a whole number", int)
LIMITS: Final = Keys({"soft": WHOLE, "hard": WHOLE}, ("soft", "hard"))
BUILD: Final = Keys(
    {
        **dict.fromkeys(
            ("context", "dockerfile", "dockerfile_inline", "network", "target", "isolation"), TEXT
        ),
        **dict.fromkeys(("entitlements", "cache_from", "cache_to", "tags", "platforms"), TEXTS),
        **dict.fromkeys(("args", "labels"), PAIRS),
        **dict.fromkeys(("no_cache", "pull", "privileged"), FLAG),
        **dict.fromkeys(("provenance", "sbom"), leaf("true, false or text", bool, str)),
        "ssh": either(
            MapOf(SCALAR),
            ListOf(
                leaf("default or id=path", str, fits=lambda v: v == "default" or "=" in v), is_distinct=True
            ),
        ),
        "additional_contexts": either(
            MapOf(TEXT), ListOf(leaf("name=context", str, fits=lambda v: "=" in v))
        ),
        "shm_size": SIZE,
        "extra_hosts": HOSTS,
        "secrets": MOUNTED,
        "ulimits": MapOf(either(_WHOLE_PLAIN, LIMITS), ANY_KEY),
    }
)
HOOKS: Final = ListOf(
    Keys(
        {
            "command": COMMAND,
            "user": TEXT,
            "privileged": FLAG,
            "working_dir": TEXT,
            "environment": DISTINCT_PAIRS,
        },
        ("command",),
    )
)
WATCH: Final = Keys(
    {
        "path": FILLED,
        "action": one_of("rebuild", "sync", "restart", "sync+restart", "sync+exec"),
        "target": TEXT,
        "ignore": TEXT_OR_TEXTS,
        "include": TEXT_OR_TEXTS,
        "exec": HOOKS.item,
        "initial_sync": STRICT_FLAG,
    },
    ("path", "action"),
)
HEALTHCHECK: Final = Keys(
    {
        "disable": FLAG,
        **dict.fromkeys(("interval", "timeout", "start_period", "start_interval"), DURATION),
        "retries": leaf(
            "a number from 0", int, float, str, fits=lambda v: is_count(v) if isinstance(v, str) else v >= 0
        ),
        "test": either(TEXT, TEXTS),
    }
)
NETWORK_USE: Final = Keys(
    {
        **dict.fromkeys(("interface_name", "ipv4_address", "ipv6_address", "mac_address"), TEXT),
        **dict.fromkeys(("aliases", "link_local_ips"), TEXTS),
        **dict.fromkeys(("priority", "gw_priority"), leaf("a number", int, float)),
        "driver_opts": OPTIONS,
    }
)
PORT: Final = Keys(
    {
        **dict.fromkeys(("name", "mode", "protocol", "app_protocol"), TEXT),
        "host_ip": leaf("an IP address", str, fits=lambda v: not v.startswith("[") and is_address(v)),
        "target": leaf("a whole number from 0", int, str, fits=is_count),
        "published": leaf("text or a whole number", str, int),
    },
    ("target",),
)
VOLUME: Final = Keys(
    {
        "type": one_of("bind", "volume", "tmpfs", "cluster", "npipe", "image"),
        **dict.fromkeys(("source", "target", "consistency"), TEXT),
        "read_only": FLAG,
        "bind": Keys(
            {
                "propagation": TEXT,
                "create_host_path": FLAG,
                "recursive": one_of("enabled", "disabled", "writable", "readonly"),
                "selinux": one_of("z", "Z"),
            }
        ),
        "volume": Keys({"nocopy": FLAG, "labels": DISTINCT_PAIRS, "subpath": TEXT}),
        "tmpfs": Keys(
            {
                "size": leaf(
                    "a size from 0",
                    int,
                    str,
                    fits=lambda v: size_bytes(v) is not None and not (isinstance(v, int) and v < 0),
                ),
                "mode": leaf("a number from 0", int, float, fits=lambda v: v >= 0),
            }
        ),
        "image": Keys({"subpath": TEXT}),
    },
    ("type", "target"),
)
