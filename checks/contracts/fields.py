"""The field types that the four files share: identifiers, points as decimals, days, titles in two languages."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal, Inexact, localcontext
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

from checks.contracts.errors import Misfit
from checks.records.record import Text

#: Digits before or after the point. Exact arithmetic on 1e-999999999 would never end.
MOST_DIGITS = 60


class Contract(BaseModel):
    """The parent of every model of a user's file: an unknown key is an error, nothing changes after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


#: Of so many that no table has so many rows.
MOST_DIGITS_OF_A_SUM = 3 * MOST_DIGITS

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,9})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def decimal_of(text: str) -> Decimal | None:
    """The number that a person wrote; None for what Python alone reads as one (`1_0`, `NaN`) and for what is none."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def day_of(text: str) -> date | None:
    """The day that `YYYY-MM-DD` means, or None: no other spelling of a day, and no day that there is not."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _not_a_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number, not yes or no")
    return value


def _as_number(value: Any) -> Any:
    """In quotes a decimal is the same decimal, as in JSON that keeps its digits."""
    if isinstance(value, str) and decimal_of(value) is None:
        raise ValueError("a number")
    return value


def _is_day(value: Any) -> Any:
    day = day_of(value) if isinstance(value, str) else value
    if not isinstance(day, date) or isinstance(day, datetime):
        raise ValueError("a date, YYYY-MM-DD")
    return day


def _is_version_number(value: Any) -> Any:
    if type(value) is not int:  # true and 1.0 are equal to 1
        raise ValueError("1")
    return value


def exact_sum(numbers: Iterable[Decimal]) -> Decimal:
    """The sum with every digit: Python's own rounds decimals to 28."""
    with localcontext() as context:
        context.prec = MOST_DIGITS_OF_A_SUM
        context.traps[Inexact] = True
        return sum(numbers, Decimal(0))


def is_of_writable_size(number: Decimal) -> bool:
    """Whether a person could have meant the number: finite, at most MOST_DIGITS long, no exponent beyond them."""
    _, digits, exponent = number.as_tuple()
    return isinstance(exponent, int) and abs(exponent) <= MOST_DIGITS and len(digits) <= MOST_DIGITS


def _of_writable_size(value: Decimal) -> Decimal:
    if not is_of_writable_size(value):
        raise ValueError(f"a number of at most {MOST_DIGITS} digits")
    return value


def refuse_doubles(what: str, names: Sequence[str], key: str = "") -> None:
    """Raises Misfit for the first id that stands twice in the list under `key` (or of that name)."""
    for place, name in enumerate(names):
        if name in names[:place]:
            raise Misfit(f"{what} with different ids; twice: {name}", key or what, place, "id")


def is_absent(value: Any) -> bool:
    """For keys that came after version 1's first: where they are not used, files hash and read as they did without them."""
    return value is None or value == [] or value == {}


Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
ProgrammeId = Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=64)]
TaskId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=128)]
Number = Annotated[
    Decimal,
    BeforeValidator(_as_number),
    BeforeValidator(_not_a_boolean),
    AfterValidator(_of_writable_size),
    Field(allow_inf_nan=False),
]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Whole = Annotated[int, Strict(), BeforeValidator(_not_a_boolean)]
Count = Annotated[Whole, Field(ge=0)]
YesNo = Annotated[bool, Strict()]
Day = Annotated[date, BeforeValidator(_is_day)]
Version = Annotated[Literal[1], BeforeValidator(_is_version_number)]
RelativePath = Annotated[str, Field(min_length=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

__all__ = [
    "Contract",
    "Count",
    "Day",
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
    "Version",
    "Whole",
    "YesNo",
    "day_of",
    "decimal_of",
    "exact_sum",
    "is_absent",
    "is_of_writable_size",
    "refuse_doubles",
]
