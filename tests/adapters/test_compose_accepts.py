"""The real Compose accepts what every golden case renders to, misses no variable, and hands the
containers exactly the values that were meant."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from homeport.remote.compose_cli import find_compose
from tests.support.compose import render_text, user_variables

CASES = sorted((Path(__file__).parents[1] / "unit" / "compose" / "cases").glob("*/expected.yaml"))
COMPOSE = find_compose()


def config(folder: Path, compose: str, dotenv: str) -> dict[str, Any]:
    """The services as Compose reads them; a warning is a failure."""
    (folder / "docker-compose.yml").write_bytes(compose.encode())
    (folder / ".env").write_bytes(dotenv.encode())
    done = subprocess.run(
        [*COMPOSE, "--project-directory", folder, "--project-name", "p", "config", "--format", "json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.defpath, "HOME": str(folder)},
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    services: dict[str, Any] = json.loads(done.stdout)["services"]
    return services


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.parent.name)
def test_golden_cases(case: Path, tmp_path: Path) -> None:
    expected = yaml.safe_load(case.read_text())
    assert set(config(tmp_path, expected["compose"], expected["dotenv"])) == set(expected["components"])


def test_values_arrive_exactly(tmp_path: Path) -> None:
    secret = "a'b\"c\\d$e${f}#g\n{h"
    text = """
services:
  app:
    image: a
    environment:
      WHOLE: ${SECRET}
      PART: <$SECRET>
      HASH: $2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy
      BROKEN: ${}$
      DOUBLED: $$x
      SHARED: '{{team.T}}'
      DEFAULT: ${D:-$$d}
"""
    rendered = render_text(text, variables=user_variables(SECRET=secret), shared={"team": {"T": "t$SECRET"}})
    environment = config(tmp_path, rendered.compose, rendered.dotenv)["app"]["environment"]
    arrived = {key: value.replace("$$", "$") for key, value in environment.items()}
    assert arrived["SECRET"] == secret
    assert arrived["WHOLE"] == secret
    assert arrived["PART"] == f"<{secret}>"
    assert arrived["HASH"] == "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
    assert arrived["BROKEN"] == "${}$"
    assert arrived["DOUBLED"] == "$x"
    assert arrived["SHARED"] == "t$SECRET"
    assert arrived["D"] == arrived["DEFAULT"] == "$d"
