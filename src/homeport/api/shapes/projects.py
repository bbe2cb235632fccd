"""Projects, environments, teams and tags on the wire."""

from collections.abc import Mapping
from typing import Any

from homeport.http.answers import wire_time

Values = Mapping[str, Any]
Json = dict[str, Any]


def project_shape(project: Values) -> Json:
    """A project alone, without its environments."""
    return {
        "id": project["id"],
        "uuid": project["uuid"],
        "name": project["name"],
        "description": project["description"],
        "team_id": project["team_id"],
        "icon_path": None,
        "icon_storage_type": None,
        "icon_s3_storage_id": None,
        "created_at": wire_time(project["created_at"]),
        "updated_at": wire_time(project["updated_at"]),
    }


def environment_shape(environment: Values) -> Json:
    return {
        "id": environment["id"],
        "uuid": environment["uuid"],
        "name": environment["name"],
        "description": environment["description"],
        "project_id": environment["project_id"],
        "created_at": wire_time(environment["created_at"]),
        "updated_at": wire_time(environment["updated_at"]),
    }


def team_shape(team: Values) -> Json:
    return {
        "id": team["id"],
        "name": team["name"],
        "description": team["description"],
        "personal_team": team["personal_team"],
        "show_boarding": team["show_boarding"],
        "is_mcp_server_enabled": True,
        "created_at": wire_time(team["created_at"]),
        "updated_at": wire_time(team["updated_at"]),
    }


def user_shape(user: Values) -> Json:
    return {
        "id": user["id"],
        "name": user["name"],
        "email": user["email"],
        "email_verified_at": None,
        "two_factor_confirmed_at": None,
        "force_password_reset": False,
        "marketing_emails": False,
        "pending_email": None,
        "avatar_path": None,
        "avatar_storage_type": None,
        "avatar_s3_storage_id": None,
        "created_at": wire_time(user["created_at"]),
        "updated_at": wire_time(user["updated_at"]),
    }


def tag_shape(tag: Values) -> Json:
    return {
        "uuid": tag["uuid"],
        "name": tag["name"],
        "created_at": wire_time(tag["created_at"]),
        "updated_at": wire_time(tag["updated_at"]),
    }
