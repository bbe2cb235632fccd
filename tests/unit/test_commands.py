import pytest

from homeport.core.commands import Command, system
from homeport.core.commands import compose as c

PROJECT = c.Project(
    program=("docker", "compose"),
    folder="/data/homeport/services/u1",
    name="u1",
    env={"DOCKER_HOST": "unix:///run/docker.sock"},
)
HEAD = (
    "docker compose --ansi never --progress plain --project-directory /data/homeport/services/u1 "
    "-f /data/homeport/services/u1/docker-compose.yml --project-name u1 "
)


@pytest.mark.parametrize(
    ("command", "tail"),
    [
        (c.up(PROJECT), "up -d --remove-orphans --pull missing"),
        (c.pull(PROJECT), "pull --ignore-pull-failures --policy always"),
        (
            c.pull(PROJECT, ["web", "db"], policy="missing"),
            "pull --ignore-pull-failures --policy missing web db",
        ),
        (c.restart(PROJECT, ["web"]), "restart --no-deps web"),
        (c.stop(PROJECT), "stop"),
        (c.stop(PROJECT, ["web"]), "stop web"),
        (c.down(PROJECT), "down --remove-orphans"),
        (c.config(PROJECT), "config --quiet"),
        (c.hashes(PROJECT), "config --hash *"),
    ],
)
def test_compose_arguments_are_exactly(command: Command, tail: str) -> None:
    assert command.argv == tuple((HEAD + tail).split())
    assert command.env == {"DOCKER_HOST": "unix:///run/docker.sock"}
    assert command.is_env_exact
    assert command.stdin is None


def test_up_never_recreates_by_force_and_down_never_removes_volumes() -> None:
    assert "--force-recreate" not in c.up(PROJECT).argv
    assert not {"-v", "--volumes"} & set(c.down(PROJECT).argv)


def test_a_stop_leaves_the_grace_period_to_each_container() -> None:
    for command in (c.stop(PROJECT), c.down(PROJECT), c.restart(PROJECT, ["a"])):
        assert not {"-t", "--timeout"} & set(command.argv)


def test_a_standalone_binary_takes_the_place_of_docker_compose() -> None:
    project = c.Project(program=("/opt/docker-compose",), folder="/f", name="u1", env={})
    assert c.down(project).argv[:3] == ("/opt/docker-compose", "--ansi", "never")


def test_hashes_are_read_by_component() -> None:
    assert c.read_hashes("web 60c0\n\ndb 7ce5\nnoise\n") == {"web": "60c0", "db": "7ce5"}


def test_system_commands() -> None:
    assert system.compose_version(["docker", "compose"]).argv == ("docker", "compose", "version", "--short")
    assert system.caddy_version("/x/caddy").argv == ("/x/caddy", "version")
    assert system.caddy_validate("/x/caddy", "/f.json").argv == (
        "/x/caddy",
        "validate",
        "--config",
        "/f.json",
    )
    assert str(system.caddy_version("caddy")) == "caddy version"
