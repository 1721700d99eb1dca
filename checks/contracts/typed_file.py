"""One YAML file read into its typed model; what pydantic finds becomes one clear message, further faults stand behind it."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from checks.contracts.errors import InputFault
from checks.contracts.yaml_source import YamlSource, kind_of

Model = TypeVar("Model", bound=BaseModel)

#: Characters of a value that a message repeats.
MOST_SHOWN = 80

#: pydantic's words for a programmer, in a user's words.
_EXPECTED = {
    "string_type": "text, in quotes where YAML would read something else",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "decimal_parsing": "a number",
    "decimal_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
}


#: pydantic's bounds, each in words, and the name of its limit.
_BOUNDS = {
    "greater_than": ("a number above", "gt"),
    "greater_than_equal": ("a number of at least", "ge"),
    "less_than": ("a number below", "lt"),
    "less_than_equal": ("a number of at most", "le"),
}


def read_typed(path: Path, model: type[Model]) -> Model:
    """The file as `model`; raises InputFault with its first fault (an unknown key before others) and `more`."""
    source = YamlSource(path)
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        unknown_first = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
        faults = [_fault(source, detail) for detail in unknown_first]
        first, *more = faults
        raise InputFault(first.file, first.key, first.found, first.expected, first.line, more) from None


def _fault(source: YamlSource, detail: Any) -> InputFault:
    kind, value, words = detail["type"], detail.get("input"), str(detail["msg"])
    within = getattr(detail.get("ctx", {}).get("error"), "at", ())
    key, line = source.locate((*detail["loc"], *within), missing=kind == "missing")
    if kind == "extra_forbidden":
        return InputFault(source.path, key, "an unknown key", "a key that the contract has (docs/files.md)", line)
    if kind == "missing":
        return InputFault(source.path, key, "nothing", "this key, which has no default", line)
    if kind.startswith("union_tag"):
        return _unknown_form(source, detail)
    if kind == "value_error" and "; " in words:
        expected, found = words.removeprefix("Value error, ").split("; ", 1)
        return InputFault(source.path, key, found, expected, line)
    words = bound_of(detail) or words
    if kind == "string_pattern_mismatch":
        words = f"text that matches {detail['ctx']['pattern']}"
    expected = _EXPECTED.get(kind, words.removeprefix("Value error, ").removeprefix("Input should be "))
    return InputFault(source.path, key, as_written(value), expected, line)


def bound_of(detail: Any) -> str | None:
    """The bound that a number of pydantic's `detail` is beyond, in a user's words; None for another fault."""
    if detail["type"] not in _BOUNDS:
        return None
    words, limit = _BOUNDS[detail["type"]]
    number = str(detail["ctx"][limit]).removeprefix("Decimal('").removesuffix("')")  # pydantic's way to write one
    return f"{words} {number}"


def _unknown_form(source: YamlSource, detail: Any) -> InputFault:
    """A mapping whose deciding key (a gate's `check`) is absent or names no form."""
    context = detail["ctx"]
    name = str(context["discriminator"]).strip("'")
    absent = detail["type"] == "union_tag_not_found"
    key, line = source.locate((*detail["loc"], name), missing=absent)
    found = "nothing" if absent else repr(context["tag"])
    expected = "this key, which has no default" if absent else f"one of {context['expected_tags']}"
    return InputFault(source.path, key, found, expected, line)


def as_written(value: Any) -> str:
    """A value as a message repeats it: short, text in quotes."""
    if not isinstance(value, str):
        return _shortened(kind_of(value))
    return repr(_shortened(value))


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
