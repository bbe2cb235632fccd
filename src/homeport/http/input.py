"""What was sent: the JSON gate, the cleaning of values, and the validation of fields.

The rules are those of the framework that upstream uses, so that its clients see the same answers
to the same mistakes.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from starlette.requests import Request

from homeport.errors import FieldsRejected
from homeport.http.errors import Refused
from homeport.http.fields import REQUIRED, RULE, Body, Rule

M = TypeVar("M", bound=BaseModel)

NOT_ALLOWED: Final = "This field is not allowed."
_REQUIRED_CUSTOM: Final = "This field is required."
_MAX_DEPTH: Final = 128
_UNTRIMMED: Final = frozenset({"password", "current_password", "password_confirmation"})
# What PHP's \s and Laravel's list of invisible characters add to str.strip()'s white space.
_INVISIBLE: Final = "".join(
    chr(code)
    for first, last in (
        (0x00, 0x00), (0x09, 0x0D), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0xAD, 0xAD), (0x34F, 0x34F),
        (0x61C, 0x61C), (0x115F, 0x1160), (0x1680, 0x1680), (0x17B4, 0x17B5), (0x180E, 0x180E), (0x2000, 0x200F),
        (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x2064), (0x206A, 0x206F), (0x2800, 0x2800), (0x3000, 0x3000),
        (0x3164, 0x3164), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0x1D159, 0x1D159), (0x1D173, 0x1D17A),
        (0xE0020, 0xE0020),
    )
    for code in range(first, last + 1)
)  # fmt: skip


async def json_object(request: Request, *, ignores: Collection[str] = ()) -> dict[str, Any]:
    """The cleaned JSON body, and the query parameters that it does not name: both are input, so that unknown ones
    are refused alike. `ignores` are query parameters that the handler reads itself.

    Raises Refused (400) when the body is not JSON, or is nothing.
    """
    if not _is_json(request):
        raise _invalid("Content-Type must be application/json.")
    data = _parse(await request.body())
    if data == {} and isinstance(data, dict):
        raise _invalid("Empty JSON.")
    if not data or data == "0":
        raise _invalid("Invalid JSON.")
    return _merged(_mapping(data), request, ignores)


async def all_input(request: Request, *, ignores: Collection[str] = ()) -> dict[str, Any]:
    """The cleaned input without the JSON gate: body (JSON or form), and the query parameters that it does not name.
    A body that cannot be read counts as empty."""
    body: Mapping[str, Any] = {}
    if _is_json(request):
        try:
            body = _mapping(_parse(await request.body()) or {})
        except Refused:
            body = {}
    elif (
        request.method not in ("GET", "HEAD")
        and _content_type(request) == "application/x-www-form-urlencoded"
    ):
        text = (await request.body()).decode("utf-8", "replace")
        body = _pairs(parse_qsl(text, keep_blank_values=True))
    return _merged(body, request, ignores)


def query_bool(value: Any, default: bool = False) -> bool:
    """A query boolean: true only for `1`, `true`, `on`, `yes` in any case; `default` when it was not sent."""
    if value is None:
        return default
    return str(value).strip().lower() in ("1", "true", "on", "yes")


def validate(
    model: type[M],
    data: Mapping[str, Any],
    *,
    custom: bool = False,
    forbids_extra: bool = True,
    more: Mapping[str, Iterable[str]] | None = None,
) -> M:
    """Read `data` as `model`; raises FieldsRejected with every error of every field.

    `custom`: "This field is required." for those that are. `more`: errors that the handler found itself, by field.
    """
    known = _known_names(model)
    allowed = data if forbids_extra else {key: value for key, value in data.items() if key in known}
    errors = {name: list(sentences) for name, sentences in (more or {}).items()}
    made: M | None = None
    try:
        made = model.model_validate(_without_missing(model, allowed))
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            _note(errors, model, problem, custom)
    _note_required_without(errors, model, data)
    if made is None or errors:
        raise FieldsRejected(_extras_last(errors))
    return made


def _is_json(request: Request) -> bool:
    content_type = request.headers.get("content-type", "").lower()
    return "/json" in content_type or "+json" in content_type


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def _parse(body: bytes) -> Any:
    """What orjson does not take is no JSON: invalid UTF-8, lone surrogates, NaN. What nests deeper than
    any real document is refused before anything recurses into it."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _invalid("Invalid JSON.") from error
    level = [data]
    for _ in range(_MAX_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return data
    raise _invalid("Invalid JSON.")


def _children(node: Any) -> list[Any]:
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [value for value in values if isinstance(value, dict | list)]


def _invalid(error: str) -> Refused:
    return Refused(400, {"message": "Invalid request.", "error": error})


def _mapping(data: Any) -> Mapping[str, Any]:
    """A list or a scalar is input under its indexes, as in PHP."""
    if isinstance(data, dict):
        return data
    return {str(index): item for index, item in enumerate(data if isinstance(data, list) else [data])}


def _merged(body: Mapping[str, Any], request: Request, ignores: Collection[str]) -> dict[str, Any]:
    merged = {key: _clean(key, value) for key, value in body.items()}
    if request.scope.get("query_string"):
        for key, value in _pairs(request.query_params.multi_items()).items():
            if key not in merged and key not in ignores:
                merged[key] = _clean(key, value)
    return merged


def _pairs(items: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Form or query pairs; `name[]` collects a list, otherwise the last one wins."""
    read: dict[str, Any] = {}
    for key, value in items:
        if key.endswith("[]"):
            read.setdefault(key[:-2], [])
            if isinstance(read[key[:-2]], list):
                read[key[:-2]].append(value)
        else:
            read[key] = value
    return read


def _clean(path: str, value: Any) -> Any:
    """Trim texts and make empty ones null, all the way down. NUL in a text is refused: PostgreSQL cannot store it."""
    if isinstance(value, str):
        text = value if path.rpartition(".")[2] in _UNTRIMMED else value.strip(_INVISIBLE)
        if "\0" in text:
            raise FieldsRejected({path: [f"The {_label(path)} field format is invalid."]})
        return text or None
    if isinstance(value, dict):
        return {key: _clean(f"{path}.{key}", item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(f"{path}.{index}", item) for index, item in enumerate(value)]
    return value


def _label(path: str) -> str:
    """A field's name in a sentence: words for a field, the raw key for an item of a list."""
    return path if "." in path else path.replace("_", " ")


def _known_names(model: type[BaseModel]) -> set[str]:
    return {info.alias or name for name, info in model.model_fields.items()}


def _without_missing(model: type[BaseModel], data: Mapping[str, Any]) -> dict[str, Any]:
    """Null and [] do not fill a required field. Objects in lists are looked into too."""
    kept: dict[str, Any] = {}
    for key, value in data.items():
        info = _field(model, key)
        item = _item_model(info)
        if item is not None and isinstance(value, list):
            kept[key] = [_without_missing(item, each) if isinstance(each, dict) else each for each in value]
        else:
            kept[key] = value
        if info is not None and info.is_required() and kept[key] in (None, [], {}):
            rules = [rule for rule in info.metadata if isinstance(rule, Rule)]
            if not any(rule.nullable for rule in rules):
                del kept[key]
    return kept


def _field(model: type[BaseModel], key: str) -> FieldInfo | None:
    return next((info for name, info in model.model_fields.items() if (info.alias or name) == key), None)


def _item_model(info: FieldInfo | None) -> type[Body] | None:
    """The model of a list's items, for `list[X]` and `list[X] | None`."""
    pending: list[Any] = [info.annotation] if info is not None else []
    while pending:
        kind = pending.pop()
        if isinstance(kind, type) and issubclass(kind, Body):
            return kind
        pending.extend(getattr(kind, "__args__", ()))
    return None


def _note(errors: dict[str, list[str]], model: type[BaseModel], problem: ErrorDetails, custom: bool) -> None:
    place = problem["loc"]
    item = _item_model(_field(model, str(place[0]))) if len(place) >= 2 else None
    is_item_shape = problem["type"] in ("extra_forbidden", "model_type", "model_attributes_type")
    if item is not None and item.item_text and is_item_shape:
        key, texts = f"{place[0]}.{place[1]}", [item.item_text]
    else:
        key, texts = ".".join(str(part) for part in place), _texts(problem, custom)
    known = errors.setdefault(key, [])
    known.extend(text for raw in texts if (text := raw.replace("{field}", _label(key))) not in known)


def _texts(problem: ErrorDetails, custom: bool) -> list[str]:
    kind = problem["type"]
    if kind == RULE:
        return [str(text) for text in problem.get("ctx", {}).get("texts", ())]
    if kind == "missing":
        return [_REQUIRED_CUSTOM if custom else REQUIRED]
    return [_PLAIN.get(kind, "The {field} field is invalid.")]


_PLAIN: Final = {
    "extra_forbidden": NOT_ALLOWED,
    "string_type": "The {field} field must be a string.",
    "bool_type": "The {field} field must be true or false.",
    "bool_parsing": "The {field} field must be true or false.",
    "int_type": "The {field} field must be an integer.",
    "int_parsing": "The {field} field must be an integer.",
    "list_type": "The {field} field must be an array.",
    "dict_type": "The {field} field must be an array.",
    "model_type": "The {field} field must be an array.",
    "model_attributes_type": "The {field} field must be an array.",
}


def _note_required_without(
    errors: dict[str, list[str]], model: type[BaseModel], data: Mapping[str, Any]
) -> None:
    for name, info in model.model_fields.items():
        for rule in info.metadata:
            other = rule.required_without if isinstance(rule, Rule) else None
            if other and data.get(name) in (None, [], {}) and data.get(other) in (None, [], {}):
                # A failed `required` is the only error of its field.
                errors[name] = [f"The {_label(name)} field is required when {_label(other)} is not present."]


def _extras_last(errors: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return dict(sorted(errors.items(), key=lambda pair: pair[1] == [NOT_ALLOWED]))
