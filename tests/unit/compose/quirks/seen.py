"""What a container of a render gets to see, found the way Compose finds it."""

import json

from homeport.core.compose.interpolate import substitute
from homeport.core.compose.magic import name_variable
from homeport.core.compose.model import Rendered
from homeport.core.compose.resolve import env_pairs
from tests.support.compose import render_text


def dotenv_of(rendered: Rendered) -> dict[str, str]:
    """The values of `.env`, before they are quoted."""
    names = {name_variable(component.name): component.name for component in rendered.components}
    return dict(env_pairs(rendered.variables, names, {})[0])


def container_of(rendered: Rendered, component: str) -> dict[str, str]:
    """The environment of a component's container: `.env`, and over it `environment` with its references
    resolved from `.env`."""
    pairs = dotenv_of(rendered)
    written = rendered.document["services"][component]["environment"]
    own = {key: value for key, value in written.items() if value is not None}
    return pairs | {key: substitute(text_of(value), pairs.get) for key, value in own.items()}


def text_of(value: object) -> str:
    """A value of `environment` as Compose passes it on: booleans in lower case."""
    return value if isinstance(value, str) else json.dumps(value)


def app_with(*items: str) -> Rendered:
    """One component `app` with these environment items, each on a line of its own."""
    lines = "".join(f"      - {item}\n" for item in items)
    return render_text(f"services:\n  app:\n    image: acme/app\n    environment:\n{lines}")
