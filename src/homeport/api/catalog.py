"""The one-click types: the catalogue's and the team's own, and where they come from."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.actions.policy import require_admin
from homeport.actions.saving import NewTemplate, delete_template, save_template
from homeport.actions.templates import TEAM, find_own_template, find_template, list_own_templates
from homeport.catalog import Template
from homeport.catalog.entry import key_problem, read_list, read_text, read_url
from homeport.catalog.grants import Needs, list_needs
from homeport.catalog.search import search
from homeport.catalog.shelf import Shelf, SourceState
from homeport.errors import NotFound
from homeport.http.answers import json_answer, message_answer
from homeport.http.deps import reads, writes
from homeport.http.fields import Anything, Body, Int, Judged, Str
from homeport.http.input import json_object, validate

router = APIRouter()

NO_VALUES: Final = (
    "The type has the service's compose text. The values of its variables were not copied; "
    "what is written in the text itself was."
)


def _key_problems(key: str) -> list[str]:
    problem = key_problem(key)
    return [f"The key cannot be used: {problem}"] if problem else []


def _url_problems(url: str) -> list[str]:
    return (
        [] if read_url(url) == url and len(url) <= 1000 else ["The documentation field must be a valid URL."]
    )


class NewTemplateBody(Body):
    """`category` and `tags` are lists of texts or comma lists."""

    key: Annotated[str, Judged(judge=_key_problems)]
    slogan: Annotated[str | None, Str(nullable=True, max=255)] = None
    documentation: Annotated[str | None, Judged(judge=_url_problems, nullable=True)] = None
    category: Annotated[Any, Anything(nullable=True)] = None
    tags: Annotated[Any, Anything(nullable=True)] = None
    port: Annotated[int | None, Int(nullable=True, min=1, max=65535)] = None


@router.get("/services/types")
async def list_types(request: Request, ctx: Annotated[Context, reads("read")]) -> Response:
    """All types, or those that match `search`, `category`, `tag` and `source`, best first."""
    query = request.query_params
    source = query.get("source")
    types = [*ctx.catalog.values(), *await list_own_templates(ctx)]
    kept = [template for template in types if source is None or template.source == source]
    found = search(kept, query.get("search", ""), query.get("category"), query.get("tag"))
    return json_answer(await _types(ctx, found))


@router.get("/services/types/sources")
async def list_sources(request: Request, ctx: Annotated[Context, reads("read")]) -> Response:
    return json_answer([_source(state) for state in _shelf(request).sources])


@router.post("/services/types/refresh")
async def refresh(request: Request, ctx: Annotated[Context, reads("write")]) -> Response:
    """Read all sources again. Only the API's memory changes, so no write transaction waits for the network."""
    require_admin(ctx.actor)
    return json_answer([_source(state) for state in await _shelf(request).refresh()])


@router.get("/services/types/{key}")
async def get_type(key: str, request: Request, ctx: Annotated[Context, reads("read")]) -> Response:
    """One type with its compose text. `source=team` asks for the team's own where the catalogue has that key too."""
    find = find_own_template if request.query_params.get("source") == TEAM else find_template
    template = await find(ctx, key)
    if template is None:
        raise NotFound("Service type not found.")
    (shape,) = await _types(ctx, [template])
    # A team's text was a service's, and is shown to whom the service's is.
    if template.source != TEAM or ctx.actor.can_read_sensitive:
        shape["compose"] = template.compose
    return json_answer(shape)


@router.post("/services/{uuid}/template")
async def save(uuid: str, request: Request, ctx: Annotated[Context, writes("write")]) -> Response:
    """Make a type of a service, for its team."""
    body = validate(NewTemplateBody, await json_object(request))
    new = NewTemplate(
        key=body.key,
        slogan=read_text(body.slogan),
        documentation=body.documentation,
        category=read_list(body.category),
        tags=read_list(body.tags),
        port=body.port,
    )
    (shape,) = await _types(ctx, [await save_template(ctx, uuid, new)])
    return json_answer({**shape, "message": NO_VALUES}, 201)


@router.delete("/services/types/{key}")
async def delete(key: str, ctx: Annotated[Context, writes("write")]) -> Response:
    """Only the team's own."""
    await delete_template(ctx, key)
    return message_answer("Service type deleted.")


def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.shelf
    return shelf


async def _types(ctx: Context, templates: Iterable[Template]) -> list[dict[str, Any]]:
    given = list(templates)
    return [
        _type(template, needs, is_shadowed=template.source == TEAM and template.key in ctx.catalog)
        for template, needs in zip(given, await list_needs(given), strict=True)
    ]


def _type(template: Template, needs: Needs, *, is_shadowed: bool) -> dict[str, Any]:
    return {
        "key": template.key,
        "slogan": template.slogan,
        "documentation": template.documentation,
        "category": list(template.category),
        "tags": list(template.tags),
        "logo": template.logo,
        "port": template.port,
        "minversion": template.minversion,
        "source": template.source,
        "architectures": list(template.architectures),
        "grants": list(needs.grants),
        "profiles": list(needs.profiles),
        "problem": needs.problem,
        "shadowed": is_shadowed,
        "updated_at": template.updated_at,
    }


def _source(state: SourceState) -> dict[str, Any]:
    shape = asdict(state)
    return {"name": shape.pop("name"), "kind": shape.pop("kind"), "first": shape.pop("is_first"), **shape}
