"""Every route of the API has a contract test that calls it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from fastapi.routing import APIRoute

from homeport.app import create_app
from homeport.settings import load_settings

CONTRACT = Path(__file__).resolve().parents[1] / "contract"
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def _text(node: ast.expr) -> str | None:
    """A literal text, with `{}` for what an f-string fills in; the path without its query."""
    match node:
        case ast.Constant(value=str(text)):
            return text.partition("?")[0]
        case ast.JoinedStr(values=parts):
            shown = [part.value if isinstance(part, ast.Constant) else "{}" for part in parts]
            return "".join(str(part) for part in shown).partition("?")[0]
    return None


def _calls() -> Iterator[tuple[str, str]]:
    """(method, path) of calls such as `client.get("/services")` and `call("POST", f"/services/{uuid}/start")`,
    and of tables of such pairs."""
    for path in CONTRACT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            arguments: list[ast.expr] = []
            if isinstance(node, ast.Call):
                arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
                if isinstance(node.func, ast.Attribute):
                    arguments.insert(0, ast.Constant(node.func.attr))
            elif isinstance(node, ast.Tuple):
                arguments = node.elts
            texts = [text for text in map(_text, arguments) if text]
            methods = [text.upper() for text in texts if text.upper() in METHODS]
            yield from (
                (method, text) for method in methods for text in texts if text.startswith(("/", "{}/"))
            )


def test_every_route_has_a_contract_test(tmp_path: Path) -> None:
    app = create_app(load_settings({"HOMEPORT_DATA_DIR": str(tmp_path)}), with_worker=False)
    calls = set(_calls())
    untested = [
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in sorted((route.methods or set()) & METHODS)
        if not _is_called(method, route.path, calls)
    ]
    assert untested == []


def _is_called(method: str, path: str, calls: set[tuple[str, str]]) -> bool:
    below = re.sub(r"^/api(/v1)?", "", path)
    pattern = re.compile(r"(\{\}|/api|/v1)*" + re.sub(r"\\\{[^/]*\\\}", "[^/]+", re.escape(below)) + "$")
    return any(method == called and pattern.match(text) for called, text in calls)
