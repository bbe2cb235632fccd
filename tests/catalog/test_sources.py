"""Further sources: folders and documents in upstream's format, whose faults cost one type and never the start."""

import base64
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from homeport.catalog import Catalog, Template, grants, sources
from homeport.catalog.grants import list_needs, needs_of
from homeport.catalog.load import load_catalog
from homeport.catalog.shelf import Shelf, SourceState
from homeport.catalog.sources import MAX_DOCUMENT, MAX_TYPES, parse_sources
from homeport.catalog.variables import scope_variables
from homeport.core.compose.load import load
from homeport.core.compose.magic import Source as Random
from homeport.core.compose.model import Domain, Scope
from homeport.core.compose.render import render
from homeport.errors import SettingsInvalid, SourceFailed

COMPOSE = "services:\n  web:\n    image: web:1\n"
OWN = Catalog([Template(key="hello", compose=COMPOSE, slogan="Ours.")])


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def entry(**fields: Any) -> dict[str, Any]:
    """An entry of a catalogue document as upstream writes it."""
    common = {"documentation": "https://coolify.io/docs", "slogan": "A thing.", "compose": encoded(COMPOSE)}
    return {**common, "tags": None, "category": None, "logo": "svgs/default.webp", **fields}


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def shelf(folder: Path, *given: object) -> Shelf:
    return Shelf.open(OWN, [str(each) for each in given], folder / "copies")


def state(opened: Shelf, name: object) -> SourceState:
    return next(each for each in opened.sources if each.name == str(name))


def problems(opened: Shelf, name: object) -> dict[str, str]:
    return {problem.name: problem.message for problem in state(opened, name).problems}


def test_a_folder_adds_types_and_ours_win(tmp_path: Path) -> None:
    (tmp_path / "thing.yml").write_text("# tags: One, two\n# port: 80, 2112\n" + COMPOSE)
    (tmp_path / "thing.yaml").write_text("# slogan: Of the first file.\n" + COMPOSE)
    (tmp_path / "hello.yaml").write_text("# slogan: Theirs.\n" + COMPOSE)
    (tmp_path / "hidden.yaml").write_text("# ignore: true\nnothing else\n")
    (tmp_path / "notes.txt").write_text("no template")
    opened = shelf(tmp_path, tmp_path)
    assert list(opened.catalog) == ["hello", "thing"]
    assert opened.catalog["thing"].slogan == "Of the first file."
    assert opened.catalog["thing"].source == str(tmp_path)
    assert opened.catalog["hello"].slogan == "Ours."
    found = state(opened, tmp_path)
    assert (found.kind, found.types, found.shadowed, found.problems) == ("folder", 2, 1, ())
    assert found.fetched_at is not None
    assert state(opened, "homeport").types == 1


def test_a_source_marked_first_wins_over_ours_and_the_earlier_over_the_later(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.json", "b.json", "c.json")]
    for path in paths:
        write(path, {key: entry(slogan=f"Of {path.name}.") for key in ("hello", "thing", path.stem)})
    opened = shelf(tmp_path, paths[0], f"first:{paths[1]}", paths[2])
    assert {key: each.source for key, each in opened.catalog.items()} == {
        "a": str(paths[0]),
        "b": str(paths[1]),
        "c": str(paths[2]),
        "hello": str(paths[1]),
        "thing": str(paths[1]),
    }
    assert [each.name for each in opened.sources] == [str(paths[1]), "homeport", str(paths[0]), str(paths[2])]
    assert state(opened, paths[1]).is_first
    assert state(opened, "homeport").shadowed == 1
    without = shelf(tmp_path, paths[0], paths[2])
    assert without.catalog["thing"].source == str(paths[0])
    assert without.catalog["hello"].source == "homeport"


def test_an_entry_of_a_document_becomes_a_template(tmp_path: Path) -> None:
    full = entry(
        documentation="https://example.com/docs?utm_source=coolify.io",
        category="Media, backend",
        tags=["One", "two", "one"],
        logo="svgs/thing.svg",
        minversion="4.0.0",
        port="80, 2112",
        amd_only=True,
        envs=encoded("# a comment\nGREETING='Hello you'\nTOKEN=$SERVICE_PASSWORD_API\nGREETING=Hi # last\n"),
        template_last_updated_at="2026-01-31T12:00:00+00:00",
    )
    path = write(tmp_path / "c.json", {"thing": full, "it-tools.x": {"compose": encoded(COMPOSE)}})
    opened = shelf(tmp_path, path)
    assert opened.catalog["thing"] == Template(
        key="thing",
        compose=COMPOSE,
        documentation="https://example.com/docs",
        slogan="A thing.",
        category=("media", "backend"),
        tags=("one", "two"),
        logo="svgs/thing.svg",
        port=80,
        minversion="4.0.0",
        source=str(path),
        architectures=("amd64",),
        variables=(("GREETING", "Hi"), ("TOKEN", "$SERVICE_PASSWORD_API")),
        updated_at=datetime(2026, 1, 31, 12, tzinfo=UTC),
    )
    assert opened.catalog["it-tools.x"].slogan == "It Tools X"


@pytest.mark.parametrize(
    ("field", "value", "meant"),
    [
        ("port", "80000", None),
        ("port", "http, 0, 0099", 99),
        ("port", 8080, 8080),
        ("port", True, None),
        ("port", "0000800000", None),
        ("slogan", None, "Thing"),
        ("slogan", ["a"], "Thing"),
        ("slogan", "two\nlines\x1b[2J", "two lines [2J"),
        ("documentation", "javascript:alert(1)", None),
        ("documentation", "docs", None),
        ("logo", "https://example.com/x.svg", None),
        ("logo", "svgs/../x.svg", None),
        ("tags", "One,Two", ("one", "two")),
        ("tags", [1, "two", None, ""], ("two",)),
        ("category", {"a": 1}, ()),
        ("template_last_updated_at", "soon", None),
    ],
)
def test_a_small_fault_costs_the_detail_and_not_the_type(
    tmp_path: Path, field: str, value: Any, meant: object
) -> None:
    opened = shelf(tmp_path, write(tmp_path / "c.json", {"thing": entry(**{field: value})}))
    attribute = {"template_last_updated_at": "updated_at"}.get(field, field)
    assert getattr(opened.catalog["thing"], attribute) == meant
    assert problems(opened, tmp_path / "c.json") == {}


def test_an_arm_type_says_so(tmp_path: Path) -> None:
    (tmp_path / "thing.yaml").write_text("# arm_only: true\n" + COMPOSE)
    assert shelf(tmp_path, tmp_path).catalog["thing"].architectures == ("arm64",)


def test_what_cannot_be_used_is_noted_and_the_others_stay(tmp_path: Path) -> None:
    broken = {
        "Bad Name": entry(),
        "sources": entry(),
        "text": "no object",
        "unreadable": entry(compose="%%%"),
        "binary": entry(compose=base64.b64encode(b"\xff\xfe").decode()),
        "nothing": entry(compose=None),
        "nul": entry(compose=encoded(COMPOSE + "\0")),
        "empty": entry(compose=encoded("version: '3'\n")),
        "huge": entry(compose=encoded(COMPOSE + "#" * 1024 * 1024)),
        "variables": entry(envs=encoded("1X=2\n")),
    }
    path = write(tmp_path / "c.json", {**broken, "thing": entry()})
    opened = shelf(tmp_path, path)
    assert list(opened.catalog) == ["hello", "thing"]
    found = problems(opened, path)
    assert set(found) == set(broken)
    assert "lower-case" in found["Bad Name"]
    assert "cannot be named sources" in found["sources"]
    assert "no object" in found["text"]
    assert "base64" in found["unreadable"]
    assert "base64" in found["binary"]
    assert "base64" in found["nothing"]
    assert "no text" in found["nul"]
    assert "services:" in found["empty"]
    assert "1 MiB" in found["huge"]
    assert "'1X'" in found["variables"]
    assert state(opened, path).types == 1


def test_broken_files_of_a_folder_are_noted(tmp_path: Path) -> None:
    folder = tmp_path / "types"
    folder.mkdir()
    (folder / "binary.yaml").write_bytes(b"\xff\xfe")
    (folder / "huge.yaml").write_text(COMPOSE + "#" * 1024 * 1024)
    (folder / "folder.yaml").mkdir()
    (folder / "thing.yaml").write_text(COMPOSE)
    os.mkfifo(folder / "pipe.yaml")
    opened = shelf(tmp_path, folder)
    assert list(opened.catalog) == ["hello", "thing"]
    assert set(problems(opened, folder)) == {"binary.yaml", "huge.yaml", "folder.yaml", "pipe.yaml"}


def test_an_env_file_is_read_beside_its_template(tmp_path: Path) -> None:
    folder = tmp_path / "types"
    folder.mkdir()
    (tmp_path / "secret.env").write_text("SECRET=1\n")
    (folder / "good.env").write_text("export A=1\nB=\nno variable\n")
    (folder / "inner.env").symlink_to("good.env")
    (folder / "outer.env").symlink_to("../secret.env")
    (folder / "loop.env").symlink_to("loop.env")
    (folder / "outside.yaml").symlink_to("../secret.env")
    for name, env_file in {
        "good": "good.env",
        "inner": "inner.env",
        "outer": "outer.env",
        "loop": "loop.env",
        "above": "../secret.env",
        "absolute": str(tmp_path / "secret.env"),
        "missing": "missing.env",
    }.items():
        (folder / f"{name}.yaml").write_text(f"# env_file: {env_file}\n{COMPOSE}")
    opened = shelf(tmp_path, folder)
    assert opened.catalog["good"].variables == opened.catalog["inner"].variables == (("A", "1"), ("B", ""))
    assert set(problems(opened, folder)) == {
        f"{name}.yaml" for name in ("outer", "loop", "above", "absolute", "missing", "outside")
    }
    assert "not in the folder" in problems(opened, folder)["outer.yaml"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"services:\n", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no catalogue"),
        (b"{}", "no type that can be used"),
        (b'{"message": "Not found."}', "no type that can be used. Of the first, message: it is no object."),
        (b" " * (MAX_DOCUMENT + 1), "larger than 32 MiB"),
        (json.dumps({f"t{n}": 1 for n in range(MAX_TYPES + 1)}).encode(), "more than 5000 types"),
    ],
    ids=["text", "deep", "list", "empty", "message", "large", "many"],
)
def test_a_document_that_is_no_catalogue_does_not_stop_the_start(
    tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "c.json"
    path.write_bytes(content)
    opened = shelf(tmp_path, path)
    assert list(opened.catalog) == ["hello"]
    assert why in (state(opened, path).error or "")


def test_a_folder_has_a_limit_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_TYPES", 3)
    for number in range(3):
        (tmp_path / f"t{number}.yaml").write_text(COMPOSE)
    assert state(shelf(tmp_path, tmp_path), tmp_path).types == 3
    (tmp_path / "one-more.yaml").touch()
    assert "more than 5000 types" in (state(shelf(tmp_path, tmp_path), tmp_path).error or "")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("/nowhere/at/all", "/nowhere/at/all, which is neither a folder nor a file"),
        ("first: ", "nothing after a mark"),
        ("ftp://hunter2@example.com/x", "ftp URL; only http and https"),
        ("file:///etc", "file URL"),
        ("http://", "no valid host"),
        ("http://user:hunter2@:80/", "no valid host"),
        ("http://user:hunter2@h:port/", "no valid host"),
        ("http://[::1/", "no valid host"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(given: str, sentence: str) -> None:
    with pytest.raises(SettingsInvalid, match="HOMEPORT_CATALOG_SOURCES") as caught:
        parse_sources([given])
    assert sentence in caught.value.message
    assert "hunter2" not in caught.value.message


def test_a_url_is_shown_without_its_secrets() -> None:
    given = "first:https://user:hunter2@Example.com:8443/c.json?token=hunter2#hunter2"
    (source,) = parse_sources([given])
    assert source.name == "https://example.com:8443/c.json"
    assert source.is_first
    assert "hunter2" not in repr(source)
    (plain,) = parse_sources(["http://[::1]/c.json"])
    assert (plain.name, plain.is_first) == ("http://[::1]/c.json", False)


async def test_a_refresh_reads_folders_and_documents_again(tmp_path: Path) -> None:
    folder = tmp_path / "types"
    folder.mkdir()
    (folder / "one.yaml").write_text(COMPOSE)
    path = write(tmp_path / "c.json", {"two": entry()})
    opened = shelf(tmp_path, folder, path)
    before = opened.catalog
    (folder / "three.yaml").write_text(COMPOSE)
    path.write_text("broken")
    await opened.refresh()
    assert list(before) == ["hello", "one", "two"], "who has a catalogue keeps it"
    assert list(opened.catalog) == ["hello", "one", "three", "two"], "what was read last stays"
    assert "not JSON" in (state(opened, path).error or "")
    (folder / "one.yaml").unlink()
    write(path, {"two": entry()})
    await opened.refresh()
    assert list(opened.catalog) == ["hello", "three", "two"]
    assert state(opened, path).error is None


async def test_a_refresh_fails_when_every_source_does(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", {"two": entry()})
    opened = shelf(tmp_path, path)
    path.unlink()
    with pytest.raises(SourceFailed, match=r"c.json: It cannot be read: No such file or directory\."):
        await opened.refresh()
    assert "two" in opened.catalog
    assert len(await Shelf(OWN).refresh()) == 1, "without sources there is nothing to fail"


def _scope(template: Template) -> Scope:
    random = Random(lambda letters, n: (letters * n)[:n], bytes, datetime(2026, 1, 31, tzinfo=UTC))
    return Scope(
        uuid="u1u1u1u1u1u1u1u1u1u1u1u1",
        name="x",
        folder="/data/homeport/services/u1u1u1u1u1u1u1u1u1u1u1u1",
        base=Domain("http", "localhost"),
        now=random.now,
        token=random.token,
        random_bytes=random.random_bytes,
        variables=scope_variables(template, random),
    )


def test_the_variables_of_a_template_are_defaults_and_magic_names_in_them_get_values() -> None:
    template = Template(
        key="thing",
        compose=(
            "services:\n  web:\n    image: web:1\n    environment:\n      - SERVICE_URL_WEB_3000\n"
            "      - GREETING=${GREETING:-of the compose}\n      - TOKEN=${TOKEN}\n      - HOME_URL=${HOME_URL}\n"
        ),
        variables=(
            ("GREETING", "of the file"),
            ("TOKEN", "a-$SERVICE_PASSWORD_API"),
            ("HOME_URL", "${SERVICE_URL_WEB}/home"),
            ("ANON", "$SERVICE_SUPABASEANON_KEY"),
            ("SERVICE_HEX_32_SEED", ""),
            ("SERVICE_USER_ADMIN", "root"),
        ),
    )
    rendered = render(load(template.compose), _scope(template))
    variables = {variable.key: variable for variable in rendered.variables}
    assert variables["GREETING"].origin == "template"
    assert variables["SERVICE_PASSWORD_API"].origin == "generated"
    assert variables["SERVICE_URL_WEB"].origin == "domain"
    lines = dict(line.split("=", 1) for line in rendered.dotenv.splitlines())
    assert lines["GREETING"] == "'of the file'"
    password = variables["SERVICE_PASSWORD_API"].value
    assert password
    assert len(password) == 32
    assert lines["TOKEN"] == f"a-{password}"
    assert lines["HOME_URL"] == "http://web-u1u1u1u1u1u1u1u1u1u1u1u1.localhost/home"
    assert lines["SERVICE_USER_ADMIN"] == "root"
    assert len(lines["SERVICE_HEX_32_SEED"]) == 32
    assert lines["ANON"].count(".") == 2, "made of the password that it needs"


async def test_what_a_type_needs_is_known_before_it_is_created() -> None:
    plain = Template(key="plain", compose=COMPOSE)
    greedy = Template(
        key="greedy",
        compose=(
            "services:\n  web:\n    image: web:1\n    privileged: true\n"
            "    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n"
        ),
    )
    broken = Template(key="broken", compose="services:\n  web: [\n")
    refused = Template(key="refused", compose="services:\n  web:\n    image: --privileged\n")
    needs = await list_needs([plain, greedy, broken, refused])
    assert needs[0].grants == ()
    assert needs[0].problem is None
    assert needs[1].grants == ("host.docker_socket", "host.privileged")
    assert "line" in (needs[2].problem or "")
    assert "cannot begin with '-'" in (needs[3].problem or "")
    assert needs_of(greedy) is needs[1], "found out once"


async def test_a_type_that_breaks_the_judge_is_one_type_without_an_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(grants, "find_asks", broken)
    (needs,) = await list_needs([Template(key="odd", compose=COMPOSE)])
    assert "log says why" in (needs.problem or "")
    assert "the type odd" in caplog.text


def test_our_own_types_need_no_grant() -> None:
    assert {
        key for key, each in load_catalog().items() if needs_of(each).grants or needs_of(each).problem
    } == set()
