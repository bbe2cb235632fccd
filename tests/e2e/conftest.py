"""Homeports for e2e tests. What a test leaves behind is removed; of one that fails, artifacts are kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support import checks
from tests.support.images import busybox_image
from tests.support.scenario import Homeport

_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed  # type: ignore[attr-defined]
    return report


@contextmanager
def _running(homeport: Homeport) -> Iterator[Homeport]:
    try:
        homeport.start()
        yield homeport
    finally:
        homeport.clean()


@pytest.fixture(scope="session")
def shared_homeport(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeport]:
    with _running(Homeport(tmp_path_factory.mktemp("homeport"))) as homeport:
        yield homeport


@pytest.fixture
def homeport(shared_homeport: Homeport, request: pytest.FixtureRequest) -> Iterator[Homeport]:
    """One that runs, shared with other tests: it has other services too."""
    yield shared_homeport
    _keep(shared_homeport, request)


@pytest.fixture
def own_homeport(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Homeport]:
    """One that this test may kill."""
    with _running(Homeport(tmp_path)) as homeport:
        yield homeport
        _keep(homeport, request)


@pytest.fixture(scope="session")
def shared_strict_homeport(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeport]:
    with _running(Homeport(tmp_path_factory.mktemp("strict"), {"HOMEPORT_STRICT_GRANTS": "1"})) as homeport:
        yield homeport


@pytest.fixture
def strict_homeport(shared_strict_homeport: Homeport, request: pytest.FixtureRequest) -> Iterator[Homeport]:
    """One on which nobody has a power over the server without saying so."""
    yield shared_strict_homeport
    _keep(shared_strict_homeport, request)


@pytest.fixture
def taken_port(engine: str) -> Iterator[int]:
    """A port of the server that a container has of which Homeport knows nothing."""
    name = f"homeport-e2e-stranger-{uuid4().hex[:8]}"
    try:
        yield checks.publish_any_port(name, busybox_image())
    finally:
        checks.remove_container(name)


def _keep(homeport: Homeport, request: pytest.FixtureRequest) -> None:
    if request.node.stash.get(_FAILED, False):
        homeport.keep_artifacts(request.node.name)
