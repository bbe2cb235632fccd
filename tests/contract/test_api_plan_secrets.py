"""No plan shows a variable's value to anybody, nor any other secret to a token that may not read sensitive texts."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from homeport.db.services import EnvVariable
from tests.contract.test_api_plan import SERVICES, apply, plan_change, plan_create
from tests.support.api import Place, encode, place_of
from tests.support.app import RunningApp

CANARY = "canary"
COMPOSE = """services:
  web:
    image: nginx:1.27
    command: [run, --password, canary-command]
    environment:
      LITERAL: canary-literal
      URL: https://user:canary-in-url@host/$SERVICE_PASSWORD_WEB
      NUMBER: 123456789
      PASSWORD: ${WEB_PASSWORD:-canary-default}
      SYMBOLS: ${SERVICE_PASSWORDWITHSYMBOLS_WEB}
      KEY: ${SERVICE_REALBASE64_64_KEY}
      JWT: ${SERVICE_SUPABASEANON_KEY}
      SECRET: ${SERVICE_PASSWORD_JWT}
      USER: ${SERVICE_USER_WEB}
      SERVICE_URL_WEB_80:
    labels:
      - auth=admin:canary-label
    healthcheck:
      test: [CMD, curl, -H, canary-header, http://localhost]
    volumes:
      - type: bind
        source: ./app.conf
        target: /etc/app.conf
        content: password=canary-file
      - data:/data
  db:
    image: postgres:17
    build:
      context: https://me:canary-token@git.test/x
      args: [TOKEN=canary-argument]
    logging: {driver: syslog, options: {tag: canary-option}}
configs:
  c: {content: canary-config}
volumes:
  data: {driver_opts: {o: "username=x,password=canary-mount"}}
"""


@pytest.fixture
async def place(homeport: RunningApp) -> Place:
    return await place_of(homeport)


async def clients(app: RunningApp) -> list[httpx.AsyncClient]:
    """One that may only write, one that may also read what is not sensitive, one that may all."""
    return [await app.acting("write"), await app.acting("write", "read"), app.root]


def body_of(place: Place) -> dict[str, Any]:
    return place.body(docker_compose_raw=encode(COMPOSE))


async def stored_values(app: RunningApp) -> list[str]:
    """The stored values of all variables, but for references to other ones."""
    async with app.database.read() as session:
        rows = await session.scalars(select(EnvVariable).where(EnvVariable.value.is_not(None)))
        # A generated password may begin with a dollar too.
        return [
            row.value
            for row in rows
            if row.value and not (row.origin == "template" and row.value.startswith("$"))
        ]


def appears(value: str, plan: dict[str, Any]) -> bool:
    """Whether the value stands in the plan, also as YAML or a reference-safe text would have it."""
    shown = [plan["compose"], plan["diff"] or "", json.dumps(plan, ensure_ascii=False)]
    forms = {value, value.replace("$", "$$"), value.replace("'", "''"), json.dumps(value)[1:-1]}
    return any(form in text for form in forms for text in shown)


async def test_a_creation_shows_no_secret(homeport: RunningApp, place: Place) -> None:
    *others, root = await clients(homeport)
    for client in others:
        assert CANARY not in json.dumps(await plan_create(client, body_of(place)))
    plan = await plan_create(root, body_of(place))
    assert (await apply(root, plan)).status_code == 201
    values = await stored_values(homeport)
    assert len(values) >= 7
    assert [value for value in values if appears(value, plan)] == []
    assert "canary-literal" in plan["compose"]
    assert plan["files"][0]["content"] == "password=canary-file"


async def test_a_change_shows_no_secret(homeport: RunningApp, place: Place) -> None:
    answer = await homeport.root.post(SERVICES, json=body_of(place))
    uuid = answer.json()["uuid"]
    for key, value in (("MINE", "canary-of-$mine's"), ("WEB_PASSWORD", "canary-password")):
        sent = {"key": key, "value": value}
        known = key == "WEB_PASSWORD"
        envs = f"{SERVICES}/{uuid}/envs"
        answer = await (homeport.root.patch if known else homeport.root.post)(envs, json=sent)
        assert answer.status_code == 201
    text = (
        COMPOSE.replace("-literal", "-literal-2")
        .replace("-file", "-file-2")
        .replace("-command", "-command-2")
    )
    values = await stored_values(homeport)
    assert {"canary-of-$mine's", "canary-password"} <= set(values)
    for client in await clients(homeport):
        plan = await plan_change(client, uuid, docker_compose_raw=encode(text), name="Other")
        assert [value for value in values if appears(value, plan)] == []
        if client is not homeport.root:
            assert CANARY not in json.dumps(plan)
            assert "LITERAL: '*** (changed)'" in plan["diff"]
            assert "+*** (changed)" in plan["diff"]
            assert "content" not in plan["files"][0]
        else:
            assert "+      LITERAL: canary-literal-2" in plan["diff"]
            assert "+password=canary-file-2" in plan["diff"]


async def test_a_reader_of_less_learns_nothing_from_a_plan_without_changes(
    homeport: RunningApp, place: Place
) -> None:
    """A token that cannot read the stored compose must not get it by planning to keep it."""
    answer = await homeport.root.post(SERVICES, json=body_of(place))
    writer, *_ = await clients(homeport)
    plan = await plan_change(writer, answer.json()["uuid"], description="new")
    assert plan["diff"] == ""
    assert CANARY not in json.dumps(plan)


async def test_the_sentence_of_a_stale_plan_has_no_value(homeport: RunningApp, place: Place) -> None:
    answer = await homeport.root.post(SERVICES, json=body_of(place))
    uuid = answer.json()["uuid"]
    plan = await plan_change(homeport.root, uuid, name="Other")
    sent = {"key": "WEB_PASSWORD", "value": "canary-password"}
    assert (await homeport.root.patch(f"{SERVICES}/{uuid}/envs", json=sent)).status_code == 201
    refused = await apply(homeport.root, plan)
    assert refused.status_code == 409
    assert CANARY not in refused.text
