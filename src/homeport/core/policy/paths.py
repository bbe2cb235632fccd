"""Paths of the server: which are the service's own, which are harmless, and which lead to an engine's socket.

Paths are compared as they are spelled once `.`, `..` and doubled slashes are gone. What a link leads to
can only be seen on the server, where it is looked at for the files of a render.
"""

import re
from collections.abc import Iterator
from typing import Final

from homeport.core.commands.compose import COMPOSE_FILE, ENV_FILE
from homeport.core.compose.mounts import resolve_path
from homeport.core.policy.asks import READ_ONLY
from homeport.core.policy.values import Found, Ground, Path

_HARMLESS: Final = frozenset(("/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo"))
_SOCKETS: Final = (
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/run/buildkit/buildkitd.sock",
    "/run/user/0/docker.sock",
)
_SOCKET_NAME: Final = re.compile(r"docker|containerd|podman|crio|buildkitd", re.IGNORECASE)
_RUNTIME_FOLDER: Final = re.compile(r"/run/user/[^/]+(?:/podman)?")
_WINDOWS: Final = re.compile(r"[A-Za-z]:|\\")
_ROOT_BY_PROC: Final = re.compile(r"/proc/[^/]+(?:/task/[^/]+)?/(?:root|cwd)(?=/|$)")


def absolute(path: str, folder: str) -> str:
    """The normal form of a path. One that counts from a home or a drive stays as it is."""
    if path.startswith("~") or _WINDOWS.match(path):
        return path
    return resolve_path(path if path.startswith("/") else f"{folder}/{path}", folder)


def is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def reached(
    path: str,
    at: Path,
    ground: Ground,
    *,
    what: str = "mounts",
    is_read_only: bool = False,
    is_relabelled: bool = False,
    is_by_compose: bool = False,
) -> Iterator[Found]:
    """What it takes to reach a path of the server."""
    full = absolute(path, ground.folder)
    subject = full + (READ_ONLY if is_read_only else "")
    if is_inside(full, ground.folder):
        if not is_read_only and full in _own_files(ground.folder):
            yield Found("host.mount", full, at, f"{what} {full} writable, where Compose reads what to run")
        elif _may_lead_out(full, ground):
            sentence = f"{what} {full}, where a container could have put a link to anything"
            yield Found("host.mount", subject, at, sentence)
        return
    if is_read_only and full in _HARMLESS and not is_relabelled:
        return
    if not _is_socket(full, ground.socket):
        where = "Homeport's own machine" if is_by_compose else "the server"
        yield Found("host.mount", subject, at, f"{what} {full} of {where}", is_by_compose)
    if socket := _socket_in(full, ground.socket):
        through = "" if socket == full else f", where the engine's socket {socket} is"
        yield Found("host.docker_socket", full, at, f"{what} {full} of the server{through}", is_by_compose)


def read_whole(path: str, at: Path, ground: Ground) -> Iterator[Found]:
    """A folder of the service that Compose walks through. Who changes it meanwhile makes a link of what was a file
    when it was looked at."""
    full = absolute(path, ground.folder)
    if not is_inside(full, ground.folder) or _may_lead_out(full, ground):
        return
    if any(is_inside(full, written) or is_inside(written, full) for written in ground.written):
        yield Found(
            "host.mount", full + READ_ONLY, at, f"reads {full}, to which a container may write meanwhile"
        )


def _may_lead_out(path: str, ground: Ground) -> bool:
    """Containers write below what they mount, never beside it: nothing but Homeport puts anything into the
    folder itself. Deeper, a path is what it says only if that is looked at when it is mounted, and if no
    container can change it later: an engine looks again whenever it starts a container. And builders may compute
    what is in braces."""
    below = path.removeprefix(ground.folder).removeprefix("/")
    if not any(mark in below for mark in "/{"):
        return False
    return path not in ground.files or any(path.startswith(f"{written}/") for written in ground.written)


def _own_files(folder: str) -> tuple[str, ...]:
    return folder, f"{folder}/{COMPOSE_FILE}", f"{folder}/{ENV_FILE}"


def _is_socket(path: str, given: str) -> bool:
    real = _real(path)
    name = real.rpartition("/")[2]
    return real in (*_SOCKETS, _real(given)) or (".sock" in name and _SOCKET_NAME.search(name) is not None)


def _socket_in(path: str, given: str) -> str | None:
    """The socket of an engine that the path is, or that is below it."""
    if _is_socket(path, given):
        return path
    real = _real(path)
    if _RUNTIME_FOLDER.fullmatch(real):
        return f"{path}/docker.sock"
    below = (socket for socket in (_real(given), *_SOCKETS) if is_inside(socket, real.rstrip("/")))
    # `/var` has the socket too, by the link from /var/run to /run.
    return next(below, "/var/run/docker.sock" if real == "/var" else None)


def _real(path: str) -> str:
    """Without the two detours to the root of a server: the link /var/run and a process' own view."""
    short = _ROOT_BY_PROC.sub("", path) or "/"
    return re.sub(r"^/var/run(?=/|$)", "/run", short)
