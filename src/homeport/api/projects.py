"""Projects."""

import unicodedata
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.actions.projects import change_project, create_project, delete_project, get_project
from homeport.api.shapes.projects import environment_shape, project_shape
from homeport.db.projects import list_environments, list_projects
from homeport.db.rows import values_of
from homeport.http.answers import json_answer, message_answer
from homeport.http.deps import reads, writes
from homeport.http.fields import Body, Judged
from homeport.http.input import json_object, validate

router = APIRouter()

_NAME_MARKS: Final = frozenset("-_.@/&()#,:+")
_DESCRIPTION_MARKS: Final = frozenset("-_.,!?()'\"+=*@/&")


def _is_made_of(text: str, marks: frozenset[str]) -> bool:
    """Unicode letters, marks, digits and white space, and `marks`."""
    return all(c in marks or c.isspace() or unicodedata.category(c)[0] in "LMN" for c in text)


def name_problems(name: str) -> list[str]:
    """What is wrong with the name of a project or environment."""
    problems = []
    if len(name) < 3:
        problems.append("The name must be at least 3 characters.")
    if len(name) > 255:
        problems.append("The name may not be greater than 255 characters.")
    if not _is_made_of(name, _NAME_MARKS):
        problems.append(
            "The name may only contain letters (including Unicode), numbers, spaces, and these characters: "
            "- _ . / @ & ( ) # , : +"
        )
    return problems


def description_problems(description: str) -> list[str]:
    problems = []
    if len(description) > 255:
        problems.append("The description may not be greater than 255 characters.")
    if not _is_made_of(description, _DESCRIPTION_MARKS):
        problems.append(
            "The description may only contain letters (including Unicode), numbers, spaces, and common "
            "punctuation: - _ . , ! ? ( ) ' \" + = * / @ &"
        )
    return problems


class NewProject(Body):
    name: Annotated[str, Judged(judge=name_problems)]
    description: Annotated[str | None, Judged(judge=description_problems, nullable=True)] = None


class Changes(Body):
    """What can be changed of a project or environment."""

    name: Annotated[str | None, Judged(judge=name_problems, nullable=True)] = None
    description: Annotated[str | None, Judged(judge=description_problems, nullable=True)] = None


@router.get("/projects")
async def list_all(ctx: Annotated[Context, reads("read")]) -> Response:
    return json_answer([dict(row) for row in await list_projects(ctx.session, ctx.actor.team_id)])


@router.get("/projects/{uuid}")
async def get(uuid: str, ctx: Annotated[Context, reads("read")]) -> Response:
    project = await get_project(ctx, uuid)
    environments = await list_environments(ctx.session, project.id)
    shape = project_shape(values_of(project))
    shape["environments"] = [environment_shape(values_of(row)) for row in environments]
    return json_answer(shape)


@router.post("/projects")
async def create(request: Request, ctx: Annotated[Context, writes("write")]) -> Response:
    body = validate(NewProject, await json_object(request))
    project = await create_project(ctx, name=body.name, description=body.description)
    return json_answer({"uuid": project.uuid}, 201)


@router.patch("/projects/{uuid}")
async def change(uuid: str, request: Request, ctx: Annotated[Context, writes("write")]) -> Response:
    body = validate(Changes, await json_object(request))
    project = await change_project(ctx, uuid, given=body.given, name=body.name, description=body.description)
    answer = {"uuid": project.uuid, "name": project.name, "description": project.description}
    return json_answer(answer, 201)


@router.delete("/projects/{uuid}")
async def delete(uuid: str, ctx: Annotated[Context, writes("write")]) -> Response:
    await delete_project(ctx, uuid)
    return message_answer("Project deleted.")
