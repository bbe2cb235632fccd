"""A container that writes to a folder can put a link where another one is mounted from. The engine followed it when it
started that one again: the root of the server, for nobody's grant."""

import pytest

from tests.unit.policy.asking import asks_of
from tests.unit.policy.cases import FOLDER, Case

TWO = "services: {{a: {{image: a, volumes: [{}]}}, b: {{image: a, volumes: [{}]}}}}"


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("'./a:/a'", "'./a/b:/b'"),
        ("'./a:/a:rw'", "'./a/b:/b:ro'"),
        ("'./a/b:/a'", "'./a/b/c/d:/b'"),
        ("{type: bind, source: ./a, target: /a}", "{type: bind, source: ./a/b, target: /b, content: x}"),
        ("{type: '${T:-bind}', source: ./a, target: /a}", "'./a/b:/b'"),
    ],
)
def test_what_is_below_a_folder_that_containers_write_to(above: str, below: str) -> None:
    wanted = {f"host.mount {FOLDER}/a/b", f"host.mount {FOLDER}/a/b:ro", f"host.mount {FOLDER}/a/b/c/d"}
    for text in (TWO.format(above, below), f"services: {{a: {{image: a, volumes: [{below}, {above}]}}}}"):
        assert {ask.key for ask in asks_of(Case(text))} & wanted


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("'./a:/a:ro'", "'./a/b:/b'"),
        ("'./a:/a'", "'./ab/c:/b'"),
        ("'./a/b:/a'", "'./a/b:/b'"),
        ("'./a/c:/a'", "'./a/b:/b'"),
        ("'a:/a'", "'./a/b:/b'"),
        ("{type: tmpfs, target: /a}", "'./a/b:/b'"),
    ],
)
def test_what_no_container_can_change(above: str, below: str) -> None:
    assert asks_of(Case(TWO.format(above, below))) == ()


BUILD = "services: {{a: {{image: a, volumes: [{}]}}, b: {{build: {}}}}}"


@pytest.mark.parametrize(
    ("above", "build", "asked"),
    [
        ("'./a:/a'", "./a", "/a:ro"),
        ("'./a:/a'", ".", ":ro"),
        ("'./a/x:/a'", "./a", "/a:ro"),
        ("'./a:/a'", "{context: ./b, additional_contexts: {c: ./a}}", "/a:ro"),
        ("'./a:/a'", "{context: 'file://./a'}", "/a:ro"),
    ],
)
def test_a_folder_that_is_built_while_a_container_writes_to_it(above: str, build: str, asked: str) -> None:
    """What was a file when the builder looked is a link when it reads."""
    assert [ask.key for ask in asks_of(Case(BUILD.format(above, build)))] == [f"host.mount {FOLDER}{asked}"]


@pytest.mark.parametrize(
    ("above", "build"),
    [("'./a:/a:ro'", "."), ("'./a:/a'", "./b"), ("'a:/a'", "."), ("'./a:/a'", "https://x/y.git")],
)
def test_a_folder_that_is_built_in_peace(above: str, build: str) -> None:
    assert asks_of(Case(BUILD.format(above, build))) == ()
