"""Deploying by uuid or tag, several at once."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.actions.trigger import deploy_by_tag, deploy_by_uuid
from homeport.errors import StateRefused
from homeport.http.answers import json_answer
from homeport.http.deps import writes
from homeport.http.input import all_input, query_bool

router = APIRouter()


@router.post("/deploy")
async def deploy(request: Request, ctx: Annotated[Context, writes("deploy")]) -> Response:
    """`uuid` or `tag`, each a comma list; `force` pulls the images first."""
    data = await all_input(request)
    uuids, tags = _text(data.get("uuid")), _text(data.get("tag"))
    _refuse_mixture(data, uuids, tags)
    is_pull_wanted = query_bool(data.get("force"), False)
    if uuids:
        names = _names(uuids, "No UUIDs provided.")
        triggered = await deploy_by_uuid(ctx, names, is_pull_wanted=is_pull_wanted)
        return json_answer({"deployments": [asdict(each) for each in triggered]})
    names = _names(tags, "No TAGs provided.")
    triggered, unused = await deploy_by_tag(ctx, names, is_pull_wanted=is_pull_wanted)
    messages = [each.message for each in triggered]
    messages += [f"No resources found for tag {tag}." for tag in unused]
    details = [
        {"resource_uuid": each.resource_uuid, "deployment_uuid": each.deployment_uuid} for each in triggered
    ]
    return json_answer({"message": messages, "details": details})


def _refuse_mixture(data: dict[str, Any], uuids: str, tags: str) -> None:
    pull_request = data.get("pull_request_id") or data.get("pr")
    docker_tag = data.get("docker_tag")
    if uuids and tags:
        raise StateRefused("You can only use uuid or tag, not both.")
    if tags and pull_request:
        raise StateRefused("You can only use tag or pr, not both.")
    if docker_tag and not pull_request:
        raise StateRefused("docker_tag requires pull_request_id.")
    if tags and docker_tag:
        raise StateRefused("You can only use tag or docker_tag, not both.")
    if not uuids and not tags:
        raise StateRefused("You must provide uuid or tag.")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _names(text: str, refusal: str) -> list[str]:
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names:
        raise StateRefused(refusal)
    return names
