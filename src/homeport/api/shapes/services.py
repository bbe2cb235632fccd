"""Services and their components on the wire."""

import html
from collections.abc import Mapping
from typing import Any

from homeport.actions.names import without_markup
from homeport.api.shapes.projects import environment_shape, project_shape, team_shape
from homeport.api.shapes.servers import (
    database_time,
    destination_class,
    is_functional,
    nested_destination,
    nested_server,
)
from homeport.core.status import service_status
from homeport.db.views import ServiceView
from homeport.http.answers import wire_time

Values = Mapping[str, Any]
Json = dict[str, Any]


def service_shape(view: ServiceView, *, is_sensitive: bool) -> Json:
    """A service alone: with its environment, project and team; compose texts and destination for those who may
    see secrets."""
    environment = environment_shape(view.environment)
    environment["project"] = {**project_shape(view.project), "team": team_shape(view.team)}
    shape = _service(view, is_sensitive=is_sensitive)
    shape["server"] = nested_server(view.server, with_secrets=False)
    shape["environment"] = environment
    if is_sensitive:
        shape["destination"] = nested_destination(view.destination, view.server)
    return shape


class ServiceItems:
    """Services in a list. Many stand on one server, so its shape is made once."""

    def __init__(self, *, is_sensitive: bool) -> None:
        self._is_sensitive = is_sensitive
        self._servers: dict[int, Json] = {}
        self._destinations: dict[int, Json] = {}

    def shape(self, view: ServiceView) -> Json:
        shape = _service(view, is_sensitive=self._is_sensitive)
        shape["laravel_through_key"] = view.environment["project_id"]
        server_id = view.server["id"]
        if server_id not in self._servers:
            self._servers[server_id] = nested_server(view.server, with_secrets=False)
        shape["server"] = self._servers[server_id]
        if self._is_sensitive:
            destination_id = view.destination["id"]
            if destination_id not in self._destinations:
                self._destinations[destination_id] = nested_destination(view.destination, view.server)
            shape["destination"] = self._destinations[destination_id]
        return shape


def status_of(view: ServiceView) -> str:
    components = [(component["status"], component["exclude_from_status"]) for component in view.components]
    return service_status(components, is_deploying=view.is_deploying)


def _service(view: ServiceView, *, is_sensitive: bool) -> Json:
    service = view.service
    kinds: dict[str, list[Json]] = {"application": [], "database": []}
    for component in view.components:
        kinds[component["kind"]].append(component_shape(component))
    return {
        "uuid": service["uuid"],
        "name": service["name"],
        "description": service["description"],
        "environment_id": service["environment_id"],
        "server_id": service["server_id"],
        "destination_type": destination_class(view.destination),
        "destination_id": service["destination_id"],
        "connect_to_docker_network": service["connect_to_docker_network"],
        "is_container_label_escape_enabled": service["is_container_label_escape_enabled"],
        "config_hash": service["config_hash"],
        "service_type": service["service_type"],
        "compose_parsing_version": "5",
        **(_texts(service) if is_sensitive else {}),
        **{key: service[key] for key in ("profiles", "grants") if service[key]},
        "server_status": is_functional(view.server),
        "status": status_of(view),
        "applications": kinds["application"],
        "databases": kinds["database"],
        "created_at": wire_time(service["created_at"]),
        "updated_at": wire_time(service["updated_at"]),
        "deleted_at": None,
    }


def _texts(service: Values) -> Json:
    return {"docker_compose_raw": service["compose_raw"], "docker_compose": service["compose"]}


def component_shape(component: Values) -> Json:
    """An application or database inside its service, where its numbers show."""
    own = _database(component) if component["kind"] == "database" else _application(component)
    return {
        "id": component["id"],
        "uuid": component["uuid"],
        "name": component["name"],
        "human_name": component["human_name"],
        "description": component["description"],
        "ports": component["ports"],
        "exposes": None,
        "status": component["status"],
        "service_id": component["service_id"],
        "exclude_from_status": component["exclude_from_status"],
        **own,
        "is_log_drain_enabled": component["is_log_drain_enabled"],
        "is_include_timestamps": component["is_include_timestamps"],
        "is_gzip_enabled": component["is_gzip_enabled"],
        "is_stripprefix_enabled": component["is_stripprefix_enabled"],
        "is_migrated": component["is_migrated"],
        "last_online_at": database_time(component["last_online_at"]),
        "created_at": wire_time(component["created_at"]),
        "updated_at": wire_time(component["updated_at"]),
        "deleted_at": None,
    }


def _application(component: Values) -> Json:
    image = component["image"]
    noindex = component["noindex_domains"]
    return {
        "fqdn": component["fqdn"],
        "noindex_domains": noindex or None,
        "redirect": component["redirect"],
        "required_fqdn": False,
        "image": None if image is None else html.escape(without_markup(image)),
        "is_force_https_enabled": component["is_force_https_enabled"],
    }


def _database(component: Values) -> Json:
    return {
        "image": component["image"],
        "public_port": component["public_port"],
        "is_public": component["is_public"],
        "public_port_timeout": component["public_port_timeout"],
        "custom_type": component["custom_type"],
    }
