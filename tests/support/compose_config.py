"""`docker compose config` of two texts: what the real Compose reads in them."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from homeport.remote.compose_cli import find_compose


class ConfigRefused(AssertionError):
    """Compose does not accept the file; the text is what it says."""


def read_config(compose: str, dotenv: str = "", files: Iterable[str] = ()) -> dict[str, Any]:
    """The project as Compose reads it. `files` are empty ones in its folder. Raises ConfigRefused."""
    # It prints what would have to be written: with every dollar doubled.
    project: dict[str, Any] = json.loads(print_config(compose, dotenv, files=files).replace("$$", "$"))
    return project


def print_config(compose: str, dotenv: str = "", *options: str, files: Iterable[str] = ()) -> str:
    """What `docker compose config` prints, as JSON. Raises ConfigRefused."""
    with tempfile.TemporaryDirectory() as folder:
        for name in files:
            Path(folder, name).touch()
        Path(folder, "docker-compose.yml").write_bytes(compose.encode())
        Path(folder, ".env").write_bytes(dotenv.encode())
        place = ["--project-directory", folder, "--project-name", "p"]
        done = subprocess.run(
            [*find_compose(), *place, "config", "--format", "json", *options],
            cwd=folder,
            capture_output=True,
            check=False,
            env={"PATH": os.defpath, "HOME": folder},
            timeout=60,
        )
    if done.returncode != 0:
        raise ConfigRefused(done.stderr.decode().strip())
    return done.stdout.decode()
