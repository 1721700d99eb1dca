"""What would have been: the answer of `gwanmun what-if`. Never a decision: nothing of it is recorded or bundled."""

from typing import Any, Literal

from checks.records.decisions import Decision, Status
from checks.records.record import Record, Text


class Moved(Record):
    """A team whose outcome a variant changes, and what the variant's rules say of it."""

    team: str
    before: Status
    before_by: str | None
    after: Status
    after_by: str | None
    text: Text


class Variant(Record):
    """The same round under other rules: `patch` is what they change, ready to be written to a file."""

    text: Text
    patch: dict[str, Any]
    statuses: dict[str, Status]
    vacancies: int
    moved: list[Moved]


class Remedy(Record):
    """The smallest change of one kind that keeps a team in: `status` is then its own.

    For `points`, `amount` is what its total lacks, exactly; with `more` it has to be more than that, else that much is enough.
    """

    kind: Literal["points", "ruling", "rule"]
    status: Status
    text: Text
    patch: dict[str, Any]
    amount: str | None = None
    more: bool = False


class KeptBy(Record):
    """A team that is out, and each change that alone would have kept it; none where no single change does."""

    team: str
    name: Text
    eliminated_by: str
    remedies: list[Remedy]


class WhatIf(Record):
    """Other outcomes of a round. `decision` is that of a patch, None without one; `variants` and `kept` are counted from it."""

    programme: str
    round: str
    rules_version: str
    rules_sha256: str
    what_if: Literal[True] = True
    simulated: bool
    patch: dict[str, Any] | None
    decision: Decision | None
    moved: list[Moved]
    variants: list[Variant]
    kept: list[KeptBy]
