"""Servers, their settings, destinations and keys on the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from homeport.http.answers import wire_time

Values = Mapping[str, Any]
Json = dict[str, Any]

PLACEHOLDER_IP: Final = "1.2.3.4"
_SETTINGS: Final[Json] = {
    "is_swarm_manager": False,
    "is_swarm_worker": False,
    "is_jump_server": False,
    "is_terminal_enabled": True,
    "is_cloudflare_tunnel": False,
    "is_metrics_enabled": False,
    "is_sentinel_enabled": True,
    "is_sentinel_debug_enabled": False,
    "is_logdrain_newrelic_enabled": False,
    "is_logdrain_highlight_enabled": False,
    "is_logdrain_axiom_enabled": False,
    "is_logdrain_custom_enabled": False,
    "logdrain_newrelic_base_uri": None,
    "logdrain_highlight_project_id": None,
    "logdrain_axiom_dataset_name": None,
    "concurrent_builds": 2,
    "dynamic_timeout": 3600,
    "deployment_queue_limit": 25,
    "connection_timeout": 10,
    "backup_compression_cpu_percentage": 25,
    "generate_exact_labels": False,
    "force_docker_cleanup": True,
    "docker_cleanup_frequency": "0 0 * * *",
    "docker_cleanup_threshold": 80,
    "delete_unused_volumes": False,
    "delete_unused_networks": False,
    "disable_application_image_retention": False,
    "server_timezone": "UTC",
    "server_disk_usage_notification_threshold": 80,
    "server_disk_usage_check_frequency": "0 23 * * *",
    "sentinel_metrics_refresh_rate_seconds": 10,
    "sentinel_metrics_history_days": 7,
    "sentinel_push_interval_seconds": 60,
    "compose_version": None,
    "compose_version_checked_at": None,
}
_SECRET_SETTINGS: Final = (
    "sentinel_token",
    "sentinel_custom_url",
    "logdrain_newrelic_license_key",
    "logdrain_axiom_api_key",
    "logdrain_custom_config",
    "logdrain_custom_config_parser",
)
_NOT_OURS: Final[Json] = {
    "unreachable_count": 0,
    "unreachable_notification_sent": False,
    "high_disk_usage_notification_sent": False,
    "log_drain_notification_sent": False,
    "swarm_cluster": None,
    "validation_logs": None,
    "is_validating": False,
    "sentinel_updated_at": None,
    "ip_previous": None,
    "hetzner_server_id": None,
    "hetzner_server_status": None,
    "cloud_provider_token_id": None,
    "vultr_instance_id": None,
    "vultr_instance_status": None,
    "digitalocean_droplet_id": None,
    "digitalocean_droplet_status": None,
    "detected_traefik_version": None,
    "traefik_outdated_info": None,
    "server_metadata": None,
}


def database_time(at: datetime | None) -> str | None:
    """`2026-01-31 12:00:00`, as upstream shows timestamps that it does not cast."""
    return None if at is None else at.strftime("%Y-%m-%d %H:%M:%S")


def settings_shape(server: Values, *, with_secrets: bool) -> Json:
    """A server's settings: the defaults, what was changed, and what decides something here."""
    stored: Mapping[str, Any] = server["settings"] or {}
    secrets = {name: stored.get(name) for name in _SECRET_SETTINGS} if with_secrets else {}
    return {
        "id": server["id"],
        "server_id": server["id"],
        **_SETTINGS,
        **{name: value for name, value in stored.items() if name in _SETTINGS},
        **secrets,
        "is_build_server": server["is_build_server"],
        "is_reachable": server["is_reachable"],
        "is_usable": server["is_usable"],
        "wildcard_domain": server["wildcard_domain"],
        "force_disabled": server["force_disabled"],
        "docker_version": server["docker_version"],
        "docker_version_checked_at": wire_time(server["checked_at"]),
        "created_at": wire_time(server["created_at"]),
        "updated_at": wire_time(server["updated_at"]),
    }


def server_item(server: Values, *, with_secrets: bool) -> Json:
    """A server in a list."""
    return {
        "uuid": server["uuid"],
        "name": server["name"],
        "description": server["description"],
        "ip": server["ip"],
        "user": server["user"],
        "port": server["port"],
        "is_reachable": server["is_reachable"],
        "is_usable": server["is_usable"],
        "is_coolify_host": server["kind"] == "local",
        "proxy": {"redirect_enabled": True},
        "settings": settings_shape(server, with_secrets=with_secrets),
    }


def server_shape(server: Values, *, with_secrets: bool) -> Json:
    """A server alone."""
    return {
        **server_item(server, with_secrets=with_secrets),
        "team_id": server["team_id"],
        "private_key_id": server["private_key_id"],
        "proxy": {
            "type": server["proxy_type"],
            "status": server["proxy_status"],
            "redirect_enabled": True,
        },
        **_NOT_OURS,
        "created_at": wire_time(server["created_at"]),
        "updated_at": wire_time(server["updated_at"]),
        "deleted_at": None,
    }


def nested_server(server: Values, *, with_secrets: bool) -> Json:
    """A server inside a service, where its number shows."""
    return {"id": server["id"], **server_shape(server, with_secrets=with_secrets)}


def is_functional(server: Values) -> bool:
    """Whether a server can be used now: the `server_status` of its services."""
    is_real = server["ip"] != PLACEHOLDER_IP
    return bool(server["is_reachable"] and server["is_usable"] and not server["force_disabled"] and is_real)


def destination_shape(destination: Values, server_uuid: str) -> Json:
    return {
        "uuid": destination["uuid"],
        "name": destination["name"],
        "network": destination["network"],
        "type": destination["type"],
        "server_uuid": server_uuid,
        "created_at": wire_time(destination["created_at"]),
        "updated_at": wire_time(destination["updated_at"]),
    }


def destination_class(destination: Values) -> str:
    """The name by which upstream tells the kinds of destinations apart."""
    return "App\\Models\\SwarmDocker" if destination["type"] == "swarm" else "App\\Models\\StandaloneDocker"


def nested_destination(destination: Values, server: Values) -> Json:
    """A destination inside a service, for those who may see secrets."""
    return {
        "id": destination["id"],
        "uuid": destination["uuid"],
        "name": destination["name"],
        "network": destination["network"],
        "server_id": destination["server_id"],
        "server": nested_server(server, with_secrets=True),
        "created_at": wire_time(destination["created_at"]),
        "updated_at": wire_time(destination["updated_at"]),
    }


def key_shape(key: Values) -> Json:
    """A private key; the private part is there only if it was read."""
    shape = {
        "id": key["id"],
        "uuid": key["uuid"],
        "name": key["name"],
        "description": key["description"],
        "is_git_related": key["is_git_related"],
        "team_id": key["team_id"],
        "fingerprint": key["fingerprint"],
        "public_key": key["public_key"],
        "created_at": wire_time(key["created_at"]),
        "updated_at": wire_time(key["updated_at"]),
    }
    return shape | ({"private_key": key["private_key"]} if "private_key" in key else {})
