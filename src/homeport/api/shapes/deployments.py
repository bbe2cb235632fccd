"""Deployments on the wire. Upstream has none for services; the names follow its application deployments."""

from collections.abc import Mapping
from typing import Any

from homeport.db.deployments import Deployment
from homeport.http.answers import wire_time

Json = dict[str, Any]


def deployment_shape(deployment: Deployment) -> Json:
    return {
        "uuid": deployment.uuid,
        "deployment_uuid": deployment.uuid,
        "service_uuid": deployment.service_uuid,
        "action": deployment.action,
        "status": deployment.status,
        "step": deployment.step,
        "plan": deployment.plan,
        "error_code": deployment.error_code,
        "error": deployment.error,
        "created_at": wire_time(deployment.created_at),
        "started_at": wire_time(deployment.started_at),
        "finished_at": wire_time(deployment.finished_at),
    }


def line_shape(line: Mapping[str, Any]) -> Json:
    return {
        "id": line["id"],
        "at": wire_time(line["at"]),
        "step": line["step"],
        "stream": line["stream"],
        "text": line["text"],
    }
