"""The proxy's container on a server: made, kept, connected, and given its configuration.

Callers hold a lock per server while they read the routes and load them, so that the newest
configuration is the last. The configuration is loaded whole; Caddy checks it before it takes the place
of the old one, and saves it, so that a server that boots serves without Homeport. Answers, streams and
WebSockets that have begun go on. What can be cut off is a request over HTTP/1.1 that is being read in the
very moment of the swap; the same configuration again is no swap.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from homeport.core.commands import Host, HostFile, Json
from homeport.core.proxy import ADMIN_SOCKET, Route, caddy_config
from homeport.errors import EngineFailed, ProxyFailed
from homeport.remote.images import BASE_CONFIG, ensure_proxy_image

LABEL_PROXY: Final = "homeport.proxy"
LABEL_DEFINITION: Final = "homeport.proxy.definition"
READY_TIMEOUT_S: Final = 20.0
_POLL_S: Final = 0.05
_TAKEN_PORT = re.compile(r":(\d+)(?:: bind: address already in use| failed: port is already allocated)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySpec:
    """How the proxy of a server is run. `root` is the server root; `folder` is where below it the admin socket
    lives; the Host must look for it there too."""

    root: str
    http_port: int = 80
    https_port: int = 443
    is_tls_internal: bool = False
    name: str = "homeport-proxy"
    folder: str = "proxy"


async def ensure_proxy(host: Host, spec: ProxySpec) -> None:
    """Make sure that the proxy runs as the spec says, and answers. Does nothing when it does.

    It is recreated only when its definition changed, with the networks that it had; the old one is not
    touched before the new one's image exists. Raises ProxyFailed, EngineFailed, ServerUnreachable.
    """
    image = await ensure_proxy_image(host.engine)
    config = container_config(spec, image, sysctls=sysctls_for(await host.engine.version()))
    found = await host.engine.find_container(spec.name)
    if found is None:
        await _create(host, spec, config, ())
    elif _definition(found) != config["Labels"][LABEL_DEFINITION]:
        await _recreate(host, spec, config, found)
    elif not found["State"].get("Running"):
        try:
            await host.engine.start_container(spec.name)
        except EngineFailed:
            # A network that it was on is gone, or a port is taken: made anew, it starts or says which.
            await _recreate(host, spec, config, found)
    else:
        return
    await _await_ready(host, spec)


async def connect_proxy(host: Host, spec: ProxySpec, networks: Iterable[str]) -> None:
    """Put the proxy on the networks, so that it finds the containers there by their names."""
    for network in networks:
        await host.engine.connect_network(network, spec.name)


async def disconnect_proxy(host: Host, spec: ProxySpec, networks: Iterable[str]) -> None:
    for network in networks:
        await host.engine.disconnect_network(network, spec.name)


async def load_routes(host: Host, spec: ProxySpec, routes: Sequence[Route]) -> None:
    """Give the proxy all routes of its server. Raises ProxyFailed with the proxy's own words."""
    config = caddy_config(
        routes,
        http_port=spec.http_port,
        https_port=spec.https_port,
        is_tls_internal=spec.is_tls_internal,
    )
    body = json.dumps(config, separators=(",", ":")).encode()
    status, answer = await host.proxy_request("POST", "/load", body)
    if status != 200:
        raise ProxyFailed(f"The proxy refused its configuration: {_error(answer)}")


async def remove_proxy(host: Host, spec: ProxySpec) -> None:
    """Remove the container. Certificates stay in its volumes."""
    await host.engine.remove_container(spec.name, force=True)


def sysctls_for(version: Json) -> dict[str, str]:
    """What the kernel below an engine can do for connections that wait to be accepted.

    Caddy opens new sockets for a new configuration and closes the old ones. Without this, what had reached
    the queue of an old socket would be reset.
    """
    kernel = re.match(r"(\d+)\.(\d+)", str(version.get("KernelVersion") or ""))
    is_known = kernel is not None and (int(kernel[1]), int(kernel[2])) >= (5, 14)
    return {"net.ipv4.tcp_migrate_req": "1"} if is_known else {}


def container_config(spec: ProxySpec, image: str, *, sysctls: Mapping[str, str]) -> Json:
    """What the engine is asked to make; the label LABEL_DEFINITION is a hash of all the rest."""
    ports = {"80/tcp": spec.http_port, "443/tcp": spec.https_port, "443/udp": spec.https_port}
    folder = PurePosixPath(spec.root, spec.folder, "run")
    config: Json = {
        "Image": image,
        "Cmd": ["run", "--config", BASE_CONFIG, "--resume"],
        "ExposedPorts": {port: {} for port in ports},
        "Labels": {LABEL_PROXY: "true", "homeport.managed": "true"},
        "HostConfig": {
            # A network of its own: the engine's default one may be turned off, and would let strangers in.
            "NetworkMode": spec.name,
            "Binds": [
                f"{folder}:{PurePosixPath(ADMIN_SOCKET).parent}",
                f"{spec.name}-data:/data",
                f"{spec.name}-config:/config",
            ],
            "PortBindings": {port: [{"HostPort": str(number)}] for port, number in ports.items()},
            "RestartPolicy": {"Name": "unless-stopped"},
            "ReadonlyRootfs": True,
            "Tmpfs": {"/tmp": "mode=1777"},  # noqa: S108 - inside the container
            "CapDrop": ["ALL"],
            # The socket's folder may belong to the user that Homeport runs as.
            "CapAdd": ["NET_BIND_SERVICE", "DAC_OVERRIDE"],
            "SecurityOpt": ["no-new-privileges"],
            "Sysctls": dict(sysctls),
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        },
    }
    definition = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:32]
    config["Labels"][LABEL_DEFINITION] = definition
    return config


async def _create(host: Host, spec: ProxySpec, config: Json, networks: Iterable[str]) -> None:
    await host.write_files(
        f"{spec.root}/{spec.folder}", [HostFile(path="run", is_directory=True, mode=0o700)]
    )
    await host.engine.ensure_network(spec.name, labels={LABEL_PROXY: "true", "homeport.managed": "true"})
    try:
        await host.engine.create_container(spec.name, config)
    except EngineFailed as error:
        if error.status != 409:  # Somebody else made it meanwhile.
            raise
        return
    for network in networks:
        try:
            await host.engine.connect_network(network, spec.name)
        except EngineFailed as error:
            if error.status != 404:  # The network went with its service.
                raise
    try:
        await host.engine.start_container(spec.name)
    except EngineFailed as error:
        await host.engine.remove_container(spec.name, force=True)
        raise _explained(error, spec) from error


async def _recreate(host: Host, spec: ProxySpec, config: Json, found: Json) -> None:
    networks = [name for name in (found["NetworkSettings"].get("Networks") or {}) if name != spec.name]
    await host.engine.remove_container(spec.name, force=True)
    await _create(host, spec, config, networks)


async def _await_ready(host: Host, spec: ProxySpec) -> None:
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            while not await _is_ready(host):  # noqa: ASYNC110 - another process has no event to wait for
                await asyncio.sleep(_POLL_S)
    except TimeoutError as error:
        logs = await host.engine.logs(spec.name, lines=5)
        raise ProxyFailed(f"The proxy did not start. Its last words: {logs.strip()[-1000:]}") from error


async def _is_ready(host: Host) -> bool:
    try:
        status, _ = await host.proxy_request("GET", "/config/admin")
    except ProxyFailed:
        return False
    return status == 200


def _definition(found: Json) -> str:
    labels = found["Config"].get("Labels") or {}
    return str(labels.get(LABEL_DEFINITION, ""))


def _explained(error: EngineFailed, spec: ProxySpec) -> ProxyFailed:
    match = _TAKEN_PORT.search(error.message)
    if match is None:
        return ProxyFailed(f"The proxy cannot be started: {error.message}")
    port = int(match[1])
    setting = "HOMEPORT_PROXY_HTTP_PORT" if port == spec.http_port else "HOMEPORT_PROXY_HTTPS_PORT"
    return ProxyFailed(f"Port {port} is in use on this server. Free it, or set {setting} to another port.")


def _error(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["error"])
    except (ValueError, KeyError, TypeError):
        return answer.decode("utf-8", "replace").strip() or "no reason was given"
