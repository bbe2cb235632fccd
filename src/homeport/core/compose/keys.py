"""The keys of a compose file and the forms of their values, as Compose 2.40 takes them."""

import re
from collections.abc import Mapping
from typing import Final

from homeport.core.compose.forms import (
    ANY,
    ANY_KEY,
    COMMAND,
    COUNT,
    DISTINCT_PAIRS,
    DISTINCT_TEXTS,
    DURATION,
    FILLED,
    FLAG,
    LOOSE_SIZE,
    LOOSE_WHOLE,
    NOTHING,
    NUMBER,
    OPTIONS,
    PAIRS,
    SIZE,
    STRICT_FLAG,
    TEXT,
    TEXT_OR_TEXTS,
    TEXTS,
    Form,
    Keys,
    ListOf,
    MapOf,
    either,
    is_count,
    is_whole,
    leaf,
    one_of,
)
from homeport.core.compose.parts import (
    BUILD,
    DEPLOY,
    DEVICE_REQUEST,
    EXTERNAL,
    HEALTHCHECK,
    HOOKS,
    HOSTS,
    LIMITS,
    MOUNTED,
    NETWORK_USE,
    PORT,
    RATES,
    VOLUME,
    WATCH,
    WEIGHT,
)
from homeport.core.compose.published import is_port

_NAME: Final = re.compile(r"[a-zA-Z0-9._-]+")
_NAME_SAID: Final = "A name has only letters, digits, '.', '_' and '-'."
_NO_EXTENSION_NAME: Final = re.compile(r"(?!x-)[a-zA-Z0-9._-]+")
_NO_EXTENSION: Final = re.compile(r"(?!x-).*", re.DOTALL)
"""Where Compose takes `x-…` for an extension and then stumbles over it."""

_PULL: Final = re.compile(
    r"always|never|build|if_not_present|missing|refresh|daily|weekly|every_(?:[0-9]+[wdhms])+"
)


def _is_volume(text: str) -> bool:
    """No part of the short form may be empty, and there are at most three."""
    parts = text.split(":")
    return all(parts) and len(parts) <= 3


COMPONENT: Final = Keys(
    {
        **dict.fromkeys(
            (
                *(
                    "cgroup_parent",
                    "container_name",
                    "cpuset",
                    "domainname",
                    "hostname",
                    "image",
                    "ipc",
                    "isolation",
                ),
                *(
                    "mac_address",
                    "network_mode",
                    "pid",
                    "platform",
                    "pull_refresh_after",
                    "restart",
                    "runtime",
                ),
                *("stop_signal", "user", "userns_mode", "uts", "working_dir"),
            ),
            TEXT,
        ),
        **dict.fromkeys(("cap_add", "cap_drop", "dns_opt", "links"), TEXTS),
        **dict.fromkeys(
            ("device_cgroup_rules", "external_links", "security_opt", "volumes_from"), DISTINCT_TEXTS
        ),
        **dict.fromkeys(("dns", "dns_search", "tmpfs"), TEXT_OR_TEXTS),
        **dict.fromkeys(("annotations", "environment", "labels", "sysctls"), PAIRS),
        **dict.fromkeys(
            ("attach", "init", "oom_kill_disable", "privileged", "read_only", "stdin_open", "tty"), FLAG
        ),
        **dict.fromkeys(("command", "entrypoint"), COMMAND),
        **dict.fromkeys(("configs", "secrets"), MOUNTED),
        **dict.fromkeys(("post_start", "pre_stop"), HOOKS),
        **dict.fromkeys(("mem_limit", "memswap_limit", "shm_size"), LOOSE_SIZE),
        **dict.fromkeys(("mem_reservation", "mem_swappiness"), SIZE),
        **dict.fromkeys(
            ("cpu_shares", "cpu_quota", "cpu_period", "cpu_rt_period", "cpu_rt_runtime", "pids_limit"),
            LOOSE_WHOLE,
        ),
        "blkio_config": Keys(
            {
                **dict.fromkeys(
                    ("device_read_bps", "device_read_iops", "device_write_bps", "device_write_iops"), RATES
                ),
                "weight": WEIGHT,
                "weight_device": ListOf(Keys({"path": TEXT, "weight": WEIGHT}, is_extensible=False)),
            },
            is_extensible=False,
        ),
        "build": either(TEXT, BUILD),
        "cgroup": one_of("host", "private"),
        "cpu_count": COUNT,
        "cpu_percent": leaf(
            "a whole number from 0 to 100", int, float, str, fits=lambda v: is_count(v) and float(v) <= 100
        ),
        "cpus": NUMBER,
        "credential_spec": Keys(dict.fromkeys(("config", "file", "registry"), TEXT)),
        "depends_on": either(
            DISTINCT_TEXTS,
            MapOf(
                Keys(
                    {
                        "condition": one_of(
                            "service_started", "service_healthy", "service_completed_successfully"
                        ),
                        "restart": FLAG,
                        "required": STRICT_FLAG,
                    },
                    ("condition",),
                ),
                _NAME,
                _NAME_SAID,
            ),
        ),
        "deploy": either(NOTHING, DEPLOY),
        "develop": either(NOTHING, Keys({"watch": ListOf(WATCH)})),
        "devices": ListOf(
            either(
                leaf("host:container:permissions", str, fits=lambda v: v.count(":") < 3),
                Keys(dict.fromkeys(("source", "target", "permissions"), TEXT), ("source", "target")),
            )
        ),
        "env_file": either(
            FILLED,
            ListOf(
                either(
                    FILLED,
                    Keys(
                        {"path": FILLED, "required": FLAG, "format": one_of("", "raw")},
                        ("path",),
                        is_extensible=False,
                    ),
                )
            ),
        ),
        "expose": ListOf(leaf("text or a whole number", str, int)),
        "extra_hosts": HOSTS,
        "gpus": either(one_of("all"), ListOf(Keys(DEVICE_REQUEST, is_open=True))),
        "group_add": ListOf(leaf("text or a whole number", str, int), is_distinct=True),
        "healthcheck": HEALTHCHECK,
        "label_file": either(FILLED, ListOf(FILLED)),
        "logging": Keys(
            {
                "driver": TEXT,
                "options": MapOf(leaf("text, a number or null", str, int, float, type(None)), ANY_KEY),
            }
        ),
        "networks": either(
            DISTINCT_TEXTS,
            MapOf(
                either(NOTHING, NETWORK_USE), _NO_EXTENSION_NAME, f"{_NAME_SAID} It does not begin with x-."
            ),
        ),
        "oom_score_adj": leaf(
            "a whole number from -1000 to 1000",
            *(int, float, str),
            fits=lambda v: is_whole(v) and -1000 <= float(v) <= 1000,
        ),
        "ports": ListOf(
            either(leaf("a port such as 8080:80", str, int, fits=is_port), PORT),
        ),
        "pull_policy": leaf("a policy such as always", str, fits=lambda v: _PULL.fullmatch(v) is not None),
        "scale": COUNT,
        "stop_grace_period": DURATION,
        "storage_opt": MapOf(
            leaf("text, a whole number or null", str, int, type(None)), _NO_EXTENSION, "x-… is no option."
        ),
        "ulimits": MapOf(either(leaf("a whole number", int, str, fits=is_whole), LIMITS), ANY_KEY),
        "use_api_socket": STRICT_FLAG,
        "volumes": ListOf(either(leaf("source:target:mode", str, fits=_is_volume), VOLUME)),
    }
)
"""What stands under `services:`. Compose also starts programs (`provider`) and models: those are not
for a server, and refused."""

_FILE_LIKE: Final[Mapping[str, Form]] = {
    **dict.fromkeys(("name", "environment", "file", "template_driver"), TEXT),
    "external": either(FLAG, MapOf(ANY, ANY_KEY)),
    "labels": DISTINCT_PAIRS,
}

SECTIONS: Final[Mapping[str, Form]] = {
    "volumes": MapOf(
        either(
            NOTHING,
            Keys(
                {
                    **dict.fromkeys(("name", "driver"), TEXT),
                    "driver_opts": OPTIONS,
                    "external": EXTERNAL,
                    "labels": DISTINCT_PAIRS,
                }
            ),
        ),
    ),
    "networks": MapOf(
        either(
            NOTHING,
            Keys(
                {
                    **dict.fromkeys(("name", "driver"), TEXT),
                    **dict.fromkeys(("internal", "enable_ipv4", "enable_ipv6", "attachable"), FLAG),
                    "driver_opts": OPTIONS,
                    "external": EXTERNAL,
                    "labels": PAIRS,
                    "ipam": Keys(
                        {
                            "driver": TEXT,
                            "options": MapOf(TEXT),
                            "config": ListOf(
                                Keys(
                                    {
                                        **dict.fromkeys(("subnet", "ip_range", "gateway"), TEXT),
                                        "aux_addresses": MapOf(TEXT),
                                    }
                                )
                            ),
                        }
                    ),
                }
            ),
        ),
    ),
    "configs": MapOf(Keys({**_FILE_LIKE, "content": TEXT}), _NAME, _NAME_SAID),
    "secrets": MapOf(Keys({**_FILE_LIKE, "driver": TEXT, "driver_opts": OPTIONS}), _NAME, _NAME_SAID),
}
"""The other sections. A volume is renamed, so it may be called anything at all."""
