"""The client commands, as a person or a script runs them: real processes against a real server on loopback.

The server has its worker and a host that records, so deployments really run; both databases make no
difference to a client, so SQLite is enough.
"""

import asyncio
import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from homeport.app import create_app, prepare_database
from homeport.core.commands import Output
from homeport.db.engine import open_database
from tests.support import factories
from tests.support.app import RecordingHosts, settings_for

COMPOSE = """\
services:
  web:
    image: web:1
    environment:
      - SERVICE_URL_WEB_8080
      - GREETING=${GREETING:-hello} # what visitors read
      - PASSWORD=$SERVICE_PASSWORD_WEB
    volumes:
      - data:/data
  db:
    image: postgres:17
    environment:
      - POSTGRES_PASSWORD=$SERVICE_PASSWORD_WEB
"""


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Site:
    """A running server, and how to call the command line against it."""

    url: str
    token: str
    hosts: RecordingHosts

    def env(self, **changes: str) -> dict[str, str]:
        ours = {"HOMEPORT_URL": self.url, "HOMEPORT_TOKEN": self.token, "NO_COLOR": "1"}
        return {"PATH": os.environ["PATH"], "HOME": "/dev/null/home", "LANG": "C.UTF-8", **ours, **changes}

    def run(self, *words: str, stdin: str = "", **env: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "homeport", *words],
            env=self.env(**env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def ok(self, *words: str, stdin: str = "") -> Ran:
        ran = self.run(*words, stdin=stdin)
        assert ran.code == 0, ran.err
        assert "Traceback" not in ran.err
        return ran

    def refused(self, *words: str, **env: str) -> str:
        """What a command says that fails: on standard error, with exit code 1 and no traceback."""
        ran = self.run(*words, **env)
        assert ran.code == 1, (ran.out, ran.err)
        assert "Traceback" not in ran.err
        return ran.err

    def api(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.get(f"{self.url}/api/v1/{path}", headers=headers, trust_env=False).json()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("cli")
    settings = settings_for(f"sqlite+aiosqlite:///{folder}/homeport.db", folder)

    async def prepare() -> str:
        database = open_database(settings.database_url, settings.secret_keys)
        await prepare_database(database)
        token = await factories.add_token(database, ["root"])
        await database.close()
        return token

    token = asyncio.run(prepare())
    hosts = RecordingHosts()
    config = uvicorn.Config(create_app(settings, hosts=hosts), host="127.0.0.1", port=0, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    beat = threading.Event()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        beat.wait(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Site(f"http://127.0.0.1:{port}", token, hosts)
    server.should_exit = True
    thread.join(30)


@pytest.fixture
def compose(tmp_path: Path) -> str:
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE, encoding="utf-8")
    return str(path)


@pytest.fixture
def wiki(site: Site, compose: str) -> Iterator[str]:
    """A service of two components that was not started; its uuid."""
    made = site.ok("service", "create", "--compose", compose, "--name", "wiki", "--no-deploy", "--json").json
    yield made["uuid"]
    site.run("service", "delete", made["uuid"], "--yes")


def test_a_type_is_created_deployed_shown_and_deleted(site: Site) -> None:
    made = site.ok("service", "create", "hello", "--name", "greeting")
    assert "Name\tgreeting\n" in made.out
    assert "Type\thello\n" in made.out
    assert "hello\t● Running\t" in made.out
    assert made.err, "the deployment's lines are shown while it runs"
    row = next(row for row in site.ok("service", "list").out.splitlines() if row.startswith("greeting\t"))
    uuid = row.split("\t")[-1]
    assert f"\thttp://hello-{uuid}.localhost\t" in row, "without the container's port"
    assert site.ok("service", "show", uuid[:8], "--json").json["uuid"] == uuid
    assert "services:" in site.ok("service", "show", "greeting", "--compose").out
    assert site.ok("service", "delete", "greeting", "--yes").err.endswith("greeting is deleted.\n")
    assert "greeting" not in site.ok("service", "list").out


def test_a_compose_comes_from_standard_input_too(site: Site) -> None:
    made = site.ok(
        "service", "create", "--compose", "-", "--name", "piped", "--no-deploy", "--json", stdin=COMPOSE
    ).json
    assert site.api(f"services/{made['uuid']}")["docker_compose_raw"] == COMPOSE
    site.ok("service", "delete", made["uuid"], "--yes")


def test_a_creation_is_planned_and_then_made(site: Site, compose: str) -> None:
    create = ("service", "create", "--compose", compose, "--name", "planned", "--no-deploy", "--dry-run")
    shown = site.ok(*create)
    assert "component\tweb\tcreate\tweb:1, http://web-" in shown.out
    assert "variable\tSERVICE_PASSWORD_WEB\tnew\tgenerated\n" in shown.out
    assert "\tnew\tweb:/data\n" in shown.out
    assert "warning\tno_healthcheck\t\tweb has no healthcheck here" in shown.out
    assert "planned" not in site.ok("service", "list").out
    apply = shown.err.strip().splitlines()[-1].split()
    assert apply[:-1] == ["homeport", "service", "create", "--apply"]
    assert "Name\tplanned\n" in site.ok(*apply[1:]).out
    assert "This plan was applied already." in site.refused(*apply[1:])
    assert "no other request" in site.refused(*apply[1:], "--name", "other")
    assert site.ok(*create, "--json").json["action"] == "create"
    site.ok("service", "delete", "planned", "--yes")


def test_a_change_is_planned_and_then_made(site: Site, wiki: str, tmp_path: Path) -> None:
    newer = tmp_path / "newer.yaml"
    newer.write_text(COMPOSE.replace("web:1", "web:2"), encoding="utf-8")
    shown = site.ok("service", "change", "wiki", "--compose", str(newer), "--dry-run")
    assert "-    image: web:1\n+    image: web:2\n" in shown.out
    assert "web:1" in site.ok("service", "show", "wiki").out
    apply = shown.err.strip().splitlines()[-1].split()
    assert apply[:-1] == ["homeport", "service", "change", wiki, "--apply"]
    assert "web\t○ Stopped\t" in site.ok(*apply[1:]).out
    assert "web:2" in site.ok("service", "show", "wiki").out
    assert "no other request" in site.refused(*apply[1:], "--deploy")
    site.ok("service", "change", "wiki", "--description", "what cooks know", "--deploy")
    assert site.api(f"services/{wiki}")["status"] == "running:unknown"
    assert "Say what to change" in site.refused("service", "change", "wiki")


def test_a_service_starts_stops_and_restarts(site: Site, wiki: str) -> None:
    started = site.ok("service", "start", "wiki", "--json").json
    assert started["deployment"]["status"] == "finished"
    assert "Service is already running." in site.refused("service", "start", "wiki")
    assert "wiki" in site.ok("service", "restart", "wiki", "--pull").out
    assert site.ok("service", "stop", "wiki", "--no-wait").err == "Service stopping request queued.\n"


def test_a_failed_deployment_is_exit_code_1_with_the_reason(site: Site, wiki: str) -> None:
    site.hosts.host.outputs["up"] = [Output(exit_code=1, stdout="", stderr="no such image: web:1")]
    said = site.refused("service", "start", "wiki")
    assert "wiki was not deployed." in said
    assert "no such image: web:1" in said


def test_domains_are_given_and_conflicts_explained(site: Site, compose: str, wiki: str) -> None:
    other = ("service", "create", "--compose", compose, "--name", "other", "--no-deploy", "--json")
    taken = ("--url", "web=https://wiki.example.com:8080")
    first = site.ok(*other, *taken).json
    assert first["domains"] == ["https://wiki.example.com:8080"]
    said = site.refused(*other, *taken)
    assert "is already in use by service 'other'" in said
    assert "--force-domain" in said
    second = site.ok(*other, *taken, "--force-domain").json
    said = site.refused("service", "show", "other")
    assert "'other' could be any of" in said
    for uuid in (first["uuid"], second["uuid"]):
        site.ok("service", "delete", uuid, "--yes")
    assert "web=https://wiki.example.com" in site.refused(*other, "--url", "https://x.example.com")


def test_variables_are_masked_set_imported_and_removed(site: Site, wiki: str, tmp_path: Path) -> None:
    listed = site.ok("service", "env", "list", "wiki").out
    assert "GREETING\t••••••••\twhat visitors read\n" in listed
    assert "value" not in site.ok("service", "env", "list", "wiki", "--json").json[0]
    site.ok("service", "env", "set", "wiki", "GREETING=a=b c", "NEW=1")
    file = tmp_path / "some.env"
    file.write_text("# mine\nIMPORTED='x y' # from a file\n", encoding="utf-8")
    site.ok("service", "env", "import", "wiki", str(file))
    shown = site.ok("service", "env", "list", "wiki", "--show").out
    assert "GREETING\ta=b c\t" in shown
    assert "NEW\t1\t" in shown
    assert "IMPORTED\tx y\tfrom a file\n" in shown
    site.ok("service", "env", "unset", "wiki", "NEW")
    assert "wiki has no variable NEW" in site.refused("service", "env", "unset", "wiki", "NEW")
    assert "KEY=VALUE" in site.refused("service", "env", "set", "wiki", "NEW")


def test_logs_name_the_component(site: Site, wiki: str) -> None:
    assert "db: Container not found." in site.ok("service", "logs", "wiki").err
    assert "Container not found." in site.refused("service", "logs", "wiki", "web")
    site.ok("service", "start", "wiki")
    assert set(site.ok("service", "logs", "wiki", "--json").json) == {"web", "db"}


def test_the_catalogue_is_listed_and_searched(site: Site) -> None:
    assert "gitea-with-mysql\tdevtools\t" in site.ok("catalog", "list").out
    found = site.ok("catalog", "list", "--search", "git mysql", "--json").json
    assert [item["key"] for item in found] == ["gitea-with-mysql"]
    assert "Port\t2368\n" in site.ok("catalog", "show", "ghost").out
    assert site.ok("catalog", "show", "ghost", "--compose").out.startswith("services:\n")
    assert "Service type not found." in site.refused("catalog", "show", "nothing")
    assert "Did you mean ghost?" in site.refused("service", "create", "ghots")


def test_projects_and_servers(site: Site) -> None:
    uuid = site.ok("project", "create", "Kitchen", "--description", "Pots").out.strip()
    assert f"Kitchen\tPots\t{uuid}\n" in site.ok("project", "list").out
    assert "Environments\tproduction\n" in site.ok("project", "show", "Kitchen").out
    assert site.ok("project", "delete", "Kitchen", "--yes").err == "The project Kitchen is deleted.\n"
    assert "There is no project 'Kitchen'" in site.refused("project", "show", "Kitchen")
    assert "localhost\t" in site.ok("server", "list").out
    assert site.ok("server", "show", "localhost", "--json").json["name"] == "localhost"


def test_no_token_a_wrong_token_and_no_server(site: Site) -> None:
    assert "needs a token" in site.refused("service", "list", HOMEPORT_TOKEN="")
    said = site.refused("service", "list", HOMEPORT_TOKEN="1|wrong")
    assert "does not accept the token" in said
    assert "homeport token create" in said
    said = site.refused("service", "list", HOMEPORT_URL="http://127.0.0.1:9")
    assert "Nothing answers at http://127.0.0.1:9" in said
    assert "homeport serve" in said
    assert "HOMEPORT_URL must start with" in site.refused("service", "list", HOMEPORT_URL="ftp://x")


def test_delete_asks_for_the_name_on_a_terminal(site: Site, wiki: str) -> None:
    assert "Add --yes" in site.refused("service", "delete", "wiki")
    refused = on_terminal(site, ["service", "delete", "wiki"], "wrong\n")
    assert "This deletes the service wiki (web, db)" in refused
    assert f"{wiki}_data" in refused
    assert "the name does not match" in refused
    assert site.api(f"services/{wiki}")["name"] == "wiki"
    assert "wiki is deleted." in on_terminal(site, ["service", "delete", "wiki", "--volumes"], "wiki\n")


def test_a_terminal_gets_a_table_with_a_heading(site: Site, wiki: str) -> None:
    drawn = on_terminal(site, ["service", "list"], "")
    assert "Name" in drawn
    assert "○ Stopped" in drawn


def test_client_commands_load_no_database_and_no_framework() -> None:
    """They start in a fraction of a second, and work where the server's parts do not."""
    heavy = ("aiodocker", "alembic", "dbos", "fastapi", "pydantic", "sqlalchemy", "uvicorn")
    code = (
        "import sys; from homeport.cli import catalog, project, server, service; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


def on_terminal(site: Site, words: list[str], typed: str) -> str:
    """Run a command on a pseudo-terminal, type, and give all that it showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "homeport", *words],
        env=site.env(TERM="xterm", COLUMNS="200"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux says EIO when the last process has closed its end.
            break
        if not part:
            break
        shown += part
    process.wait(30)
    os.close(ours)
    return shown.decode()


def test_grants_are_listed_given_confirmed_and_taken(site: Site, tmp_path: Path) -> None:
    ours = [item["grant"] for item in site.run("team", "grants", "--json").json if item["is_granted"]]
    assert ours == []
    given = site.run("team", "grant", "host.mount", "host.device")
    assert given.code == 0, given.err
    taken = site.run("team", "revoke", "host.device", "--json")
    assert [item["grant"] for item in taken.json if item["is_granted"]] == ["host.mount"]
    refused = site.run("team", "revoke", "host.device")
    assert (refused.code, refused.err) == (1, "homeport: The team does not have host.device.\n")
    file = tmp_path / "logs.yaml"
    file.write_text("services:\n  web:\n    image: web:1\n    cap_add: [SYS_ADMIN]\n")
    made = site.run(
        "service", "create", "--compose", str(file), "--grant", "host.capabilities", "--no-deploy"
    )
    assert made.code == 0, made.err


def test_profiles_are_chosen_and_given_up(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text(
        "services:\n  web:\n    image: web:1\n  tool:\n    image: tool:1\n    profiles: [debug]\n"
    )
    create = ["service", "create", "--compose", str(file), "--name", "Profiled", "--no-deploy"]
    assert "tool" in site.run(*create, "--profile", "debug").out
    changed = site.run("service", "change", "Profiled", "--profile", "")
    assert changed.code == 0, changed.err
    assert "tool" not in changed.out
