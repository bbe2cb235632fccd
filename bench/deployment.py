"""From POST with instant_deploy to `running`, against `docker compose up -d` of the very file that was deployed."""

import base64
import shutil
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import yaml

from bench.figures import row, spread
from bench.server import Server
from homeport.remote.compose_cli import find_compose
from tests.support.engine import ask_json
from tests.support.images import busybox_image

_LIMIT_S = 120.0


def compare_with_compose(server: Server, rounds: int, compose: str, place: dict[str, str]) -> None:
    """Deploy and run bare, in turns, `rounds` times each; the proxy is switched in each deployment."""
    busybox_image()
    body = place | {"docker_compose_raw": base64.b64encode(compose.encode()).decode(), "instant_deploy": True}
    with server.client() as client:
        _deploy_once(client, server, body, "warm")  # Builds the proxy's image, starts the proxy.
        deployed, bare = [], []
        for number in range(rounds):
            took_s, folder, name = _deploy_once(client, server, body, f"deploy-{number}")
            deployed.append(took_s)
            bare.append(_bare(folder, name))
    row("POST with instant_deploy to running", spread(deployed))
    row("docker compose up -d of the same file", spread(bare))
    row("ratio of the medians", f"{statistics.median(deployed) / statistics.median(bare):.2f}")


def _deploy_once(
    client: httpx.Client, server: Server, body: dict[str, Any], name: str
) -> tuple[float, Path, str]:
    """(seconds until running, a copy of the service's folder, its uuid). The service is deleted again."""
    started = time.perf_counter()
    uuid = client.post("/services", json=body | {"name": name}).raise_for_status().json()["uuid"]
    while not client.get(f"/services/{uuid}").json()["status"].startswith("running"):
        _within(started, f"{name} to run")
        time.sleep(0.01)
    took_s = time.perf_counter() - started
    copy = server.folder / "copies" / uuid
    shutil.copytree(server.folder / "server" / "services" / uuid, copy)
    client.delete(f"/services/{uuid}?delete_volumes=true").raise_for_status()
    deleted = time.perf_counter()
    while client.get(f"/services/{uuid}").status_code != 404:
        _within(deleted, f"{name} to be deleted")
        time.sleep(0.05)
    return took_s, copy, uuid


def _bare(folder: Path, project: str) -> float:
    compose = [*find_compose(), "--project-directory", str(folder), "--project-name", project]
    networks: list[str] = []
    try:
        started = time.perf_counter()
        # The file expects its network to be there; making it is part of the work on either side.
        networks = _make_external_networks(folder / "docker-compose.yml")
        subprocess.run([*compose, "up", "-d"], check=True, capture_output=True)
        return time.perf_counter() - started
    finally:
        subprocess.run([*compose, "down", "--volumes"], check=True, capture_output=True)
        for network in networks:
            ask_json("DELETE", f"/networks/{network}")


def _make_external_networks(path: Path) -> list[str]:
    made = []
    for key, definition in (yaml.safe_load(path.read_text()).get("networks") or {}).items():
        name = (definition or {}).get("name", key)
        if (definition or {}).get("external") and ask_json("GET", f"/networks/{name}") is None:
            ask_json("POST", "/networks/create", {"Name": name})
            made.append(name)
    return made


def _within(started: float, what: str) -> None:
    if time.perf_counter() - started > _LIMIT_S:
        raise TimeoutError(f"waited {_LIMIT_S:.0f} s for {what}")
