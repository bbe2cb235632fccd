"""`$X` and `${X:-default}` in texts, read exactly as Compose reads them.

Compose interpolates the file that we write, so what counts as a reference here must be what
counts there. The grammar is the Compose specification's; where an implementation detail decides
(which brace ends a default, when a lone dollar is text), compose-go's behaviour is followed and
pinned by tests/adapters/test_compose_reads_back.py.

Text that is no reference never raises: `$/` and `$2y$10$...` are text to Compose as well,
and `${}`, which Compose refuses, is text here and becomes acceptable through `escape_text`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from homeport.errors import ComposeRejected

Operator = Literal["", ":-", "-", ":?", "?", ":+", "+"]

_NAME: Final = re.compile("[A-Za-z_\u017f\u212a][A-Za-z0-9_\u017f\u212a]*")
"""Go, asked not to care about case, takes the long s for an `s` and the sign of kelvin for a `k`."""
_OPERATOR: Final = re.compile(r":?[-?+]")
_BRACE: Final = re.compile(r"\{.?|\}", re.DOTALL)
_MAX_DEPTH: Final = 16
_MAX_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Reference:
    """One variable that a text refers to.

    `argument` is the raw text after the operator (None without one), `is_whole` says that the
    text is nothing else, `depth` counts the references it is nested in.
    """

    name: str
    operator: Operator = ""
    argument: str | None = None
    is_whole: bool = False
    depth: int = 0


class Piece(NamedTuple):
    """A stretch `start:end` of a text. Kinds: `text`; `dollar` (a `$` that is text), `escape`
    (`$$`), `refused` (a `${` that Compose refuses, or a name with letters that no variable of ours can have)
    and `reference`."""

    kind: Literal["text", "dollar", "escape", "refused", "reference"]
    start: int
    end: int
    name: str = ""
    operator: Operator = ""
    argument: str | None = None


def split(text: str) -> Iterator[Piece]:
    """The pieces of a text, in order and without gaps."""
    at = 0
    # A reference ends on its line. The line's last brace is looked up once, so that a text of
    # nothing but openings costs no more than any other.
    line_end = last_brace = -1
    while (dollar := text.find("$", at)) >= 0:
        if dollar > at:
            yield Piece("text", at, dollar)
        if dollar >= line_end:
            line_end = text.find("\n", dollar)
            line_end = len(text) if line_end < 0 else line_end
            last_brace = text.rfind("}", dollar, line_end)
        piece = _piece_at(text, dollar, last_brace)
        yield piece
        at = piece.end
    if at < len(text):
        yield Piece("text", at, len(text))


def references(text: str) -> tuple[Reference, ...]:
    """Every reference of a text, those in arguments after the one that holds them."""
    if "$" not in text:
        return ()
    return tuple(_references(text, 0))


def whole_reference(text: str) -> Reference | None:
    """The reference that the text consists of, if it is nothing else."""
    if not text.startswith("$"):
        return None
    piece = next(split(text))
    if piece.kind != "reference" or piece.end != len(text):
        return None
    return Reference(piece.name, piece.operator, piece.argument, is_whole=True)


def substitute(text: str, lookup: Callable[[str], str | None]) -> str:
    """The text as Compose would read it; `lookup` gives None for a variable that is not set.

    Raises ComposeRejected for `${X:?message}` when X is missing.
    """
    return _substitute(text, lookup, 0)


def escape(text: str) -> str:
    """The text that Compose reads as this text: every `$` doubled."""
    return text.replace("$", "$$")


def escape_text(text: str) -> str:
    """The same text with every `$` doubled that is no reference: Compose accepts the result, and
    reads the text parts as they were written (`$2y$10$` stays a bcrypt prefix)."""
    if "$" not in text:
        return text
    return _escape_text(text, 0)


def refused(text: str) -> tuple[str, ...]:
    """The `${...` stretches for which Compose would refuse the file, each cut to one short line; and what only
    Compose takes for a reference."""
    if "$" not in text:
        return ()
    return tuple(_refused(text, 0))


def _piece_at(text: str, dollar: int, last_brace: int) -> Piece:
    following = text[dollar + 1 : dollar + 2]
    if following == "$":
        return Piece("escape", dollar, dollar + 2)
    if following == "{":
        return _braced(text, dollar, last_brace)
    if name := _NAME.match(text, dollar + 1):
        if not name.group().isascii():
            return Piece("refused", dollar, name.end())
        return Piece("reference", dollar, name.end(), name.group())
    return Piece("dollar", dollar, dollar + 1)


def _braced(text: str, dollar: int, last_brace: int) -> Piece:
    refused_piece = Piece("refused", dollar, dollar + 2)
    name = _NAME.match(text, dollar + 2)
    if name is None or not name.group().isascii():
        return refused_piece
    if text.startswith("}", name.end()):
        return Piece("reference", dollar, name.end() + 1, name.group())
    operator = _OPERATOR.match(text, name.end())
    if operator is None or last_brace < operator.end():
        return refused_piece
    closing = _closing_brace(text, dollar, last_brace)
    symbol: Operator = operator.group()  # type: ignore[assignment]
    argument = text[operator.end() : closing]
    return Piece("reference", dollar, closing + 1, name.group(), symbol, argument)


def _closing_brace(text: str, start: int, last: int) -> int:
    """compose-go counts every brace but skips the character after an opening one, and takes the
    last brace of the line when the count never gets back to zero."""
    open_count = 0
    for brace in _BRACE.finditer(text, start, last + 1):
        if brace.group() != "}":
            open_count += 1
        elif open_count == 1:
            return brace.start()
        else:
            open_count -= 1
    return last


def _references(text: str, depth: int) -> Iterator[Reference]:
    for piece in split(text):
        if piece.kind != "reference":
            continue
        is_whole = depth == 0 and piece.start == 0 and piece.end == len(text)
        yield Reference(piece.name, piece.operator, piece.argument, is_whole=is_whole, depth=depth)
        if piece.argument and depth + 1 < _MAX_DEPTH:
            yield from _references(piece.argument, depth + 1)


def _refused(text: str, depth: int) -> Iterator[str]:
    for piece in split(text):
        if piece.kind == "refused":
            if not text.startswith("{", piece.start + 1):
                yield text[piece.start : piece.end][:_MAX_SHOWN]
                continue
            line = text[piece.start : piece.start + _MAX_SHOWN].partition("\n")[0]
            yield line[: line.find("}") + 1] or line
        elif piece.argument and depth + 1 < _MAX_DEPTH:
            yield from _refused(piece.argument, depth + 1)


def _substitute(text: str, lookup: Callable[[str], str | None], depth: int) -> str:
    if "$" not in text or depth >= _MAX_DEPTH:
        return text
    parts = []
    for piece in split(text):
        if piece.kind == "reference":
            parts.append(_value(piece, lookup, depth))
        elif piece.kind == "escape":
            parts.append("$")
        else:
            parts.append(text[piece.start : piece.end])
    return "".join(parts)


def _value(piece: Piece, lookup: Callable[[str], str | None], depth: int) -> str:
    value = lookup(piece.name)
    if piece.argument is None:
        return value or ""
    # Compose reads the argument even when it is not used: a nested `:?` still counts.
    argument = _substitute(piece.argument, lookup, depth + 1)
    is_given = value is not None and (value != "" or not piece.operator.startswith(":"))
    match piece.operator[-1]:
        case "-":
            return (value or "") if is_given else argument
        case "+":
            return argument if is_given else ""
        case _:
            if not is_given:
                reason = f": {argument}" if argument else ""
                raise ComposeRejected(f"required variable {piece.name} is missing a value{reason}")
            return value or ""


def _escape_text(text: str, depth: int) -> str:
    parts = []
    for piece in split(text):
        stretch = text[piece.start : piece.end]
        if piece.kind in ("dollar", "refused"):
            parts.append("$" + stretch)
        elif piece.argument and "$" in piece.argument:
            parts.append(_escape_reference(piece, depth))
        else:
            parts.append(stretch)
    return "".join(parts)


def _escape_reference(piece: Piece, depth: int) -> str:
    given = piece.argument or ""
    argument = _escape_text(given, depth + 1) if depth + 1 < _MAX_DEPTH else escape(given)
    return f"${{{piece.name}{piece.operator}{argument}}}"
