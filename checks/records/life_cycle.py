"""The life of a round as records: each step with who and when, and what a rule became after the freeze."""

from typing import Any, Literal

from checks.records.record import Record, Text

#: Steps of the round itself, and what people did to it between them.
Kind = Literal[
    "frozen", "amended", "measured", "decided", "appeals_open", "final", "ruling", "countersigned", "conflict"
]
State = Literal["draft", "frozen", "measured", "decided", "appeals", "final"]


class RoundEvent(Record):
    """One link of a round's chain. `at` is ISO 8601 in UTC; `link` is the SHA-256 of all the rest and of the link before."""

    programme: str
    round: str
    event_no: int
    kind: Kind
    at: str
    by: str
    content: dict[str, Any]
    link: str


class RuleChange(Record):
    """One key that differs from what was frozen before, under the version that changed it; None where it was not there."""

    rules_version: str
    frozen_at: str
    key: str
    before: str | None
    after: str | None
    text: Text
