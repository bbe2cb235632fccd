"""What was sent: the JSON gate, cleaning, and every sentence of the validation."""

import re
from typing import Annotated, Any, ClassVar

import pytest

from homeport.errors import FieldsRejected
from homeport.http.fields import Body, Bool, Int, Judged, List, Str
from homeport.http.input import NOT_ALLOWED, query_bool, validate
from tests.support.app import RunningApp

PROJECTS = "/api/v1/projects"
JSON = {"Content-Type": "application/json"}


class Link(Body):
    item_text: ClassVar[str | None] = "Only name and url fields are supported."
    name: Annotated[str, Str()]
    url: Annotated[str | None, Str(nullable=True)] = None


class Everything(Body):
    name: Annotated[str, Str(min=3, max=8, pattern=r"[a-z ]+")]
    display_name: Annotated[str | None, Str(max=5)] = None
    description: Annotated[str | None, Str(nullable=True)] = None
    kind: Annotated[str | None, Str(one_of=("a", "b"))] = None
    is_on: Annotated[bool | None, Bool()] = None
    port: Annotated[int | None, Int(min=1, max=65535)] = None
    count: Annotated[int | None, Int(min=1)] = None
    rest: Annotated[int | None, Int(max=9, nullable=True)] = None
    links: Annotated[list[Link] | None, List(nullable=True)] = None
    tags: Annotated[list[Annotated[str, Str(min=2)]] | None, List(max=3)] = None
    code: Annotated[str | None, Str(texts={"string": "The Code is text."})] = None
    odd: Annotated[str | None, Judged(judge=lambda text: ["Odd.", "Very odd."] if text == "?" else [])] = None


class OneOfTwo(Body):
    type: Annotated[str | None, Str(nullable=True, required_without="docker_compose_raw")] = None
    docker_compose_raw: Annotated[str | None, Str(nullable=True, required_without="type")] = None


def problems(model: type[Body], data: dict[str, Any], **options: Any) -> dict[str, list[str]]:
    try:
        validate(model, data, **options)
    except FieldsRejected as error:
        return error.fields
    return {}


@pytest.mark.parametrize(
    ("data", "field", "sentences"),
    [
        ({"name": None}, "name", ["The name field is required."]),
        ({}, "name", ["The name field is required."]),
        ({"name": []}, "name", ["The name field is required."]),
        ({"name": 5}, "name", ["The name field must be a string."]),
        (
            {"name": "A!"},
            "name",
            ["The name field must be at least 3 characters.", "The name field format is invalid."],
        ),
        (
            {"name": "A" * 9},
            "name",
            ["The name field must not be greater than 8 characters.", "The name field format is invalid."],
        ),
        ({"display_name": None}, "display_name", ["The display name field must be a string."]),
        (
            {"display_name": "ä" * 6},
            "display_name",
            ["The display name field must not be greater than 5 characters."],
        ),
        ({"description": ["a"]}, "description", ["The description field must be a string."]),
        ({"kind": "c"}, "kind", ["The selected kind is invalid."]),
        ({"is_on": "yes"}, "is_on", ["The is on field must be true or false."]),
        ({"is_on": None}, "is_on", ["The is on field must be true or false."]),
        ({"is_on": 2}, "is_on", ["The is on field must be true or false."]),
        ({"is_on": 1.0}, "is_on", ["The is on field must be true or false."]),
        ({"port": "x"}, "port", ["The port field must be an integer."]),
        ({"port": True}, "port", ["The port field must be an integer."]),
        ({"port": 1.5}, "port", ["The port field must be an integer."]),
        ({"port": 0}, "port", ["The port field must be between 1 and 65535."]),
        ({"count": 0}, "count", ["The count field must be at least 1."]),
        ({"rest": 10}, "rest", ["The rest field must not be greater than 9."]),
        ({"links": "x"}, "links", ["The links field must be an array."]),
        ({"links": [{"url": "u"}]}, "links.0.name", ["The links.0.name field is required."]),
        ({"links": [{"name": None}]}, "links.0.name", ["The links.0.name field is required."]),
        ({"links": [{"name": 1}]}, "links.0.name", ["The links.0.name field must be a string."]),
        ({"links": [{"name": "a"}, "b"]}, "links.1", ["Only name and url fields are supported."]),
        (
            {"links": [{"name": "a", "x": 1, "y": 2}]},
            "links.0",
            ["Only name and url fields are supported."],
        ),
        ({"tags": ["aa", "b"]}, "tags.1", ["The tags.1 field must be at least 2 characters."]),
        ({"tags": ["aa"] * 4}, "tags", ["The tags field must not have more than 3 items."]),
        ({"code": 1}, "code", ["The Code is text."]),
        ({"odd": "?"}, "odd", ["Odd.", "Very odd."]),
        ({"unknown": None}, "unknown", [NOT_ALLOWED]),
    ],
)
def test_the_sentences(data: dict[str, Any], field: str, sentences: list[str]) -> None:
    found = problems(Everything, {"name": "good"} | data if field != "name" else data)
    assert found == {field: sentences}


def test_all_fields_are_reported_at_once_and_unknown_ones_last() -> None:
    found = problems(Everything, {"zzz": 1, "port": "x", "is_on": 7})
    assert list(found) == ["name", "is_on", "port", "zzz"]


@pytest.mark.parametrize("value", [True, False, 0, 1, "0", "1"])
def test_booleans(value: object) -> None:
    assert validate(Everything, {"name": "good", "is_on": value}).is_on is (str(value) in ("True", "1"))


@pytest.mark.parametrize(("value", "number"), [(22, 22), ("22", 22), (22.0, 22), ("+5", 5)])
def test_integers(value: object, number: int) -> None:
    assert validate(Everything, {"name": "good", "port": value}).port == number


def test_what_was_given_is_told_from_what_was_not() -> None:
    made = validate(Everything, {"name": "good", "description": None})
    assert made.given == {"name", "description"}
    assert validate(Everything, {"name": "good", "links": None}).links is None


def test_either_of_two_is_enough() -> None:
    assert problems(OneOfTwo, {"type": None}) == {
        "type": ["The type field is required when docker compose raw is not present."],
        "docker_compose_raw": ["The docker compose raw field is required when type is not present."],
    }
    assert problems(OneOfTwo, {"type": "x"}) == {}
    assert problems(OneOfTwo, {"docker_compose_raw": "x"}) == {}


def test_custom_texts_ignored_extras_and_further_errors() -> None:
    assert problems(Everything, {}, custom=True) == {"name": ["This field is required."]}
    assert problems(Everything, {"name": "good", "x": 1}, forbids_extra=False) == {}
    assert problems(Everything, {"name": "good"}, more={"tags": ["No."]}) == {"tags": ["No."]}


@pytest.mark.parametrize(
    ("value", "is_true"),
    [("1", True), ("TRUE", True), ("on", True), ("Yes", True), ("0", False), ("x", False), ("", False)],
)
def test_query_booleans(value: str, is_true: bool) -> None:
    assert query_bool(value) is is_true
    assert query_bool(None, default=True) is True


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "Invalid JSON."),
        (b"{", "Invalid JSON."),
        (b'{"name": "a",}', "Invalid JSON."),
        (b"null", "Invalid JSON."),
        (b"false", "Invalid JSON."),
        (b"0", "Invalid JSON."),
        (b'""', "Invalid JSON."),
        (b'"0"', "Invalid JSON."),
        (b"[]", "Invalid JSON."),
        (b"NaN", "Invalid JSON."),
        (b'{"name": "\xff\xfe"}', "Invalid JSON."),
        (b'{"name": "\\ud800"}', "Invalid JSON."),
        (b"\xef\xbb\xbf{}", "Invalid JSON."),
        (b"[" * 100_000, "Invalid JSON."),
        (b"[" * 100_000 + b"]" * 100_000, "Invalid JSON."),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "Invalid JSON."),
        (b"{}", "Empty JSON."),
        (b" { } ", "Empty JSON."),
    ],
    ids=range(18),
)
async def test_the_json_gate(homeport: RunningApp, content: bytes, error: str) -> None:
    answer = await homeport.root.post(PROJECTS, content=content, headers=JSON)
    assert (answer.status_code, answer.json()) == (400, {"message": "Invalid request.", "error": error})


@pytest.mark.parametrize(
    ("content_type", "is_json"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("application/vnd.api+json", True),
        ("text/JSON", True),
        ("text/plain", False),
        ("application/x-www-form-urlencoded", False),
        ("", False),
    ],
)
async def test_the_content_type(homeport: RunningApp, content_type: str, is_json: bool) -> None:
    answer = await homeport.root.post(
        PROJECTS, content=b'{"name": "A project"}', headers={"Content-Type": content_type}
    )
    if is_json:
        assert answer.status_code == 201
    else:
        error = "Content-Type must be application/json."
        assert (answer.status_code, answer.json()) == (400, {"message": "Invalid request.", "error": error})


@pytest.mark.parametrize("content", [b"[1, 2]", b'"text"', b"5"])
async def test_a_list_or_a_scalar_is_input_under_its_indexes(homeport: RunningApp, content: bytes) -> None:
    answer = await homeport.root.post(PROJECTS, content=content, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["errors"]["0"] == [NOT_ALLOWED]


async def test_values_are_trimmed_and_empty_ones_are_null(homeport: RunningApp) -> None:
    made = await homeport.root.post(
        PROJECTS, json={"name": " \u00a0\u200bA project\ufeff\n", "description": " "}
    )
    project = (await homeport.root.get(f"{PROJECTS}/{made.json()['uuid']}")).json()
    assert project["name"] == "A project"
    assert project["description"] in (None, "")
    empty = await homeport.root.post(PROJECTS, json={"name": "  "})
    assert empty.json()["errors"] == {"name": ["The name field is required."]}


async def test_query_parameters_are_input_too(homeport: RunningApp) -> None:
    refused = await homeport.root.post(f"{PROJECTS}?colour=red", json={"name": "A project"})
    assert (refused.status_code, refused.json()["errors"]) == (422, {"colour": [NOT_ALLOWED]})
    # The body wins over the query.
    made = await homeport.root.post(
        f"{PROJECTS}?name=Other&description=From%20the%20query", json={"name": "Mine"}
    )
    project = (await homeport.root.get(f"{PROJECTS}/{made.json()['uuid']}")).json()
    assert (project["name"], project["description"]) == ("Mine", "From the query")


async def test_nul_is_refused_where_it_stands(homeport: RunningApp) -> None:
    answer = await homeport.root.post(PROJECTS, json={"name": "a\0b", "description": "x"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"name": ["The name field format is invalid."]}
    query = await homeport.root.post(f"{PROJECTS}?description=%00", json={"name": "A project"})
    assert query.status_code in (201, 422)
    assert (await homeport.root.get(f"{PROJECTS}/%00")).status_code == 404


async def test_wide_and_heavy_input_is_only_wrong(homeport: RunningApp) -> None:
    """No field, however odd, makes the server fail."""
    values: list[Any] = [
        {"a": {"b": ["c"]}},
        [[[]]],
        10**30,
        -1.5e300,
        "\U0010ffff" * 5000,
        {"": ""},
        [None] * 5000,
    ]
    for value in values:
        for field in ("name", "description", "x" * 5000, "a.b.0", ""):
            answer = await homeport.root.post(PROJECTS, json={field: value})
            assert answer.status_code == 422, (field, value)
            assert re.fullmatch(r"Validation failed\.", answer.json()["message"])
