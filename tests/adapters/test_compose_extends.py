"""What a component takes over through `extends` is what the real Compose makes of it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeport.core.compose.dump import dump
from homeport.core.compose.load import load
from homeport.errors import ComposeRejected
from homeport.remote.compose_cli import find_compose

COMPOSE = find_compose()

CASES = {
    "texts and maps": """
  base: {image: a, user: u, hostname: h, shm_size: 1m, deploy: {resources: {limits: {cpus: '1'}}, labels: [a=b]}}
  web: {extends: base, image: b, user: , deploy: {resources: {limits: {memory: 1g}}, labels: {a: c, d: e}}}
""",
    "commands are replaced": """
  base: {image: a, command: [a, b], entrypoint: [x], healthcheck: {test: [CMD, a], interval: 1s}}
  web: {extends: {service: base}, command: c, entrypoint: [y, z], healthcheck: {test: [CMD, b], retries: 3}}
  none: {extends: base, command: , entrypoint: }
  same: {extends: base, healthcheck: }
""",
    "environment, lists": """
  base: {image: a, environment: [A=1, B=2, C, D=4]}
  web: {extends: base, environment: [B=3, C=5, E, D]}
""",
    "environment, maps": """
  base: {image: a, environment: {A: 1, B: true, C: , D: 1.5, E: x=y}}
  web: {extends: base, environment: {B: , C: 2, F: 'off'}}
""",
    "environment, mixed": """
  base: {image: a, environment: {A: 1, B: true, C: , D: 1.5}}
  web: {extends: base, environment: [B=, D, E=x=y]}
  rear: {extends: web, environment: {E: 2, F: }}
""",
    "labels, sysctls, annotations": """
  base: {image: a, labels: [a=b, c], sysctls: {net.a: 1}, annotations: [a=b]}
  web: {extends: base, labels: {c: 'true', d: 1}, sysctls: [net.a=2, net.b=3], annotations: {a: c, d: e}}
""",
    "build": """
  text: {build: ./x}
  map: {build: {context: y, args: {A: 1, B: 2}, labels: [x=y], additional_contexts: {a: b}, cache_from: [a]}}
  one: {extends: text, build: {args: [A=1], tags: [q]}}
  two: {extends: map, build: {args: [A=3, C], labels: {x: z}, additional_contexts: [c=d], tags: [b]}}
  three: {extends: map, build: ./q}
""",
    "lists grow": """
  base:
    image: a
    cap_add: [A]
    security_opt: ['a:b']
    group_add: [a]
    dns: 1.1.1.1
    dns_search: a.example
    dns_opt: [a]
    expose: [1, '2']
    ports: ['80:80', '81:81']
    tmpfs: /run
    external_links: [a]
    device_cgroup_rules: ['c 1:3 mr']
  web:
    extends: base
    cap_add: [B, A]
    security_opt: ['c:d']
    group_add: [b]
    dns: [1.1.1.1, 2.2.2.2]
    dns_search: [b.example]
    dns_opt: [b]
    expose: ['1', 3]
    ports: ['80:80', {target: 82, published: 82}, '127.0.0.1:81:81/udp']
    tmpfs: [/tmp, /run]
    external_links: [b]
    device_cgroup_rules: ['c 1:4 mr']
""",
    "hosts keep all addresses": """
  base: {image: a, extra_hosts: {a: 1.1.1.1, b: 1.1.1.2, c: [1.1.1.3, 1.1.1.4]}}
  web: {extends: base, extra_hosts: ['a:2.2.2.2', 'd=1.1.1.2']}
  list: {extends: web, extra_hosts: ['e:1.1.1.5']}
""",
    "limits are replaced": """
  base: {image: a, ulimits: {nofile: {soft: 1, hard: 2}, nproc: 5}}
  web: {extends: base, ulimits: {nofile: {soft: 1, hard: 9}, nproc: {soft: 3, hard: 7}}}
  rear: {extends: web, ulimits: {nofile: 4}}
""",
    "mounts by their target": """
  base:
    image: b
    volumes: ['data:/a', 'more:/b:ro', /c]
    devices: ['/dev/a:/dev/b', /dev/c]
    secrets: [s]
    configs: [{source: c, target: /c}]
    env_file: a.env
  web:
    extends: base
    volumes: [{type: volume, source: other, target: /a}, 'new:/y', 'new:/c']
    devices: ['/dev/z:/dev/b:r', '/dev/d:/dev/c']
    secrets: [{source: s, target: t}, s]
    configs: [{source: d, target: /c}]
    env_file: [{path: b.env, required: false}]
""",
    "depends_on": """
  db: {image: x}
  q: {image: x}
  base: {image: a, depends_on: {db: {condition: service_healthy, restart: true}}}
  list: {image: a, depends_on: [db]}
  web: {extends: base, depends_on: [db, q]}
  two: {extends: list, depends_on: {db: {condition: service_healthy}, q: {condition: service_started}}}
  three: {extends: list, depends_on: [q, db]}
  four: {extends: base, depends_on: {db: {condition: service_started}}}
""",
    "networks": """
  base: {image: a, networks: {a: {aliases: [x], priority: 1}, b: }}
  web: {extends: base, networks: [b, c]}
  two: {extends: base, networks: {a: {aliases: [y]}, b: {aliases: [z]}}}
  three: {extends: web, networks: {a: }}
  list: {image: a, networks: [a]}
  four: {extends: list, networks: [b]}
""",
    "logging": """
  base: {image: a, logging: {driver: json-file, options: {max-size: 1m}}}
  web: {extends: base, logging: {options: {max-file: '3'}}}
  two: {extends: base, logging: {driver: syslog, options: {z: '3'}}}
  three: {extends: base, logging: {driver: json-file, options: {max-size: 2m}}}
""",
    "profiles, links, volumes_from": """
  db: {image: x}
  base: {image: a, profiles: [p], links: [db], volumes_from: [db]}
  web: {extends: base, profiles: [q, p], links: ['db:e', db]}
""",
    "a chain, not in its order": """
  three: {extends: two, environment: {C: 3}, command: [c]}
  two: {extends: {service: one}, environment: {B: 2}, command: [b]}
  one: {image: a, environment: {A: 1, B: 1, C: 1}, command: [a]}
""",
    "anchors": """
  one: &one {image: a, environment: &env {A: 1}}
  two: {extends: one, environment: {<<: *env, B: 2}}
  three: {<<: *one, extends: two, user: u}
""",
}
REST = """
networks: {a: , b: , c: }
volumes: {data: , more: , new: , other: }
secrets: {s: {file: ./s}}
configs: {c: {file: ./c}, d: {file: ./d}}
"""


def read(text: str, folder: Path) -> dict[str, Any]:
    """The components as `docker-compose config` prints them, with lists whose order says nothing sorted."""
    folder.mkdir(exist_ok=True)
    (folder / "docker-compose.yml").write_text(text)
    (folder / "a.env").touch()
    options = ["--project-directory", str(folder), "--project-name", "p", "--profile", "*"]
    done = subprocess.run(
        [*COMPOSE, *options, "config", "--format", "json"],
        capture_output=True,
        check=False,
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder)},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    components: dict[str, Any] = json.loads(done.stdout)["services"]
    for component in components.values():
        for key in ("cap_add", "extra_hosts", "profiles"):
            if key in component:
                component[key] = sorted(set(component[key]))
    return components


@pytest.mark.parametrize("case", CASES)
def test_resolved_text_is_what_compose_makes_of_the_original(case: str, tmp_path: Path) -> None:
    text = f"services:{CASES[case]}{REST}"
    resolved = load(text).data
    assert not any("extends" in component for component in resolved["services"].values())
    assert read(dump(resolved), tmp_path) == read(text, tmp_path)


ANCHORED = """
x-one: &one
  image: a
  restart: always
  environment: &env
    A: 1
    B: 2
x-two: &two {image: b, user: u, logging: &log {driver: json-file, options: {max-size: 1m}}}
x-labels: &labels [a=b, c=d]
x-mount: &mount {type: volume, source: data, target: /a}
x-check: &check {interval: 5s, retries: 3}
services:
  list: {<<: [*one, *two], command: [x]}
  turned: {<<: [*two, *one]}
  above: {image: c, <<: *one, environment: {B: 3, <<: *env, C: 4}}
  below:
    <<: *two
    labels: *labels
    volumes: [*mount, {<<: *mount, target: /b, read_only: true}]
    logging: {<<: *log, options: {max-file: '3'}}
    healthcheck: {<<: *check, test: [CMD, a], retries: 5}
  again: {<<: *two, extends: above, depends_on: &needs {list: {condition: service_started}}}
  last: {extends: again, depends_on: *needs, environment: [D=5]}
"""


def test_anchors_and_merges_are_what_compose_makes_of_them(tmp_path: Path) -> None:
    text = ANCHORED + REST
    assert read(dump(load(text).data), tmp_path) == read(text, tmp_path)


SETTINGS: dict[str, list[Any]] = {
    "environment": [["A=1", "B"], {"A": 2, "C": None}, ["C=x", "A"]],
    "labels": [["a=1"], {"a": True, "b": "x"}, ["b"]],
    "command": ["x y", ["z"], None],
    "depends_on": [["db"], {"db": {"condition": "service_healthy"}}, {"q": {"condition": "service_started"}}],
    "networks": [["a"], {"a": {"aliases": ["x"]}, "b": None}, {"b": {"aliases": ["y"]}}],
    "dns": ["1.1.1.1", ["2.2.2.2"], ["1.1.1.1", "3.3.3.3"]],
    "volumes": [["data:/a"], ["more:/a:ro", "/c"], [{"type": "volume", "source": "new", "target": "/a"}]],
    "build": ["x", {"context": "y", "args": ["A=1"]}, {"args": {"A": 2, "B": None}, "context": "z"}],
}
COMPONENT = st.fixed_dictionaries({}, optional={key: st.sampled_from(SETTINGS[key]) for key in SETTINGS})


@settings(max_examples=15, derandomize=True, deadline=None)
@given(chain=st.lists(COMPONENT, min_size=2, max_size=4))
def test_any_two_forms_meet_as_in_compose(
    chain: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    components: dict[str, Any] = {"db": {"image": "x"}, "q": {"image": "x"}}
    for number, component in enumerate(chain):
        base = {"extends": f"c{number - 1}"} if number else {"image": "x"}
        components[f"c{number}"] = {**base, **component}
    text = dump({"services": components}) + REST
    folder = tmp_path_factory.mktemp("chain")
    assert read(dump(load(text).data), folder) == read(text, folder)


@pytest.mark.parametrize(
    "components",
    [
        "{web: {image: a, extends: web}}",
        "{web: {image: a, extends: base}, base: {image: a, extends: web}}",
        "{web: {image: a, extends: base}}",
        "{web: {image: a, extends: }}",
        "{web: {extends: base, cap_add: A}, base: {image: a, cap_add: [A]}}",
        "{web: {extends: base, healthcheck: [A]}, base: {image: a, healthcheck: {test: x}}}",
    ],
)
def test_what_compose_refuses_is_refused(components: str, tmp_path: Path) -> None:
    text = f"services: {components}"
    with pytest.raises(ComposeRejected):
        load(text)
    with pytest.raises(AssertionError):
        read(text, tmp_path)
