"""Random compose documents from a seed: valid ones, spoiled ones, broken templates and noise."""

import copy
import random
from collections.abc import Mapping
from typing import Any, Final

from tests.support.texts import BRACES, DOLLARS, LOOK_ALIKES, as_yaml

SETTINGS: Final[Mapping[str, tuple[Any, ...]]] = {
    "annotations": ({"a": "b", "c": None, "d": 5}, ["a=b", "c"]),
    "attach": (True, "yes"),
    "blkio_config": (
        {"weight": 300, "weight_device": [{"path": "/dev/a", "weight": 5}]},
        {
            "device_read_bps": [{"path": "/dev/a", "rate": "5m"}],
            "device_write_iops": [{"path": "/d", "rate": 5}],
        },
    ),
    "build": (
        ".",
        {
            "context": ".",
            "dockerfile": "D",
            "args": {"A": 1, "B": None},
            "target": "t",
            "platforms": ["linux/amd64"],
        },
        {
            "context": "./x",
            "args": ["A=1", "B"],
            "cache_from": ["a"],
            "labels": ["a=b"],
            "no_cache": True,
            "shm_size": "1g",
            "ssh": ["default"],
            "secrets": ["s", {"source": "s", "target": "x"}],
            "tags": ["a"],
            "ulimits": {"nofile": {"soft": 1, "hard": 2}, "nproc": 5},
            "additional_contexts": {"a": "./b"},
            "extra_hosts": ["a=1.2.3.4"],
            "dockerfile_inline": "FROM x\n",
        },
    ),
    "cap_add": (["NET_ADMIN"], ["ALL", "ALL"]),
    "cap_drop": (["ALL"], []),
    "cgroup": ("host", "private"),
    "cgroup_parent": ("x",),
    "command": ("a 'b c'", ["a", "${Z_X:-b}", "$$HOME"], [], None, 'sh -c "echo $$A | cat"'),
    "configs": (["c"], [{"source": "c", "target": "/c", "mode": "0440", "uid": "1"}], []),
    "container_name": ("mine", "${Z_N:-mine}"),
    "cpu_count": (2, "2"),
    "cpu_percent": (50, "50"),
    "cpu_period": (5, "5"),
    "cpu_quota": (5, "${Z_Q:-5}"),
    "cpu_rt_period": (5, "5"),
    "cpu_rt_runtime": (5, "5"),
    "cpu_shares": (5, 5.5),
    "cpus": (1.5, "0.5", "${Z_CPUS:-2}"),
    "cpuset": ("0,1",),
    "credential_spec": ({"file": "a.json"},),
    "depends_on": (
        ["db"],
        {"db": {"condition": "service_healthy", "restart": True, "required": False}},
        {"db": {"condition": "${Z_C:-service_started}"}},
    ),
    "deploy": (
        None,
        {"replicas": 1, "labels": {"a": "b"}, "mode": "replicated", "endpoint_mode": "vip"},
        {
            "resources": {
                "limits": {"cpus": "0.5", "memory": "1g", "pids": 5},
                "reservations": {"memory": "5m"},
            }
        },
        {
            "resources": {
                "reservations": {"devices": [{"capabilities": ["gpu"], "count": "all", "driver": "d"}]}
            }
        },
        {"restart_policy": {"condition": "any", "delay": "5s", "max_attempts": 3, "window": "1m"}},
        {
            "update_config": {
                "parallelism": 1,
                "delay": "1s",
                "order": "start-first",
                "max_failure_ratio": 0.5,
            }
        },
        {
            "placement": {
                "constraints": ["a==b"],
                "preferences": [{"spread": "x"}],
                "max_replicas_per_node": 1,
            }
        },
    ),
    "develop": (
        {"watch": [{"path": ".", "action": "rebuild"}, {"path": "x", "action": "sync", "target": "/x"}]},
    ),
    "device_cgroup_rules": (["c 1:1 rwm"],),
    "devices": (
        ["/dev/a:/dev/b:rwm", "/dev/c"],
        [{"source": "/dev/a", "target": "/dev/b", "permissions": "r"}],
    ),
    "dns": ("1.1.1.1", ["1.1.1.1", "::1"]),
    "dns_opt": (["a"],),
    "dns_search": ("a", ["a"]),
    "domainname": ("a",),
    "entrypoint": ("a b", ["a"], None, []),
    "env_file": ("a.env", ["a.env"], [{"path": "a.env", "required": True, "format": "raw"}], None),
    "exclude_from_hc": (True, False),
    "expose": ([80, "81-83", "53/udp"],),
    "external_links": (["a:b"],),
    "extra_hosts": (["a:1.2.3.4", "b=::1"], {"a": "1.2.3.4", "b": ["1.2.3.4"]}),
    "gpus": ("all", [{"capabilities": ["gpu"], "count": 1}]),
    "group_add": (["a", 5],),
    "healthcheck": (
        {"test": ["CMD", "a"], "interval": "1m30s", "timeout": "5s", "retries": 3, "start_period": "1d"},
        {"test": "curl a || exit 1", "start_interval": "1s"},
        {"test": ["NONE"]},
        {"disable": True},
        {"test": ["CMD-SHELL", "a $$B ${Z_C:-d}"], "retries": "5"},
    ),
    "hostname": ("a", "${Z_H:-a}"),
    "init": (True, "true"),
    "ipc": ("host", "shareable", "service:db"),
    "isolation": ("default",),
    "labels": ({"a": "b", "c": True, "d": None, "e": 5}, ["a=b", "c", "d=$e"], []),
    "label_file": ("l.env", ["l.env"]),
    "links": (["db", "db:x"],),
    "logging": ({"driver": "json-file", "options": {"max-size": "5m", "n": 5, "x": None}}, {}),
    "mac_address": ("02:42:ac:11:00:02",),
    "mem_limit": ("1g", 5, "1.5 GiB", "${Z_M:-5m}"),
    "mem_reservation": ("5m", 5),
    "mem_swappiness": (5, "5"),
    "memswap_limit": (-1, "1g"),
    "network_mode": ("host", "none", "service:db", "container:x", "${Z_NM:-bridge}"),
    "networks": (
        ["front"],
        {"front": None},
        {"front": {"aliases": ["a"], "priority": 5}},
        {"default": {}},
        None,
        [],
    ),
    "oom_kill_disable": (True,),
    "oom_score_adj": (-500, "5"),
    "pid": ("host", "service:db"),
    "pids_limit": (-1, "5"),
    "platform": ("linux/amd64",),
    "ports": (
        ["80", "8080:80", "127.0.0.1:1-3:4-6/udp", "[::1]:80:80", 443, "${Z_P:-90}:80"],
        [
            {
                "target": 80,
                "published": "8080",
                "protocol": "tcp",
                "host_ip": "127.0.0.1",
                "mode": "host",
                "name": "n",
            }
        ],
        [],
    ),
    "post_start": ([{"command": ["a"], "user": "root", "privileged": True, "environment": ["A=b"]}],),
    "pre_stop": ([{"command": "a b", "working_dir": "/x"}],),
    "privileged": (True, "${Z_PR:-false}"),
    "pull_policy": ("always", "missing", "every_5h"),
    "read_only": (True, "off"),
    "restart": ("always", "no", False, "on-failure:3", "unless-stopped"),
    "runtime": ("runc",),
    "secrets": (["s"], [{"source": "s", "target": "t", "gid": "5"}]),
    "security_opt": (["no-new-privileges:true"],),
    "shm_size": ("64m", 5),
    "stdin_open": (True,),
    "stop_grace_period": ("1m30s", "${Z_SG:-5s}"),
    "stop_signal": ("SIGKILL",),
    "storage_opt": ({"size": "1G"},),
    "sysctls": ({"net.a": 5}, ["net.a=5"]),
    "tmpfs": ("/run", ["/run:size=5m"]),
    "tty": (True,),
    "ulimits": ({"nofile": {"soft": 5, "hard": "6"}, "nproc": 5, "core": "5"},),
    "user": ("1000:1000", "${Z_U:-5}"),
    "userns_mode": ("host",),
    "uts": ("host",),
    "volumes": (
        ["data:/data", "./conf:/conf:ro", "/srv/x:/x", "/anonymous", "~/y:/y", "${Z_V:-named}:/v"],
        [{"type": "volume", "source": "data", "target": "/d", "volume": {"nocopy": True, "subpath": "x"}}],
        [
            {
                "type": "bind",
                "source": "./f",
                "target": "/f",
                "content": "a $b\n",
                "bind": {"create_host_path": True},
            }
        ],
        [{"type": "tmpfs", "target": "/t", "tmpfs": {"size": "5m", "mode": 1023}}],
        [{"type": "bind", "source": "./d", "target": "/d", "is_directory": True, "read_only": True}],
        ["ext:/ext", {"source": "data", "target": "/again", "type": "volume"}],
        [],
    ),
    "volumes_from": (["db", "container:x:ro"], ["db:ro"]),
    "working_dir": ("/x",),
    "x-mine": ({"a": [1, None, "${Z_X:-y}"]},),
}
"""Values that Compose accepts, by key."""

ENVIRONMENT: Final = (
    *("A", "A=", "A=b", "A=$B", "A=${B:-c}", "A=${B-c}", "A=${B:+c}", "A=${B:-${C:-d}}", "A=$$B", "A=a-${B}"),
    *(
        "SERVICE_URL_WEB_3000",
        "SERVICE_FQDN_WEB",
        "SERVICE_URL_API=/v1",
        "SERVICE_URL_WEB=/",
        "SERVICE_URL_DB_5432",
    ),
    *("P=$SERVICE_PASSWORD_X", "U=${SERVICE_USER_X}", "H=$SERVICE_HEX_32_A", "B=$SERVICE_REALBASE64_64_Y"),
    *(
        "J=$SERVICE_SUPABASEANON_KEY",
        "N=$SERVICE_NAME_DB",
        "L=$SERVICE_URL_WEB/x",
        "Q=$SERVICE_FQDN_NOBODY_80",
    ),
    *(
        "K=$SERVICE_X_API",
        "S=$SERVICE_PASSWORDWITHSYMBOLS_64_Z",
        "T={{team.T}}",
        "G={{ project.X }}",
        "C=$COOLIFY_URL",
    ),
    *("MINIO_SERVER_URL=$MINIO_SERVER_URL", "MINIO_BROWSER_REDIRECT_URL=$MINIO_BROWSER_REDIRECT_URL"),
    *(
        "X=$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
        "A=1",
        "E=${F:?f}",
        "E=${F?}",
        "W=${W}",
    ),
)
IMAGES: Final = (
    "nginx:1",
    "postgres:16",
    "minio/minio",
    "${Z_I:-a}:1",
    "r.example.com:5000/a/b@sha256:00",
    "neo4j",
)
ODD: Final[tuple[Any, ...]] = (
    *(
        None,
        "",
        "abc",
        "5",
        5,
        -1,
        0,
        1.5,
        True,
        False,
        [],
        [None],
        [5],
        ["a", "a"],
        [["a"]],
        [{"a": "b"}],
        {},
    ),
    *(
        {"a": "b"},
        {"a": None},
        {"": "x"},
        {"a": {"b": "c"}},
        {"a b": 1},
        {"x-a": 1},
        "${X:-5}",
        "$X",
        "${}",
        "$",
        "$$",
    ),
    *(
        "service:gone",
        "a 'b",
        "a:b",
        "a:b:c:d",
        "1m30s",
        "64m",
        "0440",
        "true",
        "-",
        "=",
        ":",
        "a=b",
        10**17,
        1e300,
    ),
)
SECTIONS: Final[Mapping[str, tuple[Any, ...]]] = {
    "volumes": (
        {"data": None, "ext": {"external": True, "name": "theirs"}},
        {
            "data": {
                "driver": "local",
                "driver_opts": {"type": "nfs", "n": 5},
                "labels": {"a": "b"},
                "name": "x",
            }
        },
        {"ext": {"external": True}, "unused": {}},
    ),
    "networks": (
        {"front": None},
        {"front": {"driver": "bridge", "internal": True, "labels": ["a=b"], "enable_ipv6": "true"}},
        {
            "front": {"external": True, "name": "theirs"},
            "other": {"ipam": {"config": [{"subnet": "10.0.0.0/24"}]}},
        },
        {"front": {"ipam": {"driver": "default", "options": {"a": "b"}, "config": []}, "attachable": True}},
    ),
    "configs": (
        {"c": {"content": "a $$b ${D:-e}\n"}},
        {"c": {"file": "./c"}},
        {"c": {"external": True, "name": "x"}},
        {"c": {"environment": "C", "labels": {"a": "b"}}},
    ),
    "secrets": (
        {"s": {"environment": "S"}},
        {"s": {"file": "./s", "labels": ["a"]}},
        {"s": {"external": True}},
    ),
}


def structured(rng: random.Random, *, is_spoiled: bool) -> str:
    """A document that uses some of the keys; one or two of its values are wrong if `is_spoiled`."""
    names = rng.sample(["web", "api", "minio", "a.b", "c_d-e"], rng.randint(1, 3))
    services: dict[str, Any] = {name: _component(rng) for name in names}
    services["db"] = {"image": rng.choice(["postgres:16", "redis:7"])}
    document: dict[str, Any] = {"services": services}
    for section, values in SECTIONS.items():
        document[section] = copy.deepcopy(rng.choice(values))
    if rng.random() < 0.3:
        document |= {"name": "n", "version": "3", "x-top": {"a": 1}}
    for _ in range(rng.randint(1, 2) if is_spoiled else 0):
        _spoil(rng, document)
    return as_yaml(document)


def _component(rng: random.Random) -> dict[str, Any]:
    keys = rng.sample(list(SETTINGS), rng.randint(0, 9))
    if "network_mode" in keys and "networks" in keys:
        keys.remove("networks")
    if "build" in keys and "platform" in keys:
        keys.remove("platform")
    if "deploy" in keys:
        keys = [key for key in keys if key not in ("cpus", "mem_limit", "pids_limit", "mem_reservation")]
    component: dict[str, Any] = {"image": rng.choice(IMAGES)}
    component |= {key: copy.deepcopy(rng.choice(SETTINGS[key])) for key in keys}
    if "dockerfile_inline" in (component.get("build") or ()):
        component["build"].pop("dockerfile", None)
    items = rng.sample(ENVIRONMENT, rng.randint(0, 6))
    component["environment"] = items if rng.random() < 0.5 else dict(_pair(item) for item in items)
    if rng.random() < 0.1:
        component["profiles"] = ["extra"]
    return component


def _pair(item: str) -> tuple[str, Any]:
    key, equals, value = item.partition("=")
    return key, value if equals else None


def _spoil(rng: random.Random, document: dict[str, Any]) -> None:
    """One value somewhere becomes another one, goes, or gets a neighbour."""
    places = list(_places(document))
    holder, step = rng.choice(places)
    what = rng.random()
    if what < 0.7:
        holder[step] = (
            copy.deepcopy(rng.choice(ODD))
            if rng.random() < 0.8
            else rng.choice(LOOK_ALIKES + BRACES + DOLLARS)
        )
    elif what < 0.8:
        del holder[step]
    elif isinstance(holder, dict):
        holder[rng.choice(["nope", "x-a", "", "a b", "driver", "name", "external"])] = copy.deepcopy(
            rng.choice(ODD)
        )
    else:
        holder.append(copy.deepcopy(rng.choice((*ODD, holder[step]))))


def _places(value: Any) -> Any:
    items: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, item in items:
        yield value, step
        yield from _places(item)


def mutated(rng: random.Random, texts: list[str]) -> str:
    """A template of which some lines, words or characters are others."""
    text = rng.choice(texts)
    for _ in range(rng.randint(1, 4)):
        match rng.randrange(5):
            case 0:
                lines = text.split("\n")
                at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
                lines[at] = rng.choice(
                    ["", lines[other], "  " + lines[at], lines[at][1:], lines[at] + lines[other]]
                )
                text = "\n".join(lines)
            case 1:
                words = text.split(" ")
                words[rng.randrange(len(words))] = rng.choice((*words, *LOOK_ALIKES, *DOLLARS, *BRACES))
                text = " ".join(words)
            case 2:
                at = rng.randrange(len(text) + 1)
                text = text[:at] + rng.choice("\0\t\n\r '\"\\$#=:{}[]&*!|>%@`-?,é\u2028\ufeff😀") + text[at:]
            case 3:
                at = rng.randrange(len(text) + 1)
                text = text[:at] + text[at + rng.randint(1, 9) :]
            case _:
                other_text = rng.choice(texts)
                at = rng.randrange(len(other_text))
                into = rng.randrange(len(text) + 1)
                text = text[:into] + other_text[at : at + rng.randint(1, 80)] + text[into:]
    return text


def noise(rng: random.Random) -> str:
    """Words and marks of YAML in no order, now and then below a start that is right."""
    words = (
        *(
            "services",
            "web",
            "image",
            "environment",
            "volumes",
            "a",
            "b",
            "x-a",
            "<<",
            "*a",
            "&a",
            "!!str",
            "!x",
            "---",
        ),
        *(
            ": ",
            ":",
            "- ",
            "-",
            "? ",
            ", ",
            "[",
            "]",
            "{",
            "}",
            "\n",
            "\n  ",
            "\n    ",
            "\n\t",
            " ",
            "#",
            "|\n",
            ">-\n",
        ),
        *(
            "'",
            '"',
            "\\",
            "\\x41",
            "%YAML 1.1\n",
            "...",
            "\r\n",
            "~",
            "null",
            "1",
            "0x1",
            "$",
            "${A}",
            "\u0085",
            "\0",
        ),
    )
    start = rng.choice(["", "services:\n  web:\n    image: a\n    ", "services: {web: {image: a, ", "a: &a "])
    return start + "".join(rng.choice(words) for _ in range(rng.randint(1, 40)))
