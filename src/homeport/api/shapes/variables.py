"""Environment variables on the wire."""

import json
from collections.abc import Mapping
from typing import Any, Final

from homeport.api.meta import UPSTREAM_VERSION
from homeport.http.answers import wire_time

Values = Mapping[str, Any]
Json = dict[str, Any]

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\r": "\\r", "\t": "\\t", "\0": "\\0", '"': '\\"', "'": "\\'"})
_BUILDPACK: Final = ("NIXPACKS_", "RAILPACK_")


def variable_shape(variable: Values, *, is_sensitive: bool, is_new: bool = False) -> Json:
    """A variable. The value shows only to those who may see secrets, and never once it is "shown once".

    Upstream omits from the answer of a create what was never set; clients see the same (`is_new`).
    """
    value: str | None = variable["value"]
    is_shared = value is not None and value.startswith("{{") and value.endswith("}}")
    is_required = bool(variable["is_required"])
    shape = {
        "uuid": variable["uuid"],
        "key": variable["key"],
        "comment": variable["comment"],
        "is_literal": variable["is_literal"],
        "is_multiline": variable["is_multiline"],
        "is_shown_once": variable["is_shown_once"],
        "is_preview": False,
        "is_runtime": variable["is_runtime"],
        "is_buildtime": variable["is_buildtime"],
        "is_required": is_required,
        "is_shared": is_shared,
        "is_really_required": is_required and not value,
        "is_buildpack_control": variable["key"].startswith(_BUILDPACK),
        "is_coolify": variable["key"].startswith("SERVICE_"),
        "version": UPSTREAM_VERSION,
        "order": variable["order"],
        "created_at": wire_time(variable["created_at"]),
        "updated_at": wire_time(variable["updated_at"]),
    }
    if is_new:
        for name in ("is_preview", "is_required", "order"):
            del shape[name]
    if is_sensitive and not variable["is_shown_once"]:
        shape["value"] = None if value is None else value.strip()
        shape["real_value"] = real_value(variable)
    return shape


def real_value(variable: Values) -> str | None:
    """The value as upstream writes it into its `.env`. Homeport's own `.env` is written otherwise: this form does
    not survive Compose's reader."""
    value: str | None = variable["value"]
    if value is None or _is_json(value):
        return value
    if variable["is_literal"] or variable["is_multiline"]:
        return f"'{value}'"
    return value.translate(_ESCAPES)


def _is_json(value: str) -> bool:
    if not value.startswith(("{", "[")):
        return False
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True
