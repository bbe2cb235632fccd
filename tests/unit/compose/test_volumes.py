"""What is mounted: names, paths, files, and the quirks of other systems that must not come back (Qn)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeport.core.compose.load import load
from homeport.core.compose.model import Domain, File, Scope, Variable, Volume
from homeport.core.compose.mounts import resolve_path
from homeport.core.compose.volumes import Mounts, rewrite, slug
from homeport.errors import ComposeRejected

FOLDER = "/data/homeport/services/u1"
LABELS = {"homeport.managed": "true", "homeport.service": "u1"}


def scope(
    variables: Mapping[str, str] | None = None, edited_files: Mapping[tuple[str, str], str] | None = None
) -> Scope:
    return Scope(
        uuid="u1",
        name="svc",
        folder=FOLDER,
        base=Domain("http", "1.2.3.4.sslip.io"),
        now=datetime(2026, 1, 1, tzinfo=UTC),
        token=lambda _, length: "a" * length,
        random_bytes=bytes,
        variables={key: Variable(key=key, value=value) for key, value in (variables or {}).items()},
        edited_files=edited_files or {},
    )


def mounts(
    *entries: Any, top_level: Any = None, variables: Mapping[str, str] | None = None, **options: Any
) -> Mounts:
    document = load("services: {web: {image: x}}")
    document.data["services"]["web"]["volumes"] = list(entries)
    if top_level is not None:
        document.data["volumes"] = top_level
    return rewrite(document, scope(variables, **options))


def written(*entries: Any, **options: Any) -> Any:
    (entry,) = mounts(*entries, **options).lists["web"]
    return entry


def refusal(*entries: Any, **options: Any) -> str:
    with pytest.raises(ComposeRejected) as caught:
        mounts(*entries, **options)
    assert caught.value.place is not None
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data:/a", "u1_data:/a"),
        ("My_Vol.x@y:/b:ro", "u1_my-volx-at-y:/b:ro"),
        ("${VOL:-named}:/g", "u1_named:/g"),
        ("${VOL}:/h", "u1_vol:/h"),
        ("$VOL:/h", "u1_vol:/h"),
        ("${VOL:-}:/h", "u1_vol:/h"),
        ("${VOL:?set it}:/h", "u1_vol:/h"),
        ("${B:-./bd}:/j:ro", f"{FOLDER}/bd:/j:ro"),
        ("./rel/:/c", f"{FOLDER}/rel:/c"),
        ("~/home:/e", f"{FOLDER}/home:/e"),
        ("~:/e", f"{FOLDER}:/e"),
        ("/abs:/f:ro", "/abs:/f:ro"),
        ("/:/host:ro,rslave", "/:/host:ro,rslave"),
        (".:/k", f"{FOLDER}:/k"),
        (".hidden:/k", f"{FOLDER}/.hidden:/k"),
        ("./a/../b//c/.:/k", f"{FOLDER}/b/c:/k"),
        ("/anon", "/anon"),
        ("data:/a:ro,z", "u1_data:/a:ro,z"),
        (" data:/a ", "u1_data:/a"),
        ("${V}/x:/y", "u1_vx:/y"),
        ("${V:-x}/sub:/y", "u1_xsub:/y"),
        ("${V:-./x}/sub:/y", f"{FOLDER}/x/sub:/y"),
        ("./${V:-x}/y:/y", f"{FOLDER}/x/y:/y"),
        ("${A:-${B:-./deep}}:/y", f"{FOLDER}/deep:/y"),
        ("${A:-/srv/a}:/y:ro", "/srv/a:/y:ro"),
        ("$$x:/y", "u1_x:/y"),
        ("${A:-${B:?set it}}:/y", "u1_a:/y"),
        ("./a$$b:/y", f"{FOLDER}/a$$b:/y"),
        ("./a$/b:/y", f"{FOLDER}/a$$/b:/y"),
        ("data:${T:-/x}:ro", "u1_data:${T:-/x}:ro"),
        ("/tmp/:/tmp", "/tmp:/tmp"),
    ],
)
def test_short_forms(text: str, expected: str) -> None:
    assert written(text) == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            {"type": "volume", "source": "long", "target": "/l", "read_only": True},
            {"type": "volume", "source": "u1_long", "target": "/l", "read_only": True},
        ),
        (
            {"type": "bind", "source": "./c.json", "target": "/c.json", "read_only": True, "content": "{}\n"},
            {
                "type": "bind",
                "source": f"{FOLDER}/c.json",
                "target": "/c.json",
                "read_only": True,
                "bind": {"create_host_path": False},
            },
        ),
        (
            {"type": "bind", "source": "${X:-./x}", "target": "/x", "bind": {"propagation": "rslave"}},
            {"type": "bind", "source": f"{FOLDER}/x", "target": "/x", "bind": {"propagation": "rslave"}},
        ),
        (
            {"type": "bind", "source": "plain", "target": "/x", "is_directory": True},
            {"type": "bind", "source": f"{FOLDER}/plain", "target": "/x"},
        ),
        ({"source": "./x", "target": "/x"}, {"type": "bind", "source": f"{FOLDER}/x", "target": "/x"}),
        ({"source": "x", "target": "/x"}, {"type": "volume", "source": "u1_x", "target": "/x"}),
        ({"type": "volume", "target": "/anon"}, {"type": "volume", "target": "/anon"}),
        ({"type": "tmpfs", "target": "/t", "tmpfs": {"size": 5}},) * 2,
        ({"type": "image", "source": "busybox", "target": "/i"},) * 2,
    ],
)
def test_long_forms_stay_long(entry: Any, expected: Any) -> None:
    assert written(entry) == expected


def test_q15_an_earlier_short_mode_does_not_leak() -> None:
    bind = {"type": "bind", "source": "./y", "target": "/y"}
    assert mounts("./x:/x:ro", bind).lists["web"][1] == {
        "type": "bind",
        "source": f"{FOLDER}/y",
        "target": "/y",
    }


def test_named_volumes_are_declared_and_recorded() -> None:
    result = mounts("data:/a", "data:/b", "/abs:/c", top_level={"data": None, "unused": None})
    assert result.top_level == {"u1_data": {"name": "u1_data", "labels": LABELS}}
    assert result.volumes == (
        Volume(component="web", name="u1_data", target="/a"),
        Volume(component="web", name="u1_data", target="/b"),
    )


def test_q17_a_definition_is_renamed_in_place() -> None:
    definition = {
        "driver": "local",
        "driver_opts": {"o": "size=1g"},
        "labels": {"mine": "1"},
        "name": "custom",
    }
    result = mounts("other:/o", "db_data:/a", top_level={"db_data": definition, "other": {}})
    assert list(result.top_level) == ["u1_db-data", "u1_other"]
    assert result.top_level["u1_db-data"] == {
        "name": "u1_db-data",
        "driver": "local",
        "driver_opts": {"o": "size=1g"},
        "labels": {"mine": "1", **LABELS},
    }
    assert result.warnings == ("volumes.db_data: the name custom is replaced by u1_db-data.",)


def test_labels_in_list_form_stay_a_list() -> None:
    result = mounts("data:/a", top_level={"data": {"labels": ["mine=1", "homeport.service=other"]}})
    assert result.top_level["u1_data"]["labels"] == ["mine=1", "homeport.managed=true", "homeport.service=u1"]


@pytest.mark.parametrize(
    ("definition", "name"),
    [
        ({"external": True}, "data"),
        ({"external": True, "name": "elsewhere"}, "elsewhere"),
        ({"external": {"name": "older"}}, "older"),
    ],
)
def test_q17_external_volumes_are_left_alone(definition: Any, name: str) -> None:
    result = mounts("data:/a", top_level={"data": definition})
    assert result.lists["web"] == ["data:/a"]
    assert result.top_level == {"data": definition}
    assert result.volumes == (Volume(component="web", name=name, target="/a", is_external=True),)


def test_external_false_is_ours() -> None:
    result = mounts("data:/a", top_level={"data": {"external": False}})
    assert result.top_level == {"u1_data": {"name": "u1_data", "labels": LABELS}}


@pytest.mark.parametrize("kind", ["nfs", "cifs"])
def test_q18_network_file_systems_stay_mounted(kind: str) -> None:
    options = {"type": kind, "device": ":/x"}
    result = mounts("share:/s", "data:/a", top_level={"share": {"driver_opts": options}})
    assert result.lists["web"] == ["u1_share:/s", "u1_data:/a"]
    assert result.top_level["u1_share"]["driver_opts"] == options


def test_q19_two_sources_with_one_slug() -> None:
    assert refusal("db_data:/a", "db-data:/b") == (
        "The volumes db_data and db-data would both be called u1_db-data. Rename one of them."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("db_data", "db-data"),
        ("My.Vol", "myvol"),
        ("a@b", "a-at-b"),
        ("  a  b--c ", "a-b-c"),
        ("Größe", "grosse"),
        ("${V}", "v"),
        ("日本", ""),
    ],
)
def test_slug(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_q19_names_without_a_latin_letter_differ() -> None:
    names = [volume.name for volume in mounts("日本:/a", "中国:/b").volumes]
    assert len(set(names)) == 2
    assert all(name.startswith("u1_") and len(name) == 15 for name in names)


@pytest.mark.parametrize(
    "source", ["../up", "./../..", "..", "~/..", "./a/../../x", "${V:-../up}", "../u1x", "~/../u1/../u2"]
)
def test_q20_a_relative_path_stays_in_the_folder(source: str) -> None:
    assert "leaves the service's folder" in refusal(f"{source}:/x")
    assert "leaves the service's folder" in refusal({"type": "bind", "source": source, "target": "/x"})


def test_q20_a_path_may_come_back() -> None:
    assert written("../u1/x:/x") == f"{FOLDER}/x:/x"


@given(st.text(alphabet=st.sampled_from(list("./~ab")), max_size=14).map(lambda path: "./" + path))
@settings(max_examples=100, derandomize=True, deadline=None)
def test_no_relative_path_leaves_the_folder(source: str) -> None:
    try:
        path = resolve_path(source, FOLDER)
    except ComposeRejected:
        return
    assert path == FOLDER or path.startswith(FOLDER + "/")
    assert "/../" not in path + "/"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("name", "Invalid volume: name has no target. Write source:/target."),
        ("data:", "Invalid volume: source and target must not be empty."),
        (":/x", "Invalid volume: source and target must not be empty."),
        ("a:b:c:d", "Invalid volume: it must be source:target or source:target:mode."),
        ("C:\\x:/y", "Invalid volume: it must be source:target or source:target:mode."),
        ("~root/x:/y", "Homes of users are not known: ~root/x cannot be mounted."),
        ("./a\\b:/y", "Invalid volume source: backslash directory separators are not allowed."),
        (5, "A volume is a text such as data:/path, or a map with type, source and target."),
        ({"type": "bind", "target": "/x"}, "Invalid volume: a bind has no source."),
        ({"type": "volume", "source": "x"}, "Invalid volume: it has no target."),
        ({"type": "volume", "source": 1, "target": "/x"}, "Invalid volume: its source must be text."),
        (
            {"type": "bind", "source": "${X}", "target": "/x"},
            "Invalid volume: the source ${X} needs a value or a default.",
        ),
        (
            {"type": "bind", "source": "./x", "target": "/x", "content": {"a": 1}},
            "The content of a file must be text.",
        ),
    ],
)
def test_refusals(entry: Any, message: str) -> None:
    assert refusal(entry) == message


def test_refusals_of_sections_say_where() -> None:
    with pytest.raises(ComposeRejected) as caught:
        rewrite(load("services:\n  web:\n    volumes:\n      - data:/a\n      - ../x:/b\n"), scope())
    assert (caught.value.place, caught.value.line) == ("services.web.volumes[1]", 5)
    assert refusal("data:/a", top_level=["data"]) == "The volumes of a compose file must be a map."
    assert refusal("data:/a", top_level={"data": 5}) == "A volume must be a map of settings."
    with pytest.raises(ComposeRejected, match="must be a list"):
        rewrite(load("services: {web: {volumes: {a: b}}}"), scope())


def test_components_without_volumes() -> None:
    result = rewrite(load("services: {a: {image: x}, b: , c: {volumes: []}, d: {volumes: }}"), scope())
    assert result.lists == {"c": []}
    assert result.top_level == {}


def test_q21_anonymous_volumes_have_no_record() -> None:
    result = mounts("/anon", {"type": "volume", "target": "/b"})
    assert (result.files, result.volumes, result.top_level) == ((), (), {})


def file(**fields: Any) -> File:
    return File(**{"component": "web", "target": "/x", **fields})


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("./x:/x", file(path=f"{FOLDER}/x", is_directory=True, is_guessed=True)),
        ("/srv/x:/x", file(path="/srv/x", is_directory=True, is_managed=False, is_guessed=True)),
        ({"source": "./x", "target": "/x"}, file(path=f"{FOLDER}/x", is_directory=True, is_guessed=True)),
        (
            {"source": "./x", "target": "/x", "is_directory": True},
            file(path=f"{FOLDER}/x", is_directory=True),
        ),
        (
            {"source": "./x", "target": "/x", "isDirectory": "true"},
            file(path=f"{FOLDER}/x", is_directory=True),
        ),
        ({"source": "./x", "target": "/x", "is_directory": False}, file(path=f"{FOLDER}/x")),
        ({"source": "./x", "target": "/x", "content": "$A"}, file(path=f"{FOLDER}/x", content="$A")),
        ({"source": "./x", "target": "/x", "content": ""}, file(path=f"{FOLDER}/x", content="")),
        ({"source": "./x", "target": "/x", "content": 5}, file(path=f"{FOLDER}/x", content="5")),
        ({"source": "./x", "target": "/x", "content": True}, file(path=f"{FOLDER}/x", content="true")),
    ],
)
def test_files(entry: Any, expected: File) -> None:
    assert mounts(entry).files == (expected,)


@pytest.mark.parametrize("source", ["/var/run/docker.sock", "/tmp", "/tmp/"])
def test_what_belongs_to_the_server_has_no_record(source: str) -> None:
    assert mounts(f"{source}:/x").files == ()


def test_q16_content_that_a_person_edited_wins() -> None:
    entry = {"type": "bind", "source": "./x", "target": "/x", "content": "old"}
    result = mounts(entry, edited_files={("web", "/x"): "new"})
    assert result.files == (file(path=f"{FOLDER}/x", content="new"),)


def test_content_outside_of_the_folder_is_not_written() -> None:
    result = mounts({"type": "bind", "source": "/etc/x", "target": "/x", "content": "a"})
    assert result.files == (file(path="/etc/x", is_managed=False),)
    assert "is not written" in result.warnings[0]


def test_a_source_follows_what_a_person_set() -> None:
    assert written("${V:-./x}/y:/y", variables={"V": "/srv"}) == "/srv/y:/y"
    assert written("${V}:/y", variables={"V": "./mine"}) == f"{FOLDER}/mine:/y"
    assert written("${V}:/y", variables={"V": ""}) == "u1_v:/y"
    assert "leaves" in refusal("${V}:/y", variables={"V": "../../x"})


def test_a_stored_default_does_not_move_data() -> None:
    document = load("services: {web: {volumes: ['${V}:/y']}}")
    stored = scope()
    object.__setattr__(stored, "variables", {"V": Variable(key="V", value="/x", origin="template")})
    assert rewrite(document, stored).lists["web"] == ["u1_v:/y"]


def test_a_source_without_value_is_warned_about() -> None:
    assert mounts("${V}/x:/y").warnings == (
        "services.web: V has no value, so /y is on the volume u1_vx. Giving it one mounts something else.",
    )


def test_the_document_stays_as_it_is() -> None:
    text = "services: {a: {volumes: [{source: ./x, target: /x, content: c}]}}\nvolumes: {d: {labels: [a]}}\n"
    document = load(text)
    rewrite(document, scope())
    assert document.data == load(text).data


@pytest.mark.parametrize("value", ["../secret", "~secret/x"])
def test_a_refusal_shows_no_value(value: str) -> None:
    for entry in ("$TOKEN:/x", {"type": "bind", "source": "$TOKEN", "target": "/x"}):
        sentence = refusal(entry, variables={"TOKEN": value})
        assert "$TOKEN" in sentence
        assert "secret" not in sentence
