"""The one-click types."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from homeport.actions.context import Context
from homeport.catalog import Template
from homeport.catalog.search import search
from homeport.errors import NotFound
from homeport.http.answers import json_answer
from homeport.http.deps import reads

router = APIRouter()


@router.get("/services/types")
async def list_types(request: Request, ctx: Annotated[Context, reads("read")]) -> Response:
    """All types, or with `search`, `category` or `tag` those that match, best first."""
    query = request.query_params
    found = search(ctx.catalog, query.get("search", ""), query.get("category"), query.get("tag"))
    return json_answer([_type(template) for template in found])


@router.get("/services/types/{key}")
async def get_type(key: str, ctx: Annotated[Context, reads("read")]) -> Response:
    template = ctx.catalog.get(key)
    if template is None:
        raise NotFound("Service type not found.")
    return json_answer({**_type(template), "compose": template.compose})


def _type(template: Template) -> dict[str, Any]:
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
    }
