"""The values around commands: how one ended, and a project as a host gives it."""

import pytest

from homeport.core.commands import Output
from homeport.core.commands.compose import project_on
from homeport.remote.recording import RecordingHost


@pytest.mark.parametrize(("exit_code", "expected"), [(0, True), (1, False), (None, False)])
def test_only_zero_is_well(exit_code: int | None, expected: bool) -> None:
    assert Output(exit_code=exit_code).is_ok is expected


def test_a_project_takes_the_hosts_compose_and_environment() -> None:
    host = RecordingHost()
    project = project_on(host, "/data/homeport/services/u1", "u1")
    assert (project.program, project.env) == (host.compose, host.engine_env)
    assert (project.folder, project.name) == ("/data/homeport/services/u1", "u1")
