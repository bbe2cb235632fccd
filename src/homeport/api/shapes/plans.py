"""The JSON of a plan."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from homeport.actions.grants import Judgement, shown
from homeport.actions.plans import Draft
from homeport.actions.rendering import domains_of
from homeport.core.mask import Mask
from homeport.core.preview import FileShown, is_pending, preview
from homeport.core.warnings import Facts, Warned, find_warnings


def plan_shape(draft: Draft, facts: Facts, *, is_sensitive: bool) -> dict[str, Any]:
    """What a plan shows to somebody who may read sensitive texts, or may not: the value of a variable never."""
    ready, before = draft.ready, draft.before
    rendered, scope = ready.rendered, ready.scope
    stored = before.rendered.variables if before is not None and before.rendered is not None else ()
    mask = Mask.of(
        (*stored, *scope.variables.values(), *rendered.variables),
        scope.shared,
        dialect=scope.dialect,
        is_sensitive=is_sensitive,
    )
    seen = preview(rendered, before, mask, folder=scope.folder)
    return {
        "action": draft.action,
        "uuid": scope.uuid,
        "name": scope.name,
        "type": scope.service_type,
        "project_uuid": draft.project_uuid,
        "environment_name": draft.environment_name,
        "server_uuid": draft.server.uuid,
        "destination_uuid": draft.destination_uuid,
        "compose": seen.compose,
        "diff": seen.diff,
        "components": [asdict(component) for component in seen.components],
        "variables": [asdict(variable) for variable in seen.variables],
        "missing_variables": _masked((asdict(missing) for missing in rendered.missing), mask),
        "domains": domains_of(rendered),
        "ports": [asdict(port) for port in seen.ports],
        "volumes": [asdict(volume) for volume in seen.volumes],
        "files": [_file(file, is_sensitive=is_sensitive) for file in seen.files],
        "networks": [*rendered.networks, *([draft.joined] if draft.joined else ())],
        "profiles": {"chosen": list(scope.profiles), "known": list(rendered.profiles)},
        "grants": _masked(_grants(ready.judgement), mask),
        "warnings": _masked((asdict(each) for each in _warnings(draft, facts)), mask),
        "will_deploy": draft.will_deploy,
        "can_apply": not ready.judgement.missing and not (draft.will_deploy and rendered.missing),
    }


def _warnings(draft: Draft, facts: Facts) -> Iterator[Warned]:
    if draft.before is not None and is_pending(draft.before):
        message = "Earlier changes are not deployed yet: the next deployment brings them too."
        yield Warned(code="changes_pending", message=message)
    yield from find_warnings(draft.ready.rendered, draft.ready.document, facts)


def _file(file: FileShown, *, is_sensitive: bool) -> dict[str, Any]:
    content = {"content": file.content} if is_sensitive else {}
    return {
        "path": file.path,
        "component": file.component,
        "target": file.target,
        "is_directory": file.is_directory,
        **content,
    }


def _grants(judgement: Judgement) -> list[dict[str, Any]]:
    missing = {ask.key for ask in judgement.missing}
    return [{**shown(ask), "is_granted": ask.key not in missing} for ask in judgement.asks]


def _masked(rows: Iterable[dict[str, Any]], mask: Mask) -> list[dict[str, Any]]:
    """The rows with the values of variables taken out of their sentences."""
    texts = ("message", "subject")
    return [
        {key: mask.text(value) if key in texts and value else value for key, value in row.items()}
        for row in rows
    ]
