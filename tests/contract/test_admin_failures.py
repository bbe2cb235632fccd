"""The commands for the machine itself, where something is in the way: one line that says what, and no traceback."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from homeport.actions.tokens import create_token
from homeport.cli.admin import token_app
from homeport.errors import FieldsRejected
from tests.support.app import KEY, RunningApp

Ran = subprocess.CompletedProcess[str]
NOBODY = "postgresql://user:hunter2@127.0.0.1:1/homeport"


def _run(folder: Path, url: str, *words: str | bytes) -> Ran:
    return subprocess.run(
        [sys.executable, "-m", "homeport", *words],
        env={
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOMEPORT_DATA_DIR": str(folder),
            "HOMEPORT_DATABASE_URL": url,
            "HOMEPORT_SECRET_KEY": KEY,
            "HOMEPORT_DOCKER_SOCKET": f"{folder}/none.sock",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _is_one_line(ran: Ran, code: int = 1) -> None:
    assert ran.returncode == code, ran.stderr
    assert ran.stdout == ""
    assert ran.stderr.startswith("homeport: ")
    assert ran.stderr.count("\n") == 1
    assert "hunter2" not in ran.stderr


@pytest.mark.parametrize("words", [("migrate",), ("serve", "--port", "1")])
def test_a_database_that_does_not_answer(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = _run(tmp_path, NOBODY, *words)
    _is_one_line(ran)
    assert "HOMEPORT_DATABASE_URL" in ran.stderr


@pytest.mark.parametrize(
    "url", ["sqlite:///{folder}/nowhere/homeport.db", "sqlite:///", "postgresql://h:port/d"]
)
def test_a_database_that_cannot_be(tmp_path: Path, url: str) -> None:
    _is_one_line(_run(tmp_path, url.format(folder=tmp_path), "migrate"))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "homeport.db"
    path.write_text("this is no database, but it is somebody's file")
    _is_one_line(_run(tmp_path, f"sqlite:///{path}", "migrate"))
    assert path.read_text() == "this is no database, but it is somebody's file"


def test_doctor_reports_a_database_that_does_not_answer(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    ran = _run(tmp_path, NOBODY, "doctor")
    assert ran.returncode == 1
    lines = ran.stdout.splitlines()
    assert [line for line in lines if line.startswith("BAD  database: PostgreSQL")]
    assert all(line.startswith(("ok   ", "BAD  ")) for line in lines)
    assert "hunter2" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("name", ["", "  ", "a\tb", "a\nb", "\x1b[2J", "x" * 256, "\udcff"])
async def test_a_name_that_no_list_can_show(homeport: RunningApp, name: str) -> None:
    with pytest.raises(FieldsRejected) as raised:
        async with homeport.database.write() as session:
            await create_token(
                session,
                name=name,
                abilities=["read"],
                team_id=0,
                expires_days=None,
                now=datetime.now(UTC),
                new_plain=lambda: ("plain", "digest"),
            )
    assert list(raised.value.fields) == ["name"]


@pytest.mark.parametrize(
    "words",
    [
        ["create", "x", "--team", "9" * 30],
        ["create", "x", "--team", "-1"],
        ["create", "x", "--expires-days", "0"],
        ["create", "x", "--expires-days", "9" * 9],
        ["revoke", "9" * 30],
        ["revoke", "one"],
    ],
)
def test_numbers_that_are_none_are_usage_errors(words: list[str]) -> None:
    assert CliRunner().invoke(token_app, words).exit_code == 2


def test_a_name_that_is_no_text(database_url: str, tmp_path: Path) -> None:
    _is_one_line(_run(tmp_path, database_url, "token", "create", b"\xff"))


def test_the_longest_name_and_time(database_url: str, tmp_path: Path) -> None:
    made = _run(tmp_path, database_url, "token", "create", "\u00e9" * 255, "--expires-days", "36500")
    assert made.returncode == 0, made.stderr
    listed = _run(tmp_path, database_url, "token", "list")
    assert listed.stdout.count("\n") == 1
    assert "\u00e9" * 255 in listed.stdout
