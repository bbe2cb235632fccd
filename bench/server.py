"""A Homeport of the benchmark's own: a real process with its own data dir, ports and PostgreSQL if wanted."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.engine import ask_json

HOMEPORT = Path(sys.executable).parent / "homeport"
PROXY = "homeport-bench-proxy"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A running Homeport. `ready_s` is the time from the start of the process to the first OK of /api/health."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    port: int
    http_port: int
    token: str
    ready_s: float

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}/api/v1",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
        )

    def memory_mb(self) -> tuple[float, float]:
        """RSS and PSS of the process and its children, in MB."""
        rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self._pids()]
        fields = [dict(line.split(":", 1) for line in text.splitlines() if ":" in line) for text in rollups]

        def total(name: str) -> float:
            return sum(int(item[name].split()[0]) for item in fields) / 1024

        return total("Rss"), total("Pss")

    def cpu_s(self) -> float:
        stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self._pids()]
        return sum(int(stat[11]) + int(stat[12]) for stat in stats) / _TICKS

    def _pids(self) -> list[int]:
        pids = [self.process.pid]
        for pid in pids:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            pids.extend(int(child) for child in children)
        return pids


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serve(database_url: str | None = None) -> Iterator[Server]:
    """Start twice: the first start migrates, the second is the one that is timed."""
    folder = Path(tempfile.mkdtemp(prefix="homeport-bench-"))
    port, http_port = free_port(), free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HOMEPORT_")} | {
        "HOMEPORT_DATA_DIR": str(folder / "data"),
        "HOMEPORT_SERVER_ROOT": str(folder / "server"),
        "HOMEPORT_PORT": str(port),
        "HOMEPORT_PROXY_HTTP_PORT": str(http_port),
        "HOMEPORT_PROXY_HTTPS_PORT": str(free_port()),
        "HOMEPORT_PROXY_CONTAINER": PROXY,
        "HOMEPORT_API_RATE_LIMIT": "0",
        "HOMEPORT_LOG_LEVEL": "WARNING",
    }
    if database_url:
        environ["HOMEPORT_DATABASE_URL"] = database_url
    try:
        _stop(_start(environ, folder, port)[0])
        process, ready_s = _start(environ, folder, port)
        try:
            token = subprocess.run(
                [HOMEPORT, "token", "create", "bench", "--ability", "root"],
                env=environ,
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
            yield Server(process, folder, port, http_port, token, ready_s)
        finally:
            _stop(process)
    finally:
        ask_json("DELETE", f"/containers/{PROXY}?force=1")
        for volume in (f"{PROXY}-data", f"{PROXY}-config"):
            ask_json("DELETE", f"/volumes/{volume}")
        ask_json("DELETE", f"/networks/{PROXY}")
        shutil.rmtree(folder, ignore_errors=True)


def _start(environ: dict[str, str], folder: Path, port: int) -> "tuple[subprocess.Popen[bytes], float]":
    log = folder / "serve.log"
    started = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen([HOMEPORT, "serve"], env=environ, stdout=output, stderr=output)
    while time.perf_counter() - started < 60:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=5).text == "OK":
                return process, time.perf_counter() - started
        if process.poll() is not None:
            break
        time.sleep(0.01)
    _stop(process)
    raise RuntimeError(f"homeport serve did not become ready:\n{log.read_text()[-3000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
