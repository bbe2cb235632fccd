"""The lints of lints.py: that they find what they should, and that the source has none of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.meta import lints

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "homeport"
MAY_COMMIT = {"db/engine.py", "http/deps.py"}
MAY_FILTER = {"db/scope.py"}


def _sources(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (
            path for path in sorted(folder.rglob("*.py")) if "migrations/versions" not in path.as_posix()
        )


def _found(lint: Callable[[str], Iterator[int]], allowed: set[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line}"
        for path in _sources(SOURCE)
        if path.relative_to(SOURCE).as_posix() not in allowed
        for line in lint(path.read_text())
    ]


def test_only_the_edge_commits() -> None:
    allowed = MAY_COMMIT | {path.relative_to(SOURCE).as_posix() for path in (SOURCE / "worker").glob("*.py")}
    assert _found(lints.commits, allowed) == []


def test_every_query_is_scoped_by_the_one_helper() -> None:
    assert _found(lints.inline_team_filters, MAY_FILTER) == []


@pytest.mark.parametrize(
    ("folders", "limit"),
    [
        ((SOURCE, ROOT / "bench", ROOT / "bin"), lints.LIMIT_FILE_LINES),
        ((ROOT / "tests",), lints.LIMIT_TEST_FILE_LINES),
    ],
    ids=["source", "tests"],
)
def test_no_file_is_longer_than_it_can_be_read(folders: tuple[Path, ...], limit: int) -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in _sources(*folders)}
    assert {path.relative_to(ROOT).as_posix(): n for path, n in lengths.items() if n > limit} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    assert [
        f"{path.relative_to(ROOT)}:{line} {name} has {lines} lines"
        for path in _sources(SOURCE, ROOT / "bench", ROOT / "bin")
        for line, name, lines in lints.long_functions(path.read_text())
    ] == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("session.commit()", [1]),
        ("async def f(session):\n    await session.commit()", [2]),
        ("commit = 1\nprint(commit)", []),
    ],
)
def test_finds_commits(source: str, lines: list[int]) -> None:
    assert list(lints.commits(source)) == lines


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("select(Service).where(Service.team_id == team_id)", [1]),
        ("select(Service).where(team_id == Service.team_id)", [1]),
        ("select(Service).where(Service.team_id != team_id)", [1]),
        ("select(Service).where(Service.team_id.in_(teams))", [1]),
        ("statement.where(services.c.team_id == ctx.actor.team_id)", [1]),
        ("statement.filter_by(uuid=uuid, team_id=team_id)", [1]),
        ("select(Token).join(Member, Member.team_id == Token.team_id)", []),
        ("select(Service).join(Team, Team.id == Project.team_id)", []),
        ("if row['team_id'] == team_id: ...", []),
        ("if service.team_id == actor.team_id: ...", []),
        ("select(Service).where(of_team(Service, team_id))", []),
    ],
)
def test_finds_inline_team_filters(source: str, lines: list[int]) -> None:
    assert list(lints.inline_team_filters(source)) == lines


def test_measures_functions_without_their_docstring() -> None:
    short = 'def short():\n    """One.\n\n    Two."""\n    return 1\n'
    long = "def long():\n    a = 1\n    b = 2\n    return a + b\n"
    assert list(lints.long_functions(f"{short}\n{long}", limit=3)) == [(7, "long", 4)]
