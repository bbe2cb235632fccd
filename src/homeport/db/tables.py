"""All tables in one metadata: importing this module registers every one."""

from homeport.db import deployments, instance, projects, servers, services, teams
from homeport.db.types import Row

__all__ = ["METADATA", "deployments", "instance", "projects", "servers", "services", "teams"]

METADATA = Row.metadata
