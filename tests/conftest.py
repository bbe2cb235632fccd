"""What every test gets: no network beyond this machine, and an engine for those that ask for one."""

import resource
from pathlib import Path

import pytest

from tests.support.engine import ensure_engine

_TESTS = Path(__file__).parent
_MEMORY_BYTES = 8 << 30
_SHUT_IN = (_TESTS / "unit", _TESTS / "contract", _TESTS / "catalog", _TESTS / "meta")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the golden files")


def pytest_configure() -> None:
    """A test that eats memory gets a MemoryError; without the limit it takes the whole machine down."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, hard))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that have no business on the network can reach loopback (PostgreSQL) and unix sockets only."""
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in _SHUT_IN):
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1", "::1"]))


@pytest.fixture(scope="session")
def engine() -> str:
    """The path of a running container engine's socket; bin/setup starts the engine where none runs."""
    return ensure_engine()
