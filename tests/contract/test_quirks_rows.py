"""Q16, Q26, Q29 and Q41 where they are true: in rows, through requests, on both databases.

Each test says first what goes wrong upstream (Coolify 4.3.11). The other quirks are in tests/unit/compose/quirks.
"""

from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from homeport.core.revision import Snapshot
from homeport.db.deployments import Deployment, Revision
from homeport.db.services import Claim, Component, Service, StoredFile, StoredVolume
from tests.support.api import API, create, encode, place_of, row_counts, url
from tests.support.app import RunningApp

PAGE = """services:
  web: # the page
    image: nginx:1.27
    environment: [SERVICE_URL_WEB_80]
    volumes:
      - {type: bind, source: ./c.json, target: /c.json, content: "old"}
      - data:/data
  extra: {image: 'nginx:1.27', environment: [SERVICE_URL_EXTRA_80], volumes: ['more:/more', './x.yml:/x.yml']}
"""


async def change(app: RunningApp, uuid: str, text: str, **more: Any) -> httpx.Response:
    return await app.root.patch(f"{API}/services/{uuid}", json={"docker_compose_raw": encode(text), **more})


async def rows(app: RunningApp, kind: type[Any]) -> list[Any]:
    async with app.database.read() as session:
        return list(await session.scalars(select(kind).order_by(kind.id)))


async def contents(app: RunningApp) -> dict[str, str | None]:
    return {row.target: row.content for row in await rows(app, StoredFile)}


async def newest_snapshot(app: RunningApp) -> Snapshot:
    return Snapshot.from_json((await rows(app, Revision))[-1].body)


async def test_q16_the_text_stays_as_it_was_sent(homeport: RunningApp) -> None:
    # Upstream: it is written anew, without its comments and without `content`.
    uuid = await create(homeport, docker_compose_raw=encode(PAGE))
    await homeport.root.post(f"{API}/services/{uuid}/start")
    assert (await homeport.root.get(f"{API}/services/{uuid}")).json()["docker_compose_raw"] == PAGE


async def test_q16_new_content_in_the_document_is_written(homeport: RunningApp) -> None:
    # Upstream: the record of the first parse wins, and the edit has no effect.
    uuid = await create(homeport, docker_compose_raw=encode(PAGE))
    assert (await contents(homeport))["/c.json"] == "old"
    assert (await change(homeport, uuid, PAGE.replace('"old"', '"new"'))).status_code == 200
    assert (await contents(homeport))["/c.json"] == "new"


async def test_q16_a_persons_edit_outlives_the_document(homeport: RunningApp) -> None:
    # Upstream: the same, but for what nobody edited too.
    uuid = await create(homeport, docker_compose_raw=encode(PAGE))
    async with homeport.database.write() as session:
        edit = update(StoredFile).where(StoredFile.target == "/c.json")
        await session.execute(edit.values(content="mine", is_edited=True))
    await change(homeport, uuid, PAGE.replace('"old"', '"new"'), instant_deploy=True)
    assert (await contents(homeport))["/c.json"] == "mine"
    snapshot = await newest_snapshot(homeport)
    assert [file.content for file in snapshot.files if file.target == "/c.json"] == ["mine"]


async def test_q26_a_component_counts_again_when_the_document_says_so(homeport: RunningApp) -> None:
    # Upstream: the flag is set once and never cleared, so that a dead component goes unnoticed.
    excluded = PAGE.replace("extra: {", "extra: {exclude_from_hc: true, ")

    async def flags() -> dict[str, bool]:
        return {row.name: row.exclude_from_status for row in await rows(homeport, Component)}

    uuid = await create(homeport, docker_compose_raw=encode(excluded))
    assert await flags() == {"web": False, "extra": True}
    await change(homeport, uuid, PAGE)
    assert await flags() == {"web": False, "extra": False}
    await change(homeport, uuid, excluded)
    assert await flags() == {"web": False, "extra": True}


async def test_q29_what_left_the_document_leaves_nothing(homeport: RunningApp) -> None:
    # Upstream: the component, its files and its volumes stay, and its domain stays taken.
    one = [url("extra", "https://extra.example.com")]
    uuid = await create(homeport, docker_compose_raw=encode(PAGE), urls=one)
    assert (await change(homeport, uuid, PAGE.partition("  extra:")[0])).status_code == 200
    assert [row.name for row in await rows(homeport, Component)] == ["web"]
    assert [row.target for row in await rows(homeport, StoredFile)] == ["/c.json"]
    assert [row.target for row in await rows(homeport, StoredVolume)] == ["/data"]
    assert "extra.example.com" not in {row.host for row in await rows(homeport, Claim)}
    place = await place_of(homeport)
    body = place.body(docker_compose_raw=encode(PAGE), urls=one)
    assert (await homeport.root.post(f"{API}/services", json=body)).status_code == 201


async def test_q29_a_component_of_another_kind_gives_up_its_domain(homeport: RunningApp) -> None:
    # Upstream: the record of the application stays beside the new one of the database, with its domain.
    one = [url("extra", "https://extra.example.com")]
    uuid = await create(homeport, docker_compose_raw=encode(PAGE), urls=one)
    head, middle, tail = PAGE.partition("extra: {image: 'nginx:1.27'")
    await change(homeport, uuid, f"{head}{middle.replace('nginx:1.27', 'postgres:17')}{tail}")
    assert {row.name: row.kind for row in await rows(homeport, Component)} == {
        "web": "application",
        "extra": "database",
    }
    assert "extra.example.com" not in {row.host for row in await rows(homeport, Claim)}


BROKEN = "services: {web: [image: a}\n"
SENTENCE = "(line 1, column 26): Invalid YAML format: did not find expected ',' or ']'"


async def test_q41_broken_yaml_is_refused_when_it_is_saved(homeport: RunningApp) -> None:
    # Upstream: the API's check and the parser's are two; what passes the first is swallowed by the second.
    uuid = await create(homeport, docker_compose_raw=encode(PAGE))
    before = await row_counts(homeport.database)
    answer = await change(homeport, uuid, BROKEN)
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"docker_compose_raw": [SENTENCE]}
    place = await place_of(homeport)
    created = await homeport.root.post(f"{API}/services", json=place.body(docker_compose_raw=encode(BROKEN)))
    assert created.status_code == 422
    assert await row_counts(homeport.database) == before
    assert (await homeport.root.get(f"{API}/services/{uuid}")).json()["docker_compose_raw"] == PAGE


@pytest.mark.parametrize("path", ["start", "restart", "deploy"])
async def test_q41_a_stored_text_that_cannot_be_read_is_not_deployed(homeport: RunningApp, path: str) -> None:
    # Upstream: the parse gives up without a word, and what was made of an older text is deployed.
    uuid = await create(homeport, docker_compose_raw=encode(PAGE))
    async with homeport.database.write() as session:
        await session.execute(update(Service).where(Service.uuid == uuid).values(compose_raw=BROKEN))
    if path == "deploy":
        answer = await homeport.root.post(f"{API}/deploy?uuid={uuid}")
    else:
        answer = await homeport.root.post(f"{API}/services/{uuid}/{path}")
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"docker_compose_raw": [SENTENCE]}
    assert await rows(homeport, Deployment) == []
