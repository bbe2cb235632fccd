from typing import Any

import pytest

from homeport.core.compose.dump import dump
from homeport.core.compose.load import load
from homeport.core.compose.model import File
from homeport.core.links import stale_writers
from homeport.core.observed import Container, Observed, read
from homeport.core.revision import Snapshot
from tests.unit.test_observed import document

FOLDER = "/data/homeport/services/u1"


def container(**more: Any) -> Container:
    values = {"id": "1", "name": "a-u1", "service_uuid": "u1", "component": "a", "state": "running"}
    return Container(**{**values, "revision": 1, "writes": (f"{FOLDER}/a",), **more})


def stale(*containers: Container, compose: str = "") -> list[str]:
    snapshot = Snapshot(
        service_uuid="u1",
        service_name="svc",
        number=2,
        folder=FOLDER,
        compose=compose,
        dotenv="",
        components=(),
        files=(
            File(component="b", path=f"{FOLDER}/a/b", target="/b"),
            File(component="b", path="/srv/a/b", target="/c"),
        ),
        marks={"same": ("x", 1), "changed": ("y", 2)},
    )
    return [item.name for item in stale_writers(snapshot, Observed(containers))]


@pytest.mark.parametrize("component", ["changed", "gone"])
@pytest.mark.parametrize("state", ["running", "restarting", "paused"])
def test_a_container_that_is_made_anew_or_goes(component: str, state: str) -> None:
    assert stale(container(component=component, state=state)) == ["a-u1"]


@pytest.mark.parametrize(
    "more",
    [
        {"component": "same"},
        {"state": "exited"},
        {"writes": ()},
        {"writes": (f"{FOLDER}/a/b", f"{FOLDER}/ab", "/srv/a")},
    ],
)
def test_containers_that_stay_as_they_are(more: dict[str, Any]) -> None:
    assert stale(container(**more)) == []


@pytest.mark.parametrize(
    ("written", "is_stale"), [(f"{FOLDER}/x", True), (FOLDER, True), (f"{FOLDER}2/x", False), ("/srv", False)]
)
def test_a_container_that_writes_while_an_image_is_built(written: str, is_stale: bool) -> None:
    text = "services: {web: {build: .}, b: {image: a}}"
    compose = dump(load(text).data)
    found = stale(container(writes=(written,)), compose=compose)
    assert found == (["a-u1"] if is_stale else [])
    if written != FOLDER:
        assert stale(container(writes=(written,)), compose=compose.replace("build:", "labels:")) == []


def test_what_the_engine_says_of_mounts() -> None:
    mounts = [
        {"Type": "bind", "Source": "/b", "RW": True},
        {"Type": "bind", "Source": "/a", "RW": True},
        {"Type": "bind", "Source": "/c", "RW": False},
        {"Type": "volume", "Source": "/v", "RW": True},
        {"Type": "bind", "RW": True},
    ]
    (found,) = read([document(Mounts=mounts)]).containers
    assert found.writes == ("/a", "/b")
    (none,) = read([document(Mounts=None)]).containers
    assert none.writes == ()
