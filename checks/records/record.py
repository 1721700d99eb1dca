"""The parent of every record: frozen, strict about unknown fields, JSON by `model_dump(mode="json")`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Stage = Literal["benchmark", "independence", "data-quality"]
STAGES: tuple[Stage, ...] = ("benchmark", "independence", "data-quality")

#: Raised when a stage's numbers can change (never for the wording of a page); part of every run's key.
MEASUREMENT_VERSION: dict[Stage, int] = {"benchmark": 7, "independence": 9, "data-quality": 7}


class Record(BaseModel):
    """A frozen row that says exactly what it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Record):
    """One sentence in the two languages that a committee reads."""

    ko: str
    en: str
