"""Lints for mistakes of our own kind, which no general linter knows. Each takes source text, so it can be tested."""

import ast
from collections.abc import Iterator

LIMIT_FILE_LINES = 400
LIMIT_TEST_FILE_LINES = 600
"""Tables of cases are long and read one by one."""

LIMIT_FUNCTION_LINES = 50
"""Rule 12 says about 40; past this there is no about."""


def commits(source: str) -> Iterator[int]:
    """Lines that call `commit()`: one request, one commit, at the edge."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield node.lineno


def inline_team_filters(source: str) -> Iterator[int]:
    """Lines that compare the team of a table's rows with a value, or pass it to `filter_by`.

    A join of two tables by their teams is no filter, and neither is a look at a row that was loaded.
    """
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare(left=left, comparators=[right]):
                sides = (left, right)
                if any(map(_is_team_column, sides)) and not all(map(_is_column, sides)):
                    yield node.lineno
            case ast.Call(func=ast.Attribute(attr="in_", value=column)) if _is_team_column(column):
                yield node.lineno
            case ast.Call(func=ast.Attribute(attr="filter_by"), keywords=keywords):
                if any(keyword.arg == "team_id" for keyword in keywords):
                    yield node.lineno


def _is_team_column(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "team_id" and _is_column(node)


def _is_column(node: ast.expr) -> bool:
    """`Service.team_id`, `services.c.team_id` or `table_of(Service).c.team_id`."""
    match node:
        case ast.Attribute(value=ast.Name(id=name)):
            return name[:1].isupper()
        case ast.Attribute(value=ast.Attribute(attr="c")):
            return True
    return False


def long_functions(source: str, limit: int = LIMIT_FUNCTION_LINES) -> Iterator[tuple[int, str, int]]:
    """(line, name, lines) of functions that are longer, without their decorators and docstring."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.end_lineno is None:
            continue
        lines = node.end_lineno - node.lineno + 1
        first = node.body[0]
        if ast.get_docstring(node) is not None and first.end_lineno is not None:
            lines -= first.end_lineno - first.lineno + 1
        if lines > limit:
            yield node.lineno, node.name, lines
