"""POST /services: what it makes, and every refusal in its order."""

import asyncio
from typing import Any

import pytest

from homeport.db.instance import list_entries
from tests.support import factories
from tests.support.api import (
    API,
    WIKI,
    Place,
    add_server,
    create,
    encode,
    invalid,
    place_of,
    refusal,
    row_counts,
    url,
)
from tests.support.app import RunningApp

SERVICES = f"{API}/services"
NOT_ALLOWED = ["This field is not allowed."]


@pytest.fixture
async def place(homeport: RunningApp) -> Place:
    return await place_of(homeport)


async def test_a_compose_file_becomes_a_service(homeport: RunningApp, place: Place) -> None:
    answer = await homeport.root.post(SERVICES, json=place.body())
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"uuid", "domains"}
    assert body["domains"] == [f"http://web-{body['uuid']}.localhost:80"]
    made = (await homeport.root.get(f"{SERVICES}/{body['uuid']}")).json()
    assert made["docker_compose_raw"] == WIKI
    assert made["service_type"] is None
    assert made["name"].startswith("service-")
    assert len(made["name"]) == 18
    assert made["description"] is None
    assert [x["name"] for x in made["applications"]] == ["web"]
    assert [x["name"] for x in made["databases"]] == ["db"]


async def test_a_one_click_type_becomes_a_service(homeport: RunningApp, place: Place) -> None:
    body = place.body(docker_compose_raw=..., type="hello")
    answer = await homeport.root.post(SERVICES, json=body)
    assert answer.status_code == 201
    uuid = answer.json()["uuid"]
    made = (await homeport.root.get(f"{SERVICES}/{uuid}")).json()
    assert (made["service_type"], made["name"]) == ("hello", f"hello-{uuid}")
    assert len(answer.json()["domains"]) == 1


async def test_every_field_is_kept(homeport: RunningApp, place: Place) -> None:
    fields = {
        "name": " <b>Team</b> wiki ",
        "description": "<script>alert(1)</script>Ours",
        "urls": [url("web", "HTTPS://Wiki.Example.com/Docs , http://wiki.example.com")],
        "tags": ["<i>Docs</i>", "docs", " Team "],
        "is_container_label_escape_enabled": "0",
        "environment_name": "PRODUCTION",
        "destination_uuid": place.destination,
        "instant_deploy": 1,
        "force_domain_override": False,
    }
    answer = await homeport.root.post(SERVICES, json=place.body(**fields))
    assert answer.status_code == 201, answer.text
    assert set(answer.json()) == {"uuid", "domains", "deployment_uuid"}
    assert answer.json()["domains"] == ["https://wiki.example.com/Docs,http://wiki.example.com"]
    made = (await homeport.root.get(f"{SERVICES}/{answer.json()['uuid']}")).json()
    assert (made["name"], made["description"]) == ("Team wiki", "alert(1)Ours")
    assert made["is_container_label_escape_enabled"] is False
    assert made["status"] == "starting:unhealthy"
    tags = (await homeport.root.get(f"{SERVICES}/{made['uuid']}/tags")).json()
    assert [tag["name"] for tag in tags] == ["docs", "team"]
    assert set(tags[0]) == {"uuid", "name", "created_at", "updated_at"}
    deployment = await homeport.root.get(f"{API}/deployments/{answer.json()['deployment_uuid']}")
    assert (deployment.json()["status"], deployment.json()["action"]) == ("queued", "start")


async def test_tags_are_shared_between_services(homeport: RunningApp) -> None:
    await create(homeport, tags=["one", "two"])
    await create(homeport, tags=["two"])
    assert [tag["name"] for tag in (await homeport.root.get(f"{API}/tags")).json()] == ["one", "two"]


@pytest.mark.parametrize("absent", [{"tags": None}, {"urls": None}, {"description": None}, {"urls": []}])
async def test_null_is_absent(homeport: RunningApp, place: Place, absent: dict[str, Any]) -> None:
    assert (await homeport.root.post(SERVICES, json=place.body(**absent))).status_code == 201


async def test_an_environment_is_found_by_its_uuid(homeport: RunningApp, place: Place) -> None:
    project = (await homeport.root.get(f"{API}/projects/{place.project}")).json()
    found = project["environments"][0]["uuid"]
    body = place.body(environment_name=..., environment_uuid=found)
    assert (await homeport.root.post(SERVICES, json=body)).status_code == 201
    body = place.body(environment_name="no such name", environment_uuid=found)
    assert (await homeport.root.post(SERVICES, json=body)).status_code == 201


FIELD_ERRORS: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
    ({"name": 5}, {"name": ["The name field must be a string."]}),
    ({"name": ""}, {"name": ["The name field must be a string."]}),
    ({"name": "x" * 256}, {"name": ["The name field must not be greater than 255 characters."]}),
    ({"description": []}, {"description": ["The description field must be a string."]}),
    ({"project_uuid": ...}, {"project_uuid": ["The project uuid field is required."]}),
    ({"server_uuid": None}, {"server_uuid": ["The server uuid field is required."]}),
    ({"instant_deploy": "yes"}, {"instant_deploy": ["The instant deploy field must be true or false."]}),
    ({"instant_deploy": None}, {"instant_deploy": ["The instant deploy field must be true or false."]}),
    ({"urls": "https://a.example.com"}, {"urls": ["The urls field must be an array."]}),
    (
        {"urls": [{"name": "web", "path": "/"}]},
        {"urls.0": ["An item in the urls array has invalid fields. Only name and url fields are supported."]},
    ),
    ({"urls": [{"url": "https://a.example.com"}]}, {"urls.0.name": ["The urls.0.name field is required."]}),
    ({"tags": ["x"]}, {"tags.0": ["The tags.0 field must be at least 2 characters."]}),
    ({"tags": "one"}, {"tags": ["The tags field must be an array."]}),
    ({"connect_to_docker_network": True}, {"connect_to_docker_network": NOT_ALLOWED}),
    ({"uuid": "abc"}, {"uuid": NOT_ALLOWED}),
    (
        {"docker_compose_raw": ...},
        {
            "type": ["The type field is required when docker compose raw is not present."],
            "docker_compose_raw": ["The docker compose raw field is required when type is not present."],
        },
    ),
    (
        {"name": 5, "server_uuid": ..., "bogus": 1},
        {
            "name": ["The name field must be a string."],
            "server_uuid": ["The server uuid field is required."],
            "bogus": NOT_ALLOWED,
        },
    ),
    ({"tags": ["<b>a</b>"]}, {"tags": ["Each tag name must be at least 2 characters after sanitization."]}),
    ({"name": "a\0b"}, {"name": ["The name field format is invalid."]}),
]


@pytest.mark.parametrize(("fields", "errors"), FIELD_ERRORS)
async def test_fields_are_judged_all_at_once(
    homeport: RunningApp, place: Place, fields: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    before = await row_counts(homeport.database)
    answer = await homeport.root.post(SERVICES, json=place.body(**fields))
    assert refusal(answer) == invalid(**errors)
    assert await row_counts(homeport.database) == before


async def test_an_unknown_query_parameter_is_an_unknown_field(homeport: RunningApp, place: Place) -> None:
    answer = await homeport.root.post(f"{SERVICES}?colour=red", json=place.body())
    assert refusal(answer) == invalid(colour=NOT_ALLOWED)


@pytest.mark.parametrize(
    ("content", "type_", "error"),
    [
        (b"{", "application/json", "Invalid JSON."),
        (b"", "application/json", "Invalid JSON."),
        (b"null", "application/json", "Invalid JSON."),
        (b"[]", "application/json", "Invalid JSON."),
        (b"{}", "application/json", "Empty JSON."),
        (b'{"name":"\xff"}', "application/json", "Invalid JSON."),
        (b"[" * 100_000, "application/json", "Invalid JSON."),
        (b"name=x", "application/x-www-form-urlencoded", "Content-Type must be application/json."),
    ],
)
async def test_what_is_no_json_object_is_refused_first(
    homeport: RunningApp, content: bytes, type_: str, error: str
) -> None:
    answer = await homeport.root.post(SERVICES, content=content, headers={"Content-Type": type_})
    assert refusal(answer) == (400, {"message": "Invalid request.", "error": error})


async def test_refusals_come_in_their_order(homeport: RunningApp, place: Place) -> None:
    """Each request has every mistake that follows too; mending the first shows the next."""
    wrong = place.body(
        type="hello",
        environment_name=...,
        project_uuid="nowhere",
        server_uuid="nowhere",
        destination_uuid="nowhere",
    )
    post = homeport.root.post
    assert refusal(await post(SERVICES, json=wrong)) == (
        422,
        {"message": "You cannot provide both service type and docker_compose_raw. Use one or the other."},
    )
    wrong |= {"type": "nonsense"}
    del wrong["docker_compose_raw"]
    assert refusal(await post(SERVICES, json=wrong)) == (
        422,
        {"message": "You need to provide at least one of environment_name or environment_uuid."},
    )
    wrong |= {"environment_name": "nowhere"}
    assert refusal(await post(SERVICES, json=wrong)) == (404, {"message": "Project not found."})
    wrong |= {"project_uuid": place.project}
    assert refusal(await post(SERVICES, json=wrong)) == (404, {"message": "Environment not found."})
    wrong |= {"environment_name": "production"}
    assert refusal(await post(SERVICES, json=wrong)) == (404, {"message": "Server not found."})
    wrong |= {"server_uuid": place.server}
    assert refusal(await post(SERVICES, json=wrong)) == invalid(
        destination_uuid=["Provided destination_uuid does not belong to the specified server."]
    )
    wrong |= {"destination_uuid": place.destination}
    answer = await post(SERVICES, json=wrong)
    assert answer.status_code == 404
    assert answer.json()["message"] == "Invalid service type."
    known = answer.json()["valid_service_types"]
    assert known == sorted(known)
    assert "hello" in known


async def test_a_build_server_hosts_nothing(homeport: RunningApp, place: Place) -> None:
    uuid = await add_server(homeport.database, is_build_server=True)
    answer = await homeport.root.post(SERVICES, json=place.body(server_uuid=uuid))
    assert refusal(answer) == invalid(
        server_uuid=["The specified server is configured as a build server and cannot host resources."]
    )


async def test_destinations_decide(homeport: RunningApp, place: Place) -> None:
    post = homeport.root.post
    uuid = await add_server(homeport.database, destinations=())
    answer = await post(SERVICES, json=place.body(server_uuid=uuid))
    assert refusal(answer) == (400, {"message": "Server has no destinations."})
    uuid = await add_server(homeport.database, destinations=("one", "two"))
    answer = await post(SERVICES, json=place.body(server_uuid=uuid))
    message = "Server has multiple destinations and you do not set destination_uuid."
    assert refusal(answer) == (400, {"message": message})
    belongs = invalid(destination_uuid=["Provided destination_uuid does not belong to the specified server."])
    for wrong in (None, place.destination):
        answer = await post(SERVICES, json=place.body(server_uuid=uuid, destination_uuid=wrong))
        assert refusal(answer) == belongs
    listed = (await homeport.root.get(f"{API}/servers/{uuid}/destinations")).json()
    answer = await post(SERVICES, json=place.body(server_uuid=uuid, destination_uuid=listed[1]["uuid"]))
    assert answer.status_code == 201


async def test_a_null_destination_is_refused_for_a_compose_only(homeport: RunningApp, place: Place) -> None:
    answer = await homeport.root.post(SERVICES, json=place.body(destination_uuid=None))
    assert refusal(answer) == invalid(destination_uuid=["The destination uuid field must be a string."])
    body = place.body(docker_compose_raw=..., type="hello", destination_uuid=None)
    assert (await homeport.root.post(SERVICES, json=body)).status_code == 201


BASE64 = ["The docker_compose_raw should be base64 encoded."]
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{c}: &{c} [{','.join([f'*{p}'] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "raw",
    ["services: {}", "c2VydmljZXM6IHt9Cg=", "c2Vy dmljZXM6IHt9", encode(b"\xff\xfe\x00"), "ünicode", "===="],
)
async def test_what_is_no_base64_is_refused(homeport: RunningApp, place: Place, raw: str) -> None:
    answer = await homeport.root.post(SERVICES, json=place.body(docker_compose_raw=raw))
    assert refusal(answer) == invalid(docker_compose_raw=BASE64)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("services:\n  web: [unclosed\n", "line 3, column 1"),
        ("services:\n  web:\n    image: a\n    image: b\n", "line 4"),
        ("just text", 'Docker Compose file must contain a "services" section'),
        ("services: []", 'Docker Compose file must contain a "services" section'),
        (BOMB, ""),
        ("[" * 100_000, ""),
        ("services: &a\n  web: *a\n", ""),
        ("services:\n  web;rm: {image: a}\n", "Invalid Docker Compose service name: "),
        (f"services:\n  web: {{image: a, volumes: ['{'v' * 300}:/v']}}\n", "This volume name is too long."),
        (f"services:\n  web: {{image: a, environment: [SERVICE_URL_WEB=/{'p' * 1500}]}}\n", "is too long."),
        (f"services:\n  {'c' * 300}: {{image: a}}\n", ""),
        ("x: !!python/object/apply:os.system [id]\n", ""),
    ],
)
async def test_bad_compose_is_a_422_that_names_the_place(
    homeport: RunningApp, place: Place, text: str, part: str
) -> None:
    before = await row_counts(homeport.database)
    answer = await homeport.root.post(SERVICES, json=place.body(docker_compose_raw=encode(text)))
    assert answer.status_code == 422, answer.text
    assert answer.json()["message"] == "Validation failed."
    (sentence,) = answer.json()["errors"]["docker_compose_raw"]
    assert part in sentence
    assert await row_counts(homeport.database) == before


async def test_ten_megabytes_are_too_many(homeport: RunningApp, place: Place) -> None:
    answer = await homeport.root.post(SERVICES, json=place.body(name="x" * 10_000_000))
    assert answer.status_code == 413


async def test_many_creates_at_once_all_succeed(homeport: RunningApp, place: Place) -> None:
    bodies = [place.body(tags=["shared"], instant_deploy=number % 2 == 0) for number in range(16)]
    answers = await asyncio.gather(*(homeport.root.post(SERVICES, json=body) for body in bodies))
    assert {answer.status_code for answer in answers} == {201}
    assert len((await homeport.root.get(SERVICES)).json()) == 16


async def test_foreign_uuids_are_not_found_and_leave_no_row(homeport: RunningApp, place: Place) -> None:
    """CVE-2026-57498: each reference alone replaced by another team's."""
    team_id, _ = await factories.add_team(homeport.database)
    project = await factories.add_project(homeport.database, team_id)
    server = await add_server(homeport.database, team_id)
    before = await row_counts(homeport.database)
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"project_uuid": project}, 404, "Project not found."),
        ({"server_uuid": server}, 404, "Server not found."),
        ({"environment_name": ..., "environment_uuid": project}, 404, "Environment not found."),
        ({"destination_uuid": server}, 422, "Validation failed."),
    ]
    for fields, status, message in cases:
        answer = await homeport.root.post(SERVICES, json=place.body(**fields))
        assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert await row_counts(homeport.database) == before


async def test_who_may_create(homeport: RunningApp, place: Place) -> None:
    member = await factories.add_user(homeport.database, 0, "member")
    reader = await homeport.acting("read")
    writer = await homeport.acting("write", user_id=member)
    answer = await reader.post(SERVICES, json=place.body())
    assert refusal(answer) == (403, {"message": "Missing required permissions: write"})
    answer = await writer.post(SERVICES, json=place.body())
    assert refusal(answer) == (403, {"message": "Missing required team role."})
    assert (await homeport.client.post(SERVICES, json=place.body())).status_code == 401


async def test_a_create_is_audited_without_secrets(homeport: RunningApp) -> None:
    uuid = await create(homeport, name="Wiki")
    async with homeport.database.read() as session:
        (entry,) = await list_entries(session, "api.service.created")
    assert entry["context"] == {
        "service_uuid": uuid,
        "service_name": "Wiki",
        "service_type": "docker_compose",
    }


async def test_what_is_known_of_the_server_can_be_named(homeport: RunningApp, place: Place) -> None:
    text = "services:\n  web:\n    image: app:1\n    environment:\n      WHERE: on {{ server.COOLIFY_SERVER_NAME }}\n"
    body = place.body(docker_compose_raw=encode(text), instant_deploy=True)
    uuid = (await homeport.root.post(SERVICES, json=body)).json()["uuid"]
    first = (await homeport.root.get(f"{SERVICES}/{uuid}")).json()["docker_compose"]
    assert "WHERE: 'on localhost'" in first
    assert (await homeport.root.post(f"{SERVICES}/{uuid}/restart")).status_code == 200
    assert (await homeport.root.get(f"{SERVICES}/{uuid}")).json()["docker_compose"] == first
