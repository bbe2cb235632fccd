"""The catalogue's files and their headers: what is read, and what is refused with the file's name."""

import logging
from pathlib import Path
from time import perf_counter

import pytest

from homeport.catalog.load import load_catalog, parse_template, read_own, split_header
from homeport.errors import SettingsInvalid

GOOD = """\
# documentation: https://example.com/docs
# slogan: It says: hello.
# category: DevTools, Media
# tags: One, two,one
# logo: svgs/thing.svg
# port: 8080

services:
  thing:
    image: thing:1
# slogan: a comment below is no metadata
"""


def test_the_header_becomes_the_template() -> None:
    template = parse_template("thing", GOOD)
    assert template is not None
    assert template.key == "thing"
    assert template.documentation == "https://example.com/docs"
    assert template.slogan == "It says: hello."
    assert template.category == ("devtools", "media")
    assert template.tags == ("one", "two")
    assert template.logo == "svgs/thing.svg"
    assert template.port == 8080
    assert template.compose.startswith("services:\n  thing:")


def test_only_the_leading_comments_are_metadata() -> None:
    header, compose = split_header(
        "# a: 1\n\n# not metadata\n#b:2\n# a: 3\n---\nservices: {}\n# c: 4\n  # d: 5\n"
    )
    assert header == {"a": "3", "b": "2"}
    assert compose == "services: {}\n# c: 4\n  # d: 5\n"


@pytest.mark.parametrize("port", ["80, 2112", "80000", "0", "http", "-1", "٨"])
def test_a_wrong_port_is_refused(port: str) -> None:
    with pytest.raises(ValueError, match="`port` must be one port from 1 to 65535"):
        parse_template("thing", GOOD.replace("8080", port))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("# slogan: It says: hello.\n", ""), "the header has no `# slogan:`"),
        (("https://example.com", "example.com"), "`documentation` must be a URL"),
        (("svgs/thing.svg", "svgs/../x.svg"), "`logo` must be a file name below svgs/"),
        (("services:", "version:"), "there is no line `services:`"),
        (("# port", "# env_file: x.env\n# port"), "`env_file` is not for our own types"),
    ],
)
def test_a_wrong_header_is_refused(change: tuple[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_template("thing", GOOD.replace(*change))


def test_an_ignored_template_is_not_even_checked() -> None:
    assert parse_template("thing", "# ignore: true\n# port: nonsense\n") is None


def test_every_wrong_file_of_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.replace("8080", "x"))
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / "Bad Name.yaml").write_text(GOOD)
    (tmp_path / "huge.yaml").write_text(GOOD + "#" * 1024 * 1024)
    (tmp_path / "notes.txt").write_text("no template")
    with pytest.raises(SettingsInvalid) as caught:
        read_own(tmp_path)
    for name, sentence in (
        ("a.yaml", "port"),
        ("b.yaml", "UTF-8"),
        ("Bad Name.yaml", "lower-case"),
        ("huge.yaml", "larger than 1 MiB"),
    ):
        assert any(name in line and sentence in line for line in caught.value.message.splitlines()), name
    assert "notes.txt" not in caught.value.message


def test_loading_is_cheap() -> None:
    best = 1.0
    for _ in range(5):
        load_catalog.cache_clear()
        started = perf_counter()
        catalog = load_catalog()
        best = min(best, perf_counter() - started)
    logging.getLogger(__name__).info("%d types in %.1f ms", len(catalog), best * 1000)
    assert best < 0.05
    assert load_catalog() is load_catalog()
