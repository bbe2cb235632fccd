"""What bin/demo does once everything is set up: a Homeport of its own, one service, its URL, and away again."""

import argparse
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CLONE = Path(__file__).resolve().parents[2]
HOME = CLONE / ".homeport" / "demo"
LOG = HOME / "serve.log"
HOMEPORT = Path(sys.executable).parent / "homeport"
ENGINE = os.environ.get("HOMEPORT_DOCKER_SOCKET") or "/var/run/docker.sock"
PROXY = "homeport-demo-proxy"


class DemoFailed(Exception):
    """The demo cannot go on; the message is for the person who started it."""


def say(text: str) -> None:
    print(text, flush=True)


def free_port(address: str, *wanted: int) -> int:
    """The first of the wanted ports that is free, or any free one."""
    for port in (*wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            return int(probe.getsockname()[1])
    raise DemoFailed("there is no free port")


def wait_for(what: str, is_true: Callable[[], Any], limit_s: float) -> Any:
    """The first true answer of the condition. Raises DemoFailed."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if answer := is_true():
                return answer
        time.sleep(0.1)
    raise DemoFailed(f"{what}: not within {limit_s:.0f} s")


class Api:
    """The HTTP API of the demo's Homeport."""

    def __init__(self, port: int, token: str = "") -> None:
        self.port = port
        self.token = token

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(text) if is_json else text

    def get(self, path: str) -> Any:
        status, answer = self.ask("GET", path)
        if status != 200:
            raise DemoFailed(f"GET {path}: {status} {answer}")
        return answer


class Engine(http.client.HTTPConnection):
    """The container engine, to remove the proxy at the end."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(ENGINE)

    @classmethod
    def ask(cls, method: str, path: str) -> tuple[int, bytes]:
        connection = cls("localhost")
        connection.request(method, path)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content


def remove_proxy() -> None:
    """The demo has a proxy of its own, beside that of a Homeport that may run here for real."""
    Engine.ask("DELETE", f"/containers/{PROXY}?force=1")
    for volume in (f"{PROXY}-data", f"{PROXY}-config"):
        Engine.ask("DELETE", f"/volumes/{volume}")
    Engine.ask("DELETE", f"/networks/{PROXY}")


def environment(port: int, http_port: int, https_port: int) -> dict[str, str]:
    """What the demo's Homeport is told; nothing of a Homeport that may run here for real."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("HOMEPORT_")}
    return own | {
        "HOMEPORT_DATA_DIR": str(HOME / "data"),
        "HOMEPORT_SERVER_ROOT": str(HOME / "server"),
        "HOMEPORT_PORT": str(port),
        "HOMEPORT_PROXY_HTTP_PORT": str(http_port),
        "HOMEPORT_PROXY_HTTPS_PORT": str(https_port),
        "HOMEPORT_PROXY_CONTAINER": PROXY,
        "HOMEPORT_DOCKER_SOCKET": ENGINE,
    }


def new_token(environ: dict[str, str]) -> str:
    made = subprocess.run(
        [HOMEPORT, "token", "create", "demo", "--ability", "root"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise DemoFailed(f"homeport token create: {made.stderr}")
    return made.stdout.strip()


@contextlib.contextmanager
def homeport(http_port: int, https_port: int) -> Iterator[Api]:
    """A running Homeport with its own data dir; stopped, and everything it made removed, at the end."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    port = free_port("127.0.0.1", 8000)
    environ = environment(port, http_port, https_port)
    api = Api(port)
    with (
        LOG.open("w") as log,
        subprocess.Popen(
            # Its own session: Ctrl-C comes to us alone, and we stop it when we are done with it.
            [HOMEPORT, "serve"],
            env=environ,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as server,
    ):
        try:

            def is_healthy() -> bool:
                if server.poll() is not None:
                    raise DemoFailed(f"homeport serve ended at once:\n{LOG.read_text()[-2000:]}")
                return api.ask("GET", "/api/health") == (200, "OK")

            started = time.monotonic()
            wait_for("Homeport", is_healthy, 60)
            say(f"Homeport is ready on http://127.0.0.1:{port} after {time.monotonic() - started:.1f} s")
            api.token = new_token(environ)
            yield api
        finally:
            server.terminate()
            server.wait(timeout=60)
            remove_proxy()
            shutil.rmtree(HOME / "data", ignore_errors=True)
            shutil.rmtree(HOME / "server", ignore_errors=True)
    shutil.rmtree(HOME, ignore_errors=True)
    say("Stopped. The service, the proxy and the demo's data are gone.")


def create_hello(api: Api) -> dict[str, Any]:
    """Create the one-click service `hello`; the API's answer."""
    body = {
        "type": "hello",
        "name": "hello",
        "project_uuid": api.get("/api/v1/projects")[0]["uuid"],
        "environment_name": "production",
        "server_uuid": api.get("/api/v1/servers")[0]["uuid"],
        "instant_deploy": True,
    }
    say("POST /api/v1/services " + json.dumps(body | {"project_uuid": "...", "server_uuid": "..."}))
    status, made = api.ask("POST", "/api/v1/services", body)
    if status != 201:
        raise DemoFailed(f"POST /api/v1/services: {status} {made}")
    say(f"201 {json.dumps(made)}")
    answer: dict[str, Any] = made
    return answer


def await_deployment(api: Api, made: dict[str, Any]) -> None:
    """Wait until it is finished. Raises DemoFailed with the deployment's own words."""
    started = time.monotonic()
    path = f"/api/v1/deployments/{made['deployment_uuid']}?wait=10"

    def is_over() -> dict[str, Any] | None:
        deployment: dict[str, Any] = api.get(path)
        return deployment if deployment["finished_at"] else None

    deployment = wait_for("the deployment", is_over, 180)
    if deployment["status"] != "finished":
        said = "\n".join(f"  {line['text']}" for line in deployment["lines"])
        raise DemoFailed(f"the deployment {deployment['status']}: {deployment['error']}\n{said}")
    service = api.get(f"/api/v1/services/{made['uuid']}")
    say(f"The service is {service['status']} after {time.monotonic() - started:.1f} s")


def public_url(domain: str, http_port: int) -> str:
    """A domain as a person opens it: the port in it is the container's, the proxy listens on another."""
    host = urlsplit(domain).hostname
    return f"http://{host}" if http_port == 80 else f"http://{host}:{http_port}"


def see_page(url: str, http_port: int) -> None:
    """Ask the proxy for the URL's page. Not every resolver knows that *.localhost is this machine, so ask there."""
    host = urlsplit(url).netloc

    def page() -> str | None:
        connection = http.client.HTTPConnection("127.0.0.1", http_port, timeout=10)
        connection.request("GET", "/", headers={"Host": host})
        answer = connection.getresponse()
        text = answer.read().decode()
        return text if answer.status == 200 else None

    title = wait_for(url, page, 30).partition("<title>")[2].partition("</title>")[0]
    say(f"It answers through the proxy with the page {title!r}")


def delete(api: Api, uuid: str) -> None:
    api.ask("DELETE", f"/api/v1/services/{uuid}")
    wait_for("the removal", lambda: api.ask("GET", f"/api/v1/services/{uuid}")[0] == 404, 60)


def demo(*, is_once: bool) -> None:
    remove_proxy()  # Of a demo that was killed.
    http_port, https_port = free_port("", 80, 8080), free_port("", 443, 8443)
    if http_port != 80:
        say(f"Port 80 is taken, so the proxy listens on {http_port}")
    with homeport(http_port, https_port) as api:
        made = create_hello(api)
        try:
            await_deployment(api, made)
            url = public_url(made["domains"][0], http_port)
            see_page(url, http_port)
            say(f"\n  {url}\n\n  curl {url}\n")
            if not is_once:
                say("Ctrl-C stops it and removes what it made.")
                with contextlib.suppress(KeyboardInterrupt):
                    signal.pause()
        finally:
            delete(api, made["uuid"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/demo")
    parser.add_argument("--once", action="store_true", help="stop again when the URL has answered")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        demo(is_once=arguments.once)
    except KeyboardInterrupt:
        return 130
    except (DemoFailed, OSError) as error:
        print(f"bin/demo: {error}", file=sys.stderr)
        if LOG.exists():
            print(f"bin/demo: Homeport's log is {LOG}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
