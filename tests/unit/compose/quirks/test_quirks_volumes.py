"""Q15 to Q21: what other systems make of volumes, and what is made of them here.

Each test says first what goes wrong upstream (Coolify 4.3.11). The rest of Q16 is in
tests/contract/test_quirks_rows.py (what a person edited) and tests/adapters/test_file_binds.py (what is on a
server).
"""

from typing import Any

import pytest
import yaml

from homeport.core.compose.load import load
from homeport.core.compose.model import Rendered
from homeport.errors import ComposeRejected
from tests.support.compose import render_text, user_variables

FOLDER = "/data/homeport/services/u1"


def rendered(*volumes: Any, top_level: Any = None, **scope: Any) -> Rendered:
    data = {"services": {"web": {"image": "nginx", "volumes": list(volumes)}}, "volumes": top_level or {}}
    return render_text(yaml.safe_dump(data, sort_keys=False), **scope)


def mounted(*volumes: Any, **more: Any) -> list[Any]:
    """The volumes of the component as Compose reads them back."""
    found: list[Any] = load(rendered(*volumes, **more).compose).data["services"]["web"]["volumes"]
    return found


def refusal(*volumes: Any, **more: Any) -> str:
    with pytest.raises(ComposeRejected) as caught:
        rendered(*volumes, **more)
    assert caught.value.place is not None
    return caught.value.message


def bind(source: str, target: str, **more: Any) -> dict[str, Any]:
    return {"type": "bind", "source": source, "target": target, **more}


def test_q15_a_long_bind_keeps_read_only() -> None:
    # Upstream: '<folder>/c:/c', without read_only and propagation.
    entry = bind("./c", "/c", read_only=True, bind={"propagation": "rslave"})
    assert mounted(entry) == [{**entry, "source": f"{FOLDER}/c"}]


def test_q15_a_mode_stays_with_its_own_volume() -> None:
    # Upstream: the `:ro` of the first volume is appended to the second.
    first, second = mounted("./a:/a:ro", bind("./b", "/b"))
    assert first == f"{FOLDER}/a:/a:ro"
    assert second == bind(f"{FOLDER}/b", "/b")


def test_q15_a_short_bind_that_gets_long_keeps_its_mode() -> None:
    # Upstream: there is no long form in its output; here binds of files have one.
    (entry,) = mounted("./a.conf:/a.conf:ro,rslave")
    assert entry["read_only"] is True
    assert entry["bind"] == {"create_host_path": False, "propagation": "rslave"}


def test_q16_what_the_document_says_anew_is_written() -> None:
    # Upstream: once a record exists, its content wins over every later edit of `content:`.
    entry = bind("./c.json", "/c.json", content="old")
    assert rendered(entry).files[0].content == "old"
    assert rendered({**entry, "content": "new"}).files[0].content == "new"


def test_q16_what_a_person_edited_wins() -> None:
    # Upstream: a record always wins, whoever wrote it.
    entry = bind("./c.json", "/c.json", content="the document's")
    edited = {("web", "/c.json"): "the person's"}
    assert rendered(entry, edited_files=edited).files[0].content == "the person's"


def test_q17_a_definition_is_renamed_in_place() -> None:
    # Upstream: `u1_data: {name: u1_data}`; driver, options and labels are gone.
    definition = {
        "driver": "local",
        "driver_opts": {"type": "tmpfs", "device": "tmpfs"},
        "labels": {"a": "1"},
    }
    output = rendered("data:/a", top_level={"data": definition}).document["volumes"]
    own = {"homeport.managed": "true", "homeport.service": "u1"}
    assert output == {"u1_data": {"name": "u1_data", **definition, "labels": {"a": "1", **own}}}


def test_q17_an_external_volume_is_left_alone() -> None:
    # Upstream: the component gets the new, empty volume `u1_data` instead of the one with the data.
    external = {"external": True, "name": "the-data"}
    result = rendered(
        "data:/a", {"type": "volume", "source": "data", "target": "/b"}, top_level={"data": external}
    )
    assert result.document["services"]["web"]["volumes"] == [
        "data:/a",
        {"type": "volume", "source": "data", "target": "/b"},
    ]
    assert result.document["volumes"] == {"data": external}
    assert [volume.name for volume in result.volumes if volume.is_external] == ["the-data", "the-data"]


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs"])
def test_q18_network_file_systems_stay_mounted(kind: str) -> None:
    # Upstream: the mount is skipped, and `{1: u1_data:/d}` is left, which Compose refuses.
    options = {"type": kind, "o": "addr=192.0.2.1,rw", "device": ":/x"}
    result = rendered("share:/s", "data:/d", top_level={"share": {"driver_opts": options}})
    assert result.document["services"]["web"]["volumes"] == ["u1_share:/s", "u1_data:/d"]
    assert result.document["volumes"]["u1_share"]["driver_opts"] == options


@pytest.mark.parametrize(("one", "other"), [("db_data", "db-data"), ("My.Vol", "myvol"), ("a__b", "a_b")])
def test_q19_two_sources_with_one_slug_are_refused(one: str, other: str) -> None:
    # Upstream: both components write to the same volume.
    message = refusal(f"{one}:/a", f"{other}:/b")
    assert f"The volumes {one} and {other} would both be called u1_" in message
    assert (
        mounted(f"{one}:/a", f"{one}:/b")[0].partition(":")[0] == mounted(f"{other}:/a")[0].partition(":")[0]
    )


def test_q19_the_slug_is_upstreams_so_that_data_stays() -> None:
    # Upstream: these names; a service that moves over finds its volumes.
    assert mounted("db_data:/a", "My_Vol.x@y:/b:ro", "${VOL:-named}:/g", "${VOL}:/h") == [
        "u1_db-data:/a",
        "u1_my-volx-at-y:/b:ro",
        "u1_named:/g",
        "u1_vol:/h",
    ]


def test_q19_names_without_a_latin_letter_stay_apart() -> None:
    # Upstream: all of them are `u1_`.
    names = {entry.partition(":")[0] for entry in mounted("日本:/a", "中国:/b")}
    assert len(names) == 2
    assert "u1_" not in names


def test_q20_the_folder_itself_is_a_bind() -> None:
    # Upstream: `.:/k` is the volume `u1_`.
    assert mounted(".:/k") == [f"{FOLDER}:/k"]


@pytest.mark.parametrize(
    "source", ["../up", "./../..", "a/../../..", "~/../u2", "${V:-../x}", "${V:-..}/../x"]
)
def test_q20_no_relative_path_leaves_the_folder(source: str) -> None:
    # Upstream: `../up` is `<folder>./up`, and `./../..` is the parent of all services.
    source = source if source.startswith((".", "~", "$")) else f"./{source}"
    assert "leaves the service's folder" in refusal(f"{source}:/x")
    assert "leaves the service's folder" in refusal(bind(source, "/x"))


def test_q20_paths_are_normalised_by_their_text() -> None:
    # Upstream: only the first dot is replaced, so that `..` stays in the path.
    assert mounted("./a/../b//c/.:/k", "../u1/x:/l") == [f"{FOLDER}/b/c:/k", f"{FOLDER}/x:/l"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Upstream: source `x`, target `/sub:/y`.
        ("${V:-x}/sub:/y", "u1_xsub:/y"),
        ("${V:-./x}/sub:/y", f"{FOLDER}/x/sub:/y"),
        # Upstream: both are refused as shell text.
        ("${V:?say which}:/y", "u1_v:/y"),
        ("${A:-${B:-./deep}}:/y", f"{FOLDER}/deep:/y"),
        ("${V:-/srv/a}:/y:ro", "/srv/a:/y:ro"),
    ],
)
def test_q20_references_are_read_as_one_piece(text: str, expected: str) -> None:
    assert mounted(text) == [expected]


def test_q20_what_is_checked_is_what_is_mounted() -> None:
    # Upstream: the default of a source is checked and Compose mounts the variable's value.
    assert "leaves" in refusal("${V:-./ok}:/y", variables=user_variables(V="../../etc"))
    assert mounted("${V:-./ok}:/y", variables=user_variables(V="/srv/mine")) == ["/srv/mine:/y"]


def test_q21_anonymous_volumes_stay_anonymous() -> None:
    # Upstream: `/data` is the bind `/data:/data` of the server's own folder, a long one is the volume `u1_`.
    result = rendered("/data", {"type": "volume", "target": "/cache"})
    assert result.document["services"]["web"]["volumes"] == ["/data", {"type": "volume", "target": "/cache"}]
    assert (result.files, result.volumes, result.document.get("volumes")) == ((), (), None)


def test_q21_a_name_alone_is_no_volume() -> None:
    # Upstream: `nm` is mounted at `nm`, which no engine accepts.
    assert refusal("nm") == "Invalid volume: nm has no target. Write source:/target."
