"""A real Homeport for a test: a process, data, files and a proxy of its own, on the real engine.

Steps read as what a person does (`create`, `change`, `delete`); what is then to be seen is in checks.py.
"""

import base64
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.support import checks
from tests.support.engine import REPOSITORY, ask, engine_socket
from tests.support.images import busybox_image

SCENARIOS = REPOSITORY / "tests" / "e2e" / "scenarios"
ARTIFACTS = REPOSITORY / "tests" / "e2e" / "artifacts"


def is_kept() -> bool:
    """E2E_KEEP=1 leaves containers and files for a look."""
    return os.environ.get("E2E_KEEP", "") not in ("", "0")


def compose(name: str) -> str:
    """The compose text of a scenario."""
    busybox_image()
    return (SCENARIOS / name / "compose.yaml").read_text()


def _free_ports() -> tuple[int, int, int]:
    sockets = [socket.socket() for _ in range(3)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        first, second, third = (int(each.getsockname()[1]) for each in sockets)
        return first, second, third
    finally:
        for each in sockets:
            each.close()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any


@dataclass(slots=True)
class Homeport:
    """`folder` holds everything. Ports are free ones; the proxy's container has a name of its own.
    `settings` are environment variables beside those."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    name: str = field(default_factory=lambda: f"homeport-e2e-{uuid4().hex[:8]}")
    ports: tuple[int, int, int] = field(default_factory=_free_ports)
    process: "subprocess.Popen[bytes] | None" = None
    token: str = ""
    services: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def log(self) -> Path:
        return self.folder / "serve.log"

    @property
    def env(self) -> dict[str, str]:
        port, http_port, https_port = self.ports
        return os.environ | {
            "PYTHONPATH": str(REPOSITORY / "src"),
            "HOMEPORT_DATA_DIR": str(self.folder / "data"),
            "HOMEPORT_SERVER_ROOT": str(self.root),
            "HOMEPORT_DOCKER_SOCKET": engine_socket(),
            "HOMEPORT_PORT": str(port),
            "HOMEPORT_PROXY_HTTP_PORT": str(http_port),
            "HOMEPORT_PROXY_HTTPS_PORT": str(https_port),
            "HOMEPORT_PROXY_CONTAINER": self.name,
            "HOMEPORT_API_RATE_LIMIT": "0",
            **self.settings,
        }

    # The process

    def start(self) -> None:
        """Start and wait until it answers; the first time, make a token."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "homeport", "serve"], env=self.env, stdout=log, stderr=log
            )
        checks.eventually(self._is_ready, what="Homeport answers")
        if not self.token:
            self.token = self.new_token("e2e", "root")

    def new_token(self, name: str, *abilities: str) -> str:
        """The text of a token of the first user."""
        made = subprocess.run(
            [
                *(sys.executable, "-m", "homeport", "token", "create", name),
                *(word for ability in abilities for word in ("--ability", ability)),
            ],
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
        )
        return made.stdout.strip()

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        try:
            return self.ask("GET", "/health").status == 200
        except OSError:
            return False

    def kill(self) -> None:
        """SIGKILL: no time for anything."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, as an init system does it."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            process.wait(30)

    # The API

    def ask(self, method: str, path: str, body: object = None, *, token: str = "") -> Answer:
        """One request to /api/v1, with the root token or another one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[0], timeout=90)
        try:
            headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
            data = None if body is None else json.dumps(body)
            connection.request(method, f"/api/v1{path}", data, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return Answer(answer.status, json.loads(text) if is_json and text else text)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status == 200, f"GET {path}: {answer}"
        return answer.body

    def request_service(self, *, token: str = "", **fields: Any) -> Answer:
        """POST /services in the first project on the first server; `compose` is a text."""
        answer = self.ask("POST", "/services", self._new_service(fields), token=token)
        if answer.status == 201:
            self.services.append(answer.body["uuid"])
        return answer

    def _new_service(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "project_uuid": self.get("/projects")[0]["uuid"],
            "server_uuid": self.get("/servers")[0]["uuid"],
            "environment_name": "production",
            **_encoded(fields),
        }

    def plan(self, uuid: str | None = None, **fields: Any) -> dict[str, Any]:
        """Plan the creation of a service, or the change of one; the plan."""
        if uuid is None:
            answer = self.ask("POST", "/services?dry_run=true", self._new_service(fields))
        else:
            answer = self.ask("PATCH", f"/services/{uuid}?dry_run=true", _encoded(fields))
        assert answer.status == 200, answer
        plan: dict[str, Any] = answer.body
        return plan

    def apply(self, plan: Mapping[str, Any]) -> Answer:
        """Apply a plan, which is what was asked for and nothing else."""
        body = {"plan_id": plan["plan_id"]}
        if plan["action"] == "change":
            return self.ask("PATCH", f"/services/{plan['uuid']}", body)
        answer = self.ask("POST", "/services", body)
        if answer.status == 201:
            self.services.append(answer.body["uuid"])
        return answer

    def create(self, *, outcome: str = "finished", **fields: Any) -> dict[str, Any]:
        """Create and deploy a service and wait for the outcome; the answer to the request."""
        created = self.begin(**fields)
        self.await_outcome(created["deployment_uuid"], outcome)
        return created

    def begin(self, **fields: Any) -> dict[str, Any]:
        """Create a service and ask for its deployment."""
        answer = self.request_service(instant_deploy=True, **fields)
        assert answer.status == 201, answer
        created: dict[str, Any] = answer.body
        return created

    def change(self, uuid: str, *, outcome: str = "finished", **fields: Any) -> dict[str, Any]:
        """Change and deploy a service and wait for the outcome; the answer to the request."""
        answer = self.ask("PATCH", f"/services/{uuid}", {"instant_deploy": True, **_encoded(fields)})
        assert answer.status == 200, answer
        self.await_outcome(answer.body["deployment_uuid"], outcome)
        changed: dict[str, Any] = answer.body
        return changed

    def set_variables(self, uuid: str, values: Mapping[str, str], **flags: bool) -> None:
        """Give variables of a service their values; nothing is deployed."""
        items = [{"key": key, "value": value, **flags} for key, value in values.items()]
        answer = self.ask("PATCH", f"/services/{uuid}/envs/bulk", {"data": items})
        assert answer.status == 201, answer

    def act(self, uuid: str, action: str) -> None:
        """Start, stop or restart a service and wait until that is finished."""
        answer = self.ask("POST", f"/services/{uuid}/{action}")
        assert answer.status == 200, answer
        self.await_outcome(answer.body["deployment_uuid"])

    def delete(self, uuid: str, **options: bool) -> None:
        """Delete a service and wait until it is gone."""
        query = "&".join(f"{key}={str(value).lower()}" for key, value in options.items())
        answer = self.ask("DELETE", f"/services/{uuid}?{query}")
        assert answer.status == 200, answer
        self.await_outcome(answer.body["deployment_uuid"])

    def await_outcome(self, deployment_uuid: str, outcome: str = "finished") -> dict[str, Any]:
        """The deployment when it is over; it must have ended so."""
        deployment = self.deployment(deployment_uuid, wait_s=60)
        assert deployment["status"] == outcome, json.dumps(deployment, indent=1)
        return deployment

    def deployment(self, uuid: str, *, wait_s: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/deployments/{uuid}?wait={wait_s}")
        return found

    def status(self, uuid: str) -> str:
        return str(self.get(f"/services/{uuid}")["status"])

    # Past the API

    def query(self, sql: str, *values: object) -> list[Any]:
        """The rows that a statement gives; what it writes is committed."""
        with closing(sqlite3.connect(self.folder / "data" / "homeport.db", timeout=30)) as database, database:
            return database.execute(sql, values).fetchall()

    def row_counts(self) -> dict[str, int]:
        """How many rows each table has."""
        tables = self.query("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name: self.query(f'SELECT count(*) FROM "{name}"')[0][0] for (name,) in tables}

    # The proxy

    def visit(self, url: str) -> Answer:
        """Open a URL through the proxy, as a browser would that finds the host at this machine."""
        host, _, path = url.removeprefix("http://").partition("/")
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[1], timeout=10)
        try:
            connection.request("GET", f"/{path}", headers={"Host": host.partition(":")[0]})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(errors="replace"))
        finally:
            connection.close()

    # Afterwards

    def keep_artifacts(self, test: str) -> Path:
        """What somebody wants to see who was not there."""
        folder = ARTIFACTS / test
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if self.log.exists():
            shutil.copy(self.log, folder)
        for name in [self.name, *(name for uuid in self.services for name in checks.containers_of(uuid))]:
            (folder / f"{name}.json").write_text(json.dumps(checks.container(name), indent=1))
            (folder / f"{name}.log").write_text(checks.logs(name))
        return folder

    def clean(self) -> None:
        """Stop, and remove all that the test made on the engine."""
        self.stop()
        if is_kept():
            return
        for uuid in self.services:
            checks.remove_everything_of(uuid)
        ask("DELETE", f"/containers/{self.name}?force=1")
        checks.remove_network(self.name)
        for volume in (f"{self.name}-data", f"{self.name}-config"):
            ask("DELETE", f"/volumes/{volume}?force=1")


def _encoded(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are sent: a text called `compose` in Base64."""
    body = dict(fields)
    if "compose" in body:
        body["docker_compose_raw"] = base64.b64encode(body.pop("compose").encode()).decode()
    return body
