"""What a type asks of the server it is put on, before anybody creates it: which grants, and which profiles it has."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from homeport.catalog import Template
from homeport.catalog.variables import scope_variables
from homeport.core.compose.load import load
from homeport.core.compose.magic import Source
from homeport.core.compose.model import Domain, Scope
from homeport.core.compose.render import render
from homeport.core.policy import find_asks
from homeport.errors import ComposeRejected

_UUID: Final = "u1u1u1u1u1u1u1u1u1u1u1u1"
_FOLDER: Final = f"/data/homeport/services/{_UUID}"
_NOW: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """`grants` are the names of the powers that it needs on Homeport's own machine when no profile is chosen (what
    reads files of that machine is refused on every other); `problem` is why no service can be made of it."""

    grants: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    problem: str | None = None


async def list_needs(templates: Iterable[Template]) -> list[Needs]:
    """The needs of each. Found out once for each text, in a thread: a big catalogue takes seconds the first time."""
    return await asyncio.to_thread(lambda: [needs_of(template) for template in templates])


@lru_cache(maxsize=8192)
def needs_of(template: Template) -> Needs:
    random = Source(
        lambda alphabet, length: (alphabet * length)[:length],
        lambda count: bytes(index % 256 for index in range(count)),
        _NOW,
    )
    scope = Scope(
        uuid=_UUID,
        name=template.key,
        folder=_FOLDER,
        base=Domain("http", "localhost"),
        now=random.now,
        token=random.token,
        random_bytes=random.random_bytes,
        service_type=template.key,
        variables=scope_variables(template, random),
        catalog_port=template.port,
        dialect=template.dialect,
    )
    try:
        document = load(template.compose)
        rendered = render(document, scope)
        asks = find_asks(rendered, document, folder=_FOLDER, uuid=_UUID, proxy=scope.proxy, is_local=True)
    except ComposeRejected as error:
        return Needs(problem=error.sentence.replace(f"{_UUID}_", ""))
    except Exception:  # noqa: BLE001 - logged; one type must not take the list of all away
        _log.exception("the type %s of %s cannot be judged", template.key, template.source)
        return Needs(problem="It cannot be read; Homeport's log says why.")
    return Needs(grants=tuple(sorted({ask.grant for ask in asks})), profiles=rendered.profiles)
