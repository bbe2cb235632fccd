"""Golden files: everything that a render says, in a form that a person reads as a diff.

`pytest … --update` rewrites them; read the diff before you commit it.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from homeport.core.compose.model import Rendered, Variable
from homeport.core.domains import join_fqdn


class _Readable(yaml.SafeDumper):
    """Texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Readable.add_representer(str, _text)


def said(rendered: Rendered) -> dict[str, Any]:
    """All that a render says, as plain values without the fields that say nothing."""
    components = [
        _brief(c) | {"domains": None if c.domains is None else join_fqdn(c.domains) or ""}
        for c in rendered.components
    ]
    # Rare, and left out where they are empty.
    rare = {"missing": [_brief(missing) for missing in rendered.missing], "profiles": list(rendered.profiles)}
    return {
        "compose": rendered.compose,
        "dotenv": rendered.dotenv,
        "components": {item.pop("name"): item for item in components},
        "variables": {variable.key: _variable(variable) for variable in rendered.variables},
        "files": [_brief(file) for file in rendered.files],
        "volumes": [_brief(volume) for volume in rendered.volumes],
        "networks": list(rendered.networks),
        "warnings": list(rendered.warnings),
    } | {name: value for name, value in rare.items() if value}


def assert_golden(path: Path, now: dict[str, Any], *, is_update: bool) -> None:
    """What is said now is what the file has; with `is_update` the file is written first."""
    if is_update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            yaml.dump(now, Dumper=_Readable, sort_keys=False, width=1000, allow_unicode=True),
            encoding="utf-8",
        )
    assert path.exists(), f"there is no {path.name}: run with --update and read it before you commit it"
    assert now == yaml.safe_load(path.read_text(encoding="utf-8"))


def _brief(value: Any) -> dict[str, Any]:
    """The fields of a value that say something."""
    return {key: item for key, item in asdict(value).items() if item not in (None, False, (), "", "both")}


def _variable(variable: Variable) -> dict[str, Any]:
    brief = _brief(variable)
    del brief["key"]
    if variable.source is not None:
        brief["source"] = _brief(variable.source) | {"is_port_shown": variable.source.is_port_shown}
    return {"value": variable.value} | brief
