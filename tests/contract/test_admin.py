"""The commands for the machine itself, as processes: what they print, and how they end."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from homeport import __version__
from tests.support.app import KEY

UNREACHABLE = "/dev/null/docker.sock"


class CommandLine:
    """Runs `homeport` on one installation."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOMEPORT_DATA_DIR": str(folder / "data"),
            "HOMEPORT_DATABASE_URL": database_url,
            "HOMEPORT_SECRET_KEY": KEY,
            "HOMEPORT_DOCKER_SOCKET": UNREACHABLE,
        }

    def __call__(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "homeport", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=self.environ | {f"HOMEPORT_{name}": value for name, value in more.items()},
        )


@pytest.fixture
def fresh(empty_url: str, tmp_path: Path) -> CommandLine:
    """An installation that was never started."""
    return CommandLine(tmp_path, empty_url)


@pytest.fixture
def homeport_command(database_url: str, tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, database_url)


def test_a_token_is_printed_alone_even_before_the_first_start(fresh: CommandLine) -> None:
    made = fresh("token", "create", "ci", "--ability", "root")
    assert made.returncode == 0
    assert re.fullmatch(r"\d+\|\w{40}[0-9a-f]{8}\n", made.stdout)
    assert made.stderr == ""


def test_tokens_are_listed_without_their_secrets_and_revoked(homeport_command: CommandLine) -> None:
    made = homeport_command(
        "token", "create", "ci", "--ability", "read", "--ability", "deploy", "--expires-days", "30"
    )
    token_id, _, plain = made.stdout.strip().partition("|")
    listed = homeport_command("token", "list").stdout
    assert "ci\tteam 0\t" in listed
    assert plain not in listed
    assert homeport_command("token", "revoke", token_id).returncode == 0
    assert homeport_command("token", "list").stdout == ""
    again = homeport_command("token", "revoke", token_id)
    assert again.returncode == 1
    assert again.stderr.startswith("homeport: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "create", "x", "--ability", "everything"),
        ("token", "create", "x", "--team", "77"),
        ("token", "create", ""),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(
    homeport_command: CommandLine, arguments: tuple[str, ...]
) -> None:
    refused = homeport_command(*arguments)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("homeport: ")


def test_a_wrong_command_line_is_exit_2(homeport_command: CommandLine) -> None:
    for arguments in (("nonsense",), ("token", "create"), ("serve", "--port", "x"), ("migrate", "--what")):
        assert homeport_command(*arguments).returncode == 2, arguments


def test_a_wrong_setting_is_exit_1_with_the_reason(homeport_command: CommandLine) -> None:
    refused = homeport_command("migrate", PORT="x")
    assert refused.returncode == 1
    assert refused.stderr == "homeport: HOMEPORT_PORT must be a whole number of 0 or more, not 'x'.\n"


def test_migrate_brings_an_empty_database_up(fresh: CommandLine) -> None:
    assert fresh("migrate").returncode == 0
    assert fresh("migrate").returncode == 0


def test_keys_are_rotated(homeport_command: CommandLine) -> None:
    new = "n" * 40
    rotated = homeport_command("rotate-keys", SECRET_KEY=f"{new},{KEY}")
    assert rotated.stdout == "1 values were encrypted with the first key.\n"
    assert homeport_command("rotate-keys", SECRET_KEY=new).stdout.startswith("0 ")
    refused = homeport_command("rotate-keys", SECRET_KEY=KEY)
    assert refused.returncode == 1
    assert "HOMEPORT_SECRET_KEY" in refused.stderr


def test_doctor_names_what_is_wrong(homeport_command: CommandLine) -> None:
    (Path(homeport_command.environ["HOMEPORT_DATA_DIR"])).mkdir(mode=0o700)
    report = homeport_command("doctor")
    assert report.returncode == 1
    lines = report.stdout.splitlines()
    assert any(line.startswith("ok ") and "database" in line for line in lines)
    assert any(line.startswith("BAD") and UNREACHABLE in line for line in lines)
    wrong_key = homeport_command("doctor", SECRET_KEY="w" * 40)
    assert any(
        line.startswith("BAD") and "HOMEPORT_SECRET_KEY" in line for line in wrong_key.stdout.splitlines()
    )


def test_version_and_help(homeport_command: CommandLine) -> None:
    assert homeport_command("--version").stdout == f"homeport {__version__}\n"
    shown = homeport_command("--help")
    assert shown.returncode == 0
    for name in ("serve", "token", "doctor", "service"):
        assert name in shown.stdout
