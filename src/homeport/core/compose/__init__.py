"""The compose pipeline: from the text of a compose file to what a server is given."""

from homeport.core.compose.labels import stamp
from homeport.core.compose.load import Document, load
from homeport.core.compose.model import (
    Component,
    ComponentKind,
    ComponentState,
    Dialect,
    Domain,
    DomainSource,
    File,
    Missing,
    Rendered,
    Scope,
    Variable,
    VariableOrigin,
    Volume,
)
from homeport.core.compose.render import render

__all__ = [
    "Component",
    "ComponentKind",
    "ComponentState",
    "Dialect",
    "Document",
    "Domain",
    "DomainSource",
    "File",
    "Missing",
    "Rendered",
    "Scope",
    "Variable",
    "VariableOrigin",
    "Volume",
    "load",
    "render",
    "stamp",
]
