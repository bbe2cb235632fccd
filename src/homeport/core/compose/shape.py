"""What Compose accepts where, so that a wrong key or type is an answer with its line and not a failed
deployment.

The rules were learned by asking Compose, and tests/adapters/test_shape.py asks it again. They are
held against what we write, because that is what it reads: what a render takes out of a document,
or writes anew, is not looked at.
"""

from collections.abc import Mapping
from typing import Any

from homeport.core.compose import wiring
from homeport.core.compose.forms import Lookup, Reader
from homeport.core.compose.interpolate import refused
from homeport.core.compose.keys import COMPONENT, SECTIONS
from homeport.core.compose.load import Document, Path


def check(document: Document, output: Mapping[str, Any], lookup: Lookup) -> None:
    """Raises ComposeRejected for the first thing in `output`, which `document` became, that Compose
    would refuse. `lookup` has the values that the `.env` has."""
    reader = Reader(document, lookup)
    _check_references(output, (), reader)
    for name, definition in output["services"].items():
        COMPONENT.check(definition, ("services", name), reader)
    for section, form in SECTIONS.items():
        # The volumes of the output have other names; those of the document have lines.
        given = document.data.get(section) if section == "volumes" else output.get(section)
        if given:
            form.check(given, (section,), reader)
    wiring.check(output, reader)


def _check_references(value: Any, path: Path, reader: Reader) -> None:
    if isinstance(value, str):
        for found in refused(value) if "$" in value else ():
            reader.refuse(path, f"{found} is no reference to a variable. Write $$ where a dollar is meant.")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _check_references(item, (*path, key), reader)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _check_references(item, (*path, number), reader)
