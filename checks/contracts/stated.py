"""What another tool's file states, read as a typed model: of what is read every value has its type, all else is left alone.

A model names only what is read, strictly: a number written as text is no number. What pydantic finds becomes one InputFault.
"""

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from checks.contracts.errors import InputFault
from checks.contracts.typed_file import as_written, bound_of
from checks.records.canonical import canonical_json

#: What is expected where nothing stands.
_THERE = "what this format has there"

#: pydantic's words for a programmer, in a user's words.
_EXPECTED = {
    "missing": _THERE,
    "string_type": "text",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "list_type": "a list",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "float_type": "a finite number",
    "finite_number": "a finite number",
}


class Stated(BaseModel):
    """A part of such a file. Keys that are not read may be there."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


Model = TypeVar("Model", bound=Stated)


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_is(value: Any) -> Any:
    try:
        canonical_json(value)
    except (ValueError, RecursionError):
        raise ValueError("JSON without NaN or infinity, not nested a thousand times") from None
    return value


Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
#: What is kept or hashed as it stands.
Plain = Annotated[Any, AfterValidator(_as_is)]
#: A name, which tools also write as a number.
Name = Annotated[str, BeforeValidator(_as_text)]

_FINITE: TypeAdapter[float] = TypeAdapter(Finite)


def stated(model: type[Model], path: Path, content: Any, at: str = "", line: int | None = None) -> Model:
    """The content as `model`; `at` is where in the file it stands. Raises InputFault with the first fault."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _fault(error, path, at, line) from None


def stated_number(path: Path, at: str, value: Any, line: int | None = None) -> float:
    """A finite number where a file's key is only known from its content."""
    try:
        return _FINITE.validate_python(value, strict=True)
    except ValidationError as error:
        raise _fault(error, path, at, line) from None


def absent(path: Path, at: str, line: int | None = None) -> InputFault:
    """The fault of a value that this import needs and the format leaves open."""
    return InputFault(path, at, "nothing", _THERE, line=line)


def _fault(error: ValidationError, path: Path, at: str, line: int | None) -> InputFault:
    first = error.errors(include_url=False)[0]
    key = ".".join([*([at] if at else []), *map(str, first["loc"])])
    own = str(first["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    words = bound_of(first) or _EXPECTED.get(first["type"], own)
    found = "nothing" if first["type"] == "missing" else as_written(first["input"])
    return InputFault(path, key, found, words, line)
