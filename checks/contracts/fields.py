"""The field types that the four files share: identifiers, points as decimals, titles in two languages."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from checks.records.record import Text

#: Digits before or after the point. Exact arithmetic on 1e-999999999 would never end.
MOST_DIGITS = 60


class Contract(BaseModel):
    """The parent of every model of a user's file: an unknown key is an error, nothing changes after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _not_a_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number, not yes or no")
    return value


def is_of_writable_size(number: Decimal) -> bool:
    """Whether a person could have meant the number: finite, at most MOST_DIGITS long, no exponent beyond them."""
    _, digits, exponent = number.as_tuple()
    return isinstance(exponent, int) and abs(exponent) <= MOST_DIGITS and len(digits) <= MOST_DIGITS


def _of_writable_size(value: Decimal) -> Decimal:
    if not is_of_writable_size(value):
        raise ValueError(f"a number of at most {MOST_DIGITS} digits")
    return value


def is_absent(value: Any) -> bool:
    """For keys that came after version 1's first: where they are not used, files hash and read as they did without them."""
    return value is None or value == [] or value == {}


Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
ProgrammeId = Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=64)]
TaskId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=128)]
Number = Annotated[
    Decimal, BeforeValidator(_not_a_boolean), AfterValidator(_of_writable_size), Field(allow_inf_nan=False)
]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Count = Annotated[int, BeforeValidator(_not_a_boolean), Field(ge=0)]
RelativePath = Annotated[str, Field(min_length=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

__all__ = [
    "Contract",
    "Count",
    "Identifier",
    "NotNegative",
    "Number",
    "Positive",
    "ProgrammeId",
    "RelativePath",
    "Sha256",
    "Share",
    "TaskId",
    "Text",
    "is_absent",
    "is_of_writable_size",
]
