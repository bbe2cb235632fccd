"""All tables in one metadata: importing this module registers every one."""

from homeport.db import deployments, grants, instance, plans, projects, servers, services, teams, templates
from homeport.db.types import Row

__all__ = [
    "METADATA",
    "deployments",
    "grants",
    "instance",
    "plans",
    "projects",
    "servers",
    "services",
    "teams",
    "templates",
]

METADATA = Row.metadata
