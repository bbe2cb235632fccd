"""The forms that a value of a compose file may have: what `shape` writes its tables in.

A text is looked at as Compose reads it, with its variables resolved; one that only a value still to
come can tell is left alone.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, Protocol

from homeport.core.compose.interpolate import references, substitute
from homeport.core.compose.load import Document, Path
from homeport.errors import ComposeRejected

Lookup = Callable[[str], str | None]
Fits = Callable[[Any], bool]

_LAST: Final = 2**63 - 1
_WIDEST: Final = 3e38
_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SIZE: Final = re.compile(
    r"(\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?) ?(?:([kmgtp])(?:i?b)?|b)?", re.IGNORECASE
)
_DURATION: Final = re.compile(r"[+-]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h|d|w))+)")
_FLAGS: Final = frozenset(("true", "yes", "y", "on", "false", "no", "n", "off"))
_POWERS: Final = {None: 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


@dataclass(frozen=True, slots=True)
class Reader:
    """How the values of one document are read, and how they are refused."""

    document: Document
    lookup: Lookup

    def read(self, text: str) -> str | None:
        """The text as Compose reads it; None while a variable in it has no value."""
        if "$" not in text:
            return text
        if any(not r.operator and self.lookup(r.name) is None for r in references(text)):
            return None
        try:
            return substitute(text, self.lookup)
        except ComposeRejected:
            return None

    def refuse(self, path: Path, message: str) -> NoReturn:
        raise self.document.rejected(message, path)

    def refuse_form(self, path: Path, name: str) -> NoReturn:
        last = path[-1]
        key = next(step for step in reversed(path) if isinstance(step, str))
        self.refuse(
            path,
            f"An item of `{key}` must be {name}." if isinstance(last, int) else f"`{key}` must be {name}.",
        )


class Form(Protocol):
    """`name` completes the sentence "It must be …"; `kinds` are the types whose values it looks at."""

    @property
    def name(self) -> str: ...
    @property
    def kinds(self) -> frozenset[type]: ...
    def check(self, value: Any, path: Path, reader: Reader) -> None: ...


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value without parts. `fits` is asked about it, a text as it is read."""

    name: str
    kinds: frozenset[type]
    fits: Fits | None = None

    def check(self, value: Any, path: Path, reader: Reader) -> None:
        if type(value) not in self.kinds:
            reader.refuse_form(path, self.name)
        if self.fits is None:
            return
        seen = reader.read(value) if isinstance(value, str) else value
        if (seen is not None or value is None) and not self.fits(seen):
            reader.refuse_form(path, self.name)


@dataclass(frozen=True, slots=True)
class ListOf:
    item: Form
    is_distinct: bool = False
    kinds: frozenset[type] = frozenset((list,))

    @property
    def name(self) -> str:
        return f"a list, each item {self.item.name}"

    def check(self, value: Any, path: Path, reader: Reader) -> None:
        if type(value) not in self.kinds:
            reader.refuse_form(path, self.name)
        for number, item in enumerate(value):
            self.item.check(item, (*path, number), reader)
        if self.is_distinct:
            read = [reader.read(item) if isinstance(item, str) else item for item in value]
            for number, item in enumerate(read):
                if item is not None and any(_is_same(item, other) for other in read[:number]):
                    reader.refuse((*path, number), f"`{path[-1]}` has this item twice.")


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map whose keys are free. `keys` is what a key must match; `said` says it."""

    value: Form
    keys: re.Pattern[str] = re.compile(r".+", re.DOTALL)
    said: str = "A key must not be empty."
    kinds: frozenset[type] = frozenset((dict,))

    @property
    def name(self) -> str:
        return f"a map, each value {self.value.name}"

    def check(self, value: Any, path: Path, reader: Reader) -> None:
        if type(value) not in self.kinds:
            reader.refuse_form(path, self.name)
        for key, item in value.items():
            if not self.keys.fullmatch(key):
                reader.refuse((*path, key), self.said)
            self.value.check(item, (*path, key), reader)


@dataclass(frozen=True, slots=True)
class Keys:
    """A map of settings: each key with a form of its own, `x-…` with any value, and if it `is_open`
    every other key too."""

    table: Mapping[str, Form]
    required: tuple[str, ...] = ()
    is_extensible: bool = True
    is_open: bool = False
    name: str = "a map of settings"
    kinds: frozenset[type] = field(default=frozenset((dict,)))

    def check(self, value: Any, path: Path, reader: Reader) -> None:
        if type(value) not in self.kinds:
            reader.refuse_form(path, self.name)
        for key, item in value.items():
            form = self.table.get(key)
            if form is not None:
                form.check(item, (*path, key), reader)
            elif not self.is_open and not (self.is_extensible and key.startswith("x-")):
                reader.refuse((*path, key), f"Compose knows no key `{key}` here.")
        for key in self.required:
            if key not in value:
                reader.refuse(path, f"The key `{key}` is missing.")


@dataclass(frozen=True, slots=True)
class Either:
    """The first of the forms that looks at values of this type decides."""

    name: str
    kinds: frozenset[type]
    forms: tuple[Form, ...]

    def check(self, value: Any, path: Path, reader: Reader) -> None:
        for form in self.forms:
            if type(value) in form.kinds:
                form.check(value, path, reader)
                return
        reader.refuse_form(path, self.name)


def _is_same(one: Any, other: Any) -> bool:
    """Whether two items count as one: a number is the same as a text that says it."""
    if isinstance(one, str) == isinstance(other, str):
        return bool(one == other)
    text, number = (one, other) if isinstance(one, str) else (other, one)
    return _DECIMAL.fullmatch(text) is not None and float(text) == number


def either(*forms: Form) -> Either:
    name = ", or ".join(form.name for form in forms)
    return Either(name, frozenset().union(*(form.kinds for form in forms)), forms)


def leaf(name: str, *kinds: type, fits: Fits | None = None) -> Leaf:
    return Leaf(name, frozenset(kinds), fits)


def one_of(*words: str) -> Leaf:
    return leaf(" or ".join(words), str, fits=frozenset(words).__contains__)


def size_bytes(value: str | float) -> float | None:
    """Bytes of `64m`, `1.5 GB` or a number; None for what is no size."""
    if not isinstance(value, str):
        return value
    found = _SIZE.fullmatch(value)
    if found is None:
        return None
    unit = found[2].lower() if found[2] else None
    return float(int(float(found[1]) * 1024 ** _POWERS[unit]))


def is_whole(value: float | str) -> bool:
    """Whether it is a whole number of 64 bits."""
    if isinstance(value, str):
        return bool(_WHOLE.fullmatch(value)) and -_LAST <= int(value) <= _LAST
    return isinstance(value, int) or value.is_integer()


def is_count(value: float | str) -> bool:
    return is_whole(value) and float(value) >= 0


def is_decimal(value: float | str) -> bool:
    """Whether it is a number of 32 bits, with a fraction or without."""
    return not (isinstance(value, str) and not _DECIMAL.fullmatch(value)) and abs(float(value)) < _WIDEST


def is_words(text: str) -> bool:
    """Whether a command line can be split into words: quotes are closed, nothing is grouped.

    What stands behind `;`, `&`, `|`, `<` or `>` is not read, as no shell is there to read it.
    """
    quote, is_escaped = "", False
    for character in text:
        if is_escaped:
            is_escaped = False
        elif character == "\\" and quote != "'":
            is_escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character in "()":
            return False
        elif character in ";&|<>":
            return True
    return not (quote or is_escaped)


ANY: Final = leaf("anything", str, int, float, bool, list, dict, type(None))
NOTHING: Final = leaf("empty", type(None))
TEXT: Final = leaf("text", str)
FILLED: Final = leaf("text that is not empty", str, fits=bool)
FLAG: Final = leaf("true or false", bool, str, fits=lambda v: v in (True, False) or str(v).lower() in _FLAGS)
STRICT_FLAG: Final = leaf("true or false", bool)
SCALAR: Final = leaf("text, a number, true, false or null", str, int, float, bool, type(None))
NUMBER_OR_TEXT: Final = leaf("text or a number", str, int, float)
WHOLE: Final = leaf("a whole number", int, float, str, fits=is_whole)
COUNT: Final = leaf("a whole number from 0", int, float, str, fits=is_count)
NUMBER: Final = leaf("a number", int, float, str, fits=is_decimal)
LOOSE_WHOLE: Final = leaf("a number", int, float, str, fits=lambda v: not isinstance(v, str) or is_whole(v))
"""Where a number may have a fraction, and a text may not."""

SIZE: Final = leaf("a size such as 64m", int, str, fits=lambda v: size_bytes(v) is not None)
LOOSE_SIZE: Final = leaf("a size such as 64m", int, float, str, fits=lambda v: size_bytes(v) is not None)
TEXT_SIZE: Final = leaf("a size in text such as '64m'", str, fits=lambda v: size_bytes(v) is not None)
DURATION: Final = leaf("a duration such as 1m30s", str, fits=lambda v: _DURATION.fullmatch(v) is not None)
TEXTS: Final = ListOf(TEXT)
DISTINCT_TEXTS: Final = ListOf(TEXT, is_distinct=True)
TEXT_OR_TEXTS: Final = either(TEXT, TEXTS)
ANY_KEY: Final = re.compile(r".*", re.DOTALL)
OPTIONS: Final = MapOf(NUMBER_OR_TEXT, ANY_KEY)
PAIRS: Final = either(MapOf(SCALAR), TEXTS)
DISTINCT_PAIRS: Final = either(MapOf(SCALAR), DISTINCT_TEXTS)
COMMAND: Final = either(NOTHING, leaf("a command line with closed quotes", str, fits=is_words), TEXTS)
