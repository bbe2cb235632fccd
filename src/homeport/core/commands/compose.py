"""The Compose commands that Homeport runs, as values.

Compose reads `docker-compose.yml` and `.env` of the service's folder. It is called with an exact
environment: a variable of the process beats the `.env` file in Compose, so that a service with a
variable named HOME or PATH would otherwise get Homeport's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from homeport.core.commands import Command, Host

COMPOSE_FILE = "docker-compose.yml"
ENV_FILE = ".env"
PULL_TIMEOUT_S = 3600.0
UP_TIMEOUT_S = 1800.0
STOP_TIMEOUT_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A service's Compose project: `program` are the first words of the argument list (`docker compose`),
    `env` is what reaches the engine."""

    program: tuple[str, ...]
    folder: str
    name: str
    env: Mapping[str, str]


def project_on(host: Host, folder: str, service_uuid: str) -> Project:
    """The project of a service on a host; `folder` is the snapshot's."""
    return Project(program=host.compose, folder=folder, name=service_uuid, env=dict(host.engine_env))


def up(project: Project, *, timeout_s: float = UP_TIMEOUT_S) -> Command:
    """Create and start what is missing, recreate what changed, remove what is not in the file any more.

    `--pull missing` overrules a `pull_policy: always`: pulling is a step of its own, and a registry that
    does not answer must not stop a service whose images are here.
    """
    return _compose(project, "up", "-d", "--remove-orphans", "--pull", "missing", timeout_s=timeout_s)


def pull(
    project: Project,
    components: Sequence[str] = (),
    *,
    policy: Literal["always", "missing"] = "always",
    timeout_s: float = PULL_TIMEOUT_S,
) -> Command:
    """Pull the images of the components (of all of them by default). Exits with 0 whatever happened to single
    images: whether one that failed is needed is decided by what is on the server afterwards."""
    arguments = ("--ignore-pull-failures", "--policy", policy, *components)
    return _compose(project, "pull", *arguments, timeout_s=timeout_s)


def restart(project: Project, components: Sequence[str], *, timeout_s: float = STOP_TIMEOUT_S) -> Command:
    """Restart containers as they are, each with its own stop_grace_period, and none that depends on them."""
    return _compose(project, "restart", "--no-deps", *components, timeout_s=timeout_s)


def stop(project: Project, components: Sequence[str] = (), *, timeout_s: float = STOP_TIMEOUT_S) -> Command:
    """Stop in reverse order of dependence, each container with its own stop_grace_period."""
    return _compose(project, "stop", *components, timeout_s=timeout_s)


def down(project: Project, *, timeout_s: float = STOP_TIMEOUT_S) -> Command:
    """Stop as `stop` does, then remove the containers and the project's own networks. Volumes stay."""
    return _compose(project, "down", "--remove-orphans", timeout_s=timeout_s)


def config(project: Project, *, timeout_s: float = 60.0) -> Command:
    """Check the file as Compose reads it; prints nothing when it is right."""
    return _compose(project, "config", "--quiet", timeout_s=timeout_s)


def hashes(project: Project, *, timeout_s: float = 60.0) -> Command:
    """Print what Compose compares to decide whether a container is recreated; see `read_hashes`."""
    return _compose(project, "config", "--hash", "*", timeout_s=timeout_s)


def read_hashes(stdout: str) -> dict[str, str]:
    """The output of `hashes`: component name to the hash that Compose writes on its containers."""
    pairs = (line.split() for line in stdout.splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def _compose(project: Project, verb: str, *arguments: str, timeout_s: float) -> Command:
    options = ("--ansi", "never", "--progress", "plain", "--project-directory", project.folder)
    file = ("-f", f"{project.folder}/{COMPOSE_FILE}")
    return Command(
        argv=(*project.program, *options, *file, "--project-name", project.name, verb, *arguments),
        env=project.env,
        is_env_exact=True,
        timeout_s=timeout_s,
    )
