"""The field types that the four files share: identifiers, points as decimals, titles in two languages."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from checks.records.record import Text


class Contract(BaseModel):
    """The parent of every model of a user's file: an unknown key is an error, nothing changes after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _not_a_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number, not yes or no")
    return value


Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
ProgrammeId = Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=64)]
TaskId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=128)]
Number = Annotated[Decimal, BeforeValidator(_not_a_boolean), Field(allow_inf_nan=False)]
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
]
