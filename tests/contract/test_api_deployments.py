"""Deployments: what they show, waiting for them, following them, giving them up."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from homeport.api.events import follow
from homeport.db.deployments import Deployment, NewLine, add_lines, set_status
from tests.support import factories
from tests.support.api import API, create, refusal
from tests.support.app import RunningApp

FIELDS = {
    "uuid", "deployment_uuid", "service_uuid", "action", "status", "step", "plan", "error_code", "error",
    "created_at", "started_at", "finished_at",
}  # fmt: skip


@pytest.fixture
async def deployment(homeport: RunningApp) -> Deployment:
    await create(homeport, instant_deploy=True)
    async with homeport.database.read() as session:
        return (await session.scalars(select(Deployment))).one()


async def _set(app: RunningApp, deployment: Deployment, status: str, **more: Any) -> None:
    async with app.database.write() as session:
        await set_status(session, deployment.id, status, now=datetime.now(UTC), **more)


async def _say(app: RunningApp, deployment: Deployment, *texts: str) -> None:
    now = datetime.now(UTC)
    async with app.database.write() as session:
        await add_lines(
            session, deployment.id, [NewLine(at=now, step="up", stream="out", text=text) for text in texts]
        )


async def test_a_deployment_shows_its_state_and_lines(homeport: RunningApp, deployment: Deployment) -> None:
    path = f"{API}/deployments/{deployment.uuid}"
    await _say(homeport, deployment, "one", "two")
    shown = (await homeport.root.get(path)).json()
    assert set(shown) == FIELDS | {"lines"}
    assert (shown["status"], shown["error"]) == ("queued", None)
    assert [line["text"] for line in shown["lines"]] == ["one", "two"]
    assert set(shown["lines"][0]) == {"id", "at", "step", "stream", "text"}
    (listed,) = (await homeport.root.get(f"{API}/deployments")).json()
    assert set(listed) == FIELDS
    await _set(homeport, deployment, "in_progress", step="up")
    await _set(homeport, deployment, "failed", error_code="deployment_failed", error="It did not start.")
    shown = (await homeport.root.get(path)).json()
    assert (shown["status"], shown["step"], shown["error"]) == ("failed", "up", "It did not start.")
    assert shown["started_at"] <= shown["finished_at"]
    assert (await homeport.root.get(f"{API}/deployments")).json() == []


async def test_only_the_newest_lines_are_in_the_answer(homeport: RunningApp, deployment: Deployment) -> None:
    await _say(homeport, deployment, *(str(number) for number in range(1100)))
    lines = (await homeport.root.get(f"{API}/deployments/{deployment.uuid}")).json()["lines"]
    assert (len(lines), lines[0]["text"], lines[-1]["text"]) == (1000, "100", "1099")


async def test_another_teams_deployment_does_not_exist(homeport: RunningApp, deployment: Deployment) -> None:
    team_id, user_id = await factories.add_team(homeport.database)
    theirs = await homeport.acting("root", user_id=user_id, team_id=team_id)
    missing = (404, {"message": "Deployment not found."})
    path = f"{API}/deployments/{deployment.uuid}"
    assert refusal(await theirs.get(path)) == missing
    assert refusal(await theirs.get(f"{path}/events")) == missing
    assert refusal(await theirs.post(f"{path}/cancel")) == missing
    assert (await theirs.get(f"{API}/deployments")).json() == []


async def test_waiting_ends_with_the_deployment(homeport: RunningApp, deployment: Deployment) -> None:
    waiting = asyncio.create_task(homeport.root.get(f"{API}/deployments/{deployment.uuid}?wait=30"))
    await asyncio.wait([waiting], timeout=0.3)
    assert not waiting.done()
    await _set(homeport, deployment, "finished")
    answer = await asyncio.wait_for(waiting, 5)
    assert answer.json()["status"] == "finished"


@pytest.mark.parametrize("wait", ["0.1", "0", "-5", "soon", "nan"])
async def test_waiting_has_its_limits(homeport: RunningApp, deployment: Deployment, wait: str) -> None:
    answer = await homeport.root.get(f"{API}/deployments/{deployment.uuid}?wait={wait}")
    assert answer.json()["status"] == "queued"


def _events(stream: bytes) -> list[tuple[str, Any]]:
    events = []
    for block in stream.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if fields:
            events.append((fields["event"], json.loads(fields["data"])))
    return events


async def test_events_tell_lines_and_states(homeport: RunningApp, deployment: Deployment) -> None:
    await _say(homeport, deployment, "one", "two\u2028three")
    await _set(homeport, deployment, "finished")
    answer = await homeport.root.get(f"{API}/deployments/{deployment.uuid}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = _events(answer.content)
    assert [name for name, _ in events] == ["line", "line", "status"]
    assert [data["text"] for name, data in events if name == "line"] == ["one", "two\u2028three"]
    assert events[-1][1] == {"status": "finished", "step": None, "error": None}
    first = events[0][1]["id"]
    answer = await homeport.root.get(
        f"{API}/deployments/{deployment.uuid}/events", headers={"Last-Event-ID": str(first)}
    )
    assert [data.get("text") for _, data in _events(answer.content)] == ["two\u2028three", None]


async def test_events_come_as_they_happen(homeport: RunningApp, deployment: Deployment) -> None:
    stream = follow(homeport.database, deployment.id, 0)
    assert _events(await anext(stream)) == [("status", {"status": "queued", "step": None, "error": None})]
    await _say(homeport, deployment, "one")
    ((name, data),) = _events(await asyncio.wait_for(anext(stream), 5))
    assert (name, data["text"]) == ("line", "one")
    await _set(homeport, deployment, "in_progress", step="up")
    ((name, data),) = _events(await asyncio.wait_for(anext(stream), 5))
    assert (name, data["status"], data["step"]) == ("status", "in_progress", "up")
    await _say(homeport, deployment, *(str(number) for number in range(600)))
    await _set(homeport, deployment, "finished")
    rest = [event async for event in stream]
    assert len(rest) == 601
    assert b"finished" in rest[-1]


async def test_cancel(homeport: RunningApp, deployment: Deployment) -> None:
    path = f"{API}/deployments/{deployment.uuid}/cancel"
    reader = await homeport.acting("read")
    assert (await reader.post(path)).status_code == 403
    answer = await homeport.root.post(path)
    assert refusal(answer) == (
        200,
        {
            "message": "Deployment cancelled successfully.",
            "deployment_uuid": deployment.uuid,
            "status": "cancelled-by-user",
        },
    )
    answer = await homeport.root.post(path)
    assert refusal(answer) == (
        400,
        {"message": "Deployment cannot be cancelled. Current status: cancelled"},
    )


async def test_a_running_deployment_is_asked_to_give_up(homeport: RunningApp, deployment: Deployment) -> None:
    await _set(homeport, deployment, "in_progress")
    assert (await homeport.root.post(f"{API}/deployments/{deployment.uuid}/cancel")).status_code == 200
    async with homeport.database.read() as session:
        found = (await session.scalars(select(Deployment))).one()
    assert (found.status, found.cancel_requested) == ("in_progress", True)
