"""A revision: the immutable snapshot of everything a deployment needs, and its JSON form.

The worker never renders. What was planned when the request was made is what gets applied.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from homeport.core.compose.model import Component, Domain, File, Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a service is at one revision.

    `folder` is the service's folder on the server. `routes` are those components of
    `components` that have domains; the proxy's configuration is made from all services of a server.
    `destination_network` is set when the service joins its destination's network too.
    `marks` tells the next revision which components did not change (`core.compose.labels.stamp`).
    """

    service_uuid: str
    service_name: str
    number: int
    folder: str
    compose: str = field(repr=False)
    dotenv: str = field(repr=False)
    components: tuple[Component, ...]
    files: tuple[File, ...] = ()
    volumes: tuple[Volume, ...] = ()
    networks: tuple[str, ...] = ()
    destination_network: str | None = None
    marks: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Snapshot":
        """Unknown keys are ignored, so that an older process can read what a newer one wrote."""
        data: dict[str, Any] = json.loads(text)
        return cls(
            service_uuid=data["service_uuid"],
            service_name=data["service_name"],
            number=data["number"],
            folder=data["folder"],
            compose=data["compose"],
            dotenv=data["dotenv"],
            components=tuple(_component(item) for item in data["components"]),
            files=tuple(_make(File, item) for item in data["files"]),
            volumes=tuple(_make(Volume, item) for item in data["volumes"]),
            networks=tuple(data["networks"]),
            destination_network=data.get("destination_network"),
            marks={name: (mark[0], mark[1]) for name, mark in data.get("marks", {}).items()},
        )


def _make(kind: type[Any], item: dict[str, Any]) -> Any:
    known = kind.__dataclass_fields__
    return kind(**{key: value for key, value in item.items() if key in known})


def _component(item: dict[str, Any]) -> Component:
    domains = item.get("domains")
    made: Component = _make(
        Component,
        item
        | {
            "domains": None if domains is None else tuple(_make(Domain, domain) for domain in domains),
            "noindex_domains": tuple(item.get("noindex_domains") or ()),
        },
    )
    return made


Action = Literal["start", "restart", "stop", "delete"]
"""What a deployment does: bring the service to its revision, the same with every container
restarted, stop it, or remove all that it left on the server."""
