"""A decision: who advances, who is out, by which rule, on what evidence. Decimals are strings, exact where finite."""

from typing import Literal

from pydantic import Field

from checks.records.life_cycle import RuleChange
from checks.records.record import Record, Text

GateOutcome = Literal["pass", "fail", "conditional", "indeterminate"]
Status = Literal["advances", "eliminated", "review", "withdrawn", "invalidated"]


#: What becomes of a team, as a verb.
STATUS_WORDS: dict[Status, Text] = {
    "advances": Text(ko="진출", en="advances"),
    "eliminated": Text(ko="탈락", en="is out"),
    "review": Text(ko="심의", en="is for review"),
    "withdrawn": Text(ko="철회", en="has withdrawn"),
    "invalidated": Text(ko="무효", en="is invalidated"),
}


#: Rules by which people decide over what a check found.
ACTS = ("panel_majority", "waiver", "ruling", "appeal")


class Reason(Record):
    """One link of the chain that explains a standing; `evidence` names runs, files and rulings (`run:…`, `file:…`)."""

    rule: str
    outcome: str
    text: Text
    evidence: list[str] = []

    @property
    def tells(self) -> bool:
        """Whether a summary has to say it: what passed is counted there, but for what people decided, and for architecture in
        common, which looks like more than it is."""
        return self.outcome != "pass" or self.rule in (*ACTS, "architecture")


class GateResult(Record):
    """A gate's result for one team: `own` is the check's, `result` the one that counts after a panel's ruling."""

    gate: str
    team: str
    own: GateOutcome
    result: GateOutcome
    effect: Literal["pass", "review", "eliminate"]
    reasons: list[Reason] = []


class Standing(Record):
    """One team's place. `rank` and `total` are None for a withdrawn team; an invalidated one keeps those that it had."""

    team: str
    name: Text
    rank: int | None
    total: str | None
    status: Status
    eliminated_by: str | None = None
    scores: dict[str, str]
    gates: dict[str, GateOutcome]
    gate_results: list[GateResult] = []
    cut_probability: float | None = None
    reasons: list[Reason]


class Decision(Record):
    """The answer of `gwanmun rank`; `what_if` is true where other rules or another policy than the programme's were applied.

    `amendments` are what was changed after the round was frozen: said on every decision since.
    """

    programme: str
    round: str
    rules_version: str
    rules_sha256: str
    policy: str | None
    what_if: bool = False
    simulated: bool = False
    places: int
    vacancies: int
    inputs: dict[str, str] = {}
    amendments: list[RuleChange] = Field(default=[], exclude_if=lambda found: not found)
    standings: list[Standing]
