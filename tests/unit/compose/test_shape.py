"""What Compose would refuse is refused before, with its place and line.

That the rules are Compose's own is tested against it in tests/adapters/test_shape.py.
"""

from typing import Any

import pytest

from homeport.core.compose.forms import is_words, size_bytes
from homeport.core.compose.model import Variable
from homeport.core.compose.modes import with_modes
from homeport.errors import ComposeRejected
from tests.support.compose import render_text

COMPONENT = """services:
  web:
    image: a
    {settings}
  db: {{image: b}}
networks: {{front: }}
configs: {{c: {{content: x}}}}
secrets: {{s: {{environment: S}}}}
"""


def refused(text: str, **more: Any) -> ComposeRejected:
    with pytest.raises(ComposeRejected) as caught:
        render_text(text, **more)
    return caught.value


@pytest.mark.parametrize(
    ("settings", "place", "message"),
    [
        ("privileged: maybe", "privileged", "`privileged` must be true or false."),
        ("tty: [true]", "tty", "`tty` must be true or false."),
        ("hostname: 5", "hostname", "`hostname` must be text."),
        ("hostname:", "hostname", "`hostname` must be text."),
        ("ports: {a: b}", "ports", None),
        ("ports: [80, a]", "ports[1]", "An item of `ports` must be a port such as 8080:80."),
        ("ports: [{published: 80}]", "ports[0]", "The key `target` is missing."),
        ("ports: [{target: 80, host_ip: '[::1]'}]", "ports[0].host_ip", "`host_ip` must be an IP address."),
        ("nope: 1", "nope", "Compose knows no key `nope` here."),
        ("provider: {type: a}", "provider", "Compose knows no key `provider` here."),
        ("logging: {x-a: 1, nope: 1}", "logging.nope", "Compose knows no key `nope` here."),
        ("sysctls: {'': 1}", "sysctls.", "A key must not be empty."),
        ("sysctls: 5", "sysctls", None),
        ("security_opt: [a, b, a]", "security_opt[2]", "`security_opt` has this item twice."),
        ("security_opt: a", "security_opt", "`security_opt` must be a list, each item text."),
        ("ulimits: []", "ulimits", None),
        ("ulimits: {a: {soft: 1}}", "ulimits.a", "The key `hard` is missing."),
        ("ulimits: {a: 1.5}", "ulimits.a", "`a` must be a whole number, or a map of settings."),
        ("healthcheck: []", "healthcheck", "`healthcheck` must be a map of settings."),
        ("healthcheck: {interval: 5}", "healthcheck.interval", None),
        ("healthcheck: {retries: -1}", "healthcheck.retries", None),
        ("healthcheck: {test: [curl, a]}", "healthcheck.test", None),
        ("stop_grace_period: 1h1", "stop_grace_period", None),
        ("mem_limit: lots", "mem_limit", "`mem_limit` must be a size such as 64m."),
        ("cpus: much", "cpus", "`cpus` must be a number."),
        ("pids_limit: 1.5.1", "pids_limit", "`pids_limit` must be a number."),
        ("oom_score_adj: 5000", "oom_score_adj", None),
        ("cpu_percent: 101", "cpu_percent", None),
        ("command: a 'b", "command", None),
        ("command: (a)", "command", None),
        ("command: a \\", "command", None),
        ("command: {a: b}", "command", None),
        ("pull_policy: often", "pull_policy", None),
        ("cgroup: mine", "cgroup", "`cgroup` must be host or private."),
        ("extra_hosts: [a]", "extra_hosts[0]", None),
        ("extra_hosts: {'a=b': c}", "extra_hosts.a=b", None),
        ("devices: ['a:b:c:d']", "devices[0]", None),
        ("env_file: [{path: a, format: x}]", "env_file[0].format", None),
        ("configs: [{source: c, mode: '9'}]", "configs[0].mode", None),
        ("blkio_config: {weight: 1.5}", "blkio_config.weight", None),
        ("volumes: [{type: tmpfs, target: /t, tmpfs: {size: -1}}]", "volumes[0].tmpfs.size", None),
        ("volumes: ['/a:/b:']", "volumes[0]", None),
        (
            "x-a: {b: ['${']}",
            "x-a.b[0]",
            "${ is no reference to a variable. Write $$ where a dollar is meant.",
        ),
        ("command: ['echo ${#a[@]}']", "command[0]", None),
    ],
)
def test_a_wrong_form(settings: str, place: str, message: str | None) -> None:
    error = refused(COMPONENT.format(settings=settings))
    assert (error.place, error.line) == (f"services.web.{place}", 4)
    assert message is None or error.message == message


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ("depends_on: [gone]", "depends_on[0]"),
        ("depends_on: {gone: {condition: service_started, required: false}}", "depends_on.gone"),
        ("links: ['gone:x']", "links[0]"),
        ("volumes_from: [db, gone]", "volumes_from[1]"),
        ("network_mode: 'service:gone'", "network_mode"),
        ("networks: [front, gone]", "networks.gone"),
        ("configs: [gone]", "configs[0]"),
        ("configs: [{target: /x}]", "configs[0]"),
        ("secrets: [s, {source: gone}]", "secrets[1]"),
        ("build: {secrets: [gone]}", "build.secrets[0]"),
        ("depends_on: [web]", "depends_on[0]"),
        ("{network_mode: host, networks: [front]}", "networks"),
    ],
)
def test_what_is_named_is_there(settings: str, place: str) -> None:
    settings = settings.strip("{}") if settings.startswith("{") else settings
    error = refused(COMPONENT.format(settings=settings.replace(", networks", "\n    networks")))
    assert error.place == f"services.web.{place}"
    assert error.line in (4, 5)


def test_a_circle() -> None:
    text = (
        "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, links: [c]}\n"
        "  c: {image: x, pid: 'service:b'}\n"
    )
    error = refused(text)
    assert error.message == "Components wait in a circle: b -> c -> b."
    assert (error.place, error.line) == ("services.c.pid", 4)
    assert render_text(text.replace(", pid: 'service:b'", "")).components


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ("{mem_limit: 5m, deploy: {resources: {limits: {memory: 6m}}}}", "mem_limit"),
        ("{scale: 1, deploy: {replicas: 1}, cpus: 1, deploy2}", None),
        ("{mem_limit: 5m, deploy: {resources: {limits: {memory: 5120k}}}}", None),
        ("{pids_limit: 5, deploy: {}}", None),
        ("{build: {dockerfile: a, dockerfile_inline: b}}", "build"),
        ("{platform: a/b, build: {platforms: [c/d]}}", "build.platforms"),
        ("{platform: a/b, build: {platforms: [a/b]}}", None),
        ("{platform: $P, build: {platforms: [a/b]}}", None),
        ("{build: ., platform: a/b}", None),
        ("{develop: {watch: [{path: a, action: sync}]}}", "develop.watch[0]"),
        ("{develop: {watch: [{path: a, action: rebuild}]}}", None),
        ("{network_mode: $MODE}", None),
        ("{healthcheck: {test: [$X, a]}}", None),
        ("{volumes_from: ['container:x']}", None),
        ("{configs: [$X]}", None),
    ],
)
def test_what_is_said_twice(settings: str, place: str | None) -> None:
    settings = settings.replace(", deploy2", "")
    text = f"services:\n  web: {{image: a, {settings[1:]}\nconfigs: {{c: {{content: x}}}}\n"
    if place is None:
        assert render_text(text).components
    else:
        error = refused(text)
        assert (error.place, error.line) == (f"services.web.{place}", 2)


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ("networks: {n: {driver: }}", "networks.n.driver"),
        ("networks: {n: {nope: 1}}", "networks.n.nope"),
        ("networks: {n: {external: {name: a}, name: b}}", "networks.n.external"),
        ("volumes: {v: {driver_opts: {a: true}}}", "volumes.v.driver_opts.a"),
        ("volumes: {v: [a]}", "volumes.v"),
        ("configs: {c: {}}", "configs.c"),
        ("configs: {c: }", "configs.c"),
        ("configs: {c: {file: a, content: b}}", "configs.c"),
        ("configs: {'a b': {file: a}}", "configs.a b"),
        ("secrets: {s: {content: a}}", "secrets.s.content"),
        ("secrets: [s]", "secrets"),
    ],
)
def test_the_other_sections(section: str, place: str) -> None:
    error = refused(f"services:\n  web: {{image: a}}\n{section}\n")
    assert (error.place, error.line) == (place, 3)


def test_an_external_config_needs_no_source() -> None:
    text = (
        "services: {web: {image: a, configs: [c]}}\nconfigs: {c: {external: true}}\n"
        "networks: {n: {external: {name: a}}}"
    )
    assert render_text(text).document["configs"] == {"c": {"external": True}}


@pytest.mark.parametrize("command", ["echo 'a|b' \\| \"c;\" d", "a | b 'c", "", "a `b c`"])
def test_a_command_line(command: str) -> None:
    assert is_words(command)


@pytest.mark.parametrize("definition", ["", "{image: ''}", "{image: '${NO:-}'}", "{command: x}"])
def test_a_component_of_nothing(definition: str) -> None:
    error = refused(f"services:\n  web: {definition}\n")
    assert error.message == "A component needs an `image`, or a `build` that makes one."
    assert (error.place, error.line) == ("services.web", 2)


def test_a_value_is_looked_at_once_it_is_there() -> None:
    text = "services:\n  web: {image: a, mem_limit: '${M}', tty: '${T:-yes}', environment: ['A=$M']}\n"
    assert render_text(text).components
    assert render_text(text, variables={"M": Variable(key="M", value="5g")}).components
    error = refused(text, variables={"M": Variable(key="M", value="secret")})
    assert error.place == "services.web.mem_limit"
    assert "secret" not in error.message
    assert render_text("services:\n  web: {image: a, user: '${M:?say it}', tty: '${M:?say it}'}\n").missing


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5.0),
        ("1.5k", 1536.0),
        ("1 GiB", 2.0**30),
        ("2MB", 2.0**21),
        ("5b", 5.0),
        ("x", None),
        ("5e", None),
    ],
)
def test_sizes(text: str, number: float | None) -> None:
    assert size_bytes(text) == number


@pytest.mark.parametrize(
    "port",
    [
        "80",
        "8080:80",
        "1-3:4-6/udp",
        "1-3:80",
        "127.0.0.1::80",
        "[::1]:80:80",
        "::1:80:80",
        ":80",
        "80:80/",
        "0:80",
    ],
)
def test_ports(port: str) -> None:
    assert render_text(f"services: {{web: {{image: a, ports: ['{port}']}}}}").components


@pytest.mark.parametrize(
    "port",
    ["", "80:", "0", "70000", "3-1", "1-2:1-3", "80:1-3", "a:80", "host:1:2", "1:2/x", "1:2:3:4", "[a]:1:2"],
)
def test_what_is_no_port(port: str) -> None:
    assert refused(f"services: {{web: {{image: a, ports: ['{port}']}}}}").place == "services.web.ports[0]"


def test_modes_are_octal() -> None:
    written = with_modes(
        {
            "configs": ["c", {"source": "c", "mode": "0o440"}, {"source": "c", "mode": 288}],
            "secrets": [{"source": "s", "mode": "0400"}],
            "volumes": [
                "a:/a",
                {"type": "tmpfs", "tmpfs": {"mode": "01777"}},
                {"type": "tmpfs", "tmpfs": {}},
            ],
        }
    )
    assert written == {
        "configs": ["c", {"source": "c", "mode": "0440"}, {"source": "c", "mode": 288}],
        "secrets": [{"source": "s", "mode": "0400"}],
        "volumes": ["a:/a", {"type": "tmpfs", "tmpfs": {"mode": 1023}}, {"type": "tmpfs", "tmpfs": {}}],
    }
