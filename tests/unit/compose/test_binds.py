"""Binds of files: what is one, and how an engine is kept from making a folder in its place."""

from collections.abc import Mapping
from typing import Any

import pytest

from homeport.core.compose.load import load
from homeport.core.compose.volumes import Mounts, rewrite
from tests.support.compose import make_scope

FOLDER = "/data/homeport/services/u1"
NEVER = {"create_host_path": False}


def mounts(entry: Any, edited_files: Mapping[tuple[str, str], str] | None = None) -> Mounts:
    document = load("services: {web: {image: x}}")
    document.data["services"]["web"]["volumes"] = [entry]
    return rewrite(document, make_scope(edited_files=edited_files or {}))


def bind(source: str, target: str, **more: Any) -> dict[str, Any]:
    return {"type": "bind", "source": source, "target": target, **more}


@pytest.mark.parametrize(
    ("text", "is_file"),
    [
        ("./nginx.conf:/etc/nginx/nginx.conf", True),
        ("./conf/App.YML:/config.yaml:ro", True),
        ("./Caddyfile:/etc/caddy/Caddyfile", True),
        ("./.env:/app/.env", True),
        ("./.eslintrc.json:/app/.eslintrc.json", True),
        ("~/x.sh:/docker-entrypoint-initdb.d/x.sh", True),
        ("${CONF:-./my.toml}:/etc/my.toml", True),
        ("./conf:/etc/nginx/nginx.conf", False),
        ("./nginx.conf:/etc/nginx", False),
        ("./nginx.conf/:/etc/nginx/nginx.conf", False),
        ("./conf.d:/etc/nginx/conf.d", False),
        ("./.config:/home/app/.config", False),
        ("./config:/app/config", False),
        ("./v1.2:/data/v1.2", False),
        (".:/srv/a.conf", False),
    ],
)
def test_the_names_at_both_ends_tell_what_is_meant(text: str, is_file: bool) -> None:
    (file,) = mounts(text).files
    assert (file.is_directory, file.is_guessed, file.content) == (not is_file, True, None)
    source, target, *_ = text.removeprefix("${CONF:-").replace("}", "").split(":")
    (long,) = mounts({"source": source, "target": target}).files
    assert (long.is_directory, long.is_guessed) == (not is_file, True)


@pytest.mark.parametrize(
    ("entry", "is_directory"),
    [
        (bind("./a.conf", "/a.conf", is_directory=True), True),
        (bind("./a", "/a", isDirectory=False), False),
        (bind("./a", "/a", content="x"), False),
        (bind("./a", "/a", content="x", is_directory=True), False),
    ],
)
def test_what_the_document_says_is_no_guess(entry: Any, is_directory: bool) -> None:
    (file,) = mounts(entry).files
    assert (file.is_directory, file.is_guessed) == (is_directory, False)


def test_what_a_person_saved_is_a_file() -> None:
    (file,) = mounts("./a:/a", {("web", "/a"): "mine"}).files
    assert (file.content, file.is_directory, file.is_guessed) == ("mine", False, False)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("./a.yml:/a.yml", bind(f"{FOLDER}/a.yml", "/a.yml", bind=NEVER)),
        ("./a.yml:/a.yml:rw", bind(f"{FOLDER}/a.yml", "/a.yml", bind=NEVER)),
        ("./a$$b.yml:/a.yml:ro", bind(f"{FOLDER}/a$$b.yml", "/a.yml", read_only=True, bind=NEVER)),
        (
            "/srv/a.yml:/a.yml:ro,rslave,cached",
            bind(
                "/srv/a.yml",
                "/a.yml",
                read_only=True,
                consistency="cached",
                bind={**NEVER, "propagation": "rslave"},
            ),
        ),
        (
            "/etc/localtime:/etc/localtime:ro",
            bind("/etc/localtime", "/etc/localtime", read_only=True, bind=NEVER),
        ),
        (
            "/var/run/docker.sock:/var/run/docker.sock",
            bind("/var/run/docker.sock", "/var/run/docker.sock", bind=NEVER),
        ),
        ("/run/podman/podman.sock:/x", bind("/run/podman/podman.sock", "/x", bind=NEVER)),
        ("/srv/conf:/etc/app.conf", bind("/srv/conf", "/etc/app.conf", bind=NEVER)),
        ({"source": "/srv/a.yml", "target": "/a.yml"}, bind("/srv/a.yml", "/a.yml", bind=NEVER)),
        (bind("/srv/a", "/a", content="x"), bind("/srv/a", "/a", bind=NEVER)),
        (bind("/srv/a", "/a", is_directory=False), bind("/srv/a", "/a", bind=NEVER)),
        (
            bind("./a.yml", "/a.yml", bind={"propagation": "rslave"}),
            bind(f"{FOLDER}/a.yml", "/a.yml", bind={**NEVER, "propagation": "rslave"}),
        ),
        (bind("/srv/a.yml", "/a.yml", bind=None), bind("/srv/a.yml", "/a.yml", bind=NEVER)),
    ],
)
def test_an_engine_makes_no_folder_where_a_file_was_meant(entry: Any, expected: Any) -> None:
    assert mounts(entry).lists["web"] == [expected]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("./a:/a", f"{FOLDER}/a:/a"),
        ("/srv/photos:/photos:ro", "/srv/photos:/photos:ro"),
        ("/tmp:/tmp", "/tmp:/tmp"),
        (bind("/srv/photos", "/photos"), bind("/srv/photos", "/photos")),
        (bind("/srv/a.yml", "/a.yml", is_directory=True), bind("/srv/a.yml", "/a.yml")),
        *(
            (bind("/srv/a.yml", "/a.yml", bind=options), bind("/srv/a.yml", "/a.yml", bind=options))
            for options in ({"create_host_path": True}, {"create_host_path": False}, "no map")
        ),
        (
            bind("./a", "/a", bind={"create_host_path": False}),
            bind(f"{FOLDER}/a", "/a", bind={"create_host_path": False}),
        ),
    ],
)
def test_folders_and_what_the_document_says_stay(entry: Any, expected: Any) -> None:
    """Folders on the server that an engine makes when they are missing are what many files rely on."""
    assert mounts(entry).lists["web"] == [expected]


def test_nobody_makes_what_the_document_expects_to_be_there() -> None:
    (file,) = mounts(bind("./a", "/a", bind={"create_host_path": False})).files
    assert (file.path, file.is_managed) == (f"{FOLDER}/a", False)
    socket = mounts("./run/app.sock:/app.sock")
    assert not socket.files[0].is_managed
    assert socket.lists["web"] == [bind(f"{FOLDER}/run/app.sock", "/app.sock", bind=NEVER)]
    (written,) = mounts(bind("./a", "/a", content="x", bind={"create_host_path": False})).files
    assert written.is_managed


@pytest.mark.parametrize("mode", ["z", "ro,Z", "nocopy"])
def test_a_label_of_selinux_excludes_the_guard(mode: str) -> None:
    ours = mounts(f"./a.yml:/a.yml:{mode}")
    assert (ours.lists["web"], ours.warnings) == ([f"{FOLDER}/a.yml:/a.yml:{mode}"], ())
    foreign = mounts(f"/srv/a.yml:/a.yml:{mode}")
    assert foreign.lists["web"] == [f"/srv/a.yml:/a.yml:{mode}"]
    (warning,) = foreign.warnings
    assert warning == (
        "services.web: /srv/a.yml must exist on the server, or the engine makes a folder there: its mode or its "
        "label does not go with create_host_path: false."
    )
    long = bind("/srv/a.yml", "/a.yml", bind={"selinux": "z"})
    assert mounts(long).lists["web"] == [long]


@pytest.mark.parametrize("name", [".env", "docker-compose.yml"])
def test_the_two_files_that_compose_reads_are_not_the_documents_to_write(name: str) -> None:
    result = mounts(bind(f"./{name}", "/x", content="A=1"))
    (file,) = result.files
    assert (file.content, file.is_directory) == (None, False)
    assert result.warnings == (
        f"services.web: the content for /x is not written, because {FOLDER}/{name} is Homeport's own file.",
    )
