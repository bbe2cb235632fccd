"""What Compose makes of a file is judged a second time, in Compose's own canonical form and by other code:
whatever it finds there must have been asked for."""

import json
import posixpath
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homeport.core.compose.load import load
from homeport.core.compose.render import render
from homeport.core.policy import Ask, find_asks
from homeport.errors import ComposeRejected
from homeport.remote.compose_cli import find_compose
from tests.support.compose import UUID, make_scope, user_variables
from tests.unit.policy.asking import component
from tests.unit.policy.cases import BENIGN, COMPONENTS, DOCUMENTS, SOCKET, Case

COMPOSE = find_compose()
QUIET_MOUNTS = ("/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo")
SINGLE = {
    "host.device": ("gpus", "device_cgroup_rules"),
    "host.runtime": ("runtime", "cgroup_parent", "credential_spec", "annotations"),
}


def judged(case: Case, folder: Path) -> tuple[tuple[Ask, ...], dict[str, Any] | None]:
    """What was asked for, and what Compose makes of the file: None if it refuses it."""
    document = load(case.text)
    scope = make_scope(folder=str(folder), variables=user_variables(**case.values), proxy=case.proxy)
    rendered = render(document, scope)
    asks = find_asks(
        rendered, document, folder=str(folder), uuid=UUID, proxy=case.proxy, socket=SOCKET, is_local=True
    )
    (folder / "docker-compose.yml").write_text(rendered.compose)
    (folder / ".env").write_text(rendered.dotenv)
    done = subprocess.run(
        [*COMPOSE, "--project-directory", folder, "--project-name", UUID, "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        env={"DOCKER_HOST": "unix:///opt/engine.sock", "DOCKER_CONFIG": "/opt/docker-config"},
        timeout=60,
    )
    return asks, json.loads(done.stdout) if done.returncode == 0 else None


def powers(config: Mapping[str, Any], folder: str) -> Iterator[tuple[str, str]]:
    """Grant and what for ("" where the grant alone is compared), of a canonical document."""
    for name, service in config["services"].items():
        yield from switch_powers(name, service)
        yield from list_powers(service)
        yield from mode_powers(service)
        yield from mount_powers(service, folder)
    yield from section_powers(config)
    for section in ("configs", "secrets"):
        for entry in config.get(section, {}).values():
            if "file" in entry:
                yield from path_powers(entry["file"], folder, is_read_only=True)


def section_powers(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for network in config.get("networks", {}).values():
        if network["name"] == "host" or network.get("driver") in ("host", "macvlan", "ipvlan"):
            yield "host.network", ""
        elif not is_own(network["name"]) and network["name"] != "none":
            yield "host.external", network["name"]
    for volume in config.get("volumes", {}).values():
        if not is_own(volume["name"]):
            yield "host.external", volume["name"]
        if volume.get("driver", "local") != "local" or volume.get("driver_opts"):
            yield "host.volume", ""


def switch_powers(name: str, service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    hooks = [*(service.get("post_start") or ()), *(service.get("pre_stop") or ())]
    if any(part.get("privileged") for part in (service, *hooks)):
        yield "host.privileged", name
    for grant, keys in SINGLE.items():
        if any(service.get(key) for key in keys):
            yield grant, ""


def list_powers(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for capability in service.get("cap_add") or ():
        plain = capability.upper().removeprefix("CAP_")
        if plain not in ("CHOWN", "SETUID", "NET_BIND_SERVICE"):
            yield "host.capabilities", plain
    for device in service.get("devices") or ():
        source = device["source"]
        yield "host.device", posixpath.normpath(source) if source.startswith("/") else source
    for key, value in (service.get("sysctls") or {}).items():
        yield "host.sysctl", f"{key}={value}"
    if set(service.get("security_opt") or ()) - {"no-new-privileges", "no-new-privileges:true"}:
        yield "host.security", ""


def mode_powers(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if service.get("network_mode", "").startswith(("host", "container:", "ns:")):
        yield "host.network", service["network_mode"]
    for key in ("pid", "ipc", "uts", "userns_mode", "cgroup"):
        if service.get(key, "").startswith(("host", "container:")):
            yield "host.namespace", f"{key}={service[key]}"


def mount_powers(service: Mapping[str, Any], folder: str) -> Iterator[tuple[str, str]]:
    for mount in service.get("volumes", ()):
        if mount["type"] == "bind":
            is_read_only = mount.get("read_only", False) and "recursive" not in mount.get("bind", {})
            yield from path_powers(mount["source"], folder, is_read_only=is_read_only)
    for text in service.get("volumes_from") or ():
        if text.startswith("container:"):
            yield "host.external", f"container:{text.split(':')[1]}"


def path_powers(source: str, folder: str, *, is_read_only: bool) -> Iterator[tuple[str, str]]:
    path = "/" + posixpath.normpath(source).lstrip("/")
    if path == folder or path.startswith(f"{folder}/") or (is_read_only and path in QUIET_MOUNTS):
        return
    if path.endswith(".sock"):
        yield "host.docker_socket", path
    elif source.startswith("/"):
        yield "host.mount", f"{path}:ro" if is_read_only else path
    else:
        yield "host.mount", source


def is_own(name: str) -> bool:
    return name == UUID or name.startswith((f"{UUID}_", f"{UUID}-"))


def unasked(asks: tuple[Ask, ...], config: Mapping[str, Any], folder: Path) -> list[tuple[str, str]]:
    grants, keys = {ask.grant for ask in asks}, {(ask.grant, ask.subject) for ask in asks}
    found = powers(config, str(folder))
    return [item for item in found if item not in keys and (item[1] or item[0] not in grants)]


TABLE = [*(component(case.text, case.values, case.proxy) for case in COMPONENTS), *DOCUMENTS, *BENIGN]


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.text[:90])
def test_the_table(case: Case, tmp_path: Path) -> None:
    asks, config = judged(case, tmp_path)
    if config is not None:
        assert unasked(asks, config, tmp_path) == []


PATHS = (
    "/etc",
    "//var/./log/",
    "/x/../root",
    "./data",
    "../u2",
    "/run/docker.sock",
    "~/a",
    "named",
    "a/../..",
)
MODES = ("host", "container:x", "service:base", "private", "none")
VALUES = {"ETC": "/etc", "HOST": "host", "ON": "true", "UP": "..", "PAIR": "/srv:/pair", "EMPTY": ""}


@st.composite
def scalar(draw: st.DrawFn, *plain: str) -> str:
    """A text in quotes, as it is or behind a variable, a default or both."""
    text = draw(st.sampled_from(plain))
    forms = ("{}", "${{V:-{}}}", "${{V-{}}}", "${{EMPTY:-{}}}", "${{V:-${{W:-{}}}}}", "${{ON:+{}}}")
    return "'" + draw(st.sampled_from(forms)).format(text) + "'"


@st.composite
def bind(draw: st.DrawFn, target: str) -> str:
    source = draw(scalar(*PATHS, "$ETC/sub", "$UP/x")).strip("'")
    read_only = draw(scalar("true", "false", "$ON"))
    forms = (
        f"'{source}:{target}'",
        f"'{source}:{target}:ro'",
        f"{{type: bind, source: '{source}', target: {target}, read_only: {read_only}}}",
        f"{{type: '${{T:-bind}}', source: '{source}', target: {target}}}",
        "$PAIR",
        f"'$ETC$EMPTY:{target}'",
    )
    return draw(st.sampled_from(forms))


@st.composite
def keys(draw: st.DrawFn, number: int) -> str:
    mounts = ", ".join(draw(bind(f"/t{at}")) for at in range(draw(st.integers(0, 3))))
    lines = {
        "volumes": f"[{mounts}]",
        "privileged": draw(scalar("true", "false", "$ON", "Yes", "No")),
        "pid": draw(scalar("host", "container:x", "service:base", "$HOST", "")),
        "ipc": draw(scalar(*MODES, "$HOST")),
        "uts": draw(scalar("host", "$HOST", "")),
        "userns_mode": draw(scalar("host", "")),
        "cgroup": draw(scalar("host", "private")),
        "network_mode": draw(scalar("host", "none", "container:x", "$HOST", "service:base")),
        "cap_add": f"[{draw(scalar('SYS_ADMIN', 'cap_net_admin', 'CHOWN', 'ALL'))}]",
        "devices": f"[{draw(scalar('/dev/x:/dev/y', '/dev/./x', '/dev/a:/b:r'))}]",
        "security_opt": f"[{draw(scalar('no-new-privileges:true', 'seccomp:unconfined', 'label=disable'))}]",
        "sysctls": draw(st.sampled_from(("{a.b: 1}", "[a.b=$ON]", "{a: '${V:-2}'}"))),
        "runtime": draw(scalar("runc", "")),
        "post_start": f"[{{command: a, privileged: {draw(scalar('true', 'false'))}}}]",
    }
    chosen = draw(st.lists(st.sampled_from(sorted(lines)), unique=True))
    body = "".join(f"    {key}: {lines[key]}\n" for key in chosen)
    style = draw(st.sampled_from(("own", "merged", "extended")))
    if style == "own" or not body:
        return f"  c{number}:\n    image: a\n{body}"
    if style == "merged":
        return (
            f"  m{number}: &m{number}\n    image: a\n{body}  c{number}:\n    <<: *m{number}\n    init: true\n"
        )
    return f"  m{number}:\n    image: a\n{body}  c{number}:\n    extends: {{service: m{number}}}\n    init: true\n"


@st.composite
def documents(draw: st.DrawFn) -> str:
    return "services:\n  base: {image: a}\n" + "".join(draw(keys(number)) for number in range(4))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents())
def test_whatever_compose_makes_of_it_was_asked_for(tmp_path: Path, text: str) -> None:
    try:
        asks, config = judged(Case(text, values=VALUES), tmp_path)
    except ComposeRejected:
        return  # Refused before anything is judged: nothing runs.
    assert config is not None
    assert unasked(asks, config, tmp_path) == []
