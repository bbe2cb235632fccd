"""Field rules with the sentences that clients of this API know: each field may fail in several ways at once.

    class NewTag(Body):
        name: Annotated[str, Str(min=2, max=255)]                       # required: no default
        colour: Annotated[str | None, Str(nullable=True)] = None        # may be absent or null
        is_shared: Annotated[bool | None, Bool()] = None                # may be absent, not null

"Absent" is known from `model_fields_set`.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

RULE = "rule"
"""The type of a rule's error; its context has `texts`, templates with `{field}`."""

REQUIRED = "The {field} field is required."


class Body(BaseModel):
    """The base of input models. Unknown keys are refused unless `validate` is told to ignore them.

    `item_text` is the one sentence for an item of a list that is no object or has unknown keys.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    item_text: ClassVar[str | None] = None

    @property
    def given(self) -> frozenset[str]:
        """The names of the fields that were sent, also those that are null."""
        return frozenset(self.model_fields_set)


def failed(*texts: str) -> PydanticCustomError:
    return PydanticCustomError(RULE, "{texts}", {"texts": list(texts)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(ABC):
    """`nullable`: null passes. `required_without`: names a field; one of the two must be filled.

    `texts` replaces sentences by rule name (`string`, `min`, `max`, `regex`, `in`…); `{field}` is the field.
    """

    nullable: bool = False
    required_without: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)

    def text(self, rule: str, default: str) -> str:
        return self.texts.get(rule, default)

    @abstractmethod
    def check(self, value: Any) -> Any:
        """The value as the program takes it, for one that is not null. Raises what the reader collects."""

    def accept(self, value: Any) -> Any:
        return None if value is None and self.nullable else self.check(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.accept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Str(Rule):
    """A text. `pattern` must match from the start to the end; `one_of` lists what is allowed."""

    min: int | None = None
    max: int | None = None
    pattern: str | None = None
    one_of: Collection[str] | None = None

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise failed(self.text("string", "The {field} field must be a string."))
        found: list[str] = []
        if self.min is not None and len(value) < self.min:
            found.append(self.text("min", f"The {{field}} field must be at least {self.min} characters."))
        if self.max is not None and len(value) > self.max:
            found.append(
                self.text("max", f"The {{field}} field must not be greater than {self.max} characters.")
            )
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            found.append(self.text("regex", "The {field} field format is invalid."))
        if self.one_of is not None and value not in self.one_of:
            found.append(self.text("in", "The selected {field} is invalid."))
        if found:
            raise failed(*found)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Bool(Rule):
    """`true, false, 0, 1, "0", "1"`."""

    def check(self, value: Any) -> bool:
        if value is True or value is False:
            return value
        if isinstance(value, int | str) and str(value) in ("0", "1"):
            return str(value) == "1"
        raise failed(self.text("boolean", "The {field} field must be true or false."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Int(Rule):
    """A whole number, also as a text of digits."""

    min: int | None = None
    max: int | None = None

    def check(self, value: Any) -> int:
        number = self._read(value)
        if number is None:
            raise failed(self.text("integer", "The {field} field must be an integer."))
        if self.min is not None and self.max is not None and not self.min <= number <= self.max:
            default = f"The {{field}} field must be between {self.min} and {self.max}."
            raise failed(self.text("between", default))
        if self.min is not None and number < self.min:
            raise failed(self.text("min", f"The {{field}} field must be at least {self.min}."))
        if self.max is not None and number > self.max:
            raise failed(self.text("max", f"The {{field}} field must not be greater than {self.max}."))
        return number

    @staticmethod
    def _read(value: Any) -> int | None:
        if isinstance(value, bool):
            return None
        if isinstance(value, int):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, str) and re.fullmatch(r"[+-]?(0|[1-9][0-9]{0,18})", value):
            return int(value)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class List(Rule):
    """A list; its items are read as the annotation says, each with its own errors at `field.0`, `field.0.name`."""

    max: int | None = None

    def check(self, value: Any) -> list[Any]:
        if isinstance(value, Mapping):
            value = list(value.values())
        if not isinstance(value, list):
            raise failed(self.text("array", "The {field} field must be an array."))
        if self.max is not None and len(value) > self.max:
            raise failed(self.text("max", f"The {{field}} field must not have more than {self.max} items."))
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.accept, handler(source))


@dataclass(frozen=True, slots=True, kw_only=True)
class Anything(Rule):
    """A value that the handler itself judges."""

    def check(self, value: Any) -> Any:
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Rule):
    """A text that a function judges: it gives the sentences of what is wrong, or none."""

    judge: Callable[[str], Sequence[str]]

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise failed(self.text("string", "The {field} field must be a string."))
        found = self.judge(value)
        if found:
            raise failed(*found)
        return value
