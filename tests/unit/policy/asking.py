"""Short ways from the text of a compose file to what it asks for."""

from collections.abc import Mapping

from homeport.core.compose.labels import stamp
from homeport.core.compose.load import load
from homeport.core.compose.model import Component, File
from homeport.core.compose.render import render
from homeport.core.policy import Ask, asks_of_snapshot, find_asks
from homeport.core.revision import Snapshot
from tests.support.compose import make_scope, user_variables
from tests.unit.policy.cases import FOLDER, SOCKET, Case


def asks_of(case: Case, *, is_local: bool = True) -> tuple[Ask, ...]:
    """As the request judges it; the worker, who has only the texts, must come to the same."""
    document = load(case.text)
    rendered = render(document, make_scope(variables=user_variables(**case.values), proxy=case.proxy))
    asks = find_asks(
        rendered, document, folder=FOLDER, uuid="u1", proxy=case.proxy, socket=SOCKET, is_local=is_local
    )
    snapshot = snapshot_of(
        stamp(rendered, {}, 1)[0],
        *rendered.files,
        dotenv=rendered.dotenv,
        components=rendered.components,
    )
    stored = asks_of_snapshot(snapshot, proxy=case.proxy, socket=SOCKET, is_local=is_local)
    assert [(ask.key, ask.place) for ask in stored] == [(ask.key, ask.place) for ask in asks]
    assert {ask.line for ask in stored} <= {None}
    return asks


def snapshot_of(
    compose: str, *files: File, dotenv: str = "", components: tuple[Component, ...] = ()
) -> Snapshot:
    """A stored revision of the service `u1`."""
    return Snapshot(
        service_uuid="u1",
        service_name="svc",
        number=1,
        folder=FOLDER,
        compose=compose,
        dotenv=dotenv,
        components=components,
        files=files,
    )


def component(keys: str, values: Mapping[str, str] | None = None, proxy: str = "CADDY") -> Case:
    """A document with one component that has an image (or a build) and these keys, in one line."""
    image = "" if keys.startswith("build:") else "    image: a\n"
    return Case(f"services:\n  web:\n{image}    {keys}\n", values=values or {}, proxy=proxy)
