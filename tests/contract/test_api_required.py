"""`${V:?message}` (ADR 0007): a default in a type, Compose's own sentence in what a person wrote."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from homeport.catalog import Catalog, Template
from homeport.db.services import Service
from tests.support.api import API, create, encode, invalid, place_of, refusal, row_counts
from tests.support.app import RunningApp, running, settings_for

SERVICES = f"{API}/services"
REQUIRED = """services:
  web:
    image: nginx:${TAG:?which version}
    environment:
      - NAME=${NAME:?a name is needed}
"""
MISSING = {
    "TAG": ["required variable TAG is missing a value: which version"],
    "NAME": ["required variable NAME is missing a value: a name is needed"],
}


async def _dialect(app: RunningApp, uuid: str) -> str | None:
    async with app.database.read() as session:
        found: str | None = await session.scalar(select(Service.dialect).where(Service.uuid == uuid))
        return found


async def _values(app: RunningApp, uuid: str) -> dict[str, Any]:
    rows = (await app.root.get(f"{SERVICES}/{uuid}/envs")).json()
    return {row["key"]: (row["value"], row["is_required"]) for row in rows}


async def _fill(app: RunningApp, uuid: str, **values: str) -> None:
    for key, value in values.items():
        answer = await app.root.patch(f"{SERVICES}/{uuid}/envs", json={"key": key, "value": value})
        assert answer.status_code == 201, answer.text


async def test_what_a_person_wrote_is_stored_without_a_default(homeport: RunningApp) -> None:
    uuid = await create(homeport, docker_compose_raw=encode(REQUIRED))
    assert await _dialect(homeport, uuid) == "compose"
    assert await _values(homeport, uuid) == {"NAME": (None, True), "TAG": (None, True)}


async def test_it_is_deployed_when_everything_is_filled_in(homeport: RunningApp) -> None:
    uuid = await create(homeport, docker_compose_raw=encode(REQUIRED))
    before = await row_counts(homeport.database)
    for action in ("start", "restart"):
        answer = await homeport.root.post(f"{SERVICES}/{uuid}/{action}")
        assert refusal(answer) == invalid(**MISSING)
        assert answer.headers["X-Homeport-Error"] == "variables_missing"
    assert await row_counts(homeport.database) == before
    await _fill(homeport, uuid, NAME="wiki")
    answer = await homeport.root.post(f"{SERVICES}/{uuid}/start")
    assert refusal(answer) == invalid(TAG=MISSING["TAG"])
    await _fill(homeport, uuid, TAG="1.27")
    assert (await homeport.root.post(f"{SERVICES}/{uuid}/start")).status_code == 200


async def test_what_cannot_be_deployed_can_be_stopped_and_deleted(homeport: RunningApp) -> None:
    uuid = await create(homeport, docker_compose_raw=encode(REQUIRED))
    assert refusal(await homeport.root.post(f"{SERVICES}/{uuid}/stop")) == (
        400,
        {"message": "Service is already stopped."},
    )
    await _fill(homeport, uuid, TAG="1", NAME="n")
    assert (await homeport.root.post(f"{SERVICES}/{uuid}/start")).status_code == 200
    text = encode(REQUIRED.replace("NAME", "MORE"))
    answer = await homeport.root.patch(f"{SERVICES}/{uuid}", json={"docker_compose_raw": text})
    assert answer.status_code == 200
    assert (await homeport.root.post(f"{SERVICES}/{uuid}/restart")).status_code == 422
    assert (await homeport.root.post(f"{SERVICES}/{uuid}/stop")).status_code == 200
    assert (await homeport.root.delete(f"{SERVICES}/{uuid}")).status_code == 200


async def test_creating_and_deploying_at_once_stores_nothing(homeport: RunningApp) -> None:
    place = await place_of(homeport)
    before = await row_counts(homeport.database)
    body = place.body(docker_compose_raw=encode(REQUIRED), instant_deploy=True)
    assert refusal(await homeport.root.post(SERVICES, json=body)) == invalid(**MISSING)
    assert await row_counts(homeport.database) == before


async def test_changing_and_deploying_at_once_changes_nothing(homeport: RunningApp) -> None:
    uuid = await create(homeport)
    before = (await homeport.root.get(f"{SERVICES}/{uuid}")).json()
    body = {"docker_compose_raw": encode(REQUIRED), "instant_deploy": True}
    assert refusal(await homeport.root.patch(f"{SERVICES}/{uuid}", json=body)) == invalid(**MISSING)
    assert (await homeport.root.get(f"{SERVICES}/{uuid}")).json() == before


@pytest.mark.parametrize("by", ["uuid", "tag"])
async def test_of_several_none_is_deployed_and_the_sentence_says_whose_it_is(
    homeport: RunningApp, by: str
) -> None:
    good = await create(homeport, name="Good", tags=["blue"])
    bad = await create(homeport, name="Bad", tags=["blue"], docker_compose_raw=encode(REQUIRED))
    before = await row_counts(homeport.database)
    answer = await homeport.root.post(
        f"{API}/deploy", params={by: f"{good},{bad}" if by == "uuid" else "blue"}
    )
    named = {key: [f"Bad: {text}" for text in texts] for key, texts in MISSING.items()}
    assert refusal(answer) == invalid(**named)
    assert await row_counts(homeport.database) == before


TYPE = """# A type
services:
  web:
    image: nginx:1.27
    environment:
      - NAME=${NAME:?wiki}
      - TOKEN=${TOKEN:?}
"""


async def test_a_type_has_a_default_until_a_person_writes_its_text(database_url: str, tmp_path: Path) -> None:
    catalog = Catalog([Template(key="typed", compose=TYPE)])
    async with running(settings_for(database_url, tmp_path), catalog=catalog) as app:
        uuid = await create(app, docker_compose_raw=..., type="typed")
        assert await _dialect(app, uuid) == "template"
        assert await _values(app, uuid) == {"NAME": ("wiki", True), "TOKEN": ("", True)}
        token = {"TOKEN": ["required variable TOKEN is missing a value"]}
        assert refusal(await app.root.post(f"{SERVICES}/{uuid}/start")) == invalid(**token)
        await _fill(app, uuid, TOKEN="t")
        raw = (await app.root.get(f"{SERVICES}/{uuid}")).json()["docker_compose_raw"]
        for text, dialect in (
            (raw, "template"),
            (raw.replace("A type", "Mine"), "compose"),
            (raw, "compose"),
        ):
            answer = await app.root.patch(f"{SERVICES}/{uuid}", json={"docker_compose_raw": encode(text)})
            assert answer.status_code == 200
            assert await _dialect(app, uuid) == dialect
        assert await _values(app, uuid) == {"NAME": ("wiki", True), "TOKEN": ("t", True)}
        assert (await app.root.post(f"{SERVICES}/{uuid}/start")).status_code == 200


async def test_what_was_stored_before_is_read_as_it_was(homeport: RunningApp) -> None:
    uuid = await create(homeport, docker_compose_raw=encode(REQUIRED))
    async with homeport.database.write() as session:
        await session.execute(update(Service).where(Service.uuid == uuid).values(dialect="template"))
    await homeport.root.patch(f"{SERVICES}/{uuid}", json={"name": "Other"})
    assert (await _values(homeport, uuid))["NAME"] == ("a name is needed", True)
    assert await _dialect(homeport, uuid) == "template"
